#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What PyTorch with Pillow says of the real DeiT-Tiny, from the data in $VITQ_DATA: the best class of
every picture of the two validation sets, in the form of a label file, so that the top-1 that vit_eval
finds against it is our agreement with PyTorch; and the five best of the demo pictures. Writes
deit_tiny/. Versions in requirements.txt."""

import hashlib
import json
import os
from importlib.metadata import version
from pathlib import Path

import timm
import torch
from PIL import Image
from safetensors.torch import load_file
from torchvision import transforms

OUTPUT = Path(__file__).resolve().parent / "deit_tiny"
WEIGHTS = "weights/deit_tiny_patch16_224.safetensors"
BICUBIC = transforms.InterpolationMode.BICUBIC
NORMALIZE = [transforms.ToTensor(),
             transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))]
FACEBOOK = transforms.Compose(
    [transforms.Resize(256, BICUBIC), transforms.CenterCrop(224), *NORMALIZE])
STRAIGHT = transforms.Compose([transforms.Resize((224, 224), BICUBIC), *NORMALIZE])
SETS = {"val_227": STRAIGHT, "val_full": FACEBOOK}
BATCH = 16


def logits(model, paths, pipeline):
    """[len(paths), 1000] of the files `paths`, EXIF orientation ignored."""
    rows = []
    for start in range(0, len(paths), BATCH):
        pictures = [pipeline(Image.open(path).convert("RGB")) for path in paths[start:start + BATCH]]
        with torch.inference_mode():
            rows.append(model(torch.stack(pictures)))
    return torch.cat(rows)


def table(path):
    return [line.split("\t") for line in path.read_text().splitlines()]


def validate(model, data, name):
    """Writes the best classes of the set `name`; returns how many pictures it has and are right."""
    labels = table(data / "imagenet" / f"{name}.tsv")
    files = [row[0] for row in labels]
    folder = data / "imagenet" / name
    best = logits(model, [folder / file for file in files], SETS[name]).argmax(1).tolist()
    lines = [f"{file}\t{index}\n" for file, index in zip(files, best)]
    (OUTPUT / f"{name}.tsv").write_text("".join(lines))
    right = sum(index == int(row[1]) for index, row in zip(best, labels))
    return {"images": len(files), "right": right}


def demonstrate(model, data):
    """The five best classes of every demo picture, with probabilities."""
    names = {int(row[0]): row[2] for row in table(data / "imagenet" / "classes.tsv")}
    files = sorted(path for path in (data / "demo").iterdir() if path.suffix in (".png", ".jpg"))
    found = {}
    for file, row in zip(files, logits(model, files, FACEBOOK).softmax(1)):
        scores, indices = row.topk(5)
        found[file.name] = [
            {"id": index, "label": names[index], "score": round(score, 4)}
            for score, index in zip(scores.tolist(), indices.tolist())]
    return found


def main():
    data = Path(os.environ["VITQ_DATA"])
    torch.set_num_threads(1)
    model = timm.create_model("deit_tiny_patch16_224").eval()
    model.load_state_dict(load_file(data / WEIGHTS))
    OUTPUT.mkdir(exist_ok=True)
    reference = {
        "versions": {name: version(name) for name in ("torch", "torchvision", "timm", "pillow")},
        "weights_sha256": hashlib.sha256((data / WEIGHTS).read_bytes()).hexdigest(),
        **{name: validate(model, data, name) for name in SETS},
        "demo": demonstrate(model, data),
    }
    (OUTPUT / "reference.json").write_text(json.dumps(reference, indent=2) + "\n")


if __name__ == "__main__":
    main()
