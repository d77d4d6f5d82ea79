# SPDX-License-Identifier: Apache-2.0
"""Golden models of transformers' image towers: DINOv2 with and without registers, CLIP, SigLIP and I-JEPA, alone,
beside a text tower or below a classifier, and ViT without its classifier."""

import json
from dataclasses import dataclass, field

import torch
import transformers
from safetensors.torch import save_file

import lively
import record


@dataclass
class TowerModel:
    name: str
    seed: int
    network: str  # the class in transformers
    config: str  # and that of its configuration
    changes: dict = field(default_factory=dict)  # to the tiny configuration all of these share
    processor: str = "ViTImageProcessorPil"
    module_names: bool = False  # tensors named as transformers 5 names its modules
    crop: int = 16  # of the pipeline
    attention: bool = False


SIZE = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 16, "patch_size": 4,
        "layer_norm_eps": 0.01}
MLP = {"intermediate_size": 40}
TEXT = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8, "vocab_size": 9,
        "eos_token_id": 2, "max_position_embeddings": 5, "bos_token_id": 1}
CLASSES = {"num_labels": 5}
BIT, CLIP, SIGLIP = (f"{name}ImageProcessorPil" for name in ("Bit", "CLIP", "Siglip"))

MODELS = [
    TowerModel("hf_vit_features", 401, "ViTModel", "ViTConfig", MLP),
    TowerModel("hf_ijepa", 402, "IJepaModel", "IJepaConfig", MLP),
    TowerModel("hf_dinov2", 403, "Dinov2Model", "Dinov2Config", {"image_size": 28, "mlp_ratio": 2}, BIT, crop=20),
    TowerModel("hf_dinov2_v5", 403, "Dinov2Model", "Dinov2Config", {"image_size": 28, "mlp_ratio": 2}, BIT,
               module_names=True, crop=20),
    TowerModel("hf_dinov2_swiglu", 404, "Dinov2Model", "Dinov2Config",
               {"use_swiglu_ffn": True, "mlp_ratio": 3, "qkv_bias": False}, BIT),
    TowerModel("hf_dinov2_swiglu_v5", 404, "Dinov2Model", "Dinov2Config",
               {"use_swiglu_ffn": True, "mlp_ratio": 3, "qkv_bias": False}, BIT, module_names=True),
    TowerModel("hf_dinov2_classes", 405, "Dinov2ForImageClassification", "Dinov2Config",
               {"mlp_ratio": 2, **CLASSES}, BIT),
    TowerModel("hf_dinov2_registers", 406, "Dinov2WithRegistersModel", "Dinov2WithRegistersConfig",
               {"image_size": 28, "mlp_ratio": 2, "num_register_tokens": 3}, BIT, crop=20),
    TowerModel("hf_dinov2_registers_classes", 417, "Dinov2WithRegistersForImageClassification",
               "Dinov2WithRegistersConfig", {"mlp_ratio": 2, **CLASSES}, BIT),
    TowerModel("hf_clip_vision", 408, "CLIPVisionModelWithProjection", "CLIPVisionConfig",
               {**MLP, "projection_dim": 12}, CLIP),
    TowerModel("hf_clip_tower", 409, "CLIPVisionModel", "CLIPVisionConfig", {**MLP, "hidden_act": "gelu"}, CLIP),
    TowerModel("hf_clip", 410, "CLIPModel", "CLIPConfig", MLP, CLIP),
    TowerModel("hf_clip_classes", 411, "CLIPForImageClassification", "CLIPConfig", {**MLP, **CLASSES}, CLIP),
    TowerModel("hf_siglip_vision", 412, "SiglipVisionModel", "SiglipVisionConfig", MLP, SIGLIP),
    TowerModel("hf_siglip", 413, "SiglipModel", "SiglipConfig", MLP, SIGLIP),
    TowerModel("hf_siglip_classes", 414, "SiglipForImageClassification", "SiglipConfig", {**MLP, **CLASSES}, SIGLIP),
]


def make(spec, folder):
    """Writes the model `spec` and its expected tensors to `folder`."""
    model = getattr(transformers, spec.network)(_config(spec))
    lively.fill(model, spec.seed)
    model.save_pretrained(folder)
    if spec.module_names:
        save_file(model.state_dict(), folder / "model.safetensors", {"format": "pt"})
    _save_pipeline(spec, folder)
    record.write(folder, "transformers", spec, _run(record.rounded(model, torch.float32), spec))


def _config(spec):
    changes = {**SIZE, **spec.changes}
    if spec.config not in ("CLIPConfig", "SiglipConfig"):
        return getattr(transformers, spec.config)(**changes)
    whole = {"projection_dim": 12} if spec.config == "CLIPConfig" else {}
    labels = changes.pop("num_labels", None)
    if labels:
        whole["num_labels"] = labels
    return getattr(transformers, spec.config)(text_config=TEXT, vision_config=changes, **whole)


def _save_pipeline(spec, folder):
    cropped = {"size": {"shortest_edge": spec.crop + 3}, "crop_size": {"height": spec.crop, "width": spec.crop}}
    exact = {"size": {"height": spec.crop, "width": spec.crop}}
    sizes = cropped if spec.processor in (BIT, CLIP) else exact
    processor = getattr(transformers, spec.processor)(**sizes)
    text = json.dumps(processor.to_dict(), indent=2, sort_keys=True) + "\n"
    (folder / "preprocessor_config.json").write_text(text)


def _run(model, spec):
    pixels = lively.images((2, 3, spec.crop, spec.crop), spec.seed + 1000)
    model.set_attn_implementation("eager")
    given = pixels.double()
    with torch.no_grad():
        if "Classification" in spec.network:
            out = model(given, output_attentions=True)
            return {"input": pixels, "logits": out.logits, "attention": out.attentions}
        tower = model.vision_model if hasattr(model, "vision_model") else model
        out = tower(given, output_attentions=True)
        features, tokens = out.pooler_output, out.last_hidden_state
        if spec.network in ("CLIPModel", "CLIPVisionModelWithProjection"):
            features = model.visual_projection(features)
        if spec.processor == CLIP:
            tokens = tower.post_layernorm(tokens)  # which transformers applies to the class token alone
        if features is None:  # what a classifier of I-JEPA reads
            features = tokens.mean(1)
    side = spec.crop // model_patch(model)
    patches = tokens[:, -side * side:].reshape(2, side, side, -1)
    return {"input": pixels, "features": features, "patches": patches, "attention": out.attentions}


def model_patch(model):
    config = getattr(model.config, "vision_config", model.config)
    return config.patch_size
