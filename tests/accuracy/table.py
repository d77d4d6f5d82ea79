# SPDX-License-Identifier: Apache-2.0
"""The page of results: measured figures only."""

import platform
from pathlib import Path

INTRODUCTION = """# Results

What `tests/accuracy/results.py` measured with the programs of this repository; nothing here is computed
by hand. Every quantized model ran on integers and was compared with its float model, image by image.
Lost / won: images that only the float model, or only the quantized one, gets right. Agreement: share of
images with the same most probable class. SNR: 10 log10 of the energy of the float model's logits over
that of the difference, over all images. KL: mean of KL(softmax float || softmax quantized), in nats.
Size: of the file, and its share of the float model's. Seconds: vit_quantize as a whole,
sometimes beside other programs.
"""

HEADER = """| recipe | bits | top-1 % | lost / won | agreement % | logit SNR dB | KL | MB | of float | seconds |
|---|---|---|---|---|---|---|---|---|---|
"""


def page(sections, programs, date):
    """`sections`: of each network, its rows by recipe, and the text that follows them."""
    return INTRODUCTION + "\n" + _environment(programs, date) + "".join(_section(*each) for each in sections)


def _environment(programs, date):
    lines = [f"* {programs.version().replace(chr(10), '; ')}", f"* {_cpu()}, {programs.threads} threads"]
    if date:
        lines.append(f"* {date}")
    return "\n".join(lines) + "\n"


def _cpu():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _section(network, rows, more):
    if not rows:
        return more
    first = rows[0]
    count = sum(1 for file in network.calibration.iterdir() if file.is_file())
    text = f"\n## {network.title}\n\n{first.images} images, float top-1 {first.float_top1:.2f} %; "
    text += f"calibrated on {min(count, 128)} others.\n\n"
    return text + HEADER + "".join(line(row) for row in rows) + more


def line(row):
    """Of the table under HEADER."""
    cells = [row.recipe, row.bits, f"{row.top1:.2f}", f"{row.lost} / {row.won}", f"{row.agreement:.2f}",
             f"{row.snr:.2f}", f"{row.kl:.4f}", f"{row.size / 1e6:.2f}", f"{row.ratio:.3f}", f"{row.seconds:.0f}"]
    return "| " + " | ".join(cells) + " |\n"
