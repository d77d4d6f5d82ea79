# SPDX-License-Identifier: Apache-2.0
"""What the paper leaves open, or what its authors might have meant otherwise than we read it: each setting of the
recipe `paper` alone, at 6 bits, where they matter more than at 8."""

import variants

TEXT = """
Each row changes one setting of the recipe `paper` (W6A6, the SNR of the logits in dB). The first rows are what its
text leaves open, or states otherwise than we run it. It has 1,000 images, and we look at 1,024 rows. Its attention
may be that before the softmax or that after it. The rows after those go beyond the paper. Networks are calibrated on
32 images and measured on {images} others. Not varied are the number of scales to try (24; the text has none), and
that of rounds (4; the text has at most 20).

"""
BITS = (6, 6)
# (title, settings, of the method or of the recipe)
SETTINGS = (
    ("the recipe as it is", {}, "correlation"),
    ("scales from 0.2 to 1.2", {"low": 0.2}, "correlation"),
    ("scales from 0.7 to 1.0", {"low": 0.7, "high": 1.0}, "correlation"),
    ("256 rows", {"tokens": 256}, "correlation"),
    ("4,096 rows", {"tokens": 4096}, "correlation"),
    ("attention as the softmax has it", {"attention": "probabilities"}, "correlation"),
    ("beyond: ranking weighs 0.01", {"gamma": 0.01}, "correlation"),
    ("beyond: no ranking", {"ranking": False}, "correlation"),
    ("beyond: no correction of biases", {"bias_correction": False}, "correlation"),
    ("beyond: no search", {"similarity": False}, "correlation"),
    ("beyond: first layer and head of 8 bits", {"min_edge_bits": 8}, None),
)


def section(measurements, networks):
    recipe = measurements.programs.recipe("paper")
    rows = []
    for title, settings, method in SETTINGS:
        found = variants.changed(recipe, settings, method)
        rows.append((title, [f"{variants.snr(measurements, network, title, found, BITS):.2f}" for network in networks]))
    images = " and ".join(f"{variants.IMAGES[network.name]:,}" for network in networks)
    return ("\n## The paper's recipe, setting by setting\n" + TEXT.format(images=images) +
            variants.table("setting", [network.title for network in networks], rows))
