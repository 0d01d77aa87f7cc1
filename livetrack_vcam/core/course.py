"""A planned move along one axis: from any motion to a place, in a given time."""

from __future__ import annotations

import math
from dataclasses import dataclass

from livetrack_vcam.core.motion import AxisState

PEAK_JERK = 60.0
"""Largest third derivative of a move of length 1 in time 1 from rest to rest."""
PEAK_SPEED = 1.875
PEAK_ACCELERATION = 10 / math.sqrt(3)
SHORTEST_S = 1e-9
"""Times are whole nanoseconds; the powers of shorter ones may not be divided by."""


@dataclass(frozen=True, slots=True)
class Course:
    """The polynomial of least jerk between two states.

    Flash and Hogan, "The coordination of arm movements", 1985: of all motions of a given duration
    the one of degree five has the least integral of squared jerk.
    """

    start: AxisState
    goal: float
    seconds: float

    def at(self, t: float) -> AxisState:
        """The state `t` seconds after the start; at rest at the goal from `seconds` on."""
        if t >= self.seconds or self.seconds < SHORTEST_S:
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


def seconds_for(length: float, speed: float, acceleration: float, jerk: float) -> float:
    """Shortest time in which a move of `length` from rest to rest keeps to all three limits."""
    way = abs(length)
    return max(
        PEAK_SPEED * way / speed,
        math.sqrt(PEAK_ACCELERATION * way / acceleration),
        math.cbrt(PEAK_JERK * way / jerk),
    )
