"""Our director as an operator."""

from __future__ import annotations

from benchmarks.framing.operators.composition import ideal_crop
from livetrack_vcam.core import Box, Detection, Director, DirectorSettings, Size
from livetrack_vcam.core.command import LockTrack


class Live:
    """The director with the settings of a scene's shot and a speed of its own."""

    def __init__(self, frame: Size, settings: DirectorSettings) -> None:
        self._frame = frame
        self._settings = settings
        self._director = Director(frame, settings)

    def observe(self, detections: tuple[Detection, ...], pts_ns: int) -> None:
        self._director.observe(detections, pts_ns)

    def crop_at(self, pts_ns: int) -> Box:
        return self._director.crop_at(pts_ns).box

    def select(self, place: Box) -> None:
        x = place.center.x
        nearest = min(self._director.tracks, key=lambda t: abs(t.box.center.x - x))
        self._director.command(LockTrack(nearest.track_id))

    def ideal(self, subject: Box) -> Box:
        return ideal_crop(self._frame, self._settings, subject)

    @property
    def subject(self) -> tuple[Box, ...]:
        ids = self._director.subject
        return tuple(t.box for t in self._director.tracks if t.track_id in ids)
