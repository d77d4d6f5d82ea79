# SPDX-License-Identifier: Apache-2.0
"""The named configurations of a training run."""

import math
from dataclasses import dataclass

SEED = 20240607
CLASSES = 10
IMAGE_SIZE = 32
PATCH_SIZE = 4
MEAN = (0.4914, 0.4822, 0.4465)
STD = (0.2470, 0.2435, 0.2616)


@dataclass(frozen=True)
class Stage:
    """How long one network trains, and with which optimiser settings.

    A stage ends after so many epochs or so much wall-clock time, whichever comes first, and the
    learning rate follows the larger of the two shares: a run that is slowed down by its
    neighbours still anneals to the end on time.
    """

    epochs: float
    minutes: float
    batch: int
    learning_rate: float
    weight_decay: float
    ema_decay: float
    clip: float = math.inf  # the largest norm of a step's gradient


@dataclass(frozen=True)
class Config:
    teacher: Stage
    student: Stage
    teacher_widths: tuple
    embed_dim: int
    depth: int
    num_heads: int
    drop_path: float
    warp_share: float  # of the pictures, how many are rotated, sheared and scaled
    erase_share: float  # of the pictures, how many lose a box
    mix_share: float  # of the batches, how many are blended or pasted together
    small_until: float  # share of the student's time that it spends on small pictures
    small_size: int = 24
    train_images: int = 50_000
    held_out: int = 5_000  # taken from the training images, for monitoring and every choice
    test_images: int = 10_000


CONFIGS = {
    # Two CPU cores, an hour and three quarters.
    "cpu": Config(
        teacher=Stage(5, 30, 256, 0.2, 5e-4, 0.995),
        student=Stage(60, 80, 256, 2e-3, 0.05, 0.99),
        teacher_widths=(32, 64, 128, 256),
        embed_dim=192,
        depth=5,
        num_heads=3,
        drop_path=0.0,
        warp_share=0.05,
        erase_share=0.1,
        mix_share=0.15,
        small_until=0.7,
    ),
    # One data-centre GPU for nine minutes.
    "gpu": Config(
        teacher=Stage(1000, 1.2, 512, 0.4, 5e-4, 0.995),
        student=Stage(1000, 7.3, 1024, 2e-3, 0.05, 0.9995),
        teacher_widths=(64, 128, 256, 512),
        embed_dim=192,
        depth=7,
        num_heads=3,
        drop_path=0.1,
        warp_share=0.5,
        erase_share=0.25,
        mix_share=0.8,
        small_until=0.0,
    ),
    # Only to see that every step works.
    "smoke": Config(
        teacher=Stage(3, 0.3, 128, 0.1, 5e-4, 0.98),
        student=Stage(4, 0.5, 64, 1e-3, 0.05, 0.98),
        teacher_widths=(16, 32, 32, 64),
        embed_dim=64,
        depth=2,
        num_heads=2,
        drop_path=0.1,
        warp_share=0.2,
        erase_share=0.25,
        mix_share=0.5,
        small_until=0.4,
        train_images=4_000,
        held_out=500,
        test_images=500,
    ),
}


@dataclass(frozen=True)
class DetrConfig:
    pretraining: Stage  # of the backbone, as a classifier
    detection: Stage  # a step composes a third as many scenes as its batch has pictures
    width: int  # of the stem; the stages have 4, 8, 16 and 32 times as many channels
    blocks: tuple
    dim: int
    heads: int
    feedforward: int
    encoder_layers: int
    decoder_layers: int
    queries: int
    denoising_groups: int
    train_images: int = 50_000
    held_out: int = 5_000
    scenes: int = 512  # composed of the held-out images, for the curve


DETR_CONFIGS = {
    # One data-centre GPU for nine minutes.
    "gpu": DetrConfig(
        pretraining=Stage(60, 1.0, 512, 1e-3, 0.05, 0.998),
        detection=Stage(1000, 7.6, 768, 1e-3, 0.05, 0.999, clip=0.1),
        width=24,
        blocks=(2, 2, 2, 2),
        dim=128,
        heads=8,
        feedforward=512,
        encoder_layers=3,
        decoder_layers=4,
        queries=25,
        denoising_groups=4,
    ),
    "smoke": DetrConfig(
        pretraining=Stage(1, 0.3, 128, 1e-3, 0.05, 0.98),
        detection=Stage(1, 0.5, 48, 1e-3, 0.05, 0.98, clip=0.1),
        width=8,
        blocks=(1, 1, 1, 1),
        dim=32,
        heads=4,
        feedforward=64,
        encoder_layers=1,
        decoder_layers=2,
        queries=10,
        denoising_groups=1,
        train_images=1_000,
        held_out=200,
        scenes=32,
    ),
}
