# SPDX-License-Identifier: Apache-2.0
"""What llvm-mca predicts of the tiles of products for ARM64: the loop of each is cut out of its object file."""

import re
import subprocess

# The object of a tier, the instruction that ends its products, how many products this stands for, and
# the cores it is predicted for. Its limit on a core are these instructions alone, {0} to {15} being sums.
TILES = {
    "smull_neon": ("sadalp", 16, ("cortex-a72", "neoverse-n1"),
                   "smull v{1}.8h, v16.8b, v17.8b\nsmlsl2 v{1}.8h, v16.16b, v17.16b\nsadalp v{0}.4s, v{1}.8h\n"),
    "sdot_dotprod": ("sdot", 16, ("neoverse-n1", "neoverse-n2", "neoverse-v1"), "sdot v{0}.4s, v16.16b, v17.4b[0]\n"),
    "float_gemm_neon": ("fmla", 4, ("cortex-a72", "neoverse-n1", "neoverse-v1"), "fmla v{0}.4s, v16.4s, v17.4s\n"),
    "usmmla_i8mm": ("usmmla", 32, ("neoverse-n2", "neoverse-v1"), "usmmla v{0}.4s, v16.16b, v17.16b\n"),
}
SUMS = 16
BRANCH = re.compile(r"((?:b\.\w+|cbn?z)\s+(?:\w+, )?)([0-9a-f]+)$")


def predictions(objects):
    """Rows of tile, core, instructions and cycles of the loop, products per cycle, the limit and the share of it."""
    rows = []
    for name, (instruction, products, cores, alone) in TILES.items():
        body = loop(objects / f"{name}.cpp.o", instruction)
        made = products * sum(line.startswith(instruction) for line in body)
        limit_of = "".join(alone.format(i, SUMS + 2 + i % 12) for i in range(SUMS))
        for core in cores:
            taken = cycles("\n".join(body), core)
            limit = SUMS * products / cycles(limit_of, core)
            rows.append([name, core, str(len(body) - 1), f"{taken:.1f}", f"{made / taken:.1f}", f"{limit:.1f}",
                         f"{100 * made / taken / limit:.0f} %"])
    return rows


def loop(file, instruction):
    """The lines of the loop that has the most of this instruction for its length, and no jump inside."""
    lines = instructions(file)
    best, density = None, 0.0
    for address, line in lines:
        branch = BRANCH.match(line)
        if not branch or int(branch[2], 16) >= address:
            continue
        body = [text for at, text in lines if int(branch[2], 16) <= at <= address]
        found = sum(text.startswith(instruction) for text in body)
        if found >= SUMS and found / len(body) > density and not any(jumps(text) for text in body[:-1]):
            best, density = ["loop:", *body[:-1], f"{branch[1]}loop"], found / len(body)
    if best is None:
        raise SystemExit(f"{file}: has no loop of {SUMS} {instruction} or more")
    return best


def instructions(file):
    """Pairs of an address and its instruction."""
    text = output_of(["aarch64-linux-gnu-objdump", "--disassemble", "--no-show-raw-insn", file])
    found = re.findall(r"^\s+([0-9a-f]+):\t(.*)$", text, re.MULTILINE)
    return [(int(address, 16), re.split(r"//|<", line)[0].strip()) for address, line in found]


def jumps(line):
    return BRANCH.match(line) is not None or line.split()[0] in ("b", "bl", "ret")


def cycles(source, core):
    """Of one round of `source`, as the mean of many."""
    rounds = 1000
    report = output_of(["llvm-mca-19", "-mtriple=aarch64", f"-mcpu={core}", "-mattr=+dotprod,+i8mm",
                        f"-iterations={rounds}"], source)
    return int(re.search(r"Total Cycles:\s+(\d+)", report)[1]) / rounds


def output_of(command, given=""):
    return subprocess.run(command, input=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=True).stdout
