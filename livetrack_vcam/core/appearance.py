"""Whether two descriptions of how somebody looks are of one person, and what stays of many."""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import mul

SAME = 0.8
"""From this likeness on two are taken for one person, if nobody else is as much alike.

Measured with `detectors.appearance` on the annotated corpus clips and vtest.avi, one frame against
another: of 11826 pairs of one person 88 % reach it, of 4479 pairs of two people .4 %. Quantiles
1, 5, 50, 95 %: one person .62 .72 .95 1.0, two people .14 .31 .57 .70.
"""
OTHER = 0.5
"""Below this likeness it is hardly the same person: 1 % of those pairs, but 24 % of two people."""

LEARNING = 0.1
"""Share of a new sighting in what is remembered of how somebody looks."""
FEWEST = 8
"""Sightings that are averaged evenly before LEARNING begins."""


def likeness(a: Sequence[float], b: Sequence[float]) -> float | None:
    """Cosine of two descriptions, -1 to 1; None when either is unknown or they do not compare.

    The numbers are finite. Sums are exactly rounded, so every machine finds the same.
    """
    if not a or len(a) != len(b):
        return None
    square = math.fsum(map(mul, a, a)) * math.fsum(map(mul, b, b))
    if not 0 < square < math.inf:
        return None
    return math.fsum(map(mul, a, b)) / math.sqrt(square)


class Memory:
    """The mean of how somebody looked; mutable, empty at first."""

    def __init__(self) -> None:
        self._mean: tuple[float, ...] = ()
        self._count = 0

    @property
    def mean(self) -> tuple[float, ...]:
        return self._mean

    @property
    def sure(self) -> bool:
        """Whether enough was seen to know somebody again by it alone."""
        return self._count >= FEWEST

    def learn(self, seen: Sequence[float]) -> None:
        """Take one sighting; one that is no description changes nothing."""
        if likeness(seen, seen) is None:
            return
        self._count += 1
        gain = max(1 / self._count, LEARNING)
        before = self._mean if len(self._mean) == len(seen) else tuple(seen)
        self._mean = tuple(b + gain * (s - b) for b, s in zip(before, seen, strict=True))
