# SPDX-License-Identifier: Apache-2.0
"""Integers only, from pixels to logits, against integer products with floats between them."""

import table

TEXT = """
With `vit_quantize --integer-only` norms, softmax and activation functions run on integers, too. The codes of the
weights are those of the row above it in the table. So the difference is what the other functions cost.

"""
BITS = (8, 7)


def rows(measurements, network):
    result = []
    for bits in BITS:
        options = ["--calib", network.calibration, "--weight-bits", bits]
        for name, only in (("floats between products", []), ("integers only", ["--integer-only"])):
            result.append(measurements.measured(network, (name, f"W{bits}A8"), options + only))
    return result


def section(network, measured):
    lines = "".join(map(table.line, measured))
    return f"\n### {network.title}: integers only\n" + TEXT + table.HEADER + lines
