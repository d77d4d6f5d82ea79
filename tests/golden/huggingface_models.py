# SPDX-License-Identifier: Apache-2.0
"""Golden models in Hugging Face's names: folders as `save_pretrained` writes them (the classic names of
the hub), the same with the module names of transformers 5, shards, and half precision."""

import json
from dataclasses import dataclass, field

import torch
import transformers
from safetensors.torch import load_file, save_file

import lively
import record


@dataclass
class HuggingFaceModel:
    name: str
    seed: int
    classifier: str  # the class in transformers
    changes: dict = field(default_factory=dict)  # to the tiny configuration all of these share
    dtype: torch.dtype = torch.float32
    module_names: bool = False  # tensors named as transformers 5 names its modules
    shard: str = "1GB"  # largest file
    pooler: bool = False  # with the pooler that old checkpoints carry and classification ignores
    attention: bool = False  # keep the attention maps
    classes: int = 10
    scores: bool = False  # keep what the pipeline makes of the logits


SIZE = {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 48,
        "image_size": 16, "patch_size": 4}
# An epsilon so large that ignoring it shows.
ODD = {"image_size": 24, "patch_size": 8, "hidden_size": 16, "num_attention_heads": 2,
       "intermediate_size": 40, "qkv_bias": False, "layer_norm_eps": 0.01}
VIT = "ViTForImageClassification"
DEIT = "DeiTForImageClassification"
TEACHER = "DeiTForImageClassificationWithTeacher"

MODELS = [
    HuggingFaceModel("hf_vit", 201, VIT),
    HuggingFaceModel("hf_vit_v5", 201, VIT, module_names=True),
    HuggingFaceModel("hf_vit_f16", 202, VIT, dtype=torch.float16, pooler=True),
    HuggingFaceModel("hf_vit_sharded", 203, VIT, shard="20KB"),
    HuggingFaceModel("hf_vit_no_qkv_bias", 204, VIT, ODD),
    HuggingFaceModel("hf_vit_multilabel", 207, VIT, {
        "problem_type": "multi_label_classification", "hidden_act": "relu", "num_attention_heads": 4},
        scores=True),
    HuggingFaceModel("hf_vit_regression", 208, VIT, {"problem_type": "regression"}, classes=3, scores=True),
    HuggingFaceModel("hf_vit_one_class", 209, VIT, classes=1, scores=True),
    HuggingFaceModel("hf_deit", 205, DEIT),
    HuggingFaceModel("hf_deit_v5", 205, DEIT, module_names=True),
    HuggingFaceModel("hf_deit_teacher", 206, TEACHER, attention=True),
    HuggingFaceModel("hf_deit_teacher_v5", 206, TEACHER, module_names=True),
]


def make(spec, folder):
    """Writes the model `spec` and its expected tensors to `folder`."""
    model = _build(spec)
    _save(spec, model, folder)
    run = _run(record.rounded(model, spec.dtype), spec)
    record.write(folder, "transformers", spec, run)


def _build(spec):
    names = record.labels(spec.classes)
    kind = "vit" if spec.classifier == VIT else "deit"
    config = transformers.AutoConfig.for_model(
        kind, **{**SIZE, **spec.changes}, id2label=dict(enumerate(names)),
        label2id={name: index for index, name in enumerate(names)})
    model = getattr(transformers, spec.classifier)(config)
    lively.fill(model, spec.seed)
    return model.to(spec.dtype)


def _save(spec, model, folder):
    model.save_pretrained(folder, max_shard_size=spec.shard)
    path = folder / "model.safetensors"
    if spec.module_names:
        save_file(model.state_dict(), path, {"format": "pt"})
    elif spec.pooler:
        save_file({**load_file(path), **_pooler(spec)}, path, {"format": "pt"})
    pipeline = _vit_pipeline if spec.classifier == VIT else _deit_pipeline
    text = json.dumps(pipeline(model.config.image_size), indent=2, sort_keys=True) + "\n"
    (folder / "preprocessor_config.json").write_text(text)


def _pooler(spec):
    width = SIZE["hidden_size"]
    return {"vit.pooler.dense.weight": torch.ones(width, width, dtype=spec.dtype),
            "vit.pooler.dense.bias": torch.ones(width, dtype=spec.dtype)}


def _vit_pipeline(size):
    """As transformers writes it today."""
    processor = transformers.ViTImageProcessorPil(size={"height": size, "width": size})
    return processor.to_dict()


def _deit_pipeline(size):
    """As the older checkpoints on the hub have it: plain integers and the feature extractor."""
    return {"crop_size": size, "do_center_crop": True, "do_normalize": True, "do_resize": True,
            "feature_extractor_type": "DeiTFeatureExtractor", "image_mean": [0.485, 0.456, 0.406],
            "image_std": [0.229, 0.224, 0.225], "resample": 3, "size": size + size // 7}


def _run(model, spec):
    size = model.config.image_size
    pixels = lively.images((2, 3, size, size), spec.seed + 1000)
    tokens = []
    encoder = model.vit if spec.classifier == VIT else model.deit
    encoder.layers[-1].register_forward_hook(lambda _, given, out: tokens.append(out))
    with torch.no_grad():
        # The fused attention stays in double precision; only the plain one shows its probabilities.
        model.set_attn_implementation("sdpa")
        logits = model(pixels.double()).logits
        model.set_attn_implementation("eager")
        attention = model(pixels.double(), output_attentions=True).attentions
    run = {"input": pixels, "logits": logits, "tokens": tokens[0], "attention": attention}
    return {**run, "scores": _scores(model, logits)} if spec.scores else run


def _scores(model, logits):
    """What the pipeline of image classification shows, by class."""
    pipeline = transformers.ImageClassificationPipeline(
        model=model, image_processor=transformers.ViTImageProcessorPil(), device="cpu")
    rows = []
    for row in logits:
        answers = pipeline.postprocess({"logits": row[None]}, top_k=len(row))
        score_of = {answer["label"]: answer["score"] for answer in answers}
        rows.append([score_of[model.config.id2label[index]] for index in range(len(row))])
    return torch.tensor(rows, dtype=torch.float64)
