"""Detections in, tracks out: predict, associate, confirm, coast, drop, and know again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from livetrack_vcam.core.association import associate
from livetrack_vcam.core.ball import BallTracker
from livetrack_vcam.core.coverage import Coverage, Sight
from livetrack_vcam.core.detection import FACE, SPORTS_BALL, Observation, Track
from livetrack_vcam.core.fusion import Fusion, Measurement, lies_on, measurements
from livetrack_vcam.core.geometry import Box, Size, intersection_area
from livetrack_vcam.core.returning import returned
from livetrack_vcam.core.tracked import TrackedThing

HIDDEN = 0.5
"""Share of a box that others cover from which it counts as hidden behind them."""
HIDDEN_PACE = 0.33
"""How fast the coasting time of a hidden thing runs: it is known why nobody sees it."""
LEAVING = 0.5
"""Share of a box outside the frame from which it counts as leaving."""
LEAVING_SHOWN = 0.25
"""Share of a box that must be inside the frame to be shown while it is not seen."""
LEAVING_PACE = 3.0
FORGET_NEW_S = 0.7
"""What was never confirmed is dropped when it is missing for longer."""
MOVED = 0.3
"""Box sizes from where it was first seen at which a thing is taken to move."""
SHOWN_S = 0.6
"""Missing for longer a thing is not shown any more, though it may still be matched."""
MOST_THINGS = 80
"""Of a crowd the first; others must wait until somebody leaves."""
MOST_GONE = 64


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """Scores are 0 to 1, times in seconds.

    Detections from `high_score` are matched first, then those from `low_score`; only scores from
    `new_score` start a track. It is shown after `confirm_hits` sightings, at once from
    `sure_score`; a face alone after one more. Looked for in vain it coasts for `coast_s`, three
    times as long when it is hidden behind another. It can be known again by place and size for
    `remember_s`, by its looks for `remember_looks_s`.
    """

    high_score: float = 0.5
    low_score: float = 0.2
    new_score: float = 0.4
    new_face_score: float = 0.6
    sure_score: float = 0.7
    confirm_hits: int = 2
    sure_belief: float = 0.5
    coast_s: float = 1.0
    remember_s: float = 4.0
    remember_looks_s: float = 300.0
    fusion: Fusion = Fusion.BOTH


class Tracker:
    """Gives every person and thing a number that stays with it.

    A face and a body of one person are one track, labeled person. A face whose body nobody sees
    is a person too, its box inferred from the face until the body appears. An observation may be
    of a part of the frame or of some labels only: what was not looked for is not missed.
    """

    def __init__(self, frame: Size, settings: TrackerSettings | None = None) -> None:
        self._frame = frame
        self._settings = settings or TrackerSettings()
        self._things: list[TrackedThing] = []
        self._gone: list[TrackedThing] = []
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
        now = self._pts_ns = observation.pts_ns
        coverage = Coverage(observation.looks, self._frame)
        found = measurements(observation.detections, self._frame)
        self._forget(now)
        for thing in self._things:
            thing.predict(now)
        self._follow([m for m in found if m.label != SPORTS_BALL], coverage, now)
        others = [
            thing.track(self._settings.fusion, measured=coverage.total)
            for thing in self._things
            if thing.confirmed and self._is_shown(thing, now)
        ]
        balls = [m for m in found if m.label == SPORTS_BALL]
        followed = self._balls.update(balls, observation.looks, now, others)
        self._tracks = tuple(sorted([*others, *followed], key=lambda track: track.track_id))
        return self._tracks

    def _is_shown(self, thing: TrackedThing, now: int) -> bool:
        visible = thing.visible.area
        if thing.seen_ns == now:
            return visible > 0
        return visible > LEAVING_SHOWN * thing.box.area and thing.missing_s <= SHOWN_S

    def _new_id(self) -> int:
        """The next number, never used before."""
        self._next_id += 1
        return self._next_id - 1

    def _follow(self, seen: list[Measurement], coverage: Coverage, now: int) -> None:
        settings = self._settings
        high = [m for m in seen if m.score >= settings.high_score]
        low = [m for m in seen if settings.low_score <= m.score < settings.high_score]
        sure = [thing for thing in self._things if thing.confirmed]
        unsure = [thing for thing in self._things if not thing.confirmed]
        sure, high = self._associate(sure, high, coverage, now)
        sure, low = self._associate(sure, low, coverage, now)
        unsure, left = self._associate(unsure, high + low, coverage, now)
        for thing in sure + unsure:
            self._miss(thing, coverage, now)
        self._start(left, coverage, now)
        self._confirm(now)
        self._forget(now)
        for thing in self._things:
            looked = thing.face is not None and coverage.sight(FACE, thing.face) is not Sight.NONE
            thing.miss_face(now, looked)

    def _associate(
        self,
        things: list[TrackedThing],
        seen: list[Measurement],
        coverage: Coverage,
        now: int,
    ) -> tuple[list[TrackedThing], list[Measurement]]:
        """Match and correct; the things and measurements left over."""
        pairs = associate(things, seen, now)
        crowding = [self._crowding(things[row]) for row, _ in pairs]
        for (row, column), share in zip(pairs, crowding, strict=True):
            thing = things[row]
            thing.correct(seen[column], now, share, coverage.sight(thing.label, thing.box))
        rows = {row for row, _ in pairs}
        columns = {column for _, column in pairs}
        return (
            [thing for index, thing in enumerate(things) if index not in rows],
            [m for index, m in enumerate(seen) if index not in columns],
        )

    def _crowding(self, thing: TrackedThing) -> float:
        """The largest share of a thing's box that another one of its kind covers."""
        box = thing.visible
        covered = (
            intersection_area(box, other.visible)
            for other in self._things
            if other is not thing and other.label == thing.label and other.confirmed
        )
        return max(covered, default=0.0) / box.area if box.area > 0 else 0.0

    def _miss(self, thing: TrackedThing, coverage: Coverage, now: int) -> None:
        sought = thing.face if thing.inferred and thing.face is not None else thing.box
        sight = coverage.sight(FACE if thing.inferred else thing.label, sought)
        if sight is Sight.NONE:
            return
        hidden = any(
            other.seen_ns == now and _share_covered(thing.visible, other.visible) >= HIDDEN
            for other in self._things
            if other.confirmed and other.begun_ns <= thing.seen_ns
        )
        leaving = thing.visible.area <= (1 - LEAVING) * thing.box.area
        thing.miss(now, LEAVING_PACE if leaving else HIDDEN_PACE if hidden else 1.0, sight)

    def _start(self, seen: Sequence[Measurement], coverage: Coverage, now: int) -> None:
        for measurement in seen:
            settings = self._settings
            least = settings.new_face_score if measurement.inferred else settings.new_score
            full = len(self._things) >= MOST_THINGS
            if measurement.score >= least and not full and not self._covered(measurement, now):
                sight = coverage.sight(measurement.label, measurement.box)
                self._things.append(TrackedThing(measurement, now, self._frame, sight))

    def _covered(self, measurement: Measurement, now: int) -> bool:
        """Whether it is a part of something known: a second box, or the face of a body."""
        return any(
            thing.label == measurement.label
            and (
                (
                    measurement.face is not None
                    and not thing.inferred
                    and measurement.inferred
                    and lies_on(measurement.face, thing.visible)
                )
                or (thing.seen_ns == now and _share_covered(measurement.box, thing.visible) > 0.7)
            )
            for thing in self._things
        )

    def _confirm(self, now: int) -> None:
        """Give numbers to things seen often enough: an old one to somebody who came back."""
        settings = self._settings
        for thing in self._things:
            if thing.confirmed or thing.seen_ns != now:
                continue
            if not self._is_sure(thing):
                continue
            others = [other for other in self._things if other.confirmed]
            known = returned(thing, self._gone, others, now, settings.remember_s, self._frame)
            if known is None:
                thing.track_id = self._new_id()
            else:
                thing.succeed(known)
                self._gone.remove(known)

    def _is_sure(self, thing: TrackedThing) -> bool:
        """Whether it is there: seen often enough, and clearly or in motion, unlike a mere likeness
        of a person in the background."""
        settings = self._settings
        if thing.best_score >= settings.sure_score and not thing.inferred:
            return True
        clear = thing.face is not None or thing.belief >= settings.sure_belief
        needed = settings.confirm_hits + (1 if thing.inferred or not clear else 0)
        return thing.hits >= needed and (clear or thing.travel >= MOVED)

    def _forget(self, now: int) -> None:
        """Take out what is missing for too long; whoever had a number is remembered for a while."""
        settings = self._settings
        stay: list[TrackedThing] = []
        for thing in self._things:
            limit = settings.coast_s if thing.confirmed else FORGET_NEW_S
            if thing.missing_s <= limit and thing.unseen_s(now) <= settings.remember_s:
                stay.append(thing)
            elif thing.confirmed:
                self._gone.append(thing)
        self._things = stay
        self._gone = [t for t in self._gone if self._remembered(t, now)][-MOST_GONE:]

    def _remembered(self, thing: TrackedThing, now: int) -> bool:
        settings = self._settings
        limit = settings.remember_looks_s if thing.memory.sure else settings.remember_s
        return thing.unseen_s(now) <= limit


def _share_covered(box: Box, by: Box) -> float:
    return intersection_area(box, by) / box.area if box.area > 0 else 0.0
