# SPDX-License-Identifier: Apache-2.0
"""Trains one network within a time budget, in as many pieces as it takes."""

import copy
import csv
import math
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import torch

from augment import normalise
from config import SEED


SAVE_EVERY = 30  # seconds; an interrupted run loses no more than this


class OutOfTime(Exception):
    """This piece of the run is over; the checkpoint is written and the next piece goes on."""


@dataclass
class Place:
    """Where a run computes and writes, and when this piece of it has to stop."""

    device: torch.device
    workers: int
    out: Path
    stop_at: float

    def autocast(self):
        return torch.autocast(self.device.type, torch.bfloat16)


def save_atomically(state, path):
    """A crash while writing leaves the previous checkpoint in place."""
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    os.replace(partial, path)


def floats_of(net):
    """Weights and running statistics, not the counters beside them."""
    return [value for value in net.state_dict().values() if value.is_floating_point()]


class Average:
    """The running mean of a network's weights: the network that is judged and kept."""

    def __init__(self, net, decay):
        self.net = copy.deepcopy(net).eval().requires_grad_(False)
        self.decay, self.steps = decay, 0

    @torch.no_grad()
    def update(self, net):
        self.steps += 1
        # The first steps count little, or the random start would linger in the mean.
        step = 1 - min(self.decay, self.steps / (self.steps + 10))
        torch._foreach_lerp_(floats_of(self.net), floats_of(net), step)


def learning_rate_share(progress, warm_up=0.04):
    """Linear warm-up, then half a cosine down to zero, over a progress of 0 to 1."""
    if progress < warm_up:
        return progress / warm_up + 1e-3
    return 0.5 + 0.5 * math.cos(math.pi * min(1.0, (progress - warm_up) / (1 - warm_up)))


@torch.no_grad()
def logits_of(net, images, batch=500):
    return torch.cat([net(normalise(part)).float() for part in images.split(batch)])


def accuracy(net, split):
    guessed = logits_of(net, split.images).argmax(dim=1)
    return (guessed == split.labels).float().mean().item()


class Workers:
    """Computes the gradients of one batch in equal parts, side by side.

    On a few CPU cores this beats threads inside each operation, which wait for one another
    hundreds of times a step: here they meet once. The replicas share the network's weights.
    """

    def __init__(self, net, count):
        self.replicas = [net] + [copy.deepcopy(net) for _ in range(count - 1)]
        for replica in self.replicas[1:]:
            for mine, shared in zip(replica.parameters(), net.parameters()):
                mine.data = shared.data
        self.pool = ThreadPoolExecutor(count)

    def backward(self, loss_of, batch, autocast):
        """Leaves the gradient of the mean loss in the first replica; returns that loss."""
        count = len(self.replicas)
        images, labels = batch.images.chunk(count), batch.labels.chunk(count)

        def work(replica, part, part_labels):
            replica.train()
            with autocast():
                loss = loss_of(replica, part, part_labels) / count
            loss.backward()
            return loss.detach()

        losses = list(self.pool.map(work, self.replicas, images, labels))
        for replica in self.replicas[1:]:
            for total, share in zip(self.replicas[0].parameters(), replica.parameters()):
                total.grad += share.grad
                share.grad = None
        return sum(losses)


class Run:
    """One network's training: its clock, weights, optimisers, checkpoint and curve.

    `judge(net, held_out)` is the share of the held-out pictures, or of what is in them, that the
    network gets right.
    """

    def __init__(self, name, net, optimisers, stage, pictures, place, judge=accuracy):
        self.name, self.net, self.optimisers = name, net, optimisers
        self.stage, self.pictures, self.place, self.judge = stage, pictures, place, judge
        self.saved = -math.inf
        self.average = Average(net, stage.ema_decay)
        self.epoch, self.seen, self.spent, self.curve = 0, 0, 0.0, []
        self.workers = Workers(net, place.workers)
        self.checkpoint = place.out / f"{name}.pt"
        if self.checkpoint.exists():
            self.load()

    def load(self):
        state = torch.load(self.checkpoint, map_location=self.place.device)
        self.net.load_state_dict(state["net"])
        self.average.net.load_state_dict(state["average"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"]):
            optimiser.load_state_dict(saved)
        self.average.steps, self.epoch = state["steps"], state["epoch"]
        self.seen, self.spent, self.curve = state["seen"], state["spent"], state["curve"]

    def save(self):
        save_atomically(
            {
                "net": self.net.state_dict(),
                "average": self.average.net.state_dict(),
                "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
                "steps": self.average.steps,
                "epoch": self.epoch,
                "seen": self.seen,
                "spent": self.spent,
                "curve": self.curve,
            },
            self.checkpoint,
        )
        with open(self.place.out / f"{self.name}_curve.csv", "w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["epoch", "seconds", "train_loss", "held_out"])
            writer.writerows(self.curve)

    def progress(self):
        by_epochs = self.seen / (self.stage.epochs * self.pictures)
        return max(by_epochs, self.spent / (60 * self.stage.minutes))

    def fit(self, loss_of, train, held_out):
        """Runs to the end of the budget; `loss_of(net, images, labels, progress)` is minimised."""
        batch = self.stage.batch
        while self.progress() < 1:
            began, before = time.monotonic(), self.spent
            # Seeding by epoch makes a resumed run draw what an uninterrupted one would have.
            torch.manual_seed(SEED + self.epoch)
            losses = []
            # Whole batches only: torch.compile would start again for a shorter one.
            order = torch.randperm(len(train.labels))
            for chosen in order[: len(order) // batch * batch].split(batch):
                part = train.part(chosen.to(self.place.device))
                losses.append(self.step(loss_of, part))
                self.seen += len(chosen)
                self.spent = before + time.monotonic() - began
                if self.progress() >= 1 or time.monotonic() >= self.place.stop_at:
                    break
            self.close_epoch(torch.stack(losses).mean().item(), held_out)
            self.spent = before + time.monotonic() - began
            if self.progress() < 1 and time.monotonic() >= self.place.stop_at:
                raise OutOfTime
        return self.average.net

    def step(self, loss_of, batch):
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = self.stage.learning_rate * learning_rate_share(self.progress())
        loss = self.workers.backward(
            lambda net, images, labels: loss_of(net, images, labels, self.progress()),
            batch,
            self.place.autocast,
        )
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), self.stage.clip)
        for optimiser in self.optimisers:
            optimiser.step()
            optimiser.zero_grad()
        self.average.update(self.net)
        return loss

    def close_epoch(self, loss, held_out):
        self.epoch += 1
        with self.place.autocast():
            score = self.judge(self.average.net, held_out)
        self.curve.append([self.epoch, round(self.spent), round(loss, 4), round(score, 4)])
        print(f"{self.name} epoch {self.epoch}: {self.spent:.0f} s, loss {loss:.4f}, "
              f"held-out {100 * score:.2f} %", flush=True)
        ended = self.progress() >= 1 or time.monotonic() >= self.place.stop_at
        if ended or time.monotonic() - self.saved > SAVE_EVERY:
            self.save()
            self.saved = time.monotonic()
