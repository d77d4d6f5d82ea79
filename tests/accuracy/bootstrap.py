# SPDX-License-Identifier: Apache-2.0
"""A paired bootstrap over images: how sure it is that one network is nearer to the float one than another
on the same images."""

import random
import statistics

ROUNDS = 2000
SEED = 1


def ratio(ours, theirs):
    """(ratio, low, high): of the mean divergences, with the bounds of 95 % of the resampled ones."""
    if len(ours) != len(theirs):
        raise ValueError(f"{len(ours)} images against {len(theirs)}: not the same ones")
    generator = random.Random(SEED)
    indices = range(len(ours))
    ratios = []
    for _ in range(ROUNDS):
        drawn = generator.choices(indices, k=len(ours))
        ratios.append(sum(ours[i] for i in drawn) / sum(theirs[i] for i in drawn))
    bounds = statistics.quantiles(ratios, n=40)
    return sum(ours) / sum(theirs), bounds[0], bounds[-1]
