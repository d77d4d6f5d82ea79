# SPDX-License-Identifier: Apache-2.0
"""Trains a small vision transformer on CIFAR-10 from nothing, and exports it.

A convolutional teacher is trained first, then the transformer under its guidance. Run the same
command again to go on from the last checkpoint.
"""

import sys

import torch
import torch.nn.functional as F

from augment import crop_and_flip, normalise, strong_view
from command import choose_place, parse_arguments
from config import CLASSES, CONFIGS, IMAGE_SIZE, PATCH_SIZE, SEED
from data import class_names, hold_out, read_split
from export import export
from model import VisionTransformer
from teacher import Teacher
from training import OutOfTime, Run

TEMPERATURE = 2.0
TEACHER_SHARE = 0.5


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
    if place.device.type == "cuda":
        net.compile(dynamic=False)

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


def main():
    arguments = parse_arguments(__doc__, CONFIGS)
    place = choose_place(arguments)
    torch.manual_seed(SEED)
    config = CONFIGS[arguments.config]
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
