"""One axis of the crop as an operator would handle it: rest, follow, glide."""

from __future__ import annotations

import math
from typing import NamedTuple

from livetrack_vcam.core.course import Course, seconds_for
from livetrack_vcam.core.estimator import LONE_LOOK
from livetrack_vcam.core.motion import (
    STOPPED,
    AxisState,
    Limits,
    Urgency,
    Walls,
    brake,
    follow,
    within,
)
from livetrack_vcam.core.presets import HURRY_SPEED, SpeedPreset

SETTLE_MARGIN = 0.01
"""A follow ends this much (share of the crop) outside the inner zone at most."""
ANTICIPATE_S = 0.11
"""Motion that is sure to leave the dead zone so soon wakes the crop early; swaying does not."""
GLIDE_DONE = 0.004
"""A glide ends this close to its target, as a share of the crop."""
SURE_EXIT = 1.6
"""Leaving the dead zone must last a while to count; less long when it leads so many away."""
SURE_PACE = 2.0
RUNNING = 2.5
"""Motion so many times as fast as the slowest that counts, if it is sure, wakes the crop at once,
and RUNNING_S before it leaves the dead zone: nobody sways so."""
RUNNING_S = 0.25
DEPARTING = 2.0
"""The same where two rare looks agree: they have taken their time, and no more is waited."""
GUARDED_SPARE = 0.1
"""A subject that leaves less room on each side, as a share of the crop, cannot be kept inside."""
AWAY = 0.02
"""The crop may move away from a subject that is closer to where it should be, share of the crop."""
SAME_WAY = 4.0
"""Of two looks that wake a picture at rest the one that saw the subject less far off must have seen
it off by so many times the least distance that counts, per crop of the other."""
LEAP = 0.3
"""Somebody further off than this share of the crop by one of them must be so in three."""
REPLAN = 0.05
"""A planned move is planned anew when its target is this far off, as a share of the crop."""
LEAST_MOVE_S = 0.2
HURRY_DONE = 0.08
HURRY_DONE_SPEED = 0.6
"""A hurried move is over this close to the target (share of the crop) at this speed (crops/s)."""


class AxisTarget(NamedTuple):
    """Where the crop's center should be at the end of the step, in pixels and pixels/s.

    `position` is for where the subject is, `aim` for where the crop should rather see it (a while
    ago, or soon). `velocity` is the subject's, `moving` the probability that this motion is real,
    and `drift` how fast the target moves because the crop is zooming. `size` is how much room the
    subject takes along the axis (0: not known). `seen` is where the newest looks put it, the newest
    first, and `place` where it is believed to be, on one scale of their own. `departed` is the side
    to which these looks agree that it left its place (0: to none), None where nobody asks.
    """

    position: float
    aim: float
    velocity: float = 0.0
    moving: float = 0.0
    drift: float = 0.0
    size: float = 0.0
    place: float = 0.0
    seen: tuple[float, ...] = ()
    departed: int | None = None


class _Reins:
    """The limits of one preset for a crop of one extent, worked out when one of them changes."""

    def __init__(self) -> None:
        self._preset: SpeedPreset | None = None
        self._extent = 0.0

    def fit(self, preset: SpeedPreset, extent: float) -> None:
        if preset is self._preset and extent == self._extent:
            return
        self._preset, self._extent = preset, extent
        self.usual = Limits.of(preset, extent)
        self.urgent = Limits.of(preset, extent, gains=preset.urgent)


class PanAxis:
    """Pan or tilt: holds still until the subject leaves the dead zone, then follows until quiet."""

    def __init__(self, position: float) -> None:
        self.state = AxisState(position)
        self._reins = _Reins()
        self.following = self.hurried = False
        self._traveling = False
        self._course: Course | None = None
        self._elapsed_s = 0.0
        self._quiet_s = 0.0
        self._restless_s = 0.0
        self._side = 0.0

    @property
    def resting(self) -> bool:
        return self.state.resting and not self.following

    def wake(self) -> None:
        """Follow now, dead zone or not, until the next time everything is quiet."""
        self.following = True
        self._quiet_s = self._restless_s = 0.0

    def travel(self) -> None:
        """Go to the target in one planned move, then follow it."""
        self._traveling = True
        self._course = None

    def cut_to(self, position: float) -> None:
        self.state = AxisState(position)
        self.following = self._traveling = self.hurried = False
        self._course = None

    def track(
        self, target: AxisTarget, room: Walls, preset: SpeedPreset, dead_zone: float, dt: float
    ) -> None:
        """Hold or follow the target for one frame."""
        if self._traveling and not self.hurried:
            self._go(target, room, preset, dead_zone, dt)
            return
        error = (target.position - self.state.position) / room.extent
        speed = target.velocity / room.extent
        if self.hurried and abs(error) < HURRY_DONE and self._is_calm(target, room, preset):
            self.hurried = self._traveling = False
        least = preset.sway_speed * target.size / room.extent
        least = least if least > preset.wake_speed else preset.wake_speed
        if self.following:
            aimed = (target.aim - self.state.position) / room.extent
            near = min(preset.inner_zone, dead_zone) + SETTLE_MARGIN
            if target.aim in (room.low, room.high):
                near = GLIDE_DONE  # at the frame's edge there is a place to rest exactly
            quiet = abs(speed) < least and abs(aimed) < near
            self._quiet_s = self._quiet_s + dt if quiet else 0.0
            if self._quiet_s >= preset.quiet_s:
                self.following = False
        else:
            sure_speed = speed if abs(speed) > least else 0.0
            runs = abs(speed) > RUNNING * least and target.moving > LONE_LOOK
            ahead = error + (RUNNING_S if runs else ANTICIPATE_S) * sure_speed
            wakes = _must_wake(error, ahead, target.moving, preset, dead_zone)
            sure = runs or self.hurried
            if wakes and self.state.resting:
                wakes = _is_witnessed(error, target, room.extent, preset.witnessed, dead_zone)
                sure = sure or (target.departed is not None and abs(speed) > DEPARTING * least)
            pace = SURE_PACE if abs(error) > SURE_EXIT * dead_zone else 1.0
            if not wakes or error * self._side < 0:
                self._restless_s = 0.0
            self._side = error
            self._restless_s += pace * dt if wakes else 0.0
            if self._restless_s > preset.confirm_s or (wakes and sure):
                self.wake()
        self._move(target, room, preset, dt)

    def _go(
        self, target: AxisTarget, room: Walls, preset: SpeedPreset, dead_zone: float, dt: float
    ) -> None:
        """One frame of the planned move to another subject."""
        goal = room.clip(target.position + target.drift * dt)
        if self._course is None:
            if self.state.resting and abs(goal - self.state.position) < dead_zone * room.extent:
                self._traveling = False
                return
            self._plan(goal, 0.0, room, preset)
        elif abs(goal - self._course.goal) > REPLAN * room.extent:
            self._plan(goal, self._course.seconds - self._elapsed_s, room, preset)
        assert self._course is not None
        self._elapsed_s += dt
        self.state = within(self._course.at(self._elapsed_s), room.low, room.high)
        if self._elapsed_s >= self._course.seconds:
            self._course = None
            self._traveling = self.following = False
            self._quiet_s = self._restless_s = 0.0

    def _plan(self, goal: float, left_s: float, room: Walls, preset: SpeedPreset) -> None:
        unit = room.extent
        way = goal - self.state.position
        limits = preset.speed * unit, 2 * preset.usual.acceleration * unit, preset.move_jerk * unit
        needed = seconds_for(way, *limits)
        self._course = Course(self.state, goal, max(needed, left_s, LEAST_MOVE_S))
        self._elapsed_s = 0.0

    def _is_calm(self, target: AxisTarget, room: Walls, preset: SpeedPreset) -> bool:
        slow = abs(self.state.velocity - target.velocity) < HURRY_DONE_SPEED * room.extent
        usual = preset.usual.acceleration * room.extent
        return slow and abs(self.state.acceleration) < 0.3 * usual

    def glide(self, position: float, room: Walls, preset: SpeedPreset, dt: float) -> None:
        """Move to a fixed place and rest there."""
        error = abs(position - self.state.position) / room.extent
        self.forget_moves()
        self.following = error > GLIDE_DONE
        self._move(AxisTarget(position, position), room, preset, dt)

    def rest(self, room: Walls, preset: SpeedPreset, dt: float) -> None:
        """Come to rest where it is."""
        self.forget_moves()
        self.following = False
        here = self.state.position
        self._move(AxisTarget(here, here), room, preset, dt)

    def forget_moves(self) -> None:
        """Forget hurries and planned moves: something else is to be done."""
        self.hurried = self._traveling = False
        self._course = None

    def _move(self, target: AxisTarget, room: Walls, preset: SpeedPreset, dt: float) -> None:
        if self.following or not self.state.resting:
            self._reins.fit(preset, room.extent)
            limits, urgency = self._reins.usual, None
            if self.hurried:
                limits = _hurried(preset, room.extent)
            else:
                urgency = _urgency(self._reins.urgent, target, room)
            if self.following:
                speed = target.velocity + target.drift
                lead = limits.feed_forward * target.velocity + target.drift
                self.state = follow(self.state, target.aim, lead, limits, dt, room, speed, urgency)
            else:
                self.state = brake(self.state, limits, dt, STOPPED * room.extent)
        self.state = within(self.state, room.low, room.high)


def _must_wake(
    error: float, ahead: float, moving: float, preset: SpeedPreset, dead_zone: float
) -> bool:
    """Whether the subject has left the dead zone, or surely leaves it: `ahead` is where to."""
    if abs(error) > dead_zone:
        return True
    leaving = abs(ahead) > dead_zone and abs(ahead) > abs(error) and error * ahead > 0
    known = abs(error) > min(preset.inner_zone, dead_zone)
    return leaving and known and moving > preset.wake_probability


def _is_witnessed(
    error: float, target: AxisTarget, extent: float, least: float, dead_zone: float
) -> bool:
    """Whether the newest looks agree that the subject is away to the side of `error`.

    One alone may be a false one, and nothing moves for it.
    """
    side = 1.0 if error > 0 else -1.0
    offs = [side * (error + (seen - target.place) / extent) for seen in target.seen]
    if not offs:
        return True
    near, far = min(offs[:2]), max(offs[:2])
    if target.departed is not None and target.departed != side and near < dead_zone:
        return False
    return near > least * max(1.0, SAME_WAY * far) and (far < LEAP or min(offs) > least)


def _urgency(limits: Limits, target: AxisTarget, room: Walls) -> Urgency:
    spare = (room.extent - target.size) / 2
    fits = target.size > 0 and spare > GUARDED_SPARE * room.extent
    return Urgency(
        limits,
        target.position,
        target.velocity + target.drift,
        AWAY * room.extent,
        spare if fits else math.inf,
    )


def _hurried(preset: SpeedPreset, extent: float) -> Limits:
    usual = Limits.of(preset, extent, gains=preset.hurry)
    return usual._replace(speed=HURRY_SPEED * extent)
