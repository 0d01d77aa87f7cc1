"""A planned move of the crop that takes a given time: from any motion to rest somewhere else."""

from __future__ import annotations

import math

from livetrack_vcam.core.course import Course
from livetrack_vcam.core.geometry import Point
from livetrack_vcam.core.motion import AxisState

BRAKE_S = 1.1
"""A longer passage ends the motion there was sooner: drawn out, it would swing far off and back."""


class Passage:
    """Takes the crop to a place in exactly `seconds`, pan, tilt and zoom arriving together.

    Seen from a crop at rest inside the frame to another one, all crops between lie inside too:
    the height, moved on a logarithmic scale, is never more than on a straight line.
    """

    def __init__(
        self,
        start: tuple[AxisState, AxisState, AxisState],
        center: Point,
        height: float,
        seconds: float,
    ) -> None:
        """`start`: pan and tilt in pixels, and the logarithm of the height."""
        goals = (center.x, center.y, math.log(height))
        self._courses = [
            _courses(state, goal, seconds) for state, goal in zip(start, goals, strict=True)
        ]
        self._seconds = seconds
        self._elapsed_s = 0.0

    @property
    def done(self) -> bool:
        return self._elapsed_s >= self._seconds

    def step(self, dt: float) -> tuple[AxisState, AxisState, AxisState]:
        """Where pan, tilt and zoom are one frame later."""
        self._elapsed_s += dt
        x, y, size = (_sum([c.at(self._elapsed_s) for c in each]) for each in self._courses)
        return x, y, size


def _courses(start: AxisState, goal: float, seconds: float) -> list[Course]:
    """The way to the goal and, where it takes long, apart from it the end of the motion so far.

    A course is linear in its start, so that up to BRAKE_S both together are the one there is.
    """
    if seconds <= BRAKE_S:
        return [Course(start, goal, seconds)]
    motion = AxisState(0.0, start.velocity, start.acceleration)
    return [Course(AxisState(start.position), goal, seconds), Course(motion, 0.0, BRAKE_S)]


def _sum(states: list[AxisState]) -> AxisState:
    return AxisState(
        sum(each.position for each in states),
        sum(each.velocity for each in states),
        sum(each.acceleration for each in states),
    )
