# SPDX-License-Identifier: Apache-2.0
"""Golden YOLOS, run by transformers, for images of the size that their positions are of and of another."""

import json
from dataclasses import dataclass, field

import torch
import transformers
from safetensors.torch import save_file

import lively
import record

GAIN = 5.0


@dataclass
class YolosModel:
    name: str
    seed: int
    image: tuple  # height, width
    changes: dict = field(default_factory=dict)  # to the tiny configuration all of these share


MODELS = [
    YolosModel("hf_yolos", 402, (44, 30), {
        "image_size": [32, 48], "use_mid_position_embeddings": True, "num_hidden_layers": 3}),
    # Neither side is a multiple of the patch: what is left over is not looked at.
    YolosModel("hf_yolos_plain", 401, (26, 35), {
        "image_size": [26, 35], "use_mid_position_embeddings": False, "qkv_bias": False, "hidden_act": "relu",
        "layer_norm_eps": 1e-2}),
]

SIZE = {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 48,
        "patch_size": 8, "num_detection_tokens": 5}


def make(spec, folder):
    """Writes the model `spec` and its expected tensors to `folder`."""
    names = record.labels(10)
    config = transformers.YolosConfig(
        **{**SIZE, **spec.changes}, id2label=dict(enumerate(names)),
        label2id={name: index for index, name in enumerate(names)})
    model = transformers.YolosForObjectDetection(config)
    lively.fill(model, spec.seed)
    with torch.no_grad():  # lively.py knows a head by its name, and these layers have numbers
        model.class_labels_classifier.layers[-1].weight *= GAIN
        model.bbox_predictor.layers[-1].weight *= GAIN
    model.save_pretrained(folder)
    pipeline = {"image_processor_type": "YolosImageProcessor", "do_pad": True,
                "size": {"shortest_edge": 32, "longest_edge": 56}}
    (folder / "preprocessor_config.json").write_text(json.dumps(pipeline, indent=2) + "\n")
    model = record.rounded(model, torch.float32)
    model.set_attn_implementation("eager")
    pixels = lively.images((2, 3, *spec.image), spec.seed + 1000)
    with torch.no_grad():
        run = model(pixels.double(), output_attentions=True)
    if run.logits.dtype != torch.float64:
        raise RuntimeError(f"{spec.name}: ran in {run.logits.dtype}")
    print(lively.check(spec.name, run.logits, run.attentions, 1.5))
    tensors = {"input": pixels, "logits": run.logits, "boxes": run.pred_boxes}
    tensors = {name: value.float().contiguous() for name, value in tensors.items()}
    save_file(tensors, folder / "expected.safetensors", record.metadata("transformers", spec))
