"""Where a path through a tube can rest: long stretches that one level line can pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class _Rest:
    start: int
    end: int
    level: float

    def given_up(self, least: int) -> int:
        """How many points it can spare at each end."""
        return max(0, (self.end - self.start - least // 2) // 2)


def with_rests(
    low: Sequence[float], high: Sequence[float], least: int, apart: int = 0
) -> tuple[list[float], list[float]]:
    """The tube, closed to a level line wherever one fits through for `least` points or more.

    A taut string alone would creep through a pause in a walk from one side of the tube to the
    other; an operator would rest. Stretches are taken greedily from the start, each as long as it
    goes, its line in the middle of the room there is. A move from one rest to the next gets
    `apart` points of time, as far as both rests stay half as long as `least`.
    """
    lower, upper = list(low), list(high)
    for rest in _apart(_rests(low, high, least), least, apart):
        lower[rest.start : rest.end] = upper[rest.start : rest.end] = [rest.level] * (
            rest.end - rest.start
        )
    return lower, upper


def _rests(low: Sequence[float], high: Sequence[float], least: int) -> list[_Rest]:
    rests = []
    start = 0
    while start < len(low):
        end, floor, ceiling = _longest_level(low, high, start)
        if end - start < least:
            start += 1
            continue
        rests.append(_Rest(start, end, (floor + ceiling) / 2))
        start = end
    return rests


def _apart(rests: Sequence[_Rest], least: int, apart: int) -> list[_Rest]:
    """The rests, shortened where the move between two of them would be hurried."""
    starts = [rest.start for rest in rests]
    ends = [rest.end for rest in rests]
    for i, (before, after) in enumerate(pairwise(rests)):
        missing = max(0, apart - (after.start - before.end))
        ends[i] -= min(missing // 2, before.given_up(least))
        starts[i + 1] += min(missing - missing // 2, after.given_up(least))
    return [
        replace(rest, start=start, end=end)
        for rest, start, end in zip(rests, starts, ends, strict=True)
    ]


def _longest_level(
    low: Sequence[float], high: Sequence[float], start: int
) -> tuple[int, float, float]:
    """How far a level line gets from `start` (exclusive end), and the room it has."""
    floor, ceiling = low[start], high[start]
    end = start + 1
    while end < len(low) and max(floor, low[end]) <= min(ceiling, high[end]):
        floor, ceiling = max(floor, low[end]), min(ceiling, high[end])
        end += 1
    return end, floor, ceiling
