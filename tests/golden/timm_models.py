# SPDX-License-Identifier: Apache-2.0
"""Golden models in timm's names: as timm puts them on the hub (model.safetensors and config.json), or
as Facebook's DeiT checkpoints are (the same names, no configuration, sometimes a prefix)."""

from dataclasses import dataclass, field

import timm
import torch
from safetensors.torch import save_file
from timm.models import save_for_hf

import lively
import record


@dataclass
class TimmModel:
    name: str
    seed: int
    architecture: str
    changes: dict = field(default_factory=dict)  # to the tiny size all of these share
    dtype: torch.dtype = torch.float32
    labelled: bool = False  # label_names in config.json
    bare: bool = False  # no config.json and no metadata: Facebook's checkpoints
    prefix: str = ""  # before every name
    attention: bool = False  # keep the attention maps
    classes: int = 10  # 0: features


SIZE = {"img_size": 16, "patch_size": 4, "embed_dim": 24, "depth": 2, "num_heads": 3, "mlp_ratio": 2}

# The variants are smaller still.
SMALL = {"embed_dim": 16, "num_heads": 2}
POOLED = {**SMALL, "global_pool": "avg"}

MODELS = [
    TimmModel("timm_vit", 101, "vit_tiny_patch16_224", {"mlp_ratio": 4}, labelled=True, attention=True),
    TimmModel("timm_vit_bf16", 102, "vit_tiny_patch16_224", dtype=torch.bfloat16),
    TimmModel("timm_vit_oblong", 103, "vit_tiny_patch16_224", {"img_size": (16, 24), "depth": 3}),
    TimmModel("timm_vit_no_qkv_bias", 104, "vit_tiny_patch16_224", {"qkv_bias": False}),
    TimmModel("timm_vit_relu", 109, "vit_tiny_patch16_224", {"act_layer": "relu", "num_heads": 4}),
    TimmModel("timm_deit", 105, "deit_tiny_patch16_224"),
    TimmModel("timm_deit_distilled", 106, "deit_tiny_distilled_patch16_224", labelled=True,
              attention=True),
    TimmModel("fb_deit", 107, "deit_tiny_patch16_224",
              {"depth": 3, "embed_dim": 16, "num_heads": 2}, bare=True),
    TimmModel("fb_deit_distilled", 108, "deit_tiny_distilled_patch16_224", bare=True, prefix="module."),
    TimmModel("timm_features", 111, "vit_tiny_patch16_224", SMALL, classes=0),
    TimmModel("timm_deit_features", 112, "deit_tiny_distilled_patch16_224", SMALL, classes=0),
    TimmModel("timm_deit3", 113, "deit3_small_patch16_224", SMALL),
    TimmModel("timm_dinov2", 114, "vit_small_patch14_dinov2", SMALL, classes=0),
    TimmModel("timm_dinov2_registers", 115, "vit_small_patch14_reg4_dinov2", SMALL, classes=0),
    TimmModel("timm_dinov2_swiglu", 116, "vit_giant_patch14_reg4_dinov2", {**SMALL, "mlp_ratio": 4}, classes=0),
    TimmModel("timm_average", 117, "vit_tiny_patch16_224", {**POOLED, "patch_size": 7, "img_size": (14, 21)}),
    TimmModel("timm_average_features", 118, "vit_tiny_patch16_224", POOLED, classes=0),
    TimmModel("timm_no_class_token", 119, "vit_base_patch16_gap_224", SMALL),
    TimmModel("timm_registers", 120, "vit_medium_patch16_reg4_gap_256", SMALL),
    TimmModel("timm_clip", 121, "vit_base_patch32_clip_quickgelu_224", SMALL),
    TimmModel("timm_siglip", 122, "vit_so400m_patch16_siglip_256", SMALL, classes=0),
    TimmModel("timm_qk_norm", 123, "vit_tiny_patch16_224", {**SMALL, "qk_norm": True}),
    TimmModel("timm_no_norm", 124, "vit_tiny_patch16_224", {**SMALL, "final_norm": False, "act_layer": "silu"}),
]


def make(spec, folder):
    """Writes the model `spec` and its expected tensors to `folder`."""
    model = timm.create_model(spec.architecture, num_classes=spec.classes, **{**SIZE, **spec.changes})
    lively.fill(model, spec.seed)
    _save(spec, model.to(spec.dtype), folder)
    record.write(folder, "timm", spec, _run(record.rounded(model, spec.dtype), spec.seed))


def _save(spec, model, folder):
    if spec.bare:
        tensors = {spec.prefix + name: tensor for name, tensor in model.state_dict().items()}
        save_file(tensors, folder / "model.safetensors")
        return
    config = {"label_names": record.labels(10)} if spec.labelled else None
    save_for_hf(model, folder, model_config=config, safe_serialization=True)


def _run(model, seed):
    attention, tokens = [], []
    for block in model.blocks:
        block.attn.fused_attn = False
        block.attn.attn_drop.register_forward_hook(lambda _, given, out: attention.append(out))
    model.blocks[-1].register_forward_hook(lambda _, given, out: tokens.append(out))
    pixels = lively.images((2, 3, *model.patch_embed.img_size), seed + 1000)
    with torch.no_grad():
        if model.num_classes > 0:
            logits = model(pixels.double())
            return {"input": pixels, "logits": logits, "tokens": tokens[0], "attention": attention}
        sequence = model.forward_features(pixels.double())
        features = model.forward_head(sequence, pre_logits=True)
    rows, columns = model.patch_embed.grid_size
    patches = sequence[:, -rows * columns:].reshape(2, rows, columns, -1)
    return {"input": pixels, "features": features, "patches": patches, "attention": attention}
