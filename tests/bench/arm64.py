#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Predicts, without an ARM machine, how good the ARM64 build is: how near the tiles of products come to the limit
of a core by llvm-mca 19, and how many instructions an image takes, counted in QEMU. Needs what `./dev arm64` builds,
and Debian's llvm-19.

    arm64.py build/deit_w7a8.safetensors --page docs/performance.md
"""

import argparse
from pathlib import Path

import arm64_counts
import arm64_tiles
import environment
import page

BUILD = environment.BUILD / "arm64"
HEADING = "ARM64, predicted"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("model", type=Path, help="an integer model file of DeiT-Tiny")
    add("--program", type=Path, default=BUILD / "bin" / "vit_bench", metavar="FILE")
    add("--page", type=Path, metavar="FILE.md", help="put the tables on this page, as docs/performance.md")
    return parser.parse_args()


def tiles():
    objects = next(BUILD.glob("engine/**/kernels/arm64/sdot_dotprod.cpp.o")).parent
    header = ("tile", "core", "instructions", "cycles", "products per cycle", "limit", "of the limit")
    return page.table(header, arm64_tiles.predictions(objects))


def instructions(program, model):
    counted = arm64_counts.counts(program, model)
    rows = [[kind, *(f"{by_kind[kind]:.1f}" for by_kind in counted.values())] for kind in arm64_counts.KINDS]
    rows.append(["in all", *(f"{sum(by_kind.values()):.1f}" for by_kind in counted.values())])
    return page.table(("million instructions per image", *counted), rows)


def section(options):
    return f"""
No ARM machine has run this: these are predictions, made by `tests/bench/arm64.py MODEL`. The loop of each tile of
products is cut out of its object file. llvm-mca 19 predicts its cycles on a core, which has all data in its first-level
cache. The limit is what it predicts of the multiplying instructions alone. It takes a Cortex-A72 for an A57.

{tiles()}
These instructions are executed for an image of {options.model.stem} on one thread, as counted in QEMU: those of
{arm64_counts.MORE_IMAGES} images less those of one, without loading.

{instructions(options.program, options.model)}
On a real machine `./dev bench` measures rows and peers, and `vit_bench MODEL -t 1 --per-op` where the time of an image
goes. `perf stat -e instructions:u,cycles:u build/release/bin/vit_bench MODEL -t 1 --iters 100` counts the instructions.
"""


def main():
    options = arguments()
    text = section(options)
    print(f"{HEADING}\n{text}")
    if options.page:
        page.put(options.page, HEADING, text)


if __name__ == "__main__":
    main()
