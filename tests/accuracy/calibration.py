# SPDX-License-Identifier: Apache-2.0
"""What it costs to calibrate on few images, or on images of another kind."""

import table

TEXT = """
How many images, and of which kind: photographs of COCO instead of ImageNet's. The default recipe finds the
ranges of activations in each row as it is made, the paper's freezes what calibration saw.

"""
ROWS = [(recipe, bits, images) for recipe in ("default", "paper") for bits in (7, 4)
        for images in (8, 32, 128, "coco")]


def rows(measurements, network, data):
    result = []
    for recipe, bits, images in ROWS:
        options = ["--recipe", recipe, "--weight-bits", bits, "--act-bits", 8]
        if images == "coco":
            options += ["--calib", data / "coco" / "val2017"]
            title = f"{recipe}, COCO"
        else:
            options += ["--calib", network.calibration, "--limit", images]
            title = f"{recipe}, {images}"
        result.append(measurements.measured(network, (title, f"W{bits}A8"), options))
    return result


def section(network, measured):
    return f"\n### {network.title}: calibration\n" + TEXT + table.HEADER + "".join(map(table.line, measured))
