#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes tests/docs/yolos: a YOLOS of random weights as `save_pretrained` writes it, with what
transformers computes from it, for the worked example of docs/add_a_model.md. Versions in
requirements.txt."""

from pathlib import Path
from types import SimpleNamespace

import torch
import transformers
from safetensors.torch import save_file

import lively
import record

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "yolos"
GENERATOR = "tests/golden/make_yolos.py"
GAIN = 5.0
SPEC = SimpleNamespace(name="yolos", seed=401)
# Neither side is a multiple of the patch: what is left over is not looked at.
SIZE = {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 48,
        "image_size": [26, 35], "patch_size": 8, "num_detection_tokens": 5,
        "use_mid_position_embeddings": False}


def main():
    torch.set_num_threads(1)
    names = record.labels(10)
    config = transformers.YolosConfig(
        **SIZE, id2label=dict(enumerate(names)),
        label2id={name: index for index, name in enumerate(names)})
    model = transformers.YolosForObjectDetection(config)
    lively.fill(model, SPEC.seed)
    with torch.no_grad():  # lively.py knows a head by its name, and these layers have numbers
        model.class_labels_classifier.layers[-1].weight *= GAIN
        model.bbox_predictor.layers[-1].weight *= GAIN
    model.save_pretrained(FOLDER)
    model = record.rounded(model, torch.float32)
    model.set_attn_implementation("eager")
    pixels = lively.images((2, 3, *SIZE["image_size"]), SPEC.seed + 1000)
    with torch.no_grad():
        run = model(pixels.double(), output_attentions=True)
    if run.logits.dtype != torch.float64:
        raise RuntimeError(f"ran in {run.logits.dtype}")
    print(lively.check(SPEC.name, run.logits, run.attentions))
    tensors = {"input": pixels, "logits": run.logits, "boxes": run.pred_boxes}
    tensors = {name: value.float().contiguous() for name, value in tensors.items()}
    save_file(tensors, FOLDER / "expected.safetensors", record.metadata("transformers", SPEC, GENERATOR))


if __name__ == "__main__":
    main()
