"""The shortest path through a tube: rests where it can, moves straight where it must.

The path of least total variation that stays between a lower and an upper bound is piecewise
constant with straight moves: what a person at a tripod would do with the whole film in view
(compare the L1-optimal camera paths of Grundmann et al. 2011). Computed as the taut string
(funnel) in linear time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import pairwise

Point = tuple[float, float]


def taut_string(low: Sequence[float], high: Sequence[float]) -> list[float]:
    """The shortest polyline over equally spaced abscissas with low[i] <= y[i] <= high[i].

    Its ends are free: it leaves and arrives level where it can. Raises ValueError when the tube is
    empty somewhere or the bounds differ in length.
    """
    if len(low) != len(high) or any(a > b for a, b in zip(low, high, strict=True)):
        raise ValueError("a tube needs as many lower as upper bounds, none of them crossing")
    if not low:
        return []
    start = _free_end(low, high)
    end = _free_end(low[::-1], high[::-1])
    corners = _funnel(low, high, start, end)
    return _interpolate(corners, len(low))


def _free_end(low: Sequence[float], high: Sequence[float]) -> float:
    """The height at which a level line gets furthest into the tube from its first end."""
    floor, ceiling = low[0], high[0]
    for lower, upper in zip(low, high, strict=True):
        if lower > ceiling:
            return ceiling
        if upper < floor:
            return floor
        floor, ceiling = max(floor, lower), min(ceiling, upper)
    return (floor + ceiling) / 2


def _funnel(low: Sequence[float], high: Sequence[float], start: float, end: float) -> list[Point]:
    """Corners of the shortest path from (0, start) to (n - 1, end)."""
    apex = (0.0, start)
    path = [apex]
    upper: deque[Point] = deque([apex])
    lower: deque[Point] = deque([apex])
    last = len(low) - 1
    for i in range(1, last + 1):
        top, bottom = (end, end) if i == last else (high[i], low[i])
        _extend(upper, lower, (float(i), top), 1, path)
        _extend(lower, upper, (float(i), bottom), -1, path)
    return path + list(lower)[1:]


def _extend(
    own: deque[Point], other: deque[Point], point: Point, side: int, path: list[Point]
) -> None:
    """Add a bound to its convex chain; where it crosses the other chain the path is fixed."""
    while len(own) > 1 and side * _turn(own[-2], own[-1], point) <= 0:
        own.pop()
    if len(own) > 1:
        own.append(point)
        return
    while len(other) > 1 and side * _turn(other[0], other[1], point) < 0:
        path.append(other[1])
        other.popleft()
    own.clear()
    own.append(other[0])
    own.append(point)


def _turn(a: Point, b: Point, c: Point) -> float:
    """Above 0 when a, b, c turn upward (to the left)."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _interpolate(corners: list[Point], count: int) -> list[float]:
    values = [corners[0][1]] * count
    for (x1, y1), (x2, y2) in pairwise(corners):
        span = x2 - x1
        for i in range(int(x1), int(x2) + 1):
            values[i] = y2 if span == 0 else y1 + (y2 - y1) * (i - x1) / span
    return values
