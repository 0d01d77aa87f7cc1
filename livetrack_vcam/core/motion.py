"""From the target to the next position of the crop: rest, follow, and never jerk.

One axis is a cascade of three loops, each clipped: position to velocity, velocity to acceleration,
acceleration to jerk. The position loop is the square-root controller known from flight controllers
(ArduPilot `sqrt_controller`): linear near the target, a constant-deceleration curve far from it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from livetrack_vcam.core.presets import SpeedPreset

STEP_S = 1 / 240
"""Longest integration step. Short enough that the frame rate does not show in the path."""
LONGEST_S = 2.0
"""A camera that stalls longer than this moves the crop no further than so much time would."""
STOPPED = 1e-3
"""A speed, in crops/s (and crops/s² of acceleration), that is set to exactly zero at rest."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The preset's gains, with its limits in the axis' own unit (pixels, or log-size)."""

    kp: float
    kv: float
    ka: float
    speed: float
    acceleration: float
    jerk: float
    feed_forward: float

    @classmethod
    def of(cls, preset: SpeedPreset, extent: float, share: float = 1.0) -> Limits:
        """Limits for a crop of `extent`; `share` scales speed, acceleration and jerk alike."""
        unit = extent * share
        return cls(
            preset.kp,
            preset.kv,
            preset.ka,
            preset.speed * unit,
            preset.acceleration * unit,
            preset.jerk * unit,
            preset.feed_forward,
        )


@dataclass(frozen=True, slots=True)
class AxisState:
    """Position, velocity and acceleration of one axis of the crop."""

    position: float
    velocity: float = 0.0
    acceleration: float = 0.0

    @property
    def resting(self) -> bool:
        return self.velocity == 0.0 and self.acceleration == 0.0


def approach(error: float, kp: float, acceleration: float) -> float:
    """Velocity that closes `error` without ever braking harder than `acceleration`."""
    linear = acceleration / (kp * kp)
    if abs(error) <= linear:
        return kp * error
    speed = math.sqrt(2 * acceleration * (abs(error) - linear / 2))
    return math.copysign(speed, error)


@dataclass(frozen=True, slots=True)
class Walls:
    """Lowest and highest position; `growth` is how fast each of them moves outward."""

    low: float
    high: float
    growth: float = 0.0


NO_WALLS = Walls(-math.inf, math.inf)


def follow(
    state: AxisState, target: float, lead: float, limits: Limits, dt: float, walls: Walls
) -> AxisState:
    """The state `dt` seconds later, on the way to `target`.

    `lead` is the velocity to have when there is no error. The crop slows down ahead of the walls,
    so that a fast one does not stop dead at the edge of the frame.
    """
    steps = max(1, math.ceil(min(dt, LONGEST_S) / STEP_S))
    h = min(dt, LONGEST_S) / steps
    gain, braking = 1.4 * limits.kp, 0.5 * limits.acceleration
    outward = max(walls.growth, 0.0)
    for _ in range(steps):
        error = target - state.position
        wanted = lead + approach(error, limits.kp, 0.7 * limits.acceleration)
        up = approach(max(walls.high - state.position, 0.0), gain, braking) + outward
        down = approach(min(walls.low - state.position, 0.0), gain, braking) - outward
        state = _toward(state, min(max(wanted, down), up), limits, h)
    return state


def brake(state: AxisState, limits: Limits, dt: float, stopped: float) -> AxisState:
    """The state `dt` seconds later while coming to rest; slower than `stopped` is exactly zero."""
    steps = max(1, math.ceil(min(dt, LONGEST_S) / STEP_S))
    h = min(dt, LONGEST_S) / steps
    for _ in range(steps):
        if abs(state.velocity) <= stopped and abs(state.acceleration) <= stopped * limits.ka:
            return AxisState(state.position)
        state = _toward(state, 0.0, limits, h)
    return state


def _toward(state: AxisState, velocity: float, limits: Limits, h: float) -> AxisState:
    """One integration step of the velocity, acceleration and jerk loops."""
    velocity = _clip(velocity, limits.speed)
    wanted = _clip(limits.kv * (velocity - state.velocity), limits.acceleration)
    jerk = _clip(limits.ka * (wanted - state.acceleration), limits.jerk)
    acceleration = state.acceleration + jerk * h
    speed = state.velocity + acceleration * h
    return AxisState(state.position + speed * h, speed, acceleration)


def within(state: AxisState, low: float, high: float) -> AxisState:
    """The state kept between two walls; at a wall the motion into it ends."""
    if state.position < low:
        return replace(state, position=low, velocity=max(0.0, state.velocity), acceleration=0.0)
    if state.position > high:
        return replace(state, position=high, velocity=min(0.0, state.velocity), acceleration=0.0)
    return state


def _clip(value: float, limit: float) -> float:
    return min(max(value, -limit), limit)
