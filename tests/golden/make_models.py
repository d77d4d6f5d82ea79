#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the golden models: small networks of random weights in every dialect users have on disk, each
with what timm, transformers or torchvision computes from them. Versions in requirements.txt.

    make_models.py            write models/ and models/manifest.sha256
    make_models.py --check    make them anew elsewhere and compare with what is there
"""

import argparse
import hashlib
import shutil
import sys
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file

import detr_models
import huggingface_models
import timm_models
import torchvision_models
import tower_models
import yolos_models

MODELS = Path(__file__).resolve().parent / "models"
MANIFEST = "manifest.sha256"
FAMILIES = (timm_models, huggingface_models, detr_models, yolos_models, torchvision_models, tower_models)
# Sums in double precision differ in the last bit between CPUs, which can tip a rounding to f32.
TOLERANCE = 1e-6


def make(root):
    for family in FAMILIES:
        for spec in family.MODELS:
            folder = root / spec.name
            folder.mkdir(parents=True)
            family.make(spec, folder)
    (root / MANIFEST).write_text(manifest(root))


def manifest(root):
    """One line "sha256  path" per file under `root`, as sha256sum reads it."""
    files = sorted(path for path in root.rglob("*") if path.is_file() and path.name != MANIFEST)
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(root)}" for path in files]
    return "\n".join(lines) + "\n"


def entries(text):
    return {path: digest for digest, path in (line.split("  ", 1) for line in text.splitlines())}


def differences(root):
    """What in models/ is not as `root` has it."""
    found = entries(manifest(MODELS))
    stated = entries((MODELS / MANIFEST).read_text())
    wanted = entries(manifest(root))
    for path in sorted(found.keys() | stated.keys() | wanted.keys()):
        if path not in wanted or path not in found:
            yield f"{path}: {'not made any more' if path not in wanted else 'missing'}"
        elif found[path] != stated.get(path):
            yield f"{path}: not as the manifest states"
        elif found[path] != wanted[path] and not same_numbers(MODELS / path, root / path):
            yield f"{path}: made differently now"


def same_numbers(path, other):
    if path.name != "expected.safetensors":
        return False
    left, right = load_file(path), load_file(other)
    return left.keys() == right.keys() and all(
        torch.allclose(left[name], right[name], rtol=TOLERANCE, atol=TOLERANCE) for name in left)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    check = parser.parse_args().check
    torch.set_num_threads(1)
    if not check:
        shutil.rmtree(MODELS, ignore_errors=True)
        make(MODELS)
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        make(Path(scratch) / "models")
        faults = list(differences(Path(scratch) / "models"))
    print("\n".join(faults) or "every file is as it was made")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
