"""The crop's size on a logarithmic scale, as an operator would handle the zoom."""

from __future__ import annotations

import math

from livetrack_vcam.core.axis import GLIDE_DONE
from livetrack_vcam.core.motion import (
    NO_WALLS,
    STOPPED,
    AxisState,
    Limits,
    brake,
    follow,
    within,
)
from livetrack_vcam.core.presets import SpeedPreset


class ZoomAxis:
    """The crop's height on a logarithmic scale: rests unless the wanted size stays different."""

    SPEED_IN, SPEED_OUT = 1 / 3, 2 / 3
    IN_BELOW, OUT_ABOVE = math.log(0.95), math.log(1.1)
    CONFIRM_S = 0.4
    RETARGET = 0.03

    def __init__(self, height: float) -> None:
        self.state = AxisState(math.log(height))
        self.goal = self.state.position
        self.moving = False
        self._asked_s = 0.0

    @property
    def height(self) -> float:
        return math.exp(self.state.position)

    @property
    def resting(self) -> bool:
        return self.state.resting and not self.moving

    def cut_to(self, height: float) -> None:
        self.state = AxisState(math.log(height))
        self.goal = self.state.position
        self.moving = False
        self._asked_s = 0.0

    def ask(self, height: float, elapsed_s: float) -> bool:
        """Hear a wanted height, `elapsed_s` after the last one; whether a new zoom begins now."""
        wanted = math.log(height)
        change = wanted - self.goal
        if self.moving:
            if abs(change) > self.RETARGET:
                self.goal = wanted
            return False
        if self.IN_BELOW <= change <= self.OUT_ABOVE:
            self._asked_s = 0.0
            return False
        self._asked_s += elapsed_s
        if self._asked_s < self.CONFIRM_S:
            return False
        self.go_to(height)
        return True

    def go_to(self, height: float) -> None:
        """Glide to a height without waiting for confirmation."""
        self.goal = math.log(height)
        self.moving = True
        self._asked_s = 0.0

    def step(
        self, preset: SpeedPreset, low: float, high: float, dt: float, floor: float = 0.0
    ) -> None:
        """One frame toward the goal, never outside the heights `low` to `high`.

        Zooming in waits at the height `floor`: closer, the crop would cut somebody off before pan
        and tilt have caught up.
        """
        share = self.SPEED_OUT if self.goal > self.state.position else self.SPEED_IN
        limits = Limits.of(preset, 1.0, share)
        if self.moving and abs(self.goal - self.state.position) <= GLIDE_DONE:
            self.moving = False
        if self.moving:
            wait = min(math.log(floor), self.state.position) if floor > 0 else self.goal
            self.state = follow(self.state, max(self.goal, wait), 0.0, limits, dt, NO_WALLS)
        elif not self.state.resting:
            self.state = brake(self.state, limits, dt, STOPPED)
        self.state = within(self.state, math.log(low), math.log(high))

    def rest(self) -> None:
        """Stop zooming; the crop comes to rest at about the present height."""
        self.moving = False
        self.goal = self.state.position
        self._asked_s = 0.0
