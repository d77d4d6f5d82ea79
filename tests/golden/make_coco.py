#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What pycocotools says of fixed detections. Writes coco/cases.json: synthetic annotations and results
that meet every rule of the evaluation, with the twelve figures; and coco/val2017.json: the figures of
detections that `jittered` makes of the annotations in $VITQ_DATA/coco (tests/data/coco_test.cpp makes
the same ones). Versions in requirements.txt."""

import contextlib
import io
import json
import os
from pathlib import Path

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

OUTPUT = Path(__file__).resolve().parent / "coco"
FIGURES = ["AP", "AP50", "AP75", "AP_small", "AP_medium", "AP_large",
           "AR1", "AR10", "AR100", "AR_small", "AR_medium", "AR_large"]


def evaluate(truth, results):
    """The twelve figures by name, and the AP of each category; None where there is nothing to find."""
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = truth
        coco.createIndex()
        run = COCOeval(coco, coco.loadRes([dict(result) for result in results]), "bbox")
        run.evaluate()
        run.accumulate()
        run.summarize()
    figures = {name: None if value == -1 else value for name, value in zip(FIGURES, run.stats.tolist())}
    by_category = run.eval["precision"][:, :, :, 0, 2]
    figures["categories"] = [None if (ap == -1).all() else float(ap.mean())
                             for ap in np.moveaxis(by_category, 2, 0)]
    return figures


class Scene:
    """Synthetic annotations and results, numbers short enough to be the same everywhere."""

    def __init__(self, seed, images, categories):
        self.random = np.random.default_rng(seed)
        self.truth = {
            "images": [{"id": i, "file_name": f"{i:012}.jpg", "width": 640, "height": 480} for i in images],
            "categories": [{"id": c, "name": f"kind {c}"} for c in categories],
            "annotations": []}
        self.results = []

    def add(self, image, category, box, area=None, crowd=0):
        self.truth["annotations"].append({
            "id": 7 + 3 * len(self.truth["annotations"]), "image_id": image, "category_id": category,
            "bbox": box, "area": box[2] * box[3] if area is None else area, "iscrowd": crowd})

    def find(self, image, category, box, score):
        self.results.append({"image_id": image, "category_id": category, "bbox": box, "score": score})

    def box(self):
        side = self.random.choice([12, 32, 60, 96, 180])
        x, y = self.random.integers(0, 440), self.random.integers(0, 300)
        width, height = np.round(side * self.random.uniform(0.6, 1.4, 2), 2)
        return [float(x), float(y), float(width), float(height)]

    def near(self, box, spread):
        jitter = self.random.normal(0, spread, 4)
        moved = [box[0] + jitter[0] * box[2], box[1] + jitter[1] * box[3],
                 box[2] * np.exp(jitter[2]), box[3] * np.exp(jitter[3])]
        return [float(v) for v in np.round(moved, 2)]


def crowded():
    """Everything at once: crowds, ties, doubles, misses, wrong classes, pictures with nothing."""
    scene = Scene(1, images=[900, 3, 41, 8, 77, 500, 12, 64], categories=[90, 1, 5, 17, 3])
    for image in (900, 3, 41, 8, 77, 500):
        for _ in range(int(scene.random.integers(3, 9))):
            category = int(scene.random.choice([1, 3, 5, 17]))
            box = scene.box()
            area = None if scene.random.random() < 0.5 else round(0.6 * box[2] * box[3], 2)
            scene.add(image, category, box, area, int(scene.random.random() < 0.15))
            for _ in range(int(scene.random.integers(0, 4))):
                kind = category if scene.random.random() < 0.8 else int(scene.random.choice([1, 90]))
                score = float(np.round(scene.random.random(), 1))
                scene.find(image, kind, scene.near(box, 0.12), score)
    for image in (900, 12):
        scene.find(image, 17, scene.box(), 0.5)
    order = scene.random.permutation(len(scene.results))
    scene.results = [scene.results[i] for i in order]
    return scene


def many():
    """More detections of one class than are looked at, and the tenth and first that matter."""
    scene = Scene(2, images=[1, 2], categories=[1])
    boxes = [scene.box() for _ in range(15)]
    for i, box in enumerate(boxes):
        scene.add(1 + i % 2, 1, box)
    for i in range(230):
        score = float(np.round(scene.random.random(), 2))
        scene.find(1 + i % 2, 1, scene.near(boxes[int(scene.random.integers(15))], 0.2), score)
    return scene


def borders():
    """Overlaps of exactly 0.5 and 0.75, areas of exactly 32 and 96 squared, boxes of no size."""
    scene = Scene(3, images=[1, 2, 3], categories=[4, 2])
    scene.add(1, 4, [0, 0, 32, 32])
    scene.find(1, 4, [0, 0, 32, 16], 0.9)
    scene.find(1, 4, [0, 0, 32, 24], 0.9)
    scene.add(2, 4, [10, 10, 96, 96])
    scene.find(2, 4, [10, 10, 96, 72], 0.8)
    scene.find(2, 4, [10, 34, 96, 72], 0.8)
    scene.add(2, 4, [300, 10, 40, 0], 0)
    scene.find(2, 4, [300, 10, 40, 0], 0.95)
    scene.add(3, 2, [50, 50, 100, 100], crowd=1)
    scene.add(3, 2, [60, 60, 40, 40])
    scene.add(3, 2, [60, 60, 40, 40])
    for score in (0.7, 0.7, 0.6, 0.5):
        scene.find(3, 2, [60, 60, 40, 40], score)
    scene.find(3, 2, [60, 60, 0, 0], 0.4)
    return scene


def jittered(truth):
    """Three detections of each annotation, by a generator and arithmetic that are the same
    everywhere."""
    state = 2017

    def uniform():
        nonlocal state
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (state >> 33) / 2**31

    categories = sorted(category["id"] for category in truth["categories"])
    results = []
    for annotation in truth["annotations"]:
        x, y, width, height = annotation["bbox"]
        for _ in range(3):
            box = [x + (uniform() - 0.5) * 0.5 * width, y + (uniform() - 0.5) * 0.5 * height,
                   width * (0.75 + 0.5 * uniform()), height * (0.75 + 0.5 * uniform())]
            same = uniform() < 0.8
            other = categories[int(uniform() * len(categories))]
            score = int(uniform() * 50) / 50
            results.append({"image_id": annotation["image_id"], "bbox": box, "score": score,
                            "category_id": annotation["category_id"] if same else other})
    return results


def write(name, value):
    (OUTPUT / name).write_text(json.dumps(value, indent=None, separators=(",", ":")) + "\n")


def main():
    OUTPUT.mkdir(exist_ok=True)
    cases = {}
    for make in (crowded, many, borders):
        scene = make()
        cases[make.__name__] = {"truth": scene.truth, "results": scene.results,
                                "figures": evaluate(scene.truth, scene.results)}
    write("cases.json", cases)
    truth = json.loads((Path(os.environ["VITQ_DATA"]) / "coco/instances_val2017.json").read_text())
    write("val2017.json", evaluate(truth, jittered(truth)))


if __name__ == "__main__":
    main()
