# SPDX-License-Identifier: Apache-2.0
"""`python -m vitq infer image.jpg` runs the program vit_infer that comes with the package, and so on."""

import os
import sys
from pathlib import Path

_PROGRAMS = Path(__file__).parent / "bin"


def main():
    names = sorted(program.name.removeprefix("vit_") for program in _PROGRAMS.glob("vit_*"))
    if len(sys.argv) < 2 or sys.argv[1] not in names:
        sys.exit(f"usage: python -m vitq {'|'.join(names)} ARGUMENTS...")
    program = _PROGRAMS / f"vit_{sys.argv[1]}"
    os.execv(program, [program.name, *sys.argv[2:]])


if __name__ == "__main__":
    main()
