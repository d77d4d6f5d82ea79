# SPDX-License-Identifier: Apache-2.0
"""Writes the trained transformer as a model folder, and measures what was written."""

import json

import torch
from safetensors.torch import load_file, save_file

from config import CLASSES, IMAGE_SIZE, MEAN, PATCH_SIZE, STD
from model import VisionTransformer
from training import accuracy


def description(config, names):
    """The folder's config.json, with the keys that timm's published models carry."""
    return {
        "architecture": "vit_cifar10",
        "num_classes": CLASSES,
        "num_features": config.embed_dim,
        "global_pool": "token",
        "label_names": names,
        "model_args": {
            "img_size": IMAGE_SIZE,
            "patch_size": PATCH_SIZE,
            "embed_dim": config.embed_dim,
            "depth": config.depth,
            "num_heads": config.num_heads,
        },
        "pretrained_cfg": {
            "num_classes": CLASSES,
            "input_size": [3, IMAGE_SIZE, IMAGE_SIZE],
            "interpolation": "bicubic",
            "crop_pct": 1.0,
            "crop_mode": "center",
            "mean": list(MEAN),
            "std": list(STD),
            "first_conv": "patch_embed.proj",
            "classifier": "head",
        },
    }


def export(net, config, names, test, out):
    """Half-precision weights, config.json, and result.json with the accuracy of those weights."""
    halves = {name: value.half().cpu().contiguous() for name, value in net.state_dict().items()}
    path = out / "model.safetensors"
    save_file(halves, path, metadata={"format": "pt"})
    shape = description(config, names)
    (out / "config.json").write_text(json.dumps(shape, indent=2) + "\n")

    written = VisionTransformer(**shape["model_args"], num_classes=CLASSES, drop_path=0.0)
    written.load_state_dict({name: value.float() for name, value in load_file(path).items()})
    written.eval().requires_grad_(False).to(test.images.device)
    result = {
        "test_images": len(test.labels),
        "test_accuracy": round(accuracy(written, test), 4),
        "parameters": sum(value.numel() for value in halves.values()),
        "bytes": path.stat().st_size,
        "torch": torch.__version__,
    }
    (out / "result.json").write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result))
