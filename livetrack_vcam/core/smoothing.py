"""Filters over a finished, evenly spaced series: they see both ways, so they do not lag."""

from __future__ import annotations

import math
from collections.abc import Sequence


def smooth(values: Sequence[float], length_s: float, step_s: float) -> list[float]:
    """A symmetric Hann window `length_s` long; where the series rests, the result rests exactly."""
    reach = max(1, round(length_s / step_s / 2))
    weights = [0.5 + 0.5 * math.cos(math.pi * k / (reach + 1)) for k in range(-reach, reach + 1)]
    total = sum(weights)
    padded = [values[0]] * reach + list(values) + [values[-1]] * reach
    result = []
    for i in range(len(values)):
        window = padded[i : i + 2 * reach + 1]
        first = window[0]
        if window.count(first) == len(window):
            result.append(first)
        else:
            mean = sum(w * (v - first) for w, v in zip(weights, window, strict=True)) / total
            result.append(first + mean)
    return result


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
    """The value at a fractional index, held beyond the ends."""
    if place <= 0:
        return values[0]
    left = int(place)
    if left >= len(values) - 1:
        return values[-1]
    a, b = values[left], values[left + 1]
    return a + (b - a) * (place - left)
