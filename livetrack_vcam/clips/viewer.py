"""Looks at the frames of a clip for its best path, as seldom as that allows."""

from __future__ import annotations

from dataclasses import replace

from livetrack_vcam.clips.pace import Rest, alike
from livetrack_vcam.core.attention import Attention
from livetrack_vcam.core.config import DirectorSettings, SubjectKind
from livetrack_vcam.core.detection import FACE, PERSON, Observation
from livetrack_vcam.core.geometry import Size, iou, largest_height
from livetrack_vcam.core.tracker import Tracker, TrackerSettings
from livetrack_vcam.detectors.lookout import lookout
from livetrack_vcam.detectors.watch import Watch
from livetrack_vcam.interfaces import Detector
from livetrack_vcam.media import Frame
from livetrack_vcam.stats import NS_PER_S

MOST_PUT_OFF = 2
"""Frames that wait for a later one to be seen."""
STANDING = 0.8
"""Intersection over union of where somebody is and half of the way that he would go meanwhile."""


class Viewer:
    """Looks at frames of one clip in order, where what it saw before makes it worth most.

    With `sparing` frames are put off until a later one was seen. Where that shows the same as the
    last one did they are never looked at; else the one in the middle is, and so on by halves. A
    ball, which is soon elsewhere, is not spared a look.
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
        self._put_off: list[tuple[Frame, int]] = []
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
        """What is known of this frame and those put off before it, in order of time."""
        still = self._rest.still(frame, t_ns) if self.sparing else None
        wait = self.sparing and self._seen is not None and len(self._put_off) < MOST_PUT_OFF
        if still is None and wait:
            self._put_off.append((frame, t_ns))
            return []
        seen = still or self._watch.observe(frame, self._attention, t_ns)
        if still is None:
            self._rest.looked(frame, t_ns, seen)
        put_off, self._put_off = self._put_off, []
        if seen is None:
            return []
        return self._noted([*self._between(self._seen, seen, put_off, self._restless(t_ns)), seen])

    def rest(self) -> list[Observation]:
        """What the shot's last frames show, if they were put off."""
        if not self._put_off:
            return []
        (frame, t_ns), self._put_off = self._put_off[-1], self._put_off[:-1]
        seen = self._watch.observe(frame, self._attention, t_ns)
        put_off, self._put_off = self._put_off, []
        if seen is None:
            return []
        return self._noted([*self._between(self._seen, seen, put_off, self._restless(t_ns)), seen])

    def _restless(self, t_ns: int) -> bool:
        """Whether somebody moved so fast that he may have come back by now."""
        halfway_s = (t_ns - self._attention.pts_ns) / 2 / NS_PER_S
        return any(
            iou(track.box, track.box.shifted(track.velocity.x * halfway_s, 0.0)) < STANDING
            for track in self._attention.tracks
            if track.label == PERSON
        )

    def _between(
        self,
        before: Observation | None,
        after: Observation,
        frames: list[tuple[Frame, int]],
        restless: bool,
    ) -> list[Observation]:
        """What is worth knowing of the frames between two that were looked at.

        Some are told as they must have been, so that nobody is taken to have been away.
        """
        if not frames or before is None:
            return []
        if not restless and alike(before, after, self._widest):
            return [replace(before, pts_ns=t_ns) for _, t_ns in frames[1:]]
        middle = len(frames) // 2
        looks = tuple(look for look in after.looks if FACE not in look.labels)
        seen = self._watch.look(*frames[middle], looks)
        return [
            *self._between(before, seen, frames[:middle], restless),
            seen,
            *self._between(seen, after, frames[middle + 1 :], restless),
        ]

    def _noted(self, known: list[Observation]) -> list[Observation]:
        for observation in known:
            tracks = self._tracker.update(observation)
            self._attention = replace(self._attention, tracks=tracks, pts_ns=observation.pts_ns)
            self._seen = observation
        return known
