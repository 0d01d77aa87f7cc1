"""Everybody who frames a clip of the corpus from the same observations, as traces."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from benchmarks.corpus_looks import Looks
from benchmarks.framing.operators import Operator
from livetrack_vcam.core.config import DirectorSettings, Speed
from livetrack_vcam.core.detection import Detection, Observation, Track
from livetrack_vcam.core.director import Director
from livetrack_vcam.core.geometry import Box, Crop
from livetrack_vcam.core.offline import best_path
from livetrack_vcam.core.presence import State
from livetrack_vcam.core.subject import SubjectSelector
from livetrack_vcam.core.tracker import Tracker, TrackerSettings
from livetrack_vcam.shot_settings import default_size
from livetrack_vcam.trace import frame_line

Trace = list[dict[str, Any]]
LATE, OFFLINE = "cinema-10", "offline"
OURS = (*(speed.value for speed in Speed), LATE, OFFLINE)

FRAME_NS = 33_333_333
"""When the first frame comes, for operators that measure time from 0."""

PATIENCE_S = 0.35


def ours(looks: Looks, settings: DirectorSettings) -> dict[str, Trace]:
    """Each speed of the live controller, and the offline path."""
    traces = {speed.value: directed(looks, replace(settings, speed=speed)) for speed in Speed}
    late = replace(settings, speed=Speed.CINEMA)
    traces[LATE] = directed(looks, late, look_ahead=10)
    return {**traces, OFFLINE: foreseen(looks, settings)}


def directed(looks: Looks, settings: DirectorSettings, look_ahead: int = 0) -> Trace:
    """The trace of `run`, each picture shown `look_ahead` frames late."""
    director = Director(looks.size, settings)
    lines: Trace = []
    for t_ns, known in looks.known_at(look_ahead):
        for each in known:
            director.observe(each.detections, each.pts_ns, each.looks)
        crop = director.crop_at(t_ns)
        step = (director.state, director.subject, director.tracks)
        lines.append(_line(looks, settings, len(lines), t_ns, crop.box, *step))
    return lines


def foreseen(looks: Looks, settings: DirectorSettings) -> Trace:
    """The trace of `reframe`."""
    points = best_path(looks.size, settings, looks.observations, looks.times_ns)
    return [
        _line(looks, settings, i, t_ns, point.crop.box, point.state, point.subject, point.tracks)
        for i, (t_ns, point) in enumerate(zip(looks.times_ns, points, strict=True))
    ]


@dataclass(frozen=True, slots=True)
class _Sight:
    """One observation as our tracker and selector understand it."""

    pts_ns: int
    found: tuple[Detection, ...]
    subject: tuple[int, ...]
    tracks: tuple[Track, ...]


class Casting:
    """Tells anybody who only smooths whom our tracker and selector would follow."""

    def __init__(self, looks: Looks, settings: DirectorSettings) -> None:
        self._tracker = Tracker(looks.size, TrackerSettings(fusion=settings.fusion))
        self._selector = SubjectSelector(looks.size, settings.subject)

    def sight(self, observation: Observation) -> _Sight:
        pts_ns = observation.pts_ns
        tracks = self._tracker.update(observation)
        subject = self._selector.update(tracks, pts_ns)
        found = tuple(
            Detection(track.box, track.score, track.label)
            for track in tracks
            if track.track_id in subject and track.seen_ns == pts_ns
        )
        return _Sight(pts_ns, found, subject, tracks)


def patient(looks: Looks, settings: DirectorSettings) -> Looks:
    """The same, but the first picture waits until somebody is found, for PATIENCE_S at most."""
    casting = Casting(looks, settings)
    for count, observation in enumerate(looks.observations, 1):
        if observation.pts_ns > PATIENCE_S * 1e9:
            break
        if casting.sight(observation).subject:
            return replace(looks, awaited=count)
    return looks


def smoothed(looks: Looks, settings: DirectorSettings, operator: Operator) -> Trace:
    """The trace of an operator that is given the boxes of our subject, and nothing else."""
    casting = Casting(looks, settings)
    subject: tuple[int, ...] = ()
    tracks: tuple[Track, ...] = ()
    lines: Trace = []
    for t_ns, known in looks.known_at():
        for sight in map(casting.sight, known):
            operator.observe(sight.found, sight.pts_ns + FRAME_NS)
            subject, tracks = sight.subject, sight.tracks
        box = operator.crop_at(t_ns + FRAME_NS)
        lines.append(_line(looks, settings, len(lines), t_ns, box, State.FOLLOW, subject, tracks))
    return lines


def _line(
    looks: Looks,
    settings: DirectorSettings,
    index: int,
    t_ns: int,
    box: Box,
    state: State,
    subject: tuple[int, ...],
    tracks: tuple[Track, ...],
) -> dict[str, Any]:
    ratio = settings.aspect_ratio
    crop = Crop(box, ratio)
    return frame_line(
        index, t_ns, t_ns, crop, state, subject, tracks, looks.size, default_size(ratio)
    )
