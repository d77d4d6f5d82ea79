# SPDX-License-Identifier: Apache-2.0
"""Random views of a batch of pictures, as tensor operations on the whole batch at once.

Per-image pipelines cost more than a small network's training step; these cost a few percent.
"""

import torch
import torch.nn.functional as F

from config import CLASSES, MEAN, STD


def normalise(images):
    """To the networks' input; takes bytes, or floats from 0 to 1."""
    if images.dtype == torch.uint8:
        images = images.float() / 255
    mean = torch.tensor(MEAN, device=images.device).view(1, 3, 1, 1)
    std = torch.tensor(STD, device=images.device).view(1, 3, 1, 1)
    return (images - mean) / std


def uniform(images, low, high):
    """One random number for each picture, shaped to broadcast over it."""
    return torch.empty(len(images), 1, 1, 1, device=images.device).uniform_(low, high)


def crop_and_flip(images, padding=4):
    """A crop of the reflected picture and, half of the time, its mirror image, as 0..1 floats."""
    count, _, side, _ = images.shape
    padded = F.pad(images.float() / 255, [padding] * 4, mode="reflect")
    device = images.device
    top = torch.randint(2 * padding + 1, (count, 1), device=device)
    left = torch.randint(2 * padding + 1, (count, 1), device=device)
    run = torch.arange(side, device=device)
    columns = torch.where(torch.rand(count, 1, device=device) < 0.5, run, side - 1 - run) + left
    rows = (run + top)[:, None, :, None].expand(-1, 3, -1, padded.shape[3])
    columns = columns[:, None, None, :].expand(-1, 3, side, -1)
    return padded.gather(2, rows).gather(3, columns)


def warp(images, share):
    """Rotates, shears and scales a share of the pictures."""
    count = round(share * len(images))
    if count == 0:
        return images
    some = images[:count]
    angle, shear = uniform(some, -0.3, 0.3).flatten(), uniform(some, -0.2, 0.2).flatten()
    scale, zero = uniform(some, 0.8, 1.15).flatten(), torch.zeros(count, device=images.device)
    cos, sin = scale * angle.cos(), scale * angle.sin()
    matrix = torch.stack([cos, shear - sin, zero, sin, cos, zero], dim=1).view(-1, 2, 3)
    grid = F.affine_grid(matrix, some.shape, align_corners=False)
    warped = F.grid_sample(some, grid, padding_mode="reflection", align_corners=False)
    return torch.cat([warped, images[count:]])


def recolour(images):
    """Changes the brightness, contrast and saturation of each picture."""
    images = images * uniform(images, 0.7, 1.3)
    centre = images.mean(dim=(1, 2, 3), keepdim=True)
    images = centre + (images - centre) * uniform(images, 0.7, 1.3)
    grey = images.mean(dim=1, keepdim=True)
    return (grey + (images - grey) * uniform(images, 0.5, 1.5)).clamp(0, 1)


def boxes(count, side, share, device):
    """For each of `count` pictures the mask of a random box of about that share of its area."""
    half = side * share**0.5 / 2
    run = torch.arange(side, device=device)
    centre = torch.rand(2, count, 1, device=device) * side
    rows, columns = (run + 0.5 - centre).abs() < half
    return (rows[:, :, None] & columns[:, None, :])[:, None]


def erase(images, share, area=0.15):
    """Blanks a box in some of the (normalised) pictures."""
    mask = boxes(len(images), images.shape[-1], area, images.device)
    return images.masked_fill(mask & (uniform(images, 0, 1) < share), 0.0)


def mix(images, labels, share):
    """Blends pictures pairwise, or pastes a box of one into another; returns soft labels."""
    targets = F.one_hot(labels, CLASSES).float()
    draw = torch.rand(()).item()
    if draw >= share:
        return images, targets
    other_images, other_targets = images.roll(1, 0), targets.roll(1, 0)
    if draw < share / 2:
        keep = torch.distributions.Beta(0.8, 0.8).sample().item()
        return torch.lerp(other_images, images, keep), torch.lerp(other_targets, targets, keep)
    mask = boxes(1, images.shape[-1], torch.rand(()).item(), images.device)
    keep = 1.0 - mask.float().mean().item()
    return torch.where(mask, other_images, images), torch.lerp(other_targets, targets, keep)


def strong_view(images, labels, config):
    """What the student and its teacher look at: everything above, in order."""
    view = recolour(warp(crop_and_flip(images), config.warp_share))
    return mix(erase(normalise(view), config.erase_share), labels, config.mix_share)
