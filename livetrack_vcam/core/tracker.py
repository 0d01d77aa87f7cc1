"""Detections in, tracks out: predict, associate, confirm, coast, drop, and know again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from livetrack_vcam.core.assignment import FORBIDDEN, assign
from livetrack_vcam.core.ball import BallTracker
from livetrack_vcam.core.detection import SPORTS_BALL, Observation, Track
from livetrack_vcam.core.fusion import Measurement, face_misfit, measurements
from livetrack_vcam.core.geometry import Size, intersection_area, iou
from livetrack_vcam.core.tracked import TrackedThing


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """Scores are 0 to 1, times in seconds, sizes in box heights.

    Detections from `high_score` are matched first, then those from `low_score`; only scores from
    `new_score` start a track. It is shown after `confirm_hits` sightings, at once from
    `sure_score`. Unseen it coasts for `coast_s` and can be known again for `remember_s`.
    """

    high_score: float = 0.5
    low_score: float = 0.15
    new_score: float = 0.4
    new_face_score: float = 0.6
    sure_score: float = 0.8
    confirm_hits: int = 2
    coast_s: float = 1.0
    remember_s: float = 4.0


class Tracker:
    """Gives every person and thing a number that stays with it.

    A face and a body of one person are one track, labeled person. A face whose body nobody sees
    is a person too, its box inferred from the face until the body appears.
    """

    def __init__(self, frame: Size, settings: TrackerSettings | None = None) -> None:
        self._frame = frame
        self._settings = settings or TrackerSettings()
        self._things: list[TrackedThing] = []
        self._next_id = 1
        self._balls = BallTracker(frame, self._new_id)
        self._pts_ns: int | None = None
        self._tracks: tuple[Track, ...] = ()

    @property
    def tracks(self) -> tuple[Track, ...]:
        """Confirmed tracks at the last observation, oldest first; coasting ones too."""
        return self._tracks

    def update(self, observation: Observation) -> tuple[Track, ...]:
        """Take one observation; one that is not newer than the last is ignored."""
        if self._pts_ns is not None and observation.pts_ns <= self._pts_ns:
            return self._tracks
        self._pts_ns = observation.pts_ns
        now = observation.pts_ns
        found = measurements(observation.detections, self._frame)
        balls = [m for m in found if m.label == SPORTS_BALL]
        seen = [m for m in found if m.label != SPORTS_BALL]
        for thing in self._things:
            thing.predict(now)
        settings = self._settings
        high = [m for m in seen if m.score >= settings.high_score]
        low = [m for m in seen if settings.low_score <= m.score < settings.high_score]
        alive = [t for t in self._things if t.unseen_s(now) <= settings.coast_s]
        unmatched, left_high = self._associate(alive, high, now)
        unmatched, left_low = self._associate(unmatched, low, now)
        self._start(left_high + left_low, now)
        self._forget(unmatched, now)
        shown = (
            thing.track(self._frame)
            for thing in self._things
            if thing.confirmed and thing.unseen_s(now) <= settings.coast_s
        )
        others = [track for track in shown if track.box.area > 0]
        followed = self._balls.update(balls, observation.looks, now, others)
        self._tracks = tuple(sorted([*others, *followed], key=lambda track: track.track_id))
        return self._tracks

    def _new_id(self) -> int:
        """The next number, never used before."""
        self._next_id += 1
        return self._next_id - 1

    def _associate(
        self, things: list[TrackedThing], seen: list[Measurement], now: int
    ) -> tuple[list[TrackedThing], list[Measurement]]:
        """Match and correct; the things and measurements left over."""
        costs = [[match_cost(thing, m, now) for m in seen] for thing in things]
        pairs = assign(costs)
        for row, column in pairs:
            things[row].correct(seen[column], now, self._settings.confirm_hits)
        rows = {row for row, _ in pairs}
        columns = {column for _, column in pairs}
        return (
            [thing for index, thing in enumerate(things) if index not in rows],
            [m for index, m in enumerate(seen) if index not in columns],
        )

    def _start(self, seen: Sequence[Measurement], now: int) -> None:
        for measurement in seen:
            settings = self._settings
            least = settings.new_face_score if measurement.inferred else settings.new_score
            if measurement.score < least or self._covered(measurement, now):
                continue
            known = self._recognize(measurement, now)
            if known is not None:
                known.return_at(measurement, now)
                continue
            sure = measurement.score >= settings.sure_score and not measurement.inferred
            self._things.append(TrackedThing(self._new_id(), measurement, now, confirmed=sure))

    def _covered(self, measurement: Measurement, now: int) -> bool:
        """Whether it is a part of something just seen: a second box on the same person."""
        return any(
            thing.label == measurement.label
            and thing.seen_ns == now
            and intersection_area(thing.box, measurement.box) > 0.7 * measurement.box.area
            for thing in self._things
        )

    def _recognize(self, measurement: Measurement, now: int) -> TrackedThing | None:
        """The track that left within `remember_s`, if size and way are plausible; else None."""
        candidates = [
            (cost, thing.track_id, thing)
            for thing in self._things
            if thing.confirmed
            and self._settings.coast_s < thing.unseen_s(now) <= self._settings.remember_s
            and (cost := return_cost(thing, measurement, now, self._frame)) < FORBIDDEN
        ]
        return min(candidates)[2] if candidates else None

    def _forget(self, unmatched: list[TrackedThing], now: int) -> None:
        """Drop what was never confirmed and missed once, and what left too long ago."""
        gone = {id(t) for t in unmatched if not t.confirmed and t.unseen_s(now) > 0.35}
        self._things = [
            thing
            for thing in self._things
            if id(thing) not in gone and thing.unseen_s(now) <= self._settings.remember_s
        ]


def match_cost(thing: TrackedThing, measurement: Measurement, now: int) -> float:
    """How little a measurement looks like the next sighting of a thing; FORBIDDEN if it cannot be.

    Overlap and distance to the predicted box, both relative to the box, plus the change of size;
    a face that stays in place outweighs a body box that changed.
    """
    if thing.label != measurement.label:
        return FORBIDDEN
    predicted, box = thing.box, measurement.box
    if thing.face is not None and measurement.face is not None:
        shared = iou(thing.face, measurement.face)
        if shared > 0.3:
            return 0.3 * (1 - shared)
    misfit = _face_to_body(thing, measurement)
    if misfit is not None:
        return 0.3 + misfit
    reach = 0.5 * (min(predicted.height, 3 * predicted.width) + min(box.height, 3 * box.width))
    distance = math.hypot(
        predicted.center.x - box.center.x, predicted.center.y - box.center.y
    ) / max(reach, 1e-9)
    growth = abs(math.log(box.height / max(predicted.height, 1e-9)))
    gap = thing.unseen_s(now)
    gate = (0.5 if thing.label == "person" else 2.5) + 0.8 * gap + thing.doubt
    if distance > gate or growth > 1.1:
        return FORBIDDEN
    return (1 - iou(predicted, box)) + distance + 0.7 * growth


def _face_to_body(thing: TrackedThing, measurement: Measurement) -> float | None:
    """How badly a face alone sits on the body we know, or a body on the face alone we know."""
    if measurement.inferred == thing.inferred:
        return None
    if measurement.inferred and measurement.face is not None:
        return face_misfit(measurement.face, thing.box)
    if thing.inferred and thing.face is not None:
        return face_misfit(thing.face, measurement.box)
    return None


def return_cost(thing: TrackedThing, measurement: Measurement, now: int, frame: Size) -> float:
    """How little a newcomer looks like a thing that left; FORBIDDEN when it is somebody else."""
    if thing.label != measurement.label or thing.left_height <= 0:
        return FORBIDDEN
    growth = abs(math.log(measurement.box.height / thing.left_height))
    before, after = thing.left_center, measurement.box.center
    distance = math.hypot(before.x - after.x, before.y - after.y) / frame.width
    gap = thing.unseen_s(now)
    if growth > 0.35 or distance > 0.15 + 0.2 * gap:
        return FORBIDDEN
    return distance + growth
