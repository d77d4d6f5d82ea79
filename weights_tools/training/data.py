# SPDX-License-Identifier: Apache-2.0
"""Reads CIFAR-10 from safetensors files that hold JPEG bytes."""

import io
import json
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from safetensors import safe_open


@dataclass
class Split:
    images: torch.Tensor  # uint8, N x 3 x 32 x 32
    labels: torch.Tensor  # int64, N

    def part(self, chosen):
        return Split(self.images[chosen], self.labels[chosen])

    def to(self, device):
        return Split(self.images.to(device), self.labels.to(device))


def read_split(path, limit):
    """The first `limit` pictures of a file: `offset` and `label` index into the `jpeg` bytes."""
    with safe_open(path, framework="np") as file:
        offset, label = file.get_tensor("offset"), file.get_tensor("label")
        jpeg = file.get_tensor("jpeg")
    count = min(limit, len(label))
    pictures = np.empty((count, 32, 32, 3), dtype=np.uint8)
    for i in range(count):
        encoded = jpeg[offset[i] : offset[i + 1]].tobytes()
        pictures[i] = np.asarray(Image.open(io.BytesIO(encoded)).convert("RGB"))
    images = torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous()
    return Split(images, torch.from_numpy(label[:count].astype(np.int64)))


def class_names(path):
    with safe_open(path, framework="np") as file:
        return json.loads(file.metadata()["classes"])


def hold_out(split, count, seed):
    """Two disjoint parts: what the networks train on, and `count` pictures to judge them by."""
    order = torch.randperm(len(split.labels), generator=torch.Generator().manual_seed(seed))
    return split.part(order[count:]), split.part(order[:count])
