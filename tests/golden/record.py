# SPDX-License-Identifier: Apache-2.0
"""What a golden run leaves behind: expected.safetensors beside the model, and the record of the
versions and seeds it came from in that file's metadata."""

import json
from importlib.metadata import version

import torch
from safetensors.torch import save_file

import lively

GENERATOR = "tests/golden/make_models.py"


def write(folder, library, spec, run):
    """Writes expected.safetensors to `folder`.

    `run` holds `input`, `logits` or `features` and `patches` (the patches' tokens after the final norm,
    [N, h, w, C]), perhaps `tokens` (the sequence after the last block, before the final norm), and `attention` (probabilities, one [N, heads, T, T] per block), computed in double precision from
    the weights as stored on disk, and is stored rounded to f32; attention, as attention.0, attention.1
    and so on, only if `spec` asks for it. `library` is the implementation.
    """
    answers = run["logits"] if "logits" in run else run["features"]
    if answers.dtype != torch.float64:
        raise RuntimeError(f"{spec.name}: ran in {answers.dtype}")
    print(lively.check(spec.name, answers, run["attention"], least=2 if "logits" in run else 0.5))
    keys = [key for key in ("input", "logits", "features", "patches", "tokens", "scores") if key in run]
    tensors = {key: run[key].float().contiguous() for key in keys}
    for index, layer in enumerate(run["attention"] if spec.attention else []):
        tensors[f"attention.{index}"] = layer.float().contiguous()
    # One key only: the order of several in the file is not fixed.
    save_file(tensors, folder / "expected.safetensors", metadata(library, spec))


def metadata(library, spec, generator=GENERATOR):
    """Where the numbers of `spec` come from."""
    record = {
        "generator": generator,
        "seed": spec.seed,
        "implementation": f"{library} {version(library)}",
        "torch": version("torch"),
        "arithmetic": "float64, rounded to float32",
    }
    return {"golden": json.dumps(record, sort_keys=True)}


def rounded(model, dtype):
    """`model` in double precision with its parameters rounded to `dtype`, ready to run."""
    return model.to(dtype).double().eval()


def labels(count):
    names = ("ant", "bee", "cat", "dog", "elk", "fox", "gnu", "hen", "ibis, a bird", "jay")
    return list(names[:count])
