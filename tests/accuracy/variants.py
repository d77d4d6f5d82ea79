# SPDX-License-Identifier: Apache-2.0
"""Recipes that differ in one thing, measured on few images and shown side by side."""

import copy
import json
from dataclasses import replace

CALIBRATION = 32
IMAGES = {"deit_tiny": 200, "default_model": 2000}


def changed(recipe, settings=None, method=None, without=()):
    """A copy with other settings, of the recipe or of one of its methods, and without some methods or keys."""
    result = {key: copy.deepcopy(value) for key, value in recipe.items() if key not in without}
    result["rounds"] = [[step for step in steps if step["method"] not in without] for steps in result["rounds"]]
    targets = [result] if method is None else [step for steps in result["rounds"] for step in steps
                                               if step["method"] == method]
    for target in targets:
        target.update(settings or {})
    return result


def snr(measurements, network, title, recipe, bits):
    """That of the logits, with the recipe at those bits of weights and activations."""
    key = f"{network.name}|{recipe['name']}|{title}|w{bits[0]}a{bits[1]}"
    if key not in measurements.known:
        measurements.keep(key, _measure(measurements, network, recipe, bits))
    return measurements.known[key]


def _measure(measurements, network, recipe, bits):
    file = measurements.work / "variant.json"
    file.write_text(json.dumps(recipe))
    model = measurements.work / "variant.safetensors"
    measurements.programs.run("vit_quantize", network.model, "-o", model, "--calib", network.calibration, "--limit",
                              CALIBRATION, "--recipe", file, "--weight-bits", bits[0], "--act-bits", bits[1], "--force")
    part = network.sets[0]
    limit = ["--limit", IMAGES[network.name]]
    few = replace(network, sets=[replace(part, options=[*part.options, *limit])])
    return measurements.evaluated(few, model)[0]["snr"]


def table(first, columns, rows):
    """`rows`: (title, [cell of each column])."""
    lines = ["| " + " | ".join([first, *columns]) + " |\n", "|---|" + "---|" * len(columns) + "\n"]
    return "".join(lines + ["| " + " | ".join([title, *cells]) + " |\n" for title, cells in rows])
