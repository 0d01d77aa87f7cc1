"""What the picture does when its subject has been gone for longer than it waits."""

from __future__ import annotations

from livetrack_vcam.core.config import DirectorSettings, WhenLost
from livetrack_vcam.core.framing import clamp_center, height_bounds
from livetrack_vcam.core.geometry import Box, Point, Size
from livetrack_vcam.core.passage import Passage
from livetrack_vcam.core.presence import State
from livetrack_vcam.core.rig import CameraRig


class Absence:
    """Takes the crop where `when_lost` says, in `lost_widen` seconds; at once when that is 0.

    It never zooms in on an empty picture, with one exception: a home framing is somebody's own
    choice and is taken as it is, even if it is closer.
    """

    def __init__(self, frame: Size) -> None:
        self._frame = frame
        self._passage: Passage | None = None

    def end(self) -> None:
        """The subject is back, or the user wants something else: a later move starts anew."""
        self._passage = None

    def step(
        self, rig: CameraRig, settings: DirectorSettings, home: Box | None, dt: float
    ) -> State:
        """One frame without a subject; `home` is the user's framing for the action HOME."""
        if settings.when_lost is WhenLost.HOLD:
            rig.rest(dt)
            return State.LOST
        if self._passage is None:
            center, height = self._refuge(rig, settings, home)
            self._passage = Passage(rig.course, center, height, settings.lost_widen)
        rig.carry(*self._passage.step(dt))
        return State.WIDE if self._passage.done else State.WIDEN

    def _refuge(
        self, rig: CameraRig, settings: DirectorSettings, home: Box | None
    ) -> tuple[Point, float]:
        """Center and height of the crop to go to: one that lies inside the frame."""
        low, high = height_bounds(settings, self._frame)
        center, height = Point(self._frame.width / 2, self._frame.height / 2), high
        if settings.when_lost is WhenLost.CENTER:
            height = rig.crop.box.height
        elif settings.when_lost is WhenLost.HOME and home is not None:
            center, height = home.center, home.height
        height = min(max(height, low), high)
        return clamp_center(center.x, center.y, settings, self._frame, height), height
