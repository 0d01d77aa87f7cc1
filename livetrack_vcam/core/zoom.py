"""The crop's size on a logarithmic scale, as an operator would handle the zoom."""

from __future__ import annotations

import math
from typing import NamedTuple

from livetrack_vcam.core.axis import GLIDE_DONE
from livetrack_vcam.core.config import Speed
from livetrack_vcam.core.motion import (
    NO_WALLS,
    STOPPED,
    AxisState,
    Limits,
    brake,
    follow,
    within,
)

PACES_IN: dict[Speed, Limits] = {
    Speed.CALM: Limits(2.0, 7, 22, 0.43, 0.93, 10, 0.0),
    Speed.NORMAL: Limits(3.2, 11, 34, 0.8, 2.5, 45, 0.0),
    Speed.FAST: Limits(4, 13, 40, 1.27, 4.2, 60, 0.0),
    Speed.SPORT: Limits(5, 16, 50, 2.1, 8, 120, 0.0),
    Speed.CINEMA: Limits(2.0, 7, 22, 0.83, 1.5, 12, 0.0),
}
"""How the zoom moves in, in logarithms of the crop's height: at a third of the pan's speed.

The goal is predicted to the time it is shown at, so that no velocity is fed forward besides.
"""
PACES_OUT: dict[Speed, Limits] = {
    speed: pace._replace(
        speed=2 * pace.speed, acceleration=2 * pace.acceleration, jerk=2 * pace.jerk
    )
    for speed, pace in PACES_IN.items()
}
"""Zooming out is twice as fast: nobody shall be cut off."""


class ZoomTarget(NamedTuple):
    """The crop's height that is wanted now, in pixels.

    `rate` is how fast its logarithm grows, 1/s, because the subject comes closer (or leaves), and
    `moving` the probability that it really does. `closer` says whether zooming in is allowed;
    even then it waits at the height `floor`: closer, the crop would cut somebody off before pan
    and tilt have caught up.
    """

    height: float
    rate: float = 0.0
    moving: float = 0.0
    closer: bool = True
    floor: float = 0.0


class ZoomAxis:
    """The crop's height on a logarithmic scale.

    It rests while the wanted height differs by less than IN_BELOW to OUT_ABOVE, and follows
    somebody who surely approaches or retreats from the start.
    """

    IN_BELOW, OUT_ABOVE = math.log(0.95), math.log(1.1)
    CONFIRM_S = 0.4
    SURE_RATE, SURE_MOVING, SURE_ERROR, SURE_S = 0.08, 0.8, 0.03, 0.1
    QUIET_ERROR, QUIET_S = 0.01, 0.25
    BLIND_S = 0.15

    def __init__(self, height: float) -> None:
        self.state = AxisState(math.log(height))
        self.goal = self.state.position
        self.moving = False
        self._asked_s = self._sure_s = self._quiet_s = self._blind_s = 0.0

    @property
    def height(self) -> float:
        return math.exp(self.state.position)

    @property
    def resting(self) -> bool:
        return self.state.resting and not self.moving

    def cut_to(self, height: float) -> None:
        self.state = AxisState(math.log(height))
        self.rest()

    def go_to(self, height: float) -> None:
        """Glide to a height without waiting for confirmation."""
        self.goal = math.log(height)
        self._set_moving(True)

    def rest(self) -> None:
        """Stop zooming; the crop comes to rest at about the present height."""
        self.goal = self.state.position
        self._set_moving(False)

    def _set_moving(self, moving: bool) -> None:
        self.moving = moving
        self._asked_s = self._sure_s = self._quiet_s = 0.0

    def track(self, target: ZoomTarget, speed: Speed, low: float, high: float, dt: float) -> None:
        """Rest, or follow the target for one frame, never outside the heights `low` to `high`."""
        self.goal, rate = math.log(target.height), target.rate
        self._blind_s = 0.0 if target.closer else self._blind_s + dt
        if self._blind_s > (self.BLIND_S if self.moving else 0.0):
            self.goal, rate = max(self.goal, self.state.position), max(rate, 0.0)
        self._decide(rate, target.moving, dt)
        self._move(target.floor, speed, dt)
        self.state = within(self.state, math.log(low), math.log(high))

    def _decide(self, rate: float, moving: float, dt: float) -> None:
        """Whether to follow: from when the goal stays different or surely will, until quiet."""
        error = self.goal - self.state.position
        moves = abs(rate) > self.SURE_RATE
        if self.moving:
            quiet = abs(error) < self.QUIET_ERROR and not moves
            self._quiet_s = self._quiet_s + dt if quiet else 0.0
            if self._quiet_s > self.QUIET_S:
                self._set_moving(False)
            return
        off = not self.IN_BELOW <= error <= self.OUT_ABOVE
        leaving = moving > self.SURE_MOVING and moves and error * rate > 0
        sure = leaving and abs(error) > self.SURE_ERROR
        self._asked_s = self._asked_s + dt if off else 0.0
        self._sure_s = self._sure_s + dt if sure else 0.0
        if self._asked_s > self.CONFIRM_S or self._sure_s > self.SURE_S:
            self._set_moving(True)

    def step(self, speed: Speed, low: float, high: float, dt: float) -> None:
        """One frame toward the goal of `go_to`, never outside the heights `low` to `high`."""
        if self.moving and abs(self.goal - self.state.position) <= GLIDE_DONE:
            self._set_moving(False)
        self._move(0.0, speed, dt)
        self.state = within(self.state, math.log(low), math.log(high))

    def _move(self, floor: float, speed: Speed, dt: float) -> None:
        """Toward the goal, but no closer than `floor` (0: as close as wanted)."""
        wait = min(math.log(floor), self.state.position) if floor > 0 else self.goal
        goal = max(self.goal, wait)
        limits = (PACES_OUT if goal > self.state.position else PACES_IN)[speed]
        if self.moving:
            self.state = follow(self.state, goal, 0.0, limits, dt, NO_WALLS)
        elif not self.state.resting:
            self.state = brake(self.state, limits, dt, STOPPED)
