"""From the target to the next position of the crop: rest, follow, and never jerk.

One axis is a cascade of three loops, each clipped: position to velocity, velocity to acceleration,
acceleration to jerk. The position loop is the square-root controller known from flight controllers
(ArduPilot `sqrt_controller`): linear near the target, a constant-deceleration curve far from it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from livetrack_vcam.core.presets import Gains, SpeedPreset

STEP_S = 1 / 240
"""Longest integration step. Short enough that the frame rate does not show in the path."""
BRAKING = 0.7
"""Share of the acceleration limit with which the position loop plans to brake."""
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
    def of(
        cls, preset: SpeedPreset, extent: float, share: float = 1.0, gains: Gains | None = None
    ) -> Limits:
        """Limits for a crop of `extent`; `share` scales speed, acceleration and jerk alike."""
        unit = extent * share
        use = preset.usual if gains is None else gains
        return cls(
            use.kp,
            use.kv,
            use.ka,
            preset.speed * unit,
            use.acceleration * unit,
            use.jerk * unit,
            preset.feed_forward,
        )


class AxisState(NamedTuple):
    """Position, velocity and acceleration of one axis of the crop.

    A tuple, as all that is made anew several times a frame: it is made in half the time.
    """

    position: float
    velocity: float = 0.0
    acceleration: float = 0.0

    @property
    def resting(self) -> bool:
        return self.velocity == 0.0 and self.acceleration == 0.0


def approach(error: float, kp: float, acceleration: float) -> float:
    """Velocity that closes `error` without ever braking harder than `acceleration`."""
    linear = acceleration / (kp * kp)
    if error > linear:
        return math.sqrt(2 * acceleration * (error - linear / 2))
    if error < -linear:
        return -math.sqrt(2 * acceleration * (-error - linear / 2))
    return kp * error


@dataclass(frozen=True, slots=True)
class Walls:
    """Lowest and highest position; `growth` is how fast each of them moves outward."""

    low: float
    high: float
    growth: float = 0.0


NO_WALLS = Walls(-math.inf, math.inf)


class Urgency(NamedTuple):
    """When and how much harder than usual the crop may be pulled.

    `limits` hold while the crop moves away from a subject that is at `place` (at the end of the
    step, moving with `velocity`) and more than `near` off, or while it is more than `room` off.
    """

    limits: Limits
    place: float
    velocity: float
    near: float
    room: float = math.inf


def follow(
    state: AxisState,
    target: float,
    lead: float,
    limits: Limits,
    dt: float,
    walls: Walls,
    drift: float = 0.0,
    urgency: Urgency | None = None,
) -> AxisState:
    """The state `dt` seconds later, on the way to `target`, which got there with speed `drift`.

    `lead` is the velocity to have when there is no error. The crop slows down ahead of the walls,
    so that a fast one does not stop dead at the edge of the frame.
    """
    steps, h = _steps(dt)
    low, high, outward = walls.low, walls.high, max(walls.growth, 0.0)
    p, v, a = state
    if urgency is not None:
        urgent, place, speed, near, room = urgency
    for left in range(steps - 1, -1, -1):
        before_end = left * h
        use = limits
        if urgency is not None:
            off = place - speed * before_end - p
            away = abs(off)
            if away > room or (away > near and v * off < 0):
                use = urgent
        kp, most = use.kp, use.acceleration
        wanted = lead + approach(target - drift * before_end - p, kp, BRAKING * most)
        space = high - p if wanted > 0 else p - low
        fastest = outward
        if space > 0:
            fastest += approach(space, 1.4 * kp, 0.5 * most)
        if wanted > fastest:
            wanted = fastest
        elif wanted < -fastest:
            wanted = -fastest
        p, v, a = _toward(p, v, a, wanted, use, h)
    return AxisState(p, v, a)


def brake(state: AxisState, limits: Limits, dt: float, stopped: float) -> AxisState:
    """The state `dt` seconds later while coming to rest; slower than `stopped` is exactly zero."""
    steps, h = _steps(dt)
    for _ in range(steps):
        if abs(state.velocity) <= stopped and abs(state.acceleration) <= stopped * limits.ka:
            return AxisState(state.position)
        state = AxisState(*_toward(*state, 0.0, limits, h))
    return state


def _steps(dt: float) -> tuple[int, float]:
    """How many integration steps a frame of `dt` seconds takes, and how long each is."""
    dt = min(dt, LONGEST_S)
    steps = max(1, math.ceil(dt / STEP_S))
    return steps, dt / steps


def _toward(
    p: float, v: float, a: float, wanted: float, limits: Limits, h: float
) -> tuple[float, float, float]:
    """One integration step of the velocity, acceleration and jerk loops.

    Each is clipped by conditions: `follow` comes here a thousand times a second, and a call of min
    or max takes longer than all of the arithmetic.
    """
    most = limits.speed
    if wanted > most:
        wanted = most
    elif wanted < -most:
        wanted = -most
    goal, most = limits.kv * (wanted - v), limits.acceleration
    if goal > most:
        goal = most
    elif goal < -most:
        goal = -most
    jerk, most = limits.ka * (goal - a), limits.jerk
    if jerk > most:
        jerk = most
    elif jerk < -most:
        jerk = -most
    a += jerk * h
    v += a * h
    return p + v * h, v, a


def within(state: AxisState, low: float, high: float) -> AxisState:
    """The state kept between two walls; at a wall the motion into it ends."""
    if state.position < low:
        return AxisState(low, max(0.0, state.velocity))
    if state.position > high:
        return AxisState(high, min(0.0, state.velocity))
    return state
