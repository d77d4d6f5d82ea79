# SPDX-License-Identifier: Apache-2.0
"""How many instructions an image takes on ARM64, by kind of work: a plugin of QEMU counts them
(count_instructions.c)."""

import bisect
import collections
import re
import subprocess

import environment

# QEMU's CPU that has this tier and no higher one.
CPUS = {"neon": "cortex-a53", "dotprod": "cortex-a76", "i8mm": "max"}
# The kind of a function, by the first pattern that its name has.
KINDS = {
    "products of codes": r"_(neon|dotprod|i8mm)::multiply",
    "operands of products packed": r"::pack_",
    "sums to floats": r"::linear_epilogue",
    "softmax to codes": r"::softmax",
    "GELU": r"::gelu|::gate",
    "rows to codes": r"::(center_scale|quantize_|min_max|widen_range|sum_codes|dot_codes)",
    "layer norm and sums of rows": r"::(layer_norm|add)\(",
    "all else": r"",
}
MORE_IMAGES = 3


def counts(program, model):
    """Millions of instructions per image, by tier and kind."""
    library = environment.BUILD / "arm64" / "count_instructions.so"
    source = environment.HERE / "count_instructions.c"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, source], check=True)
    functions = functions_of(program)
    return {tier: per_image(library, cpu, [program, model], functions) for tier, cpu in CPUS.items()}


def functions_of(program):
    """Addresses in rising order, and the kind of the function that begins there."""
    text = subprocess.run(["aarch64-linux-gnu-nm", "-C", "--defined-only", program], stdout=subprocess.PIPE, text=True,
                          check=True).stdout
    found = sorted((int(address, 16), kind_of(name)) for address, name in
                   re.findall(r"^([0-9a-f]+) [tTwWiV] (.*)$", text, re.MULTILINE))
    return [address for address, _ in found], [kind for _, kind in found]


def kind_of(name):
    return next(kind for kind, pattern in KINDS.items() if re.search(pattern, name))


def per_image(library, cpu, command, functions):
    """What further images take, so that loading is left out."""
    one, more = (total(library, cpu, command, images, functions) for images in (1, MORE_IMAGES))
    return {kind: (more[kind] - one[kind]) / (MORE_IMAGES - 1) / 1e6 for kind in KINDS}


def total(library, cpu, command, images, functions):
    addresses, kinds = functions
    counted = library.with_suffix(".txt")
    subprocess.run(["qemu-aarch64", "-cpu", cpu, "-plugin", f"{library},out={counted}", *command,
                    "--threads", "1", "--warmup", "0", "--iters", str(images)], stdout=subprocess.DEVNULL, check=True)
    result = collections.Counter()
    for line in counted.read_text().splitlines():
        address, executed = line.split()
        result[kinds[max(bisect.bisect_right(addresses, int(address, 16)) - 1, 0)]] += int(executed)
    return result
