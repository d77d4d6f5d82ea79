# SPDX-License-Identifier: Apache-2.0
"""DETR's set prediction loss: exact bipartite matching, then classes and boxes (equations 1 to 3)."""

import torch
import torch.nn.functional as F

BOX, OVERLAP, NO_OBJECT = 5.0, 2.0, 0.1  # the paper's weights of L1, GIoU and the empty class


def corners(boxes):
    centre, half = boxes[..., :2], boxes[..., 2:] / 2
    return torch.cat([centre - half, centre + half], dim=-1)


def overlaps(a, b):
    """IoU and generalised IoU of boxes that broadcast, as corners."""
    size_a, size_b = (a[..., 2:] - a[..., :2]).prod(-1), (b[..., 2:] - b[..., :2]).prod(-1)
    low, high = torch.maximum(a[..., :2], b[..., :2]), torch.minimum(a[..., 2:], b[..., 2:])
    both = (high - low).clamp(min=0).prod(-1)
    either = size_a + size_b - both
    hull = torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])
    hull = hull.prod(-1)
    iou = both / either.clamp(min=1e-7)
    return iou, iou - (hull - either) / hull.clamp(min=1e-7)


def match(cost):
    """The cheapest assignment of every object to a query of its own, [N, objects] of query indices.

    `cost` is [N, queries, objects]. Exact, by dynamic programming over the sets of objects that the
    first queries have taken: with six objects that is 64 sets, and all scenes advance together.
    """
    count, queries, objects = cost.shape
    device = cost.device
    sets = torch.arange(1 << objects, device=device)
    bit = 1 << torch.arange(objects, device=device)
    has = (sets[:, None] & bit[None]) != 0
    before = torch.where(has, sets[:, None] ^ bit[None], 0)  # the set without that object
    best = torch.full((count, len(sets)), torch.inf, device=device)
    best[:, 0] = 0
    taken = []
    for q in range(queries):
        with_q = best[:, before] + cost[:, q, None, :]
        with_q = torch.where(has, with_q, torch.inf)
        least, which = torch.cat([best[:, :, None], with_q], dim=2).min(2)
        best = least
        taken.append(which - 1)  # -1: this query takes nothing
    state = torch.full((count,), (1 << objects) - 1, device=device)
    answer = torch.zeros(count, objects, dtype=torch.int64, device=device)
    rows = torch.arange(count, device=device)
    for q in reversed(range(queries)):
        which = taken[q][rows, state]
        chosen = which >= 0
        slot = which.clamp(min=0)
        answer[rows, slot] = torch.where(chosen, q, answer[rows, slot])
        state = torch.where(chosen, state ^ (1 << slot), state)
    return answer


@torch.no_grad()
def assign(logits, boxes, scenes):
    """The queries matched to the objects of each scene, [N, MOST]; absent objects cost nothing."""
    layers = len(logits) // len(scenes.labels)
    labels = scenes.labels.repeat(layers, 1)
    target = scenes.boxes.repeat(layers, 1, 1)
    probability = logits.float().softmax(-1)
    likely = probability.gather(2, labels[:, None].expand(-1, logits.shape[1], -1))
    distance = torch.cdist(boxes.float(), target, p=1)
    _, overlap = overlaps(corners(boxes.float())[:, :, None], corners(target)[:, None])
    cost = BOX * distance - OVERLAP * overlap - likely
    return match(cost * scenes.present.repeat(layers, 1)[:, None])


def loss_of_boxes(boxes, target, present, number):
    """L1 and GIoU over the objects that are there."""
    _, overlap = overlaps(corners(boxes), corners(target))
    each = BOX * (boxes - target).abs().sum(-1) + OVERLAP * (1 - overlap)
    return (each * present).sum() / number


def matched_loss(logits, boxes, scenes):
    """Of the learned queries, summed over decoder layers; logits [layers, N, queries, classes]."""
    layers, count = logits.shape[:2]
    logits, boxes = logits.flatten(0, 1), boxes.flatten(0, 1)
    chosen = assign(logits, boxes, scenes)
    present = scenes.present.repeat(layers, 1)
    number = scenes.present.sum().clamp(min=1)
    picked = boxes.gather(1, chosen[:, :, None].expand(-1, -1, 4))
    box_loss = loss_of_boxes(picked, scenes.boxes.repeat(layers, 1, 1), present, number)

    nothing = logits.shape[-1] - 1
    wanted = torch.full(logits.shape[:2], nothing, device=logits.device)
    labels = scenes.labels.repeat(layers, 1)
    wanted.scatter_(1, chosen, torch.where(present, labels, nothing))
    weight = torch.ones(nothing + 1, device=logits.device)
    weight[nothing] = NO_OBJECT
    class_loss = layers * F.cross_entropy(logits.transpose(1, 2), wanted, weight)
    return class_loss + box_loss


def hinted_loss(logits, boxes, scenes):
    """Of the denoising queries, each of which knows its object."""
    layers, _, hints = logits.shape[:3]
    groups = hints // scenes.labels.shape[1]
    labels = scenes.labels.repeat(layers, groups)
    present = scenes.present.repeat(layers, groups)
    number = groups * scenes.present.sum().clamp(min=1)
    target = scenes.boxes.repeat(layers, groups, 1)
    each = F.cross_entropy(logits.flatten(0, 1).transpose(1, 2), labels, reduction="none")
    class_loss = (each * present).sum() / number
    return class_loss + loss_of_boxes(boxes.flatten(0, 1), target, present, number)


def set_loss(logits, boxes, scenes, queries):
    logits, boxes = logits.float(), boxes.float()
    return matched_loss(logits[:, :, :queries], boxes[:, :, :queries], scenes) + \
        hinted_loss(logits[:, :, queries:], boxes[:, :, queries:], scenes)


@torch.no_grad()
def found(logits, boxes, scenes):
    """The share of objects that some query names rightly and boxes at an IoU of at least 0.5."""
    named = logits[-1].argmax(-1)
    iou, _ = overlaps(corners(boxes[-1].float())[:, :, None], corners(scenes.boxes)[:, None])
    right = (named[:, :, None] == scenes.labels[:, None]) & (iou >= 0.5)
    return (right.any(1) & scenes.present).sum().item() / scenes.present.sum().item()
