# SPDX-License-Identifier: Apache-2.0
"""Where the comparison runs: a Python that has the peers, pinned CPUs, and on demand a CPU that looks like
one ending at some instruction set. Needs the standard library only."""

import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

import page

HERE = Path(__file__).resolve().parent
REQUIREMENTS = HERE / "requirements.txt"
BUILD = HERE.parents[1] / "build"
WORK = BUILD / "peers"
INSIDE = "VITQ_PEERS_INSIDE"  # set once the process runs as it should
NO_FAULTING = 71  # what cpuid_mask.c exits with

# What a CPU has that ends at an instruction set of ours: its flag, and oneDNN's name for it.
SETS = {"avx2": ("avx2", "AVX2"), "avx_vnni": ("avx_vnni", "AVX2_VNNI"),
        "avx512_vnni": ("avx512_vnni", "AVX512_CORE_VNNI"), "amx": ("amx_int8", "AVX512_CORE_AMX")}
FULL = "full"


def enter(isa):
    """Restarts this program under the mask of `isa`, in a virtual environment if this Python lacks a peer,
    unless it is there."""
    if not os.environ.get(INSIDE):
        _restart(sys.executable if _has_all() else _virtual_environment(), isa)


def limit(isa):
    """Restarts this program with the Python it has, under the mask of `isa`, unless it is there."""
    if not os.environ.get(INSIDE):
        _restart(sys.executable, isa)


def isa():
    """What the peers were allowed to use."""
    state, _, last = os.environ.get(INSIDE, FULL).partition(" ")
    if state == "masked":
        return f"{last} (higher ones hidden from all)"
    if state == "unmasked":
        return f"{last}{page.BUT_FOR_ONNX_RUNTIME} (which has no switch, and this CPU hides nothing)"
    flags = set(_cpuinfo("flags").split())
    return " ".join(name for name in ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "amx_int8") if name in flags)


def openvino_precision():
    """What OpenVINO is told to choose where it would choose by itself: None, or f32. It would take bfloat16
    for what an unmasked CPU has of it, which its oneDNN then may not use; the sets that end before AMX have none."""
    return "f32" if os.environ.get(INSIDE, FULL).startswith("unmasked") else None


def sets():
    """Those of SETS that this CPU has."""
    flags = set(_cpuinfo("flags").split())
    return [name for name, (flag, _) in SETS.items() if flag in flags]


def cpu():
    return _cpuinfo("model name")


def pin(threads):
    """Keeps this process and its children on the last `threads` CPUs it may use."""
    allowed = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, allowed[-threads:])


def _restart(python, isa):
    environment = {**os.environ, INSIDE: FULL, "PYTHONDONTWRITEBYTECODE": "1"}
    if isa != FULL:
        environment |= _limited(python, isa)
    os.execve(python, [python, *sys.argv], environment)


def _has_all():
    """Whether this Python has each peer, in the version that is compared."""
    for line in REQUIREMENTS.read_text().split():
        name, _, version = line.partition("==")
        try:
            if importlib.metadata.version(name) != version:
                return False
        except importlib.metadata.PackageNotFoundError:
            return False
    return True


def _virtual_environment():
    folder = BUILD / "venv-peers"
    python = str(folder / "bin" / "python")
    stamp = folder / "installed"
    wanted = REQUIREMENTS.read_text()
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    print(f"setting up {folder}", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", REQUIREMENTS], check=True)
    stamp.write_text(wanted)
    return python


def _limited(python, isa):
    """Environment under which oneDNN, ours and, where the CPU allows hiding, all else end at a set."""
    if isa not in sets():
        raise SystemExit(f"--isa {isa}: this CPU has no {SETS[isa][0]}")
    WORK.mkdir(parents=True, exist_ok=True)
    library = WORK / "cpuid_mask.so"
    # Its constructor comes before those of libraries that look at the CPU.
    command = ["cc", "-O2", "-shared", "-fPIC", "-Wl,-z,initfirst", "-o", library, HERE / "cpuid_mask.c"]
    subprocess.run(command, check=True)
    switches = {"ONEDNN_MAX_CPU_ISA": SETS[isa][1], "VITQ_ISA": isa}
    hidden = {**switches, "LD_PRELOAD": str(library)}
    probe = subprocess.run([python, "-c", ""], env={**os.environ, **hidden}, check=False).returncode
    if probe == 0:
        return {**hidden, INSIDE: f"masked {isa}"}
    if probe != NO_FAULTING:
        raise SystemExit(f"the CPUID mask does not work: python ended with {probe}")
    return {**switches, INSIDE: f"unmasked {isa}"}


def _cpuinfo(key):
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith(key):
            return line.split(":", 1)[1].strip()
    return "unknown"


if __name__ == "__main__":
    print(*sets())
