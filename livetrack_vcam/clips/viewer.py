"""Looks at the frames of a clip for its best path, as seldom as that allows."""

from __future__ import annotations

from dataclasses import replace

from livetrack_vcam.clips.pace import Rest, alike
from livetrack_vcam.core.attention import Attention
from livetrack_vcam.core.config import DirectorSettings, SubjectKind
from livetrack_vcam.core.detection import Observation
from livetrack_vcam.core.geometry import Size, largest_height
from livetrack_vcam.core.tracker import Tracker, TrackerSettings
from livetrack_vcam.detectors.lookout import lookout
from livetrack_vcam.detectors.watch import Watch
from livetrack_vcam.interfaces import Detector
from livetrack_vcam.media import Frame


class Viewer:
    """Looks at frames of one clip in order, where what it saw before makes it worth most.

    With `sparing` every other frame is put off until the one after it was seen: when both neighbors
    show the same, it is never looked at. A ball, which is soon elsewhere, is not spared a look.
    """

    def __init__(
        self, size: Size, detector: Detector, settings: DirectorSettings, sparing: bool
    ) -> None:
        self._size, self._detector = size, detector
        self._fusion = settings.fusion
        self._widest = largest_height(settings.aspect_ratio, size) * float(settings.aspect_ratio)
        ball = settings.subject.kind is SubjectKind.BALL
        self._attention = Attention(ball=ball)
        self.sparing = sparing and not ball
        self._put_off: tuple[Frame, int] | None = None
        self.forget(0)

    def forget(self, t_ns: int) -> list[Observation]:
        """Begin another shot; what was put off of the one before."""
        late = self.rest()
        self._watch = Watch(lookout(self._detector), self._size, sparing=self.sparing)
        self._tracker = Tracker(self._size, TrackerSettings(fusion=self._fusion))
        self._attention = replace(self._attention, tracks=(), pts_ns=t_ns)
        self._rest = Rest()
        self._seen: Observation | None = None
        return late

    def look(self, frame: Frame, t_ns: int) -> list[Observation]:
        """What is known of this frame and the one put off before it, in order of time."""
        still = self._rest.still(frame, t_ns) if self.sparing else None
        if still is None and self.sparing and self._seen is not None and self._put_off is None:
            self._put_off = (frame, t_ns)
            return []
        seen = still or self._watch.observe(frame, self._attention, t_ns)
        if still is None:
            self._rest.looked(frame, t_ns, seen)
        between, self._put_off = self._put_off, None
        if seen is None:
            return []
        known = [seen]
        if between and self._seen and not alike(self._seen, seen, self._widest):
            known.insert(0, self._watch.look(*between, seen.looks))
        return self._noted(known)

    def rest(self) -> list[Observation]:
        """What the shot's last frame shows, if it was put off."""
        if self._put_off is None:
            return []
        (frame, t_ns), self._put_off = self._put_off, None
        seen = self._watch.observe(frame, self._attention, t_ns)
        return self._noted([] if seen is None else [seen])

    def _noted(self, known: list[Observation]) -> list[Observation]:
        for observation in known:
            tracks = self._tracker.update(observation)
            self._attention = replace(self._attention, tracks=tracks, pts_ns=observation.pts_ns)
            self._seen = observation
        return known
