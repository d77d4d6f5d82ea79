# SPDX-License-Identifier: Apache-2.0
"""Bits by layer against the same bits everywhere. Embedding and head count like any other layer: at equal
mean bits two files differ in size by what their records say of the bits."""

import table

TEXT = """
Bits by layer: `vit_quantize --budget-bits` with the default recipe and activations of 8 bits. Each layer's
sensitivity is the KL divergence at the logits with that layer alone quantized, on 32 calibration images that
nothing was calibrated on, fitted by the law of rounding's noise (`fit_losses`). The exact Pareto front of the sums
gives the assignment.

"""
# Drawn by `vit_quantize --budget-bits 4.5 --report docs/images/front.svg`; it says what the figures come from.
IMAGES = {"deit_tiny": """
![The least sum of divergences at each size, of DeiT-Tiny](images/front.svg)

This is the front of the network, from the same measurements. It shows sums of what each layer loses alone, which
lie somewhat below what whole networks lose in the table. Rings are the same bits everywhere.
"""}
UNIFORM = (4, 5, 6)
BUDGETS = (4.25, 4.5, 4.75, 5, 5.5, 6)


def rows(measurements, network):
    stats = measurements.work / f"{network.name}_{measurements.file.stem}_stats.json"
    result = []
    for bits in UNIFORM:
        options = ["--calib", network.calibration, "--set", f".=w{bits}a8"]
        result.append(measurements.measured(network, ("everywhere", f"W{bits}A8"), options))
    for bits in BUDGETS:
        kept = ["--stats-in", stats] if stats.exists() else ["--stats-out", stats]
        options = ["--calib", network.calibration, "--budget-bits", bits, *kept]
        result.append(measurements.measured(network, ("by layer", f"W{bits:g}A8"), options))
    return result


def section(network, measured):
    lines = "".join(map(table.line, measured))
    return f"\n### {network.title}: bits by layer\n" + TEXT + table.HEADER + lines + IMAGES.get(network.name, "")
