# SPDX-License-Identifier: Apache-2.0
"""What it costs to calibrate on few images, or on images of another kind."""

import table

TEXT = """
How many images, and of which kind: photographs of COCO instead of ImageNet's, or *generated* ones, which
`vit_quantize` makes where it is given none. The default recipe finds the ranges of activations in each row as it is
made, the paper's freezes what calibration saw.

"""
KINDS = {"default": (8, 32, 128, 1000, "COCO", "generated"), "paper": (8, 32, 128, "COCO")}
ROWS = [("default", 8, "generated")] + [(recipe, bits, images) for recipe, kinds in KINDS.items() for bits in (7, 4)
                                        for images in kinds]


def rows(measurements, network, data):
    result = []
    for recipe, bits, images in ROWS:
        options = ["--recipe", recipe, "--weight-bits", bits, "--act-bits", 8]
        if images == "COCO":
            options += ["--calib", data / "coco" / "val2017"]
        elif images != "generated":
            more = images > sum(1 for _ in network.calibration.iterdir())
            source = all_images(measurements.work, network, data) if more else network.calibration
            options += ["--calib", source, "--limit", images]
        result.append(measurements.measured(network, (f"{recipe}, {images}", f"W{bits}A8"), options))
    return result


def all_images(work, network, data):
    """A list of the calibration images and of those that are there beside them."""
    folders = [network.calibration, data / "imagenet" / "calib_more"]
    images = [image for folder in folders if folder.exists() for image in sorted(folder.iterdir())]
    file = work / f"{network.name}_images.txt"
    file.write_text("".join(f"{image.resolve()}\n" for image in images))
    return file


def section(network, measured):
    return f"\n### {network.title}: calibration\n" + TEXT + table.HEADER + "".join(map(table.line, measured))
