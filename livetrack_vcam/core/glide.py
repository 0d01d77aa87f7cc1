"""A value on its way to a goal: no overshoot, no kick, the same at any frame rate."""

from __future__ import annotations

import math
from dataclasses import dataclass

SETTLED = 1e-4
"""A value this close to its goal, and as slow per second, is there."""


@dataclass(slots=True)
class Glide:
    """A critically damped spring: value and velocity stay continuous when the goal jumps."""

    value: float
    velocity: float = 0.0

    def toward(self, goal: float, rate: float, dt: float) -> float:
        """The value `dt` seconds later; `rate` in 1/s, 90 % of a step is done after 3.9 / rate.

        The exact solution of x'' = rate² (goal - x) - 2 rate x'.
        """
        error = self.value - goal
        slope = self.velocity + rate * error
        fade = math.exp(-rate * dt)
        self.value = goal + (error + slope * dt) * fade
        self.velocity = (self.velocity - rate * slope * dt) * fade
        if abs(self.value - goal) < SETTLED and abs(self.velocity) < SETTLED:
            self.value, self.velocity = goal, 0.0
        return self.value
