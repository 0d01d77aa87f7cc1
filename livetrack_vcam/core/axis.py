"""One axis of the crop as an operator would handle it: rest, follow, glide."""

from __future__ import annotations

from dataclasses import dataclass

from livetrack_vcam.core.motion import (
    STOPPED,
    AxisState,
    Limits,
    Walls,
    brake,
    follow,
    within,
)
from livetrack_vcam.core.presets import GUARDED, HURRIED, SpeedPreset

SETTLE_MARGIN = 0.01
"""A follow ends this much (share of the crop) outside the inner zone at most."""
ANTICIPATE_S = 0.25
"""Motion that is sure to leave the dead zone so soon wakes the crop early; swaying does not."""
GLIDE_DONE = 0.004
"""A glide ends this close to its target, as a share of the crop."""


WAKE_CONFIRM_S = 0.15
SURE_EXIT = 1.6
"""Leaving the dead zone must last so long, or lead this many dead zones away, to count."""
SWAY_SPEED = 0.25
"""Slower than this, in its own widths a second, a subject sways or gestures but does not leave."""
GUARDED_SPARE = 0.1
"""A subject that leaves less room on each side, as a share of the crop, cannot be kept inside."""
GUARD_MARGIN = 0.03
HURRY_DONE = 0.08
HURRY_DONE_SPEED = 0.6
"""A hurried move is over this close to the target (share of the crop) at this speed (crops/s)."""


@dataclass(frozen=True, slots=True)
class AxisTarget:
    """Where the crop's center should be at the end of the step, in pixels and pixels/s.

    `velocity` is the subject's, `moving` the probability that this motion is real, and `drift` how
    fast the target moves because the crop is zooming. `size` is how much room the subject takes
    along the axis (0: not known) and `place` where its center is.
    """

    position: float
    velocity: float = 0.0
    moving: float = 0.0
    drift: float = 0.0
    size: float = 0.0
    place: float = 0.0


@dataclass(frozen=True, slots=True)
class AxisRoom:
    """How large the crop is along this axis, and between which walls its center may move.

    While the crop shrinks the walls move apart: each by `growth`, in pixels/s.
    """

    extent: float
    low: float
    high: float
    growth: float = 0.0

    @property
    def walls(self) -> Walls:
        return Walls(self.low, self.high, self.growth)


class PanAxis:
    """Pan or tilt: holds still until the subject leaves the dead zone, then follows until quiet."""

    def __init__(self, position: float) -> None:
        self.state = AxisState(position)
        self.following = self.hurried = self.guarded = self.traveling = False
        self._quiet_s = 0.0
        self._restless_s = 0.0

    @property
    def resting(self) -> bool:
        return self.state.resting and not self.following

    def wake(self) -> None:
        """Follow now, dead zone or not, until the next time everything is quiet."""
        self.following = True
        self._quiet_s = self._restless_s = 0.0

    def cut_to(self, position: float) -> None:
        self.state = AxisState(position)
        self.following = False

    def track(
        self, target: AxisTarget, room: AxisRoom, preset: SpeedPreset, dead_zone: float, dt: float
    ) -> None:
        """Hold or follow the target for one frame."""
        error = (target.position - self.state.position) / room.extent
        speed = target.velocity / room.extent
        self._choose_pace(target, room, preset, error)
        least = max(preset.wake_speed, SWAY_SPEED * target.size / room.extent)
        if not self.following:
            sure_speed = speed if abs(speed) > least else 0.0
            wakes = self._must_wake(error, sure_speed, target.moving, preset, dead_zone)
            self._restless_s = self._restless_s + dt if wakes else 0.0
            if self._restless_s > WAKE_CONFIRM_S or abs(error) > SURE_EXIT * dead_zone:
                self.wake()
        elif self.following:
            quiet_error = min(preset.inner_zone, dead_zone) + SETTLE_MARGIN
            quiet = abs(speed) < least and abs(error) < quiet_error
            self._quiet_s = self._quiet_s + dt if quiet else 0.0
            if self._quiet_s >= preset.quiet_s:
                self.following = False
        self._move(target, room, preset, dt)

    def _choose_pace(
        self, target: AxisTarget, room: AxisRoom, preset: SpeedPreset, error: float
    ) -> None:
        """Guard the edge while a subject that could be inside the crop sticks out of it.

        A faster pace ends only when the ordinary limits can take over without a swing.
        """
        calm = self._is_calm(target, room, preset)
        self.traveling = self.traveling and abs(error) > HURRY_DONE
        if self.hurried and calm and abs(error) < HURRY_DONE:
            self.hurried = False
        spare = (room.extent - target.size) / 2
        off = abs(target.place - self.state.position)
        if target.size <= 0 or spare < GUARDED_SPARE * room.extent:
            self.guarded = self.guarded and not calm
        elif off > spare and not self.traveling:
            self.guarded = True
        elif calm and off < spare - GUARD_MARGIN * room.extent:
            self.guarded = False

    def _is_calm(self, target: AxisTarget, room: AxisRoom, preset: SpeedPreset) -> bool:
        slow = abs(self.state.velocity - target.velocity) < HURRY_DONE_SPEED * room.extent
        return slow and abs(self.state.acceleration) < 0.3 * preset.acceleration * room.extent

    def _must_wake(
        self, error: float, speed: float, moving: float, preset: SpeedPreset, dead_zone: float
    ) -> bool:
        if abs(error) > dead_zone:
            return True
        leaving = abs(error + ANTICIPATE_S * speed) > dead_zone
        return (
            moving > preset.wake_probability
            and abs(error) > min(preset.inner_zone, dead_zone)
            and error * speed > 0
            and leaving
        )

    def glide(self, position: float, room: AxisRoom, preset: SpeedPreset, dt: float) -> None:
        """Move to a fixed place and rest there."""
        error = abs(position - self.state.position) / room.extent
        self.following = error > GLIDE_DONE
        self.hurried = self.guarded = False
        self._move(AxisTarget(position), room, preset, dt)

    def rest(self, room: AxisRoom, preset: SpeedPreset, dt: float) -> None:
        """Come to rest where it is."""
        self.following = self.hurried = self.guarded = False
        self._move(AxisTarget(self.state.position), room, preset, dt)

    def _move(self, target: AxisTarget, room: AxisRoom, preset: SpeedPreset, dt: float) -> None:
        if self.hurried:
            preset = HURRIED[preset]
        elif self.guarded:
            preset = GUARDED[preset]
        limits = Limits.of(preset, room.extent)
        if self.following:
            lead = limits.feed_forward * target.velocity + target.drift
            self.state = follow(self.state, target.position, lead, limits, dt, room.walls)
        elif not self.state.resting:
            self.state = brake(self.state, limits, dt, STOPPED * room.extent)
        self.state = within(self.state, room.low, room.high)
