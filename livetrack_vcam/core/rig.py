"""The hand on the camera: pan, tilt and zoom of one crop, moved frame by frame."""

from __future__ import annotations

from livetrack_vcam.core.axis import AxisRoom, AxisTarget, PanAxis, ZoomAxis
from livetrack_vcam.core.config import DirectorSettings
from livetrack_vcam.core.framing import height_bounds, wanted_center
from livetrack_vcam.core.geometry import Crop, Point, Size, fit_inside
from livetrack_vcam.core.presets import PRESETS, SpeedPreset
from livetrack_vcam.core.subject_estimator import SubjectMotion


class CameraRig:
    """Where the crop is and how it moves. One of `follow`, `glide` and `rest` is called a frame."""

    def __init__(self, frame: Size, settings: DirectorSettings) -> None:
        self._frame = frame
        self._settings = settings
        self.pan = PanAxis(frame.width / 2)
        self.tilt = PanAxis(frame.height / 2)
        self.zoom = ZoomAxis(height_bounds(settings, frame)[1])

    def configure(self, settings: DirectorSettings) -> None:
        self._settings = settings

    @property
    def crop(self) -> Crop:
        """The present crop: inside the frame, of exactly the ratio, not under the least height."""
        smallest, largest = height_bounds(self._settings, self._frame)
        height = self.zoom.height
        return fit_inside(
            Point(self.pan.state.position, self.tilt.state.position),
            largest if height > largest * (1 - 1e-9) else height,
            self._settings.aspect_ratio,
            self._frame,
            smallest,
        )

    @property
    def resting(self) -> bool:
        return self.pan.resting and self.tilt.resting and self.zoom.resting

    @property
    def _preset(self) -> SpeedPreset:
        return PRESETS[self._settings.speed]

    @property
    def dead_zone(self) -> float:
        own = self._preset.dead_zone
        return own if self._settings.dead_zone is None else self._settings.dead_zone

    def wake(self) -> None:
        """Reframe now: leave the dead zone on both axes."""
        self.pan.wake()
        self.tilt.wake()

    def cut_to(self, center: Point, height: float) -> None:
        """Jump, at rest, to the allowed crop nearest to the asked one."""
        self.zoom.cut_to(height)
        self.pan.cut_to(center.x)
        self.tilt.cut_to(center.y)
        box = self.crop.box
        self.zoom.cut_to(box.height)
        self.pan.cut_to(box.center.x)
        self.tilt.cut_to(box.center.y)

    def follow(self, subject: SubjectMotion, dt: float) -> None:
        """Keep the subject composed for one frame of `dt` seconds."""
        self._step_zoom(dt)
        center = wanted_center(subject.shape, self._settings, self._frame, self.zoom.height)
        free_x = center.x == subject.shape.center_x
        x = AxisTarget(center.x, subject.velocity_x if free_x else 0.0, subject.moving_x)
        pan_room, tilt_room = self._rooms()
        free_y = tilt_room.low < center.y < tilt_room.high
        y = AxisTarget(center.y, subject.velocity_y if free_y else 0.0, subject.moving_y)
        self.pan.track(x, pan_room, self._preset, self.dead_zone, dt)
        self.tilt.track(y, tilt_room, self._preset, self.dead_zone, dt)

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

    def _step_zoom(self, dt: float) -> None:
        self.zoom.step(self._preset, *height_bounds(self._settings, self._frame), dt)

    def _rooms(self) -> tuple[AxisRoom, AxisRoom]:
        """Room for the crop's center across and down, at the present zoom."""
        height = self.zoom.height
        width = min(height * float(self._settings.aspect_ratio), float(self._frame.width))
        height = min(height, float(self._frame.height))
        return (
            AxisRoom(width, width / 2, self._frame.width - width / 2),
            AxisRoom(height, height / 2, self._frame.height - height / 2),
        )
