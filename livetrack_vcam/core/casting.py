"""The first pass over a whole clip: who is the subject when, and where it was seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from livetrack_vcam.core.config import DirectorSettings
from livetrack_vcam.core.detection import Observation, Track
from livetrack_vcam.core.framing import SubjectShape
from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.core.group import framed_together, joint_box, shape_of_all
from livetrack_vcam.core.subject import SubjectSelector
from livetrack_vcam.core.subject_estimator import head_height
from livetrack_vcam.core.tracker import Tracker, TrackerSettings


@dataclass(frozen=True, slots=True)
class Sighting:
    """The subject as measured at `pts_ns`: its shape, and the box around all of it."""

    pts_ns: int
    subject: tuple[int, ...]
    shape: SubjectShape
    box: Box


@dataclass(frozen=True, slots=True)
class Cast:
    """All sightings of the subject, and all tracks at every observation, in order of time."""

    sightings: tuple[Sighting, ...]
    tracks: tuple[tuple[int, tuple[Track, ...]], ...]


def cast(
    frame: Size,
    settings: DirectorSettings,
    observations: Sequence[Observation],
    ids_used: int = 0,
) -> Cast:
    """Track everything and choose the subject by the same rules as live.

    What only the future tells is used afterwards: a subject is the subject from its first
    sighting on, not from the moment it was chosen. Track ids are greater than `ids_used`.
    """
    tracker = Tracker(frame, TrackerSettings(fusion=settings.fusion))
    selector = SubjectSelector(frame, settings.subject)
    seen: dict[int, list[Sighting]] = {}
    sightings: list[Sighting] = []
    history: list[tuple[int, tuple[Track, ...]]] = []
    for observation in sorted(observations, key=lambda o: o.pts_ns):
        tracks = tuple(
            replace(track, track_id=track.track_id + ids_used)
            for track in tracker.update(observation)
        )
        history.append((observation.pts_ns, tracks))
        for track in tracks:
            if track.seen_ns == observation.pts_ns:
                single = _sighting([track], observation.pts_ns)
                seen.setdefault(track.track_id, []).append(single)
        chosen = selector.update(tracks, observation.pts_ns)
        members = [t for i in chosen for t in tracks if t.track_id == i]
        before = sightings[-1].subject if sightings else ()
        framed = framed_together(members, before, settings, frame)
        if not any(t.seen_ns == observation.pts_ns for t in framed):
            continue
        new = _sighting(framed, observation.pts_ns)
        if len(new.subject) == 1 and new.subject != before:
            sightings += _earlier(seen[new.subject[0]], sightings, new)
        sightings.append(new)
    return Cast(tuple(sightings), tuple(history))


def _earlier(history: list[Sighting], sightings: list[Sighting], new: Sighting) -> list[Sighting]:
    """Sightings of a new subject made while there was no other."""
    since = sightings[-1].pts_ns if sightings else -1
    return [s for s in history if since < s.pts_ns < new.pts_ns]


def _sighting(framed: list[Track], pts_ns: int) -> Sighting:
    box = joint_box(framed)
    face = framed[0].face if len(framed) == 1 else None
    shape = SubjectShape(box.center.x, box.y1, box.width, box.height, head_height(box, face))
    return Sighting(pts_ns, tuple(t.track_id for t in framed), shape_of_all(shape, framed), box)
