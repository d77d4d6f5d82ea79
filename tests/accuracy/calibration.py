# SPDX-License-Identifier: Apache-2.0
"""What it costs to calibrate on few images, or on images of another kind."""

import table
import variants

TEXT = """
How many images, and of which kind: photographs of COCO instead of ImageNet's, or *generated* ones, which
`vit_quantize` makes where it is given none. The default recipe finds the ranges of activations in each row as it is
made, the paper's freezes what calibration saw.

"""
GENERATED = """
Generated images are used with more care than photographs. These were tried (W7A8, the SNR of the logits in dB, 64
generated images; measured on the 68 images of a set, and on 1,000 of CIFAR-10). The ridge is what is added to the
diagonal of a layer's Gram matrix, as a share of its mean. A loud channel moves at least four times as much as the
median. With four times as many images it was 0.08 dB less.

"""
TRIED = (
    ("as with photographs: a ridge of 0.003, any channel is smoothed", ("22.39", "22.49", "21.26")),
    ("a ridge of 0.1", ("23.22", "", "")),
    ("a ridge of 0.3", ("", "", "39.31")),
    ("no smoothing", ("23.61", "", "")),
    ("no smoothing, a ridge of 0.1", ("24.16", "", "38.99")),
    ("no smoothing, a ridge of 0.3", ("24.18", "19.53", "38.95")),
    ("smoothing that halves a layer's error, a ridge of 0.3", ("23.77", "23.88", "39.00")),
    ("**kept**: smoothing of loud channels alone, a ridge of 0.3", ("24.32", "23.97", "39.07")),
)
KINDS = {"default": (8, 32, 128, "COCO", "generated"), "paper": (8, 32, 128, "COCO")}
MANY = 1000
ALL_BITS = ((8, 8), (7, 8), (6, 8), (6, 6), (5, 8), (4, 8), (4, 4), (3, 8))
# (recipe, bits of weights, of activations, images)
ROWS = ([("default", *bits, MANY) for bits in ALL_BITS] + [("default", 8, 8, "generated")] +
        [(recipe, bits, 8, images) for recipe, kinds in KINDS.items() for bits in (7, 4) for images in kinds])


def rows(measurements, network, data):
    result = []
    for recipe, weight_bits, activation_bits, images in ROWS:
        options = ["--recipe", recipe, "--weight-bits", weight_bits, "--act-bits", activation_bits]
        if images == "COCO":
            options += ["--calib", data / "coco" / "val2017"]
        elif images != "generated":
            more = images > sum(1 for _ in network.calibration.iterdir())
            source = all_images(measurements.work, network, data) if more else network.calibration
            options += ["--calib", source, "--limit", images]
        title = (f"{recipe}, {images}", f"W{weight_bits}A{activation_bits}")
        result.append(measurements.measured(network, title, options))
    return result


def all_images(work, network, data):
    """A list of the calibration images and of those that are there beside them."""
    folders = [network.calibration, data / "imagenet" / "calib_more"]
    images = [image for folder in folders if folder.exists() for image in sorted(folder.iterdir())]
    file = work / f"{network.name}_images.txt"
    file.write_text("".join(f"{image.resolve()}\n" for image in images))
    return file


def section(network, measured):
    tried = GENERATED + variants.table("what", ("DeiT-Tiny", "with outliers", "default model"), TRIED)
    return (f"\n### {network.title}: calibration\n" + TEXT + table.HEADER + "".join(map(table.line, measured)) +
            tried)
