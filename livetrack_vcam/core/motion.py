"""From the target to the next position of the crop: rest, follow, and never jerk.

One axis is a cascade of three loops, each clipped: position to velocity, velocity to acceleration,
acceleration to jerk. The position loop is the square-root controller known from flight controllers
(ArduPilot `sqrt_controller`): linear near the target, a constant-deceleration curve far from it.
"""

from __future__ import annotations

import math
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


class Limits(NamedTuple):
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


class Walls(NamedTuple):
    """Lowest and highest position of the crop's center, and how large the crop is along this axis.

    While the crop shrinks the walls move apart: each by `growth`, in units of the axis a second.
    """

    low: float
    high: float
    growth: float = 0.0
    extent: float = math.inf

    def clip(self, position: float) -> float:
        return min(max(position, self.low), self.high)


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


NEVER = Urgency(Limits(1, 1, 1, 1, 1, 1, 0), 0.0, 0.0, math.inf)
"""Nothing is ever urgent."""


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
    so that a fast one does not stop dead at the edge of the frame. The loops are written out, and
    clip by conditions: a call takes longer than the arithmetic, a thousand times a second.
    """
    p, v, a = state
    low, high, growth, _ = walls
    outward = growth if growth > 0.0 else 0.0
    hard, place, speed, near, room = urgency or NEVER
    pulled: bool | None = None
    steps, h = _steps(dt)
    for left in range(steps - 1, -1, -1):
        before_end = left * h
        off = place - speed * before_end - p
        away = abs(off)
        urgent = away > room or (away > near and v * off < 0)
        if urgent is not pulled:
            pulled, loops = urgent, _loops(hard if urgent else limits)
            gain, linear, twice, half, free, wall, edge, brake, tip, kv, ka, top, most, jolt = loops
        error = target - drift * before_end - p
        if error > linear:
            wanted = lead + math.sqrt(twice * (error - half))
        elif error < -linear:
            wanted = lead - math.sqrt(twice * (-error - half))
        else:
            wanted = lead + gain * error
        space = high - p if wanted > 0 else p - low
        if space < free:
            slow = math.sqrt(brake * (space - tip)) if space > edge else wall * space
            fastest = outward + slow if space > 0 else outward
            wanted = fastest if wanted > fastest else -fastest if wanted < -fastest else wanted
        wanted = top if wanted > top else -top if wanted < -top else wanted
        goal = kv * (wanted - v)
        goal = most if goal > most else -most if goal < -most else goal
        jerk = ka * (goal - a)
        a += (jolt if jerk > jolt else -jolt if jerk < -jolt else jerk) * h
        v += a * h
        p += v * h
    return AxisState(p, v, a)


def brake(state: AxisState, limits: Limits, dt: float, stopped: float) -> AxisState:
    """The state `dt` seconds later while coming to rest; slower than `stopped` is exactly zero."""
    steps, h = _steps(dt)
    p, v, a = state
    for _ in range(steps):
        if abs(v) <= stopped and abs(a) <= stopped * limits.ka:
            return AxisState(p)
        goal = _clipped(limits.kv * -v, limits.acceleration)
        a += _clipped(limits.ka * (goal - a), limits.jerk) * h
        v += a * h
        p += v * h
    return AxisState(p, v, a)


def _clipped(value: float, most: float) -> float:
    return min(max(value, -most), most)


def _steps(dt: float) -> tuple[int, float]:
    """How many integration steps a frame of `dt` seconds takes, and how long each is."""
    dt = dt if dt < LONGEST_S else LONGEST_S
    steps = math.ceil(dt / STEP_S) or 1
    return steps, dt / steps


def _loops(limits: Limits) -> tuple[float, ...]:
    """The limits as an integration step needs them: the position loops, then the other limits.

    A position loop is a gain times the error up to where it is linear, then √(twice · (error -
    half)): it never brakes harder than an acceleration. The first goes to the target, the second to
    a wall, which further away than the fifth number allows any speed.
    """
    gain, kv, ka, speed, acceleration, jerk, _ = limits
    braking = BRAKING * acceleration
    linear = braking / (gain * gain)
    wall, stopping = 1.4 * gain, 0.5 * acceleration
    edge = stopping / (wall * wall)
    slow, fast = speed / wall, speed * speed / (2 * stopping) + edge / 2
    free = (slow if slow > fast else fast) * (1 + 1e-9)
    goal = gain, linear, 2 * braking, linear / 2
    return (*goal, free, wall, edge, 2 * stopping, edge / 2, kv, ka, speed, acceleration, jerk)


def within(state: AxisState, low: float, high: float) -> AxisState:
    """The state kept between two walls; at a wall the motion into it ends."""
    if state.position < low:
        return AxisState(low, max(0.0, state.velocity))
    if state.position > high:
        return AxisState(high, min(0.0, state.velocity))
    return state
