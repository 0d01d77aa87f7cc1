"""Where a path through a tube can rest: long stretches that one level line can pass."""

from __future__ import annotations

from collections.abc import Sequence


def with_rests(
    low: Sequence[float], high: Sequence[float], least: int
) -> tuple[list[float], list[float]]:
    """The tube, closed to a level line wherever one fits through for `least` points or more.

    A taut string alone would creep through a pause in a walk from one side of the tube to the
    other; an operator would rest. Stretches are taken greedily from the start, each as long as it
    goes, its line in the middle of the room there is.
    """
    lower, upper = list(low), list(high)
    start = 0
    while start < len(low):
        end, floor, ceiling = _longest_level(low, high, start)
        if end - start < least:
            start += 1
            continue
        level = (floor + ceiling) / 2
        lower[start:end] = upper[start:end] = [level] * (end - start)
        start = end
    return lower, upper


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
