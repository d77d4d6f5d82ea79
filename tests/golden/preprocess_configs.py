# SPDX-License-Identifier: Apache-2.0
"""Configurations of transformers' processors and of timm: each key that we honour at a value that is not
its default, in the forms of old and new versions."""

HALVES = [0.5, 0.5, 0.5]
IMAGENET = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}
DETR = "DetrImageProcessor"

HUGGINGFACE = {
    "vit-plain": {"size": 32, "do_resize": True, "do_normalize": True, "image_mean": HALVES,
                  "image_std": HALVES},
    "vit-legacy": {"feature_extractor_type": "ViTFeatureExtractor", "size": 32, "resample": 2},
    "vit-oblong": {"image_processor_type": "ViTImageProcessor", "resample": 3,
                   "size": {"height": 24, "width": 40}, "do_rescale": True,
                   "rescale_factor": 0.00392156862745098},
    "vit-shortest": {"image_processor_type": "ViTImageProcessorFast",
                     "size": {"shortest_edge": 33}, "do_center_crop": True, "crop_size": 28},
    "deit-legacy": {"feature_extractor_type": "DeiTFeatureExtractor", "size": 37,
                    "crop_size": 32, "do_center_crop": True, "resample": 3, **IMAGENET},
    "deit-pad": {"image_processor_type": "DeiTImageProcessor", "size": {"height": 20, "width": 27},
                 "crop_size": {"height": 32, "width": 30}, "image_mean": 0.5, "image_std": 0.25},
    "deit-uncropped": {"image_processor_type": "DeiTImageProcessor", "do_center_crop": False,
                       "size": {"height": 30, "width": 20}, "do_normalize": False},
    "vit-nearest": {"size": 18, "resample": 0},
    "vit-lanczos": {"size": 18, "resample": 1},
    "vit-box": {"size": 18, "resample": 4},
    "deit-hamming": {"image_processor_type": "DeiTImageProcessor", "size": 22, "crop_size": 18,
                     "resample": 5},
    "vit-pair": {"size": [14, 19]},
    "vit-edge": {"size": 13, "default_to_square": False},
    "vit-within": {"size": {"shortest_edge": 17, "longest_edge": 21}},
    "vit-inside": {"size": {"max_height": 15, "max_width": 23}},
    "vit-cropped": {"size": 24, "do_center_crop": True, "crop_size": [13, 17]},
    "vit-unresized": {"do_resize": False, "do_center_crop": True, "crop_size": 16},
    "vit-ignored": {"size": 14, "do_pad": True, "crop_pct": 0.5, "do_convert_rgb": True},
    "detr-new": {"image_processor_type": DETR, "size": {"shortest_edge": 20, "longest_edge": 26},
                 "do_pad": True, "format": "coco_detection", "do_convert_annotations": True},
    "detr-old": {"feature_extractor_type": "DetrFeatureExtractor", "size": 20, "max_size": 26,
                 "format": "coco_detection", "pad_and_return_pixel_mask": True},
    "detr-longest": {"image_processor_type": DETR, "size": 15},
    "detr-exact": {"image_processor_type": "DetrImageProcessorFast", "resample": 3,
                   "size": {"height": 18, "width": 25}},
    "detr-inside": {"image_processor_type": DETR, "size": {"max_height": 21, "max_width": 19}},
    "detr-ignored": {"image_processor_type": DETR, "size": {"shortest_edge": 14, "longest_edge": 40},
                     "do_center_crop": True, "crop_size": 8, "default_to_square": True},
}

# What becomes of the values; all are of one size. The first three are the classes' own.
VALUES = {
    "vit": {"image_processor_type": "ViTImageProcessor"},
    "deit": {"image_processor_type": "DeiTImageProcessor", "crop_size": 6},
    "detr": {"image_processor_type": DETR},
    "signed": {"rescale_factor": 1 / 127.5, "image_mean": [1.0, 0.9, 0.8], "image_std": [1.0, 0.7, 0.5]},
    "scaled": {"rescale_factor": 0.5, "do_normalize": False},
    "unscaled": {"do_rescale": False, "image_mean": [120, 110, 100], "image_std": [60, 50, 40]},
    "raw": {"do_rescale": False, "do_normalize": False, "rescale_factor": 0.25},
    "detr-bytes": {"image_processor_type": DETR, "do_rescale": False, "image_mean": [103, 116, 123],
                   "image_std": 1},
}
for config in VALUES.values():
    config["size"] = {"height": 6, "width": 6}

TIMM = {
    "default": {"input_size": [3, 32, 32]},
    "squash": {"input_size": [3, 24, 32], "crop_mode": "squash", "crop_pct": 0.95,
               "interpolation": "bilinear", "mean": HALVES, "std": HALVES},
    "whole": {"input_size": [3, 31, 31], "crop_pct": 1.0, "crop_mode": "center"},
    "wide": {"input_size": [3, 30, 30], "crop_pct": 0.8},
    "lanczos": {"input_size": [3, 18, 18], "interpolation": "lanczos"},
    "nearest": {"input_size": [3, 18, 18], "interpolation": "nearest"},
    "box": {"input_size": [3, 18, 18], "interpolation": "box", "crop_pct": 1.0},
    "hamming": {"input_size": [3, 18, 18], "interpolation": "hamming", "crop_pct": 1.0},
    "oblong": {"input_size": [3, 16, 24], "crop_pct": 0.9},
    "border": {"input_size": [3, 20, 20], "crop_mode": "border", "crop_pct": 1.0,
               "mean": [0.3, 0.5, 0.7], "std": HALVES},
    "border-oblong": {"input_size": [3, 15, 22], "crop_mode": "border", "crop_pct": 0.9,
                      "interpolation": "bilinear"},
    "empty": {"input_size": [3, 16, 16], "crop_pct": None, "interpolation": "", "crop_mode": None,
              "mean": None, "std": [], "test_input_size": [3, 20, 20], "test_crop_pct": 1.0},
    "nested": {"architecture": "vit", "num_classes": 7, "model_args": {"img_size": [17, 19]},
               "pretrained_cfg": {"input_size": [3, 30, 30], "fixed_input_size": True,
                                  "crop_pct": 1.0, "interpolation": "bilinear"}},
    "nested-number": {"architecture": "vit", "model_args": {"img_size": 18, "in_chans": 3},
                      "pretrained_cfg": {"input_size": [3, 30, 30], "fixed_input_size": True}},
    "nested-free": {"architecture": "vit", "model_args": {"img_size": 30, "dynamic_img_size": True},
                    "pretrained_cfg": {"input_size": [3, 17, 17], "fixed_input_size": True}},
    "nested-unfixed": {"architecture": "vit", "model_args": {"img_size": 30},
                       "pretrained_cfg": {"input_size": [3, 17, 17]}},
    "flat": {"architecture": "vit", "num_features": 64, "input_size": [3, 16, 16], "crop_pct": 0.95,
             "interpolation": "bilinear", "labels": ["a", "b"], "mean": [0.1, 0.2, 0.3]},
}
