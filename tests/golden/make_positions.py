#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes positions.safetensors: the positions of some golden models for images of other sizes, as timm and transformers
resample them. A tensor is called NAME/HEIGHTxWIDTH, in pixels. Needs the models in models/; run make_models.py first."""

import json
from importlib.metadata import version
from pathlib import Path

import timm
import torch
import transformers
from safetensors.torch import load_file, save_file

HERE = Path(__file__).resolve().parent
SIZES = {
    "timm_vit": ((24, 24), (8, 20)),
    "timm_vit_oblong": ((24, 16), (32, 32)),
    "timm_deit3": ((12, 12), (24, 40)),
    "timm_dinov2_registers": ((28, 12),),
    "timm_siglip": ((20, 20), (8, 12)),
    "hf_vit": ((24, 24), (8, 20)),
    "hf_dinov2": ((16, 16), (40, 20)),
    "hf_dinov2_registers": ((16, 16), (40, 20)),
    "hf_clip_vision": ((24, 24), (12, 8)),
    "hf_siglip": ((20, 20), (8, 12)),
}


def of_timm(name, height, width):
    config = json.loads((HERE / "models" / name / "config.json").read_text())
    model = timm.create_model(config["architecture"], **config["model_args"])
    model.load_state_dict(load_file(HERE / "models" / name / "model.safetensors"))
    model.set_input_size((height, width))
    return model.pos_embed


def of_transformers(name, height, width):
    model = transformers.AutoModel.from_pretrained(HERE / "models" / name)
    embeddings = getattr(model, "vision_model", model).embeddings
    patch = embeddings.patch_size if isinstance(embeddings.patch_size, int) else embeddings.patch_size[0]
    own = 0 if "siglip" in name else 1
    tokens = torch.zeros(1, height // patch * (width // patch) + own, model_width(embeddings))
    return embeddings.interpolate_pos_encoding(tokens, height, width)


def model_width(embeddings):
    return next(weight for weight in embeddings.parameters() if weight.dim() == 4).shape[0]


def main():
    tensors = {}
    for name, sizes in SIZES.items():
        resample = of_timm if name.startswith("timm") else of_transformers
        for height, width in sizes:
            positions = resample(name, height, width).detach()
            tensors[f"{name}/{height}x{width}"] = positions.float().contiguous()
    record = {"generator": "tests/golden/make_positions.py",
              **{library: version(library) for library in ("timm", "torch", "transformers")}}
    save_file(tensors, HERE / "positions.safetensors", {"golden": json.dumps(record, sort_keys=True)})


if __name__ == "__main__":
    main()
