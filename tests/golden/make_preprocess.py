# SPDX-License-Identifier: Apache-2.0
"""Makes preprocess.safetensors: images, and what Pillow, torchvision, timm and transformers make of
them. Usage: python make_preprocess.py [OUT]. Needs pillow, numpy, torch, torchvision, timm,
transformers and safetensors; their versions and the seed are recorded in the file's metadata.

Tensors by name (images are u8 [height, width, 3]):
  image/NAME                     a source image
  resize/FILTER/NAME/WxH         Image.resize
  crop/OFFSET/NAME/WxH           centre crop of torchvision ("round") or transformers ("floor")
  preset/PRESET/SIZE/NAME        a named pipeline
  timm/KEY/NAME, huggingface/KEY/NAME  the pipeline of the configuration in the metadata "timm/KEY"
  values/KEY                     the same, of the configuration in "values/KEY", for 37x53
  normalized/PRESET/SIZE/NAME    the same as float [3, height, width]
  file/NAME, decoded/NAME        an image file, and what Pillow decodes (EXIF applied, RGB)
The metadata are one JSON object; "checksum/PRESET/SIZE/NAME" has the FNV-1a of larger results.
"""

import copy
import json
import math
import pathlib
import sys

import numpy as np
import PIL
import safetensors.numpy
import timm
import timm.data
import timm.models._hub
import torch
import torchvision
import transformers
from PIL import Image
from torchvision.transforms import functional
from transformers.image_transforms import center_crop
from transformers.models.deit.image_processing_pil_deit import DeiTImageProcessorPil
from transformers.models.detr.image_processing_pil_detr import DetrImageProcessorPil
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

import image_files
import preprocess_configs as configs
from preprocess_configs import HALVES

SEED = 20
FILTERS = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}
RARE_FILTERS = {"nearest": Image.NEAREST, "box": Image.BOX, "hamming": Image.HAMMING,
                "lanczos": Image.LANCZOS}
rng = np.random.default_rng(SEED)
tensors = {}
metadata = {
    "made_by": "tests/golden/make_preprocess.py",
    "seed": str(SEED),
    "versions": json.dumps({m.__name__: m.__version__ for m in
                            (PIL, np, torch, torchvision, timm, transformers)}),
}


def source(width, height):
    """Slopes, waves, hard edges and noise, with many samples at the ends of the range."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    planes = [255 * x / max(1, width - 1), 255 * y / max(1, height - 1),
              127 + 150 * np.sin(x / 5 + y / 9)]
    image = np.stack(planes, axis=2)
    image[(x // 9 + y // 7) % 3 == 0] *= 0.2
    image += rng.normal(0, 25, image.shape)
    image[rng.random((height, width)) < 0.05] = 255
    image[rng.random((height, width)) < 0.05] = 0
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def put(name, array):
    tensors[name] = np.ascontiguousarray(array)


SIZES = ((160, 107), (37, 53), (64, 48), (1, 9), (9, 1), (1, 1), (11, 14))
SOURCES = {f"{w}x{h}": source(w, h) for w, h in SIZES}


def resizes():
    targets = {
        "160x107": ((64, 43), (37, 53), (161, 20), (160, 30), (30, 107), (7, 5), (1, 1), (97, 2)),
        "37x53": ((74, 60), (61, 53), (37, 20), (16, 16), (36, 52), (38, 54), (5, 90),
                  (30, 36), (30, 39)),
        "64x48": ((32, 24), (63, 47), (3, 80), (21, 16)),
        "1x9": ((5, 5), (1, 4), (3, 9), (1, 20)),
        "9x1": ((4, 30), (1, 1), (20, 1)),
        "1x1": ((8, 3),),
    }
    for name, sizes in targets.items():
        for size in sizes:
            for label, resample in FILTERS.items():
                out = Image.fromarray(SOURCES[name]).resize(size, resample)
                put(f"resize/{label}/{name}/{size[0]}x{size[1]}", np.array(out))


def rare_resizes():
    targets = {
        "160x107": ((20, 13),),
        "37x53": ((16, 16), (5, 90), (41, 20)),
        "64x48": ((32, 24), (3, 80), (21, 16)),
        "11x14": ((23, 9), (11, 29)),
        "1x9": ((5, 5), (1, 4)),
        "9x1": ((4, 30),),
    }
    for name, sizes in targets.items():
        for size in sizes:
            for label, resample in RARE_FILTERS.items():
                out = Image.fromarray(SOURCES[name]).resize(size, resample)
                put(f"resize/{label}/{name}/{size[0]}x{size[1]}", np.array(out))


def crops():
    for name in ("11x14", "9x1"):
        for width, height in ((8, 8), (7, 9), (6, 11), (11, 14), (12, 16), (14, 17), (18, 12), (4, 1)):
            image = Image.fromarray(SOURCES[name])
            put(f"crop/round/{name}/{width}x{height}",
                np.array(functional.center_crop(image, [height, width])))
            put(f"crop/floor/{name}/{width}x{height}",
                center_crop(SOURCES[name], (height, width),
                            input_data_format="channels_last").astype(np.uint8))


def timm_transform(config):
    if "architecture" in config:
        config, _, _ = timm.models._hub._parse_model_cfg(copy.deepcopy(config), {})
    data = timm.data.resolve_data_config({}, pretrained_cfg=config)
    return timm.data.create_transform(**data, is_training=False)


def facebook_transform(size):
    """The evaluation transform of facebookresearch/deit, datasets.py."""
    t = torchvision.transforms
    return t.Compose([
        t.Resize(int(size / 0.875), interpolation=t.InterpolationMode.BICUBIC),
        t.CenterCrop(size), t.ToTensor(),
        t.Normalize(timm.data.IMAGENET_DEFAULT_MEAN, timm.data.IMAGENET_DEFAULT_STD)])


def torch_pixels(transform, image):
    """Everything before ToTensor and Normalize, still an image."""
    out = Image.fromarray(image)
    for step in transform.transforms[:-2]:
        out = step(out)
    return np.array(out)


def torch_normalized(transform, image):
    return transform(Image.fromarray(image)).numpy()


def hf_processor(config):
    kind = config.get("image_processor_type") or config.get("feature_extractor_type") or "ViT"
    config = {k: v for k, v in config.items() if not k.endswith("_type")}
    for start, processor in (("DeiT", DeiTImageProcessorPil), ("Detr", DetrImageProcessorPil),
                             ("Bit", transformers.BitImageProcessorPil),
                             ("CLIP", transformers.CLIPImageProcessorPil),
                             ("Siglip", transformers.SiglipImageProcessorPil)):
        if kind.startswith(start):
            return processor(**config)
    return ViTImageProcessorPil(**config)


def hf_pixels(config, image):
    out = hf_processor(config)(Image.fromarray(image), do_rescale=False, do_normalize=False)
    return np.transpose(np.array(out["pixel_values"][0]), (1, 2, 0)).astype(np.uint8)


def hf_normalized(config, image):
    return np.array(hf_processor(config)(Image.fromarray(image))["pixel_values"][0], np.float32)


def timm_config(size, mean, std):
    return {"input_size": [3, size, size], "interpolation": "bicubic", "mean": mean, "std": std,
            "crop_pct": 0.9 if size <= 224 else 1.0}


def preset_functions(size):
    imagenet = (list(timm.data.IMAGENET_DEFAULT_MEAN), list(timm.data.IMAGENET_DEFAULT_STD))
    deit = {"image_processor_type": "DeiTImageProcessor", "image_mean": imagenet[0],
            "image_std": imagenet[1], "size": {"height": int(size / 0.875), "width": int(size / 0.875)},
            "crop_size": {"height": size, "width": size}}
    vit = {"image_processor_type": "ViTImageProcessor", "size": {"height": size, "width": size}}

    def torch_pair(transform):
        return (lambda i: torch_pixels(transform, i), lambda i: torch_normalized(transform, i))

    def hf_pair(config):
        return (lambda i: hf_pixels(config, i), lambda i: hf_normalized(config, i))

    return {
        "timm-vit": torch_pair(timm_transform(timm_config(size, HALVES, HALVES))),
        "timm-deit": torch_pair(timm_transform(timm_config(size, *imagenet))),
        "fb-deit": torch_pair(facebook_transform(size)),
        "hf-deit": hf_pair(deit),
        "hf-vit": hf_pair(vit),
    }


def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def presets():
    for size, names in ((32, ("160x107", "37x53")), (33, ("37x53", "1x9"))):
        for preset, (pixels, _) in preset_functions(size).items():
            for name in names:
                put(f"preset/{preset}/{size}/{name}", pixels(SOURCES[name]))
    for preset, (_, normalized) in preset_functions(16).items():
        put(f"normalized/{preset}/16/64x48", normalized(SOURCES["64x48"]))
    for size in (224, 384):
        for preset, (pixels, _) in preset_functions(size).items():
            for name in ("160x107", "37x53"):
                result = pixels(SOURCES[name])
                assert result.shape == (size, size, 3)
                metadata[f"checksum/{preset}/{size}/{name}"] = fnv1a(result.tobytes())


def configurations():
    for key, config in configs.HUGGINGFACE.items():
        metadata[f"huggingface/{key}"] = json.dumps(config)
        for name in ("37x53", "64x48"):
            put(f"huggingface/{key}/{name}", hf_pixels(config, SOURCES[name]))
    for key, config in configs.TIMM.items():
        metadata[f"timm/{key}"] = json.dumps(config)
        for name in ("37x53", "64x48"):
            put(f"timm/{key}/{name}", torch_pixels(timm_transform(config), SOURCES[name]))


def values():
    for key, config in configs.VALUES.items():
        metadata[f"values/{key}"] = json.dumps(config)
        put(f"values/{key}", hf_normalized(config, SOURCES["37x53"]))


def files():
    for name, (data, decoded) in image_files.make(SOURCES, rng).items():
        put(f"file/{name}", np.frombuffer(data, np.uint8))
        put(f"decoded/{name}", decoded)


def main():
    for name, image in SOURCES.items():
        put(f"image/{name}", image)
    for make in (resizes, rare_resizes, crops, presets, configurations, values, files):
        make()
    out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else
                       pathlib.Path(__file__).with_name("preprocess.safetensors"))
    # One metadata key only: the order of several in the file is not fixed.
    safetensors.numpy.save_file(tensors, out, {"golden": json.dumps(metadata, sort_keys=True)})
    print(f"{out.name}: {len(tensors)} tensors, {math.ceil(out.stat().st_size / 1024)} KiB")
    print(metadata["versions"])


if __name__ == "__main__":
    main()
