"""A tube that a path must stay in, and the gentle path through it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from livetrack_vcam.core.course import Course
from livetrack_vcam.core.motion import AxisState
from livetrack_vcam.core.rests import with_rests
from livetrack_vcam.core.smoothing import rolling_max, smooth_locally
from livetrack_vcam.core.taut_string import taut_string

ROUNDS = 6
"""So often the tube is narrowed where the rounded path left it; each round halves what is left."""
PUSH = 1.3
"""Narrowing by what was missing gives back less than that, for the next rounding cuts again."""
MOVE_REACHES = 4
"""A move between two rests gets so many reaches of time if it can."""
LEAST_REACH = 3
"""The path is rounded over so many grid points to each side at least: never a jerk."""


@dataclass(frozen=True, slots=True)
class Tube:
    """Lower and upper bounds of a value at every grid point, equally many."""

    low: Sequence[float]
    high: Sequence[float]

    def within(self, other: Tube) -> Tube:
        """The part inside `other`; where there is none, the nearest line of `other`."""
        low, high = [], []
        for a, b, floor, ceiling in zip(self.low, self.high, other.low, other.high, strict=True):
            low.append(min(max(a, floor), ceiling))
            high.append(max(min(b, ceiling), floor))
        return Tube(low, high)

    def missed_by(self, path: Sequence[float]) -> Tube:
        """How far the path is below and above, 0 where it is inside."""
        return Tube(
            [max(floor - y, 0.0) for floor, y in zip(self.low, path, strict=True)],
            [max(y - ceiling, 0.0) for ceiling, y in zip(self.high, path, strict=True)],
        )


def gentle_path(
    wanted: Tube,
    bounds: Tube,
    least_rest: int,
    reach: int,
    tolerance: float,
    absences: Sequence[tuple[int, int]] = (),
) -> list[float]:
    """The shortest path through `wanted` with its corners rounded, and still inside `bounds`.

    `absences` are the grid points, first and last, between which nobody is there to be shown: a
    move from rest to rest takes all of that time, and is the gentlest there is.
    Corners are rounded by a symmetric window of `reach` grid points to each side. Rounding cuts
    corners; where that leaves `bounds` by more than `tolerance`, the tube is narrowed by as much
    and the path drawn again, and what remains is rounded less.
    """
    tube = wanted.within(bounds)
    tube = Tube(*with_rests(tube.low, tube.high, least_rest, MOVE_REACHES * reach))
    string = _drawn_out(taut_string(tube.low, tube.high), absences)
    path = smooth_locally(string, [reach] * len(string))
    for _ in range(ROUNDS):
        missed = bounds.missed_by(path)
        if max(*missed.low, *missed.high) <= tolerance:
            return path
        tube = _narrowed(tube, missed, bounds, reach // 2)
        string = _drawn_out(taut_string(tube.low, tube.high), absences)
        path = smooth_locally(string, [reach] * len(string))
    return _rounded_less(string, path, bounds, reach, tolerance)


def _drawn_out(string: list[float], absences: Sequence[tuple[int, int]]) -> list[float]:
    """The string with the moves of an absence in place of straight lines."""
    last = len(string) - 1
    for start, end in absences:
        before, after = string[max(start - 1, 0)], string[min(end + 1, last)]
        if before == string[start] and after == string[end]:
            course = Course(AxisState(string[start]), string[end], end - start)
            for i in range(start, end):
                string[i] = course.at(i - start).position
    return string


def _narrowed(tube: Tube, missed: Tube, bounds: Tube, spread: int) -> Tube:
    """The tube without what the path was missing; where nothing is left, the line between."""
    low, high = [], []
    for a, b, below, above, floor, ceiling in zip(
        tube.low,
        tube.high,
        rolling_max(missed.low, spread),
        rolling_max(missed.high, spread),
        bounds.low,
        bounds.high,
        strict=True,
    ):
        lower, upper = min(a + PUSH * below, ceiling), max(b - PUSH * above, floor)
        middle = (lower + upper) / 2
        low.append(min(lower, middle))
        high.append(max(upper, middle))
    return Tube(low, high)


def _rounded_less(
    string: Sequence[float], path: list[float], bounds: Tube, reach: int, tolerance: float
) -> list[float]:
    """The path with shorter windows around the places where it is outside."""
    reaches = [reach] * len(path)
    while reach > LEAST_REACH:
        missed = bounds.missed_by(path)
        outside = [max(a, b) > tolerance for a, b in zip(missed.low, missed.high, strict=True)]
        if not any(outside):
            break
        reach = max(reach // 2, LEAST_REACH)
        wide = rolling_max([float(each) for each in outside], reach)
        reaches = [min(r, reach) if near else r for r, near in zip(reaches, wide, strict=True)]
        path = smooth_locally(string, _eased_in(reaches))
    return path


def _eased_in(reaches: Sequence[int]) -> list[int]:
    """The reaches, never growing by more than one in two points."""
    eased = [2 * reach for reach in reaches]
    for order in (range(1, len(eased)), range(len(eased) - 2, -1, -1)):
        step = order.step
        for i in order:
            eased[i] = min(eased[i], eased[i - step] + 1)
    return [value // 2 for value in eased]
