# SPDX-License-Identifier: Apache-2.0
"""Composes pictures for detection: CIFAR-10 objects pasted on made-up backgrounds.

An object is a whole CIFAR-10 picture, scaled, turned a little and feathered at its edges; its box
is known exactly because we put it there. Everything works on a batch of scenes at once.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F

SIDE = 160  # of a scene, in pixels
MOST = 6  # objects in a scene
CROWDED = 0.3  # an object that would cover more than this share of another is left out
TRIES = 16  # places looked at for each object; the one that covers the others least is taken


@dataclass
class Scenes:
    pictures: torch.Tensor  # f32 [N, 3, SIDE, SIDE], 0..1
    boxes: torch.Tensor  # f32 [N, MOST, 4]: centre x, y, width, height as shares of the side
    labels: torch.Tensor  # int64 [N, MOST]
    present: torch.Tensor  # bool [N, MOST]: one to six of each scene are there


def uniform(low, high, *shape, device):
    return torch.empty(*shape, device=device).uniform_(low, high)


def smooth(count, cells, device):
    """Random colours on a coarse grid, interpolated."""
    coarse = torch.rand(count, 3, cells, cells, device=device)
    return F.interpolate(coarse, (SIDE, SIDE), mode="bicubic").clamp(0, 1)


def stripes(count, device):
    """Two colours that alternate along a random direction."""
    run = torch.linspace(-1, 1, SIDE, device=device)
    wave = uniform(-20, 20, 2, count, 1, 1, device=device)
    phase = wave[0] * run[None, :, None] + wave[1] * run[None, None, :]
    share = (0.5 + 0.5 * phase.sin())[:, None]
    colours = torch.rand(2, count, 3, 1, 1, device=device)
    return torch.lerp(colours[0], colours[1], share)


def blurred(count, images):
    """A few pixels of a picture, blown up."""
    chosen = images[torch.randint(len(images), (count,), device=images.device)]
    return F.interpolate(F.avg_pool2d(chosen, 4), (SIDE, SIDE), mode="bicubic").clamp(0, 1)


def backgrounds(count, images):
    """Gradients, textures, stripes and blurred crops in equal shares, all a little noisy."""
    device, share = images.device, count // 4
    base = torch.cat([
        smooth(share, 2, device),
        smooth(share, 24, device),
        stripes(share, device),
        blurred(count - 3 * share, images),
    ])
    noise = uniform(0, 0.15, count, 1, 1, 1, device=device) * torch.randn_like(base)
    return (base + noise).clamp(0, 1)


def covered(box, others, shown):
    """The largest share of any of `others` that each of `box` would cover."""
    low = torch.maximum(box[..., :2] - box[..., 2:] / 2, others[..., :2] - others[..., 2:] / 2)
    high = torch.minimum(box[..., :2] + box[..., 2:] / 2, others[..., :2] + others[..., 2:] / 2)
    area = (high - low).clamp(min=0).prod(-1) / others[..., 2:].prod(-1).clamp(min=1e-6)
    return (area * shown).amax(-1)


def place(extent, boxes, present):
    """A centre for objects of this extent [N], as shares of the side, away from those before.

    Returns the share of another object that one there covers, too.
    """
    room = (1 - extent)[:, None, None]
    centres = torch.rand(len(extent), TRIES, 2, device=extent.device) * room + (1 - room) / 2
    sizes = extent[:, None, None].expand(-1, TRIES, 2)
    tried = torch.cat([centres, sizes], dim=2)[:, :, None]
    least, best = covered(tried, boxes[:, None], present[:, None]).min(1)
    return centres[torch.arange(len(extent), device=extent.device), best], least


def paste(pictures, objects, centre, half, angle, shown):
    """Draws one object into each scene: `half` its half side, `angle` its turn in radians."""
    run = (torch.arange(SIDE, device=pictures.device) + 0.5) / SIDE
    x = (run[None, None, :] - centre[:, 0, None, None]) / half[:, None, None]
    y = (run[None, :, None] - centre[:, 1, None, None]) / half[:, None, None]
    cos, sin = angle.cos()[:, None, None], angle.sin()[:, None, None]
    grid = torch.stack([cos * x + sin * y, cos * y - sin * x], dim=3)
    drawn = F.grid_sample(objects, grid, padding_mode="border", align_corners=False)
    # Opaque but for the outermost two pixels.
    depth = (1 - grid.abs().amax(3)) * half[:, None, None] * SIDE / 2
    alpha = depth.clamp(0, 1) * shown[:, None, None]
    return torch.lerp(pictures, drawn, alpha[:, None])


def compose(count, images, labels):
    """`count` scenes of objects drawn from `images` (uint8 [M, 3, 32, 32]) and their labels."""
    device = images.device
    images = images.float() / 255
    boxes = torch.zeros(count, MOST, 4, device=device)
    picked = torch.randint(len(images), (count, MOST), device=device)
    number = torch.randint(1, MOST + 1, (count, 1), device=device)
    present = torch.arange(MOST, device=device) < number
    pictures = backgrounds(count, images)
    for k in range(MOST):
        half = uniform(0.6, 3.0, count, device=device) * 32 / SIDE / 2
        angle = uniform(-0.2, 0.2, count, device=device)
        extent = 2 * half * (angle.cos() + angle.sin().abs())
        if k == 0:
            centre = torch.rand(count, 2, device=device) * (1 - extent)[:, None]
            centre = centre + extent[:, None] / 2
        else:
            centre, covers = place(extent, boxes[:, :k], present[:, :k])
            present[:, k] &= covers <= CROWDED
        boxes[:, k, :2], boxes[:, k, 2:] = centre, extent[:, None]
        objects = images[picked[:, k]]
        mirrored = (torch.rand(count, 1, 1, 1, device=device) < 0.5).float()
        objects = torch.lerp(objects, objects.flip(3), mirrored)
        light = uniform(0.75, 1.25, count, 1, 1, 1, device=device)
        objects = (objects * light).clamp(0, 1)
        pictures = paste(pictures, objects, centre, half, angle, present[:, k].float())
    return Scenes(pictures, boxes, labels[picked], present)
