# SPDX-License-Identifier: Apache-2.0
"""Bits of weights and of activations chosen apart, against bits of weights alone, at equal size and equal mean
bits of activations."""

import budget
from measure import key_of

TEXT = """
This is what it brings to choose the bits of activations layer by layer too. *Weights by layer* is
`vit_quantize --act-bits 6 --budget-bits N` with weights of 3 to 7 bits, where every activation has 6 bits.
*Both by layer* has all pairs of those and of activations of 5 to 7 bits, with `--budget-act-bits 6`: 6 bits on
average over the weights. The recipe is the default. *Ratio* is that of the mean KL to that of the line
above with the same mean bits.

"""
WEIGHTS = (3, 4, 5, 6, 7)
ACTIVATIONS = (5, 6, 7)
MEAN_ACTIVATION_BITS = 6
BUDGETS = (4, 4.5, 5)


def rows(measurements, network):
    """(row, key of the row it is compared with), as budget.rows answers."""
    both = ",".join(f"{w}a{a}" for w in WEIGHTS for a in ACTIVATIONS)
    weights = ",".join(f"{w}a{MEAN_ACTIVATION_BITS}" for w in WEIGHTS)
    options = ["--calib", network.calibration, "--act-bits", MEAN_ACTIVATION_BITS]
    stats = measurements.work / f"{network.name}_{measurements.file.stem}_pairs.json"
    if not stats.exists():
        measurements.programs.run("vit_quantize", network.model, *options, "--dry-run", "--budget-bits", BUDGETS[-1],
                                  "--candidates", both, "--stats-out", stats)
    result = []
    for bits in BUDGETS:
        searched = [*options, "--budget-bits", bits, "--stats-in", stats]
        title = f"W{bits:g}A{MEAN_ACTIVATION_BITS}"
        before = None
        for name, more in (("everywhere", None),
                           ("weights by layer", ["--candidates", weights]),
                           ("both by layer", ["--candidates", both, "--budget-act-bits", MEAN_ACTIVATION_BITS])):
            if more is None and bits != int(bits):
                continue
            chosen = [*searched, *more] if more else [*options, "--set", f".=w{bits}a{MEAN_ACTIVATION_BITS}"]
            result.append((measurements.measured(network, (name, title), chosen), before))
            before = key_of(network, (name, title))
    return result


def section(measurements, network, measured):
    return budget.table(f"\n### {network.title}: weights and activations apart\n" + TEXT, measurements, network, measured)
