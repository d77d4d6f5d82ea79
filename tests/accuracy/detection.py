# SPDX-License-Identifier: Apache-2.0
"""The small DETR on held-out scenes, in float and quantized, as a section of the page of results."""

import json
import os
import sys
from dataclasses import asdict, dataclass


def everywhere(weight_bits, activation_bits):
    return ["--weight-bits", weight_bits, "--act-bits", activation_bits]


# (what is shown as recipe, and as bits, options of vit_quantize); no options: the float model.
ROWS = [("float", "", None),
        ("default", "W8A8", everywhere(8, 8)),
        ("default, integers only", "W8A8", [*everywhere(8, 8), "--integer-only"]),
        *(("default", f"W{w}A{a}", everywhere(w, a)) for w, a in ((7, 8), (6, 8), (6, 6), (4, 8))),
        ("default, by layer", "W4A8", ["--budget-bits", 4, "--candidates", "3,4,5,6,7,8"]),
        *(("paper", f"W{w}A{a}", ["--recipe", "paper", *everywhere(w, a)]) for w, a in ((8, 8), (6, 6)))]

HEADER = """| recipe | bits | AP | AP50 | AP75 | small | medium | large | against float | MB |
|---|---|---|---|---|---|---|---|---|---|
"""

OTHERS = """
The paper (Liu et al., NeurIPS 2021, table 3) has 42.0 for DETR-R50 in float and 41.7 with 8MP. Those are COCO's
photographs and a network eleven times as large. The two tables cannot be compared but in this: what quantization
costs.
"""


@dataclass
class Row:
    recipe: str
    bits: str
    figures: dict
    size: int


def measure(measurements, scenes):
    """The rows for `scenes`, a folder with `held_out` and `calibration`, each made by compose_scenes.py."""
    return [_row(measurements, scenes, *row) for row in ROWS]


def _row(measurements, scenes, recipe, bits, options):
    key = f"detr_small|{recipe}|{bits}"
    if key not in measurements.known:
        print(key, file=sys.stderr)
        measurements.keep(key, asdict(_measure(measurements, scenes, recipe, bits, options)))
    return Row(**measurements.known[key])


def _measure(measurements, scenes, recipe, bits, options):
    programs = measurements.programs
    model = programs.folder.parent / "share" / "vitq" / "detr-small.safetensors"
    if options is not None:
        quantized = measurements.work / "detr_small.safetensors"
        programs.run("vit_quantize", model, "--calib", scenes / "calibration", "-o", quantized, *options, "--force")
        model = quantized
    held_out = scenes / "held_out"
    report = json.loads(programs.run("vit_eval", model, "--coco", held_out / "instances.json", "--images",
                                     held_out, "--format", "json"))
    return Row(recipe, bits, report, os.path.getsize(model))


def section(rows):
    reference = rows[0].figures
    text = f"\n## Detection: detr-small\n\n{reference['images']} held-out scenes with {reference['objects']} "
    text += "objects, average precision in percent; calibrated on scenes of other images.\n\n" + HEADER
    return text + "".join(_line(row, reference) for row in rows) + OTHERS


def _line(row, reference):
    percent = lambda name: f"{100 * row.figures[name]:.2f}"
    names = ("AP", "AP50", "AP75", "AP_small", "AP_medium", "AP_large")
    change = "" if row.recipe == "float" else f"{100 * (row.figures['AP'] - reference['AP']):+.2f}"
    cells = [row.recipe, row.bits, *map(percent, names), change, f"{row.size / 1e6:.2f}"]
    return "| " + " | ".join(cells) + " |\n"
