# SPDX-License-Identifier: Apache-2.0
"""Trains a small vision transformer on CIFAR-10 from nothing, and exports it.

A convolutional teacher is trained first, then the transformer under its guidance. Run the same
command again to go on from the last checkpoint.
"""

import argparse
import ctypes
import os
import sys
import time
from pathlib import Path

import torch
import torch.nn.functional as F

from augment import crop_and_flip, normalise, strong_view
from config import CLASSES, CONFIGS, IMAGE_SIZE, PATCH_SIZE, SEED
from data import class_names, hold_out, read_split
from export import export
from model import VisionTransformer
from teacher import Teacher
from training import OutOfTime, Place, Run

TEMPERATURE = 2.0
TEACHER_SHARE = 0.5


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


def train_teacher(config, train, held_out, place):
    net = Teacher(config.teacher_widths, CLASSES).to(place.device)
    net = net.to(memory_format=torch.channels_last)
    stage = config.teacher
    optimiser = torch.optim.SGD(
        net.parameters(), stage.learning_rate, 0.9, weight_decay=stage.weight_decay, nesterov=True
    )

    def loss_of(net, images, labels, _):
        view = normalise(crop_and_flip(images)).contiguous(memory_format=torch.channels_last)
        return F.cross_entropy(net(view).float(), labels, label_smoothing=0.05)

    run = Run("teacher", net, [optimiser], stage, len(train.labels), place)
    return run.fit(loss_of, train, held_out)


def student_optimisers(net, stage):
    """Muon for the matrices inside the blocks, AdamW for everything else."""
    matrices, rest = [], []
    for name, parameter in net.named_parameters():
        inside = name.startswith("blocks.") and parameter.ndim == 2
        (matrices if inside else rest).append(parameter)
    muon = torch.optim.Muon(
        matrices,
        stage.learning_rate,
        stage.weight_decay,
        adjust_lr_fn="match_rms_adamw",
    )
    return [muon, torch.optim.AdamW(rest, stage.learning_rate, weight_decay=0.0)]


def distillation_loss(logits, targets, teacher_logits):
    """Cross-entropy with the (mixed) labels, and divergence from the teacher's softened answer."""
    labels = F.cross_entropy(logits, targets, label_smoothing=0.1)
    taught = F.kl_div(
        F.log_softmax(logits / TEMPERATURE, dim=1),
        F.log_softmax(teacher_logits / TEMPERATURE, dim=1),
        log_target=True,
        reduction="batchmean",
    )
    return (1 - TEACHER_SHARE) * labels + TEACHER_SHARE * TEMPERATURE**2 * taught


def train_student(config, teacher, train, held_out, place):
    net = VisionTransformer(
        IMAGE_SIZE, PATCH_SIZE, config.embed_dim, config.depth, config.num_heads, CLASSES,
        config.drop_path,
    ).to(place.device)

    def loss_of(net, images, labels, progress):
        view, targets = strong_view(images, labels, config)
        with torch.no_grad():
            advice = teacher(view.contiguous(memory_format=torch.channels_last)).float()
        if progress < config.small_until:
            # Half the patches for half the cost, while there is only coarse structure to learn.
            side = (config.small_size, config.small_size)
            view = F.interpolate(view, side, mode="bilinear", antialias=True)
        return distillation_loss(net(view).float(), targets, advice)

    stage = config.student
    run = Run("student", net, student_optimisers(net, stage), stage, len(train.labels), place)
    return run.fit(loss_of, train, held_out)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", choices=sorted(CONFIGS), default="cpu")
    parser.add_argument("--data", type=Path, required=True,
                        help="folder with train.safetensors and test.safetensors")
    parser.add_argument("--out", type=Path, required=True,
                        help="folder for checkpoints, curves and the exported model")
    parser.add_argument("--minutes", type=float, default=float("inf"),
                        help="stop this piece of the run after so long; run again to go on")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    place = choose_place(arguments)
    torch.manual_seed(SEED)
    config = CONFIGS[arguments.config]
    arguments.out.mkdir(parents=True, exist_ok=True)

    train_file = arguments.data / "train.safetensors"
    everything = read_split(train_file, config.train_images).to(place.device)
    train, held_out = hold_out(everything, config.held_out, SEED)
    try:
        teacher = train_teacher(config, train, held_out, place)
        student = train_student(config, teacher, train, held_out, place)
    except OutOfTime:
        print("out of time for this piece; run the same command again to go on")
        return 0
    # The only look at the test pictures, when nothing is left to choose.
    test = read_split(arguments.data / "test.safetensors", config.test_images).to(place.device)
    export(student, config, class_names(train_file), test, arguments.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
