# SPDX-License-Identifier: Apache-2.0
"""What ideas brought: those that were tried, kept or not, and what the default recipe would be without a kept one."""

import variants

TEXT = """
What an idea changes about the SNR of the logits, in dB. Each was tried alone. The recipe of the first row has 8 bits
for output tokens, clipped ranges and codebooks already. Networks were calibrated on 32 images, and
measured on 226 others of ImageNet and 2,000 of CIFAR-10. Rotations are random, and the rows that try them alone have
another one than the recipe. That one brings the default model 0.24 dB at W4A8 and 0.16 at W4A4.

"""
COLUMNS = ("DeiT-Tiny W4A8", "W4A4", "W6A6", "default model W4A8", "W4A4", "W6A6")
TRIED = (
    ("before", ("11.55", "6.45", "17.83", "25.63", "19.24", "31.71")),
    ("**kept**: residual stream and values of heads rotated", ("+0.18", "+0.30", "+0.38", "+0.41", "+0.30", "+0.21")),
    ("residual stream alone", ("+0.04", "+0.17", "", "+0.24", "+0.04", "")),
    ("values of heads alone", ("", "", "", "+0.03", "+0.37", "")),
    ("gains of norms in the weights alone", ("", "", "", "+0.03", "+0.17", "")),
    ("**kept up to W5**: a quarter of the way to the float stream, strength 0.3",
     ("+0.24", "+0.20", "-0.10", "+0.31", "+0.60", "+0.00")),
    ("the same, strength 0.1", ("", "-0.11", "", "", "+0.62", "")),
    ("half of the way, strength 0.1", ("-0.33", "", "", "+0.48", "", "-0.89")),
    ("half of the way, strength 1", ("+0.16", "+0.11", "", "+0.63", "+0.68", "-0.33")),
    ("all of the way, strength 3", ("+0.16", "", "", "+0.46", "", "")),
    ("all of the way to the layer's own results, strength 0.1", ("", "before", "", "+0.22", "before", "")),
    ("half of that way", ("", "+0.11", "", "", "+0.38", "")),
    ("groups of 32 weights with a factor of 1 to 4, entries to 15", ("+0.22", "", "", "+0.45", "", "")),
    ("the same, entries to 31: 8 bits", ("", "", "", "+0.90", "", "")),
    ("the same, factors of 1 to 9, no codebook", ("", "", "", "+0.44", "", "")),
    ("gain of each channel of a layer's results, and bias to the float stream", ("-0.57", "-3.82", "", "+0.04", "+0.22", "")),
    ("both that are kept", ("+0.50", "+0.37", "+0.58", "+0.24", "+0.82", "+0.18")),
)
NOT_KEPT = """
Groups are not kept. Products would have 7 or 8 bits in place of 6, which is slower without VNNI. Files would have
0.06 bits more for each weight. Gains fit what is particular to the calibration images, though images kept apart
choose among them. The rows of ideas that are not kept are of prototypes, which are not in the tree.
"""
MEASURED = """
What the recipe would lose without an idea that is kept, on 32 calibration images and {images} others:

"""
BITS = ((4, 8), (4, 4))
# (title, changes of the recipe)
IDEAS = (
    ("no rotation", {"without": ("rotated_up_to",)}),
    ("weights do not make up for errors of inputs", {"without": ("ridge",)}),
)


def section(measurements, networks):
    recipe = measurements.programs.recipe("default")
    columns = [(network, bits) for network in networks for bits in BITS]
    base = [variants.snr(measurements, network, "", recipe, bits) for network, bits in columns]
    rows = [("the recipe as it is", [f"{snr:.2f}" for snr in base])]
    for title, changes in IDEAS:
        found = variants.changed(recipe, **changes)
        snrs = [variants.snr(measurements, network, title, found, bits) for network, bits in columns]
        rows.append((title, [f"{snr - usual:+.2f}" for snr, usual in zip(snrs, base)]))
    images = " and ".join(f"{variants.IMAGES[network.name]:,}" for network in networks)
    titles = [f"{network.title} W{bits[0]}A{bits[1]}" for network, bits in columns]
    return ("\n## Ideas for few bits\n" + TEXT + variants.table("idea", COLUMNS, TRIED) + NOT_KEPT +
            MEASURED.format(images=images) + variants.table("recipe", titles, rows))
