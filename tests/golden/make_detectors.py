#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes detectors.safetensors: what the image processors of transformers' detectors make of images, and what they
make of a network's outputs. Usage: python make_detectors.py [OUT]. Versions in requirements.txt.

Tensors by name:
  image/WxH                     u8 [height, width, 3]
  pixels/KEY/WxH                the same, as the processor of the configuration in the metadata "configs" sees it
  KIND/logits, KIND/boxes       outputs for two images
  KIND/sizes                    their [height, width]
  KIND/THRESHOLD/I/scores, labels, boxes  what post_process_object_detection finds in image I
"""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from transformers.models.conditional_detr.image_processing_pil_conditional_detr import (
    ConditionalDetrImageProcessorPil)
from transformers.models.detr.image_processing_pil_detr import DetrImageProcessorPil
from transformers.models.yolos.image_processing_pil_yolos import YolosImageProcessorPil

import record

SPEC = SimpleNamespace(seed=451)
PROCESSORS = {"Yolos": YolosImageProcessorPil, "ConditionalDetr": ConditionalDetrImageProcessorPil,
              "Detr": DetrImageProcessorPil}
CONFIGS = {
    "yolos": {"image_processor_type": "YolosImageProcessor", "size": {"shortest_edge": 37, "longest_edge": 60}},
    "yolos-even": {"image_processor_type": "YolosImageProcessorFast", "resample": 3,
                   "size": {"shortest_edge": 45, "longest_edge": 71}},
    "yolos-old": {"feature_extractor_type": "YolosFeatureExtractor", "size": 33, "max_size": 50,
                  "format": "coco_detection"},
    "yolos-exact": {"image_processor_type": "YolosImageProcessor", "size": {"height": 21, "width": 30}},
    "conditional": {"image_processor_type": "ConditionalDetrImageProcessor",
                    "size": {"shortest_edge": 20, "longest_edge": 26}},
    "conditional-old": {"feature_extractor_type": "ConditionalDetrFeatureExtractor", "size": 20, "max_size": 26},
    "table": {"feature_extractor_type": "DetrFeatureExtractor", "size": 24, "max_size": 24, "do_resize": True},
}
SIZES = ((60, 45), (45, 60), (45, 80), (80, 45), (91, 40), (37, 37))
THRESHOLDS = (0.0, 0.3, 0.6)


def processor(config):
    kind = config.get("image_processor_type") or config["feature_extractor_type"]
    name = max((name for name in PROCESSORS if kind.startswith(name)), key=len)
    return PROCESSORS[name](**{key: value for key, value in config.items() if not key.endswith("_type")})


def pixels(config, image):
    out = processor(config)(Image.fromarray(image), do_rescale=False, do_normalize=False)
    return np.ascontiguousarray(np.transpose(np.array(out["pixel_values"][0]), (1, 2, 0)).astype(np.uint8))


def preprocessing(tensors):
    rng = np.random.default_rng(SPEC.seed)
    for width, height in SIZES:
        image = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        tensors[f"image/{width}x{height}"] = torch.from_numpy(image)
        for key, config in CONFIGS.items():
            tensors[f"pixels/{key}/{width}x{height}"] = torch.from_numpy(pixels(config, image))


def postprocessing(tensors):
    generator = torch.Generator().manual_seed(SPEC.seed)
    sizes = torch.tensor([[480, 640], [333, 77]])
    for kind, classes, queries in (("detr", 6, 20), ("yolos", 3, 12), ("conditional", 5, 30)):
        name = {"detr": "Detr", "yolos": "Yolos", "conditional": "ConditionalDetr"}[kind]
        logits = 2 * torch.randn(2, queries, classes, generator=generator)
        boxes = torch.rand(2, queries, 4, generator=generator)
        tensors |= {f"{kind}/logits": logits, f"{kind}/boxes": boxes, f"{kind}/sizes": sizes.float()}
        for threshold in THRESHOLDS:
            found = PROCESSORS[name]().post_process_object_detection(
                SimpleNamespace(logits=logits, pred_boxes=boxes), threshold=threshold, target_sizes=sizes)
            for index, image in enumerate(found):
                for key, value in image.items():
                    tensors[f"{kind}/{threshold}/{index}/{key}"] = value.float().contiguous()
    return tensors


def main():
    out = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).with_name("detectors.safetensors"))
    tensors = {}
    preprocessing(tensors)
    tensors = postprocessing(tensors)
    made = json.loads(record.metadata("transformers", SPEC, "tests/golden/make_detectors.py")["golden"])
    made |= {"arithmetic": "as the processors have it", "configs": CONFIGS}
    save_file(tensors, out, {"golden": json.dumps(made, sort_keys=True)})


if __name__ == "__main__":
    main()
