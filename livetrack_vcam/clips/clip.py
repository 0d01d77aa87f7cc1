"""A clip decided frame by frame in one loop: causally as `run` does, or knowing all of it."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from livetrack_vcam.clips.pace import RATE_SHARE
from livetrack_vcam.clips.shot_boundaries import ShotBoundaries
from livetrack_vcam.clips.viewer import Viewer
from livetrack_vcam.core.config import DirectorSettings
from livetrack_vcam.core.detection import Observation, Track
from livetrack_vcam.core.director import Director
from livetrack_vcam.core.geometry import Box, Crop, Size
from livetrack_vcam.core.offline import best_path
from livetrack_vcam.core.presence import State
from livetrack_vcam.detectors.lookout import lookout
from livetrack_vcam.detectors.watch import Watch
from livetrack_vcam.errors import SourceError
from livetrack_vcam.interfaces import Detector, Source, SourceInfo
from livetrack_vcam.live.look_ahead import DelayLine
from livetrack_vcam.live.opening import Opening
from livetrack_vcam.media import Frame
from livetrack_vcam.stats import NS_PER_S


@dataclass(frozen=True, slots=True)
class Step:
    """One frame with the decision made for it; `t_ns` counts from the first frame of the clip.

    `panes` are the boxes shown; none: the crop alone.
    """

    frame: Frame
    t_ns: int
    crop: Crop
    state: State
    subject: tuple[int, ...]
    tracks: tuple[Track, ...]
    panes: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class Cadence:
    """How often the detector looks, and how long it takes until its answer is known."""

    hz: float = 10.0
    latency_ns: int = 67_000_000

    def due(self) -> Callable[[int], bool]:
        """A function that says of each frame's time, in order, whether it is looked at."""
        interval_ns = round(NS_PER_S / self.hz)
        due_ns: int | None = None

        def is_due(t_ns: int) -> bool:
            nonlocal due_ns
            if due_ns is not None and t_ns < due_ns:
                return False
            # From when it was due, not from now, or 10 Hz would be 8 at 24 fps.
            due_ns = max((t_ns if due_ns is None else due_ns) + interval_ns, t_ns)
            return True

        return is_due


@dataclass(frozen=True, slots=True)
class Span:
    """The part of a clip to use, in seconds from its first frame; `end_s` None is its end."""

    start_s: float = 0.0
    end_s: float | None = None

    def holds(self, t_ns: int) -> bool:
        return t_ns >= self.start_s * NS_PER_S and not self.is_over(t_ns)

    def is_over(self, t_ns: int) -> bool:
        return self.end_s is not None and t_ns >= self.end_s * NS_PER_S


OpenSource = Callable[[], Source]
LEAST_KEPT, MOST_KEPT = 384 * 2**20, 1024 * 2**20
"""Bytes of decoded pictures to keep for the second pass; a longer clip is decoded twice."""
SHARE_KEPT = 0.25
"""Of the memory that is free, as far as it is more than LEAST_KEPT."""


class Clip:
    """A video file that can be walked through more than once.

    `note` is a sentence for the user once the file turned out to be damaged.
    """

    def __init__(self, open_source: OpenSource, span: Span) -> None:
        self._open_source = open_source
        self._span = span
        self.note: str | None = None
        self._kept: list[tuple[int, Frame]] | None = None
        source = open_source()
        try:
            self.info: SourceInfo = source.open()
        finally:
            source.close()
        if self.info.live:
            raise SourceError(f"{self.info.name} is a live source; `reframe` takes a video file")

    @property
    def size(self) -> Size:
        return self.info.size

    def frames(self, keep: int = 0) -> Iterator[tuple[int, Frame]]:
        """Each frame of the span with its time from the first frame of the clip.

        If all of them fit into `keep` bytes, the next walk has them without decoding.
        """
        if self._kept is not None:
            yield from self._kept
            return
        kept: list[tuple[int, Frame]] = []
        room = keep
        for t_ns, frame in self._decoded():
            size = sum(plane.nbytes for plane in frame.planes)
            room -= size if self._count() * size <= keep else keep + 1
            if room >= 0:
                kept.append((t_ns, frame))
            else:
                kept.clear()
            yield t_ns, frame
        self._kept = kept if room >= 0 else None

    def _count(self) -> int:
        """About how many frames there are, as the file says; 0 if it does not."""
        length_s = self.info.duration_s or 0.0
        end_s = length_s if self._span.end_s is None else min(length_s, self._span.end_s)
        return round(max(end_s - self._span.start_s, 0.0) * float(self.info.fps or 0))

    def _decoded(self) -> Iterator[tuple[int, Frame]]:
        source = self._open_source()
        source.open()
        try:
            first_ns: int | None = None
            while (frame := source.read()) is not None:
                first_ns = frame.pts_ns if first_ns is None else first_ns
                t_ns = frame.pts_ns - first_ns
                if self._span.is_over(t_ns):
                    return
                if self._span.holds(t_ns):
                    yield t_ns, frame
            self.note = getattr(source, "note", None)
        finally:
            source.close()


def memory_to_keep() -> int:
    """Bytes of decoded pictures that this machine has room for now.

    Only Linux tells: macOS does not know the first name, and Windows has nobody to ask.
    """
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        free = 0
    return min(max(LEAST_KEPT, round(SHARE_KEPT * free)), MOST_KEPT)


def causal_steps(
    clip: Clip,
    detector: Detector,
    settings: DirectorSettings,
    cadence: Cadence,
    look_ahead: int = 0,
) -> Iterator[Step]:
    """What `run` decides, with the detector's cadence and latency simulated deterministically.

    With `look_ahead` each frame is decided that many frames later; its own time stays. The first
    ones wait until somebody is found (see Opening).
    """
    director = Director(clip.size, settings)
    watch = Watch(lookout(detector), clip.size)
    waiting: deque[tuple[int, Observation]] = deque()
    opening: Opening[tuple[int, Frame]] = Opening()
    held: DelayLine[tuple[int, Frame]] = DelayLine(look_ahead)
    late_ns = 0
    is_due = cadence.due()
    for t_ns, frame in clip.frames():
        if is_due(t_ns):
            observation = watch.observe(frame, director.attention, t_ns)
            if observation is not None:
                waiting.append((t_ns + cadence.latency_ns, observation))
        _tell(director, waiting, t_ns)
        for each in opening.put((t_ns, frame), t_ns, bool(director.subject)):
            shown = held.put(each)
            if shown is not None:
                late_ns = each[0] - shown[0]
                yield _decided(director, *shown)
    for each in opening.rest():
        shown = held.put(each)
        if shown is not None:
            yield _decided(director, *shown)
    while (shown := held.take()) is not None:
        _tell(director, waiting, shown[0] + late_ns)
        yield _decided(director, *shown)


def _tell(director: Director, waiting: deque[tuple[int, Observation]], now_ns: int) -> None:
    """Hand over what the detector has found by now."""
    while waiting and waiting[0][0] <= now_ns:
        known = waiting.popleft()[1]
        director.observe(known.detections, known.pts_ns, known.looks)


def _decided(director: Director, t_ns: int, frame: Frame) -> Step:
    crop = director.crop_at(t_ns)
    state, subject, tracks = director.state, director.subject, director.tracks_at(t_ns)
    return Step(frame, t_ns, crop, state, subject, tracks, director.panes)


def observe_clip(
    clip: Clip,
    detector: Detector,
    settings: DirectorSettings,
    cadence: Cadence,
    progress: Callable[[int], None],
    boundaries: ShotBoundaries | None = None,
    sparing: bool = False,
) -> tuple[list[Observation], list[int]]:
    """First pass of two: what the detector sees at its cadence, and the time of every frame.

    With `boundaries` it also looks at the first frame of every shot, and knows nothing any more
    of the shot before. `sparing` looks as seldom as the best path allows (see pace); for a ball,
    which is soon elsewhere, it looks as often as ever.
    """
    viewer = Viewer(clip.size, detector, settings, sparing)
    share = RATE_SHARE if viewer.sparing else 1.0
    is_due = replace(cadence, hz=share * cadence.hz).due()
    observations: list[Observation] = []
    times: list[int] = []
    for t_ns, frame in clip.frames(keep=memory_to_keep()):
        cut = boundaries is not None and boundaries.see(frame, t_ns)
        if cut:
            observations += viewer.forget(t_ns)
        if is_due(t_ns) or cut:
            observations += viewer.look(frame, t_ns)
        times.append(t_ns)
        progress(t_ns)
    observations += viewer.rest()
    return observations, times


def foresighted_steps(
    clip: Clip,
    settings: DirectorSettings,
    observations: list[Observation],
    times: list[int],
    cuts_ns: Sequence[int] = (),
) -> Iterator[Step]:
    """Second pass: the best path over the whole clip, shot by shot."""
    path = best_path(clip.size, settings, observations, times, cuts_ns)
    for (t_ns, frame), point in zip(clip.frames(), path, strict=False):
        yield Step(frame, t_ns, point.crop, point.state, point.subject, point.tracks)
