"""The hand on the camera: pan, tilt and zoom of one crop, moved frame by frame."""

from __future__ import annotations

import math

from livetrack_vcam.core.axis import AxisTarget, PanAxis
from livetrack_vcam.core.config import DirectorSettings
from livetrack_vcam.core.framing import (
    SubjectShape,
    height_bounds,
    shows_whole,
    wanted_center,
    wanted_height,
)
from livetrack_vcam.core.geometry import Crop, Point, Size, fit_inside
from livetrack_vcam.core.motion import AxisState, Walls
from livetrack_vcam.core.presets import PRESETS, SpeedPreset, Suit
from livetrack_vcam.core.subject_estimator import SubjectMotion
from livetrack_vcam.core.zoom import ZoomAxis, ZoomTarget

SWAY_SHARE = 0.2
"""How far a subject may sway without moving the picture, in its own widths."""
MOST_SWAY = 1.25
"""A subject so many crops wide or more may sway no further: it must not leave the crop."""
ZOOM_PATIENCE = 0.97
"""Zooming in waits when it would show less than this share of the subject."""
LIKELY = 0.5
"""A growth less probable than this is none."""
NEARLY = 0.998
"""So near a limit the crop is put there: its edges move by less than a pixel."""
GROWTH_S = 0.05
"""The wanted height's rate is told by its value so much later."""
STANDS = 0.5
"""A crop whose lower edge is so close to the frame's, in pixels, stands on it, and stays there
while it zooms if it is meant to."""
TILT_SHARE = 0.4
"""Dead zone down over dead zone across: there is little room above heads and below feet."""

RigCourse = tuple[AxisState, AxisState, AxisState]


class CameraRig:
    """Where the crop is and how it moves. One of `follow`, `glide` and `rest` is called a frame."""

    def __init__(self, frame: Size, settings: DirectorSettings) -> None:
        self._frame = frame
        self.configure(settings)
        self._suit = Suit()
        self.pan = PanAxis(frame.width / 2)
        self.tilt = PanAxis(frame.height / 2)
        self._growth = 0.0
        self.zoom = ZoomAxis(self._bounds[1])

    def configure(self, settings: DirectorSettings) -> None:
        self._settings = settings
        self._preset: SpeedPreset = PRESETS[settings.speed]
        self._ratio = float(settings.aspect_ratio)
        self._bounds = height_bounds(settings, self._frame)
        self._fitted: tuple[RigCourse, Crop] | None = None

    @property
    def crop(self) -> Crop:
        """The present crop: inside the frame, of exactly the ratio, not under the least height."""
        course = self.course
        if self._fitted is None or self._fitted[0] != course:
            smallest, largest = self._bounds
            height = self.zoom.height
            crop = fit_inside(
                Point(self.pan.state.position, self.tilt.state.position),
                largest if height > largest * (1 - 1e-9) else height,
                self._settings.aspect_ratio,
                self._frame,
                min(smallest, height),
            )
            self._fitted = course, crop
        return self._fitted[1]

    @property
    def resting(self) -> bool:
        return self.pan.resting and self.tilt.resting and self.zoom.resting

    def _dead_zones(self, size: float, extent: float) -> tuple[float, float]:
        """For pan and tilt. A subject that fills the crop may also sway by a part of its width."""
        own = self._settings.dead_zone
        if own is not None:
            return own, own
        usual = self._preset.dead_zone
        return max(usual, SWAY_SHARE * min(size / extent, MOST_SWAY)), TILT_SHARE * usual

    def wake(self) -> None:
        """Reframe now: leave the dead zone on both axes."""
        self.pan.wake()
        self.tilt.wake()

    def hurry(self) -> None:
        """The picture is empty and the subject is elsewhere: get there as fast as looks well."""
        self.pan.hurried = self.tilt.hurried = True

    def travel(self) -> None:
        """Somebody else is the subject: go there in one planned move."""
        self.pan.travel()
        self.tilt.travel()

    def cut_to(self, center: Point, height: float) -> None:
        """Jump, at rest, to the allowed crop nearest to the asked one."""
        self.zoom.cut_to(height)
        self.pan.cut_to(center.x)
        self.tilt.cut_to(center.y)
        box = self.crop.box
        self.zoom.cut_to(box.height)
        self.pan.cut_to(box.center.x)
        self.tilt.cut_to(box.center.y)

    @property
    def course(self) -> RigCourse:
        """How pan, tilt (pixels) and zoom (logarithm of the crop's height) are moving."""
        return self.pan.state, self.tilt.state, self.zoom.state

    def carry(self, x: AxisState, y: AxisState, size: AxisState) -> None:
        """Put the crop on a planned course; the states are as those of `course`."""
        self.zoom.cut_to(math.exp(size.position))
        self.zoom.state = size
        for axis, state in ((self.pan, x), (self.tilt, y)):
            axis.cut_to(state.position)
            axis.state = state

    def shows(self, shape: SubjectShape) -> bool:
        """Whether the subject is inside the present crop from side to side."""
        box = self.crop.box
        half = shape.width / 2
        left, right = shape.center_x - half, shape.center_x + half
        return (box.x1 <= left or box.x1 <= 0.0) and (
            right <= box.x2 or self._frame.width <= box.x2
        )

    def follow(self, subject: SubjectMotion, dt: float, closer: bool = True) -> None:
        """Keep the subject composed for one frame of `dt` seconds.

        The crop zooms out whenever it is needed, but in only on somebody in the picture, and only
        if it may come `closer`.
        """
        self._mind_limit()
        shape = subject.shape
        height = self.zoom.height
        center = before = self._wanted(shape, height)
        stands = self.tilt.state.position + height / 2 > self._frame.height - STANDS
        self._track_zoom(subject, closer, height, dt)
        drift_x = drift_y = 0.0
        if self.zoom.height != height:
            center = self._wanted(shape, self.zoom.height)
            drift_x, drift_y = _rate(before.x, center.x, dt), _rate(before.y, center.y, dt)
        pan_room, tilt_room = self._rooms()
        speed_x = subject.velocity_x if center.x == shape.center_x else 0.0
        speed_y = subject.velocity_y if tilt_room.low < center.y < tilt_room.high else 0.0
        aim_s = subject.aim_s
        x = AxisTarget(
            center.x,
            pan_room.clip(center.x + aim_s * speed_x),
            speed_x,
            subject.moving_x,
            drift_x,
            shape.width,
            shape.center_x,
            subject.seen_x,
            subject.departed_x,
        )
        y = AxisTarget(
            center.y,
            tilt_room.clip(center.y + aim_s * speed_y),
            speed_y,
            subject.moving_y,
            drift_y,
            place=shape.top,
            seen=subject.seen_y,
            departed=subject.departed_y,
        )
        across, down = self._dead_zones(shape.width, pan_room.extent)
        if self.zoom.moving:
            self.wake()
        for_pan, for_tilt = self._suit.of(self._preset, subject.delay_s)
        self.pan.track(x, pan_room, for_pan, across, dt)
        self.tilt.track(y, tilt_room, for_tilt, down, dt)
        if stands and center.y >= tilt_room.high - STANDS:
            self.tilt.state = AxisState(tilt_room.high, drift_y)

    def _wanted(self, shape: SubjectShape, height: float) -> Point:
        return wanted_center(shape, self._settings, self._frame, height)

    def glide(self, center: Point, height: float, dt: float) -> None:
        """One frame of the way to a fixed crop, where the picture then rests."""
        if abs(self.zoom.height - height) > 1e-3 * height and not self.zoom.moving:
            self.zoom.go_to(height)
        self._step_zoom(dt)
        pan_room, tilt_room = self._rooms()
        x = min(max(center.x, pan_room.low), pan_room.high)
        y = min(max(center.y, tilt_room.low), tilt_room.high)
        self.pan.glide(x, pan_room, self._preset, dt)
        self.tilt.glide(y, tilt_room, self._preset, dt)

    def rest(self, dt: float) -> None:
        """One frame of coming to rest, or of resting."""
        if self.zoom.moving:
            self.zoom.rest()
        self._step_zoom(dt)
        pan_room, tilt_room = self._rooms()
        self.pan.rest(pan_room, self._preset, dt)
        self.tilt.rest(tilt_room, self._preset, dt)

    def _mind_limit(self) -> None:
        """Leave a crop that a new limit forbids, whoever is in it."""
        smallest = self._bounds[0]
        if self.zoom.height < smallest * (1 - 1e-6) and not self.zoom.moving:
            self.zoom.go_to(smallest)

    def _track_zoom(self, subject: SubjectMotion, closer: bool, before: float, dt: float) -> None:
        wanted = wanted_height(subject.shape, self._settings, self._frame)
        rate = 0.0
        if subject.growing > LIKELY:
            soon = wanted_height(subject.grown(GROWTH_S), self._settings, self._frame)
            rate = math.log(soon / wanted) / GROWTH_S
        target = ZoomTarget(
            wanted,
            rate,
            subject.growing,
            closer and self.shows(subject.shape),
            self._needed_height(subject.shape),
        )
        low, high = self._bounds
        low = min(low, before) if before < NEARLY * low else low
        self.zoom.track(target, self._settings.speed, low, high, dt)
        height = self.zoom.height
        self._growth = 0.0 if height == before else _rate(height / 2, before / 2, dt)

    def _step_zoom(self, dt: float) -> None:
        low, high = self._bounds
        before = self.zoom.height
        low = min(low, before)  # a limit set lower by command is glided to, not jumped to
        self.zoom.step(self._settings.speed, low, high, dt)
        self._growth = _rate(self.zoom.height / 2, before / 2, dt)

    def _needed_height(self, shape: SubjectShape) -> float:
        """Height at which the crop, centered where it is now, shows what the shot wants to show."""
        if not shows_whole(self._settings):
            return 0.0
        x, y = self.pan.state.position, self.tilt.state.position
        bottom = min(shape.top + shape.height, float(self._frame.height))
        half = shape.width / 2
        across = max(x - (shape.center_x - half), shape.center_x + half - x) / self._ratio
        return 2 * ZOOM_PATIENCE * max(across, y - shape.top, bottom - y)

    def _rooms(self) -> tuple[Walls, Walls]:
        """Room for the crop's center across and down, at the present zoom."""
        height = self.zoom.height
        whole_width, whole_height = self._frame.width, self._frame.height
        width = height * self._ratio
        width = width if width < whole_width else float(whole_width)
        height = height if height < whole_height else float(whole_height)
        growth = self._growth
        across = growth * self._ratio
        return (
            Walls(width / 2, whole_width - width / 2, across, width),
            Walls(height / 2, whole_height - height / 2, growth, height),
        )


def _rate(before: float, after: float, dt: float) -> float:
    return (after - before) / dt if dt > 0 else 0.0
