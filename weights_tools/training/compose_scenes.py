# SPDX-License-Identifier: Apache-2.0
"""Writes composed scenes as PNG files and their boxes as COCO annotations.

    python compose_scenes.py CIFAR10/test.safetensors --count 1000 --out scenes

writes scenes/000001.png and so on, and scenes/instances.json. The same file, count and seed give the
same scenes; the seed decides which objects they show. `--held-out` takes only the pictures of
train.safetensors that train_detr.py has not learned from: for calibration.
"""

import argparse
import json
import sys
from pathlib import Path

import torch
from PIL import Image

from config import DETR_CONFIGS, SEED
from data import class_names, hold_out, read_split
from scenes import SIDE, compose

BATCH = 50


def write_scenes(split, count, out):
    """Yields the annotations of each scene after writing its picture."""
    for first in range(0, count, BATCH):
        scenes = compose(min(BATCH, count - first), split.images, split.labels)
        pictures = (scenes.pictures * 255).round().byte().permute(0, 2, 3, 1).numpy()
        for i, picture in enumerate(pictures):
            number = first + i + 1
            Image.fromarray(picture).save(out / f"{number:06}.png")
            boxes = scenes.boxes[i][scenes.present[i]] * SIDE
            labels = scenes.labels[i][scenes.present[i]].tolist()
            for (x, y, width, height), label in zip(boxes.tolist(), labels):
                yield {
                    "image_id": number,
                    "category_id": label,
                    "bbox": [round(x - width / 2, 2), round(y - height / 2, 2),
                             round(width, 2), round(height, 2)],
                    "area": round(width * height, 2),
                    "iscrowd": 0,
                }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="train.safetensors or test.safetensors")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--out", type=Path, required=True, help="folder, created if need be")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    split = read_split(arguments.source, sys.maxsize)
    if arguments.held_out:
        split = hold_out(split, DETR_CONFIGS["gpu"].held_out, SEED)[1]
    torch.manual_seed(arguments.seed)
    annotations = list(write_scenes(split, arguments.count, arguments.out))
    for i, annotation in enumerate(annotations):
        annotation["id"] = i + 1
    instances = {
        "images": [{"id": i, "file_name": f"{i:06}.png", "width": SIDE, "height": SIDE}
                   for i in range(1, arguments.count + 1)],
        "categories": [{"id": i, "name": name}
                       for i, name in enumerate(class_names(arguments.source))],
        "annotations": annotations,
    }
    (arguments.out / "instances.json").write_text(json.dumps(instances))
    print(f"{arguments.count} scenes with {len(annotations)} objects in {arguments.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
