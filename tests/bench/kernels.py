#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs gemm_bench and rows_bench on one CPU and shows what they count: how near the products of AVX2 come to
the limit of their tile, and what a row costs in each tier.

    kernels.py --page docs/performance.md
"""

import argparse
import json
import os
import subprocess
from pathlib import Path

import environment
import page

REPETITIONS = 7


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--programs", type=Path, default=environment.BUILD / "release" / "tests", metavar="DIR")
    add("--page", type=Path, metavar="FILE.md", help="put the tables on this page, as docs/performance.md")
    return parser.parse_args()


def run(program, **variables):
    """The best of each benchmark's repetitions, by name: those of all are mixed in time, hence in the report."""
    command = [program, "--benchmark_format=json", "--benchmark_min_time=0.02",
               f"--benchmark_repetitions={REPETITIONS}", "--benchmark_enable_random_interleaving=true"]
    output = subprocess.run(command, stdout=subprocess.PIPE, check=True, env={**os.environ, **variables}).stdout
    best = {}
    for row in sorted(json.loads(output)["benchmarks"], key=lambda row: row["family_index"]):
        name = row["run_name"].removesuffix("/manual_time")
        if row["run_type"] == "iteration" and (name not in best or row["real_time"] < best[name]["real_time"]):
            best[name] = row
    return best


def products(best):
    """Limits and shapes down, bits across."""
    speeds = {}
    for name, row in best.items():
        kind, shape, bits = name.split("/")
        speeds.setdefault((kind, shape), {})[bits] = row["GOP/s"]
    limits = {inputs_of(shape): row for (kind, shape), row in speeds.items() if kind == "tile"}
    header = ["GOP/s", *(f"{bits} bits" for bits in next(iter(limits.values())))]
    rows = [[f"limit of {inputs} inputs", *(f"{speed:.0f}" for speed in row.values())]
            for inputs, row in limits.items()]
    for (kind, shape), row in speeds.items():
        if kind == "tile":
            continue
        limit = limits[inputs_of(shape)]
        rows.append([f"{shape}{', finished' * (kind == 'layer')}",
                     *(f"{speed:.0f} ({100 * speed / limit[bits]:.0f} %)" for bits, speed in row.items())])
    return page.table(header, rows)


def inputs_of(shape):
    return shape.split("x")[1]


def rows(best):
    """Kernels down, tiers across."""
    times = {}
    for name, row in best.items():
        kernel, length, tier = name.split("/")
        times.setdefault(f"{kernel}, {length}", {})[tier] = row["real_time"]
    header = ["ns per row", *next(iter(times.values()))]
    return page.table(header, [[name, *(f"{time:.0f}" for time in row.values())] for name, row in times.items()])


def main():
    options = arguments()
    environment.pin(1)
    where = f"\n{environment.cpu()}; 1 thread; the best of {REPETITIONS} repetitions"
    sections = {
        "Products of codes, avx2": where + """. Limit: the tile
of the product alone, on data in the first-level cache. Below it are the products at the shapes of DeiT-Tiny,
rows x inputs x outputs, and their share of the limit. *Finished* is the whole layer, with all that it does to the sums.
Weights are normally distributed, the largest of each channel at the top of its bits.

""" + products(run(options.programs / "gemm_bench", VITQ_ISA="avx2")),
        "Rows": where + ", on rows in the first-level cache.\n\n" + rows(run(options.programs / "rows_bench")),
    }
    for heading, text in sections.items():
        print(f"{heading}\n{text}")
        if options.page:
            page.put(options.page, heading, text)


if __name__ == "__main__":
    main()
