# SPDX-License-Identifier: Apache-2.0
"""Shards of work as tasks of Ray, and how far they are."""

import collections
import sys
from typing import NamedTuple, Optional

import ray
from ray.exceptions import NodeDiedError, OutOfMemoryError, RayTaskError, WorkerCrashedError

_RETRIES = 3
_REDRAW_SECONDS = 0.5


class Progress(NamedTuple):
    """How far a job is: images that are done, those of all (None where nobody knows), those that failed, and seconds
    since the start."""

    done: int
    total: Optional[int]
    failed: int
    seconds: float


class Line:
    """Draws progress on standard error, if that is a terminal."""

    def __init__(self):
        self._drawn = 0.0

    def __call__(self, progress):
        last = progress.done == progress.total
        if not sys.stderr.isatty() or (progress.seconds - self._drawn < _REDRAW_SECONDS and not last):
            return
        self._drawn = progress.seconds
        rate = progress.done / progress.seconds
        left = "" if progress.total is None else f", {(progress.total - progress.done) / rate:.0f} s left"
        of = "" if progress.total is None else f"/{progress.total}"
        print(f"\r{progress.done}{of} images {rate:.1f}/s{left}\033[K", end="\n" if last else "", file=sys.stderr,
              flush=True)


def start():
    """Connects to the cluster that RAY_ADDRESS names, or starts Ray on this machine, unless the caller did."""
    if not ray.is_initialized():
        ray.init()


def cpus():
    """How many the cluster has now."""
    return max(1, int(ray.cluster_resources().get("CPU", 1)))


def remote(function):
    """The function as tasks of one CPU, which Ray runs again where a worker or node is lost."""
    return ray.remote(num_cpus=1, max_retries=_RETRIES)(function)


def results(submit, count, size, workers):
    """Cuts `count` items into shards, ranges of `size` items. Yields each shard with the answer of the task that
    submit(shard) starts, as they come.

    workers: so many shards at a time; 0: what the cluster's CPUs take, as it grows and shrinks. What a task raises
    comes out here, and so does what Ray itself cannot do. A shard whose workers die again and again is halved. Where
    one item is left, the error is yielded in place of an answer.
    """
    shards = (range(begin, min(begin + size, count)) for begin in range(0, count, size))
    waiting, running = collections.deque(shards), {}
    try:
        while waiting or running:
            # A shard more for each CPU is ready, so that none waits for this process.
            slots = workers or 2 * cpus()
            while waiting and len(running) < slots:
                shard = waiting.popleft()
                running[submit(shard)] = shard
            for reference in ray.wait(list(running))[0]:
                yield from _answer(running.pop(reference), reference, waiting)
    finally:
        for reference in running:
            ray.cancel(reference)


def _answer(shard, reference, waiting):
    try:
        yield shard, ray.get(reference)
    except RayTaskError as error:
        raise error.cause from None
    except (WorkerCrashedError, OutOfMemoryError, NodeDiedError) as error:
        if len(shard) == 1:
            yield shard, error
        else:
            middle = len(shard) // 2
            waiting.extendleft([shard[:middle], shard[middle:]])
