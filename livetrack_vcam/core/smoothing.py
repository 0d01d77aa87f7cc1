"""Filters over a finished, evenly spaced series: they see both ways, so they do not lag."""

from __future__ import annotations

import math
from collections.abc import Sequence


def smooth(values: Sequence[float], length_s: float, step_s: float) -> list[float]:
    """A symmetric Hann window `length_s` long; where the series rests, the result rests exactly."""
    return smooth_locally(values, [reach_of(length_s, step_s)] * len(values))


def reach_of(length_s: float, step_s: float) -> int:
    """How many points to each side a window `length_s` long has, at least one."""
    return max(1, round(length_s / step_s / 2))


def smooth_locally(values: Sequence[float], reaches: Sequence[int]) -> list[float]:
    """A symmetric Hann window of its own reach for each value; the ends go on level."""
    windows = {reach: _hann(reach) for reach in set(reaches)}
    most = max(reaches, default=0)
    padded = [values[0]] * most + list(values) + [values[-1]] * most if values else []
    result = []
    for i, reach in enumerate(reaches):
        window = padded[i + most - reach : i + most + reach + 1]
        first = window[0]
        if window.count(first) == len(window):
            result.append(first)
        else:
            weights = windows[reach]
            result.append(
                first + sum(w * (v - first) for w, v in zip(weights, window, strict=True))
            )
    return result


def _hann(reach: int) -> list[float]:
    weights = [0.5 + 0.5 * math.cos(math.pi * k / (reach + 1)) for k in range(-reach, reach + 1)]
    total = sum(weights)
    return [weight / total for weight in weights]


def median_filter(values: Sequence[float], reach: int) -> list[float]:
    """The median of each value and its `reach` neighbors on both sides."""
    result = []
    for i in range(len(values)):
        window = sorted(values[max(0, i - reach) : i + reach + 1])
        result.append(window[len(window) // 2])
    return result


def rolling_max(values: Sequence[float], reach: int) -> list[float]:
    """The largest of each value and its `reach` neighbors on both sides."""
    return [max(values[max(0, i - reach) : i + reach + 1]) for i in range(len(values))]


def interpolate(values: Sequence[float], place: float) -> float:
    """The cubic B-spline of the values at a fractional index, held beyond the ends.

    Twice continuously differentiable, so frames that lie between the points do not jerk; exact
    where the values rest or go straight.
    """
    last = len(values) - 1
    place = min(max(place, 0.0), float(last))
    left = min(int(place), max(last - 1, 0))
    t = place - left
    here, after = values[left], values[min(left + 1, last)]
    before = values[left - 1] if left > 0 else 2 * here - after
    beyond = values[left + 2] if left + 2 <= last else 2 * after - here
    straight = here + (after - here) * t
    bend_here, bend_after = before - 2 * here + after, here - 2 * after + beyond
    return straight + (bend_here * (1 - t) ** 3 + bend_after * t**3) / 6
