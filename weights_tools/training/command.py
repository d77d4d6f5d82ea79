# SPDX-License-Identifier: Apache-2.0
"""What the training commands share: their arguments, and where a run computes."""

import argparse
import ctypes
import os
import time
from pathlib import Path

import torch

from training import Place


def parse_arguments(description, configs):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--config", choices=sorted(configs), required=True)
    parser.add_argument("--data", type=Path, required=True,
                        help="folder with train.safetensors and test.safetensors")
    parser.add_argument("--out", type=Path, required=True,
                        help="folder for checkpoints, curves and the exported model")
    parser.add_argument("--minutes", type=float, default=float("inf"),
                        help="stop this piece of the run after so long; run again to go on")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    return arguments


def keep_freed_memory():
    """Stops glibc from handing large buffers back to the kernel after every operation.

    Otherwise page faults take a third of the time of a training step on a CPU.
    """
    m_trim_threshold, m_mmap_max, m_arena_max = -1, -4, -8
    libc = ctypes.CDLL(None)
    libc.mallopt(m_mmap_max, 0)
    libc.mallopt(m_trim_threshold, 2**31 - 1)
    libc.mallopt(m_arena_max, 1)


def choose_place(arguments):
    if torch.cuda.is_available():
        device, workers = torch.device("cuda"), 1
    else:
        device, workers = torch.device("cpu"), len(os.sched_getaffinity(0))
        torch.set_num_threads(1)
        keep_freed_memory()
    return Place(device, workers, arguments.out, time.monotonic() + 60 * arguments.minutes)
