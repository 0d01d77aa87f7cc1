"""A planned move of the crop that takes a given time: from any motion to rest somewhere else."""

from __future__ import annotations

import math
from dataclasses import dataclass

from livetrack_vcam.core.geometry import Point
from livetrack_vcam.core.motion import AxisState


@dataclass(frozen=True, slots=True)
class _Course:
    """One axis: the polynomial of least jerk between two states.

    Flash and Hogan, "The coordination of arm movements", 1985: of all motions of a given duration
    the one of degree five has the least integral of squared jerk.
    """

    start: AxisState
    goal: float
    seconds: float

    def at(self, t: float) -> AxisState:
        """The state `t` seconds after the start; at rest at the goal from `seconds` on."""
        if t >= self.seconds:
            return AxisState(self.goal)
        p, v, a = self.start.position, self.start.velocity, self.start.acceleration
        span = self.seconds
        off = self.goal - p
        c3 = (10 * off - 6 * v * span - 1.5 * a * span**2) / span**3
        c4 = (-15 * off + 8 * v * span + 1.5 * a * span**2) / span**4
        c5 = (6 * off - 3 * v * span - 0.5 * a * span**2) / span**5
        return AxisState(
            p + t * (v + t * (a / 2 + t * (c3 + t * (c4 + t * c5)))),
            v + t * (a + t * (3 * c3 + t * (4 * c4 + t * 5 * c5))),
            a + t * (6 * c3 + t * (12 * c4 + t * 20 * c5)),
        )


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
            _Course(state, goal, seconds) for state, goal in zip(start, goals, strict=True)
        ]
        self._seconds = seconds
        self._elapsed_s = 0.0

    @property
    def done(self) -> bool:
        return self._elapsed_s >= self._seconds

    def step(self, dt: float) -> tuple[AxisState, AxisState, AxisState]:
        """Where pan, tilt and zoom are one frame later."""
        self._elapsed_s += dt
        x, y, size = (course.at(self._elapsed_s) for course in self._courses)
        return x, y, size
