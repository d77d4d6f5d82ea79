# SPDX-License-Identifier: Apache-2.0
"""Golden models in torchvision's names, which has no configuration file."""

from dataclasses import dataclass

import torch
from safetensors.torch import save_file
from torchvision.models import VisionTransformer

import lively
import record


@dataclass
class TorchvisionModel:
    name: str
    seed: int
    attention: bool = False  # keep the attention maps


MODELS = [TorchvisionModel("tv_vit", 401)]


def make(spec, folder):
    """Writes the model `spec` and its expected tensors to `folder`."""
    model = VisionTransformer(image_size=16, patch_size=4, num_layers=2, num_heads=3, hidden_dim=24, mlp_dim=48,
                              num_classes=10)
    lively.fill(model, spec.seed)
    save_file(model.state_dict(), folder / "model.safetensors")
    record.write(folder, "torchvision", spec, _run(record.rounded(model, torch.float32), spec.seed))


def _run(model, seed):
    attention, tokens = [], []

    def keep(block):
        def hook(_, given, out):
            maps = block.self_attention(out, out, out, need_weights=True, average_attn_weights=False)[1]
            attention.append(maps)
        return hook

    for block in model.encoder.layers:
        block.ln_1.register_forward_hook(keep(block))
    model.encoder.layers[-1].register_forward_hook(lambda _, given, out: tokens.append(out))
    pixels = lively.images((2, 3, 16, 16), seed + 1000)
    with torch.no_grad():
        logits = model(pixels.double())
    return {"input": pixels, "logits": logits, "tokens": tokens[0], "attention": attention}
