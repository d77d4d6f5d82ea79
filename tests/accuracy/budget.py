# SPDX-License-Identifier: Apache-2.0
"""The paper's mixed precision, 4MP, 6MP and 8MP, by its score and by what is measured, beside the same bits
everywhere; and its ablation with mixed precision."""

import bootstrap
from measure import key_of

TEXT = """
Each attention and each MLP module has one number of bits, of weights and activations alike, as in the paper.
Patch embedding and head are modules of their own. *Nuclear norm* is the paper's score taken literally: the norm
of the attention map, or of the MLP's output, times the squared perturbation. *Relative* has both factors in
units of the map or output itself: ||Y||* / ||Y|| times ||Y' - Y||^2 / ||Y||^2. *Measured* is the KL at the
logits with that module alone quantized. Mean bits of the weights are at most 4, 6 and 8. Candidates are 3 to 6
bits, 4 to 8, and 6 to 10 as in the paper; 9 and 10 bits are two digits of 8 bits. *Weights by layer* chooses
bits of the weights alone, with activations of 8 bits. *Operations* are multiply-accumulates times the bits of
both operands, of 32 x 32. *Ratio* is that of the mean KL to that of the same bits everywhere above it. Its
bounds are those of 95 % of a paired bootstrap over the images.

"""
ABLATION_TEXT = """
These are the rows of the paper's ablation (its Table 3) that have mixed precision: 8 bits on average by the
literal score, from 6 to 10. Those without are in the first table of this network.

"""
HEADER = """| recipe | bits | top-1 % | agreement % | logit SNR dB | KL | ratio | MB | bit operations % |
|---|---|---|---|---|---|---|---|---|
"""
SCORES = ("nuclear-norm", "nuclear-norm-relative", "measured")
MEASURED = "3,4,5,6,7,8,9,10"
CANDIDATES = {4: "3,4,5,6", 6: "4,5,6,7,8", 8: "6,7,8,9,10"}


def rows(measurements, network):
    result = []
    for recipe in ("paper", "default"):
        for bits in CANDIDATES:
            result += _of_target(measurements, network, recipe, bits)
    return result


def _of_target(measurements, network, recipe, bits):
    """(row, key of the row it is compared with) of all at those mean bits."""
    calibration = ["--calib", network.calibration, "--recipe", recipe]
    title = (f"{recipe}, everywhere", f"W{bits}A{bits}")
    base = key_of(network, title)
    result = [(measurements.measured(network, title, [*calibration, "--set", f".=w{bits}a{bits}"]), None)]
    for score in SCORES if recipe == "paper" else ("measured",):
        options = ["--bits-by", "module", "--sensitivity", score]
        found = _searched(measurements, network, (f"{recipe}, {score}", f"{bits}MP"), [*calibration, *options], bits)
        result.append((found, base))
    if recipe == "default" and bits < 8:
        title = ("default, everywhere", f"W{bits}A8")
        base = key_of(network, title)
        result.append((measurements.measured(network, title, [*calibration, "--set", f".=w{bits}a8"]), None))
        found = _searched(measurements, network, ("default, weights by layer", f"{bits} bits, A8"), calibration, bits)
        result.append((found, base))
    return result


def _searched(measurements, network, title, options, bits):
    """Searched in statistics of all candidates, which are measured once."""
    kind = title[0].replace(", ", "_").replace(" ", "_")
    stats = measurements.work / f"{network.name}_{measurements.file.stem}_{kind}.json"
    key = key_of(network, title)
    if key not in measurements.known and not stats.exists():
        measurements.programs.run("vit_quantize", network.model, *options, "--dry-run", "--budget-bits", 8,
                                  "--candidates", MEASURED, "--stats-out", stats)
    kept = ["--budget-bits", bits, "--candidates", CANDIDATES[bits], "--stats-in", stats]
    return measurements.measured(network, title, [*options, *kept])


def section(measurements, network, measured):
    return table(f"\n### {network.title}: 4MP, 6MP and 8MP\n" + TEXT, measurements, network, measured)


def table(text, measurements, network, measured):
    """Text and rows, each with its ratio to the row that it is compared with."""
    text += HEADER
    for row, base in measured:
        key = key_of(network, (row.recipe, row.bits))
        each = measurements.each
        shown = "{:.2f} ({:.2f} to {:.2f})".format(*bootstrap.ratio(each[key], each[base])) if base else ""
        text += _line(row, shown)
    return text


def ablation_rows(measurements, network, recipes):
    result = []
    for name, file in recipes:
        options = ["--calib", network.calibration, "--recipe", file, "--bits-by", "module", "--sensitivity",
                   "nuclear-norm", "--budget-bits", 8, "--candidates", CANDIDATES[8]]
        result.append(measurements.measured(network, (f"{name}, mixed precision", "8MP"), options))
    return result


def ablation_section(network, measured):
    title = f"\n### {network.title}: the paper's ablation with mixed precision\n"
    return title + ABLATION_TEXT + HEADER + "".join(_line(row, "") for row in measured)


def _line(row, ratio):
    cells = [row.recipe, row.bits, f"{row.top1:.2f}", f"{row.agreement:.2f}", f"{row.snr:.2f}", f"{row.kl:.4f}",
             ratio, f"{row.size / 1e6:.2f}", f"{100 * row.operations:.2f}"]
    return "| " + " | ".join(cells) + " |\n"
