"""Balls over time: which sightings are one ball, and where it is between them.

Every ball has a few competing paths (multiple hypotheses), because a false ball, a white shoe, may
be seen in the very picture in which the true one is missed. The likeliest path is the ball.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from livetrack_vcam.core.ball_path import BallPath, begin, extended, is_flight, sighting_of
from livetrack_vcam.core.ballistics import Gravity, Kind, Sighting
from livetrack_vcam.core.detection import SPORTS_BALL, Look, Track
from livetrack_vcam.core.fusion import Measurement
from livetrack_vcam.core.geometry import Box, Point, Size, iou

MOST_EVIDENCE = 30.0
"""More would let a ball live on long after nobody sees it; rival paths keep their distance."""

RIVAL = 5.0
"""Two accounts whose evidence differs less are both possible."""


@dataclass(frozen=True, slots=True)
class BallSettings:
    """Scores are 0 to 1, times in seconds, lengths in ball diameters.

    Scores from `new_score` start a path; lower ones only go on with one. A path is shown once its
    evidence is `confirm`, or at once from `sure_score`. Only what was seen with `new_score` or
    better within `trust_s` is shown.

    One that lies still looks like a lamp or a logo: it needs `still_hits` sightings, one of them
    of `still_score`.

    Unseen it is shown while the prediction is valid: its arc explains at least `arc_sightings`
    within `max_residual`, its standard deviation is at most `max_doubt` (two of them are half a
    ball), it was seen within `coast_s` and looked for in vain at most `most_misses` times. When it
    lay still that is `rest_s` and `rest_misses`: the detector finds what does not move again.
    It can be known again for `remember_s`.
    """

    new_score: float = 0.25
    sure_score: float = 0.75
    confirm: float = 8.0
    still_hits: int = 4
    still_score: float = 0.4
    trust_s: float = 1.0
    arc_sightings: int = 3
    max_residual: float = 0.2
    max_doubt: float = 0.25
    coast_s: float = 0.4
    rest_s: float = 1.0
    most_misses: int = 5
    rest_misses: int = 2
    remember_s: float = 4.0
    paths: int = 4
    candidates: int = 6
    forget_s: float = 0.5


@dataclass(slots=True)
class _Ball:
    """`paths` are rival accounts, likeliest first. It has a number once it is confirmed."""

    paths: list[BallPath]
    track_id: int | None = None
    sure_ns: int = 0
    gravity: Gravity = field(default_factory=Gravity)

    @property
    def path(self) -> BallPath:
        return self.paths[0]


class BallTracker:
    """Mutable; belongs to one Tracker, which gives the numbers (`new_id`)."""

    def __init__(
        self, frame: Size, new_id: Callable[[], int], settings: BallSettings | None = None
    ) -> None:
        self._frame = frame
        self._new_id = new_id
        self._settings = settings or BallSettings()
        self._balls: list[_Ball] = []

    def update(
        self,
        seen: Sequence[Measurement],
        looks: Sequence[Look],
        now: int,
        people: Sequence[Track] = (),
    ) -> tuple[Track, ...]:
        """Balls at `now` (ns). `seen` are sightings of balls, best first, of the parts in `looks`.

        `people` are the tracks of people at `now`: what is always where a head is, is no ball.
        """
        candidates = [
            _Candidate(m, sighting_of(m, now, self._frame, looks), _is_head(m.box, people))
            for m in seen[: self._settings.candidates]
        ]
        taken: set[int] = set()
        for ball in sorted(self._balls, key=lambda b: (b.track_id is None, -b.path.evidence)):
            self._follow(ball, candidates, taken, looks, now)
        self._start([c for c in candidates if id(c) not in taken])
        self._confirm(now)
        self._forget(now)
        tracks = (self._track(ball, now) for ball in self._balls if self._shown(ball, now))
        return tuple(track for track in tracks if track.box.area > 0)

    def _follow(
        self,
        ball: _Ball,
        candidates: Sequence[_Candidate],
        taken: set[int],
        looks: Sequence[Look],
        now: int,
    ) -> None:
        """Grow every path by every sighting it may explain; keep the likeliest."""
        settings = self._settings
        grown: list[tuple[BallPath, int]] = []
        for path in ball.paths:
            missed = path.missed() if _covered(path.arc.center(now), looks) else path
            grown.append((missed, 0))
            for candidate in candidates:
                old = path.unseen_s(now) > settings.coast_s
                if id(candidate) in taken or (old and candidate.seen.score < settings.new_score):
                    continue
                child = extended(
                    path, candidate.seen, candidate.sighting, ball.gravity, candidate.head
                )
                if child is not None:
                    grown.append((child, id(candidate)))
        grown.sort(key=lambda pair: -pair[0].evidence)
        before = ball.path
        used = grown[0][1]
        kept = _distinct([path for path, _ in grown])[: settings.paths]
        excess = max(0.0, kept[0].evidence - MOST_EVIDENCE)
        ball.paths = [path.poorer(excess) for path in kept]
        if used:
            taken.add(used)
            if ball.path.score >= settings.new_score:
                ball.sure_ns = now
        if ball.path.bounces > before.bounces and is_flight(before):
            ball.gravity = ball.gravity.learned(*before.arc.gravity)

    def _start(self, candidates: Sequence[_Candidate]) -> None:
        for candidate in candidates:
            if candidate.seen.score < self._settings.new_score or self._is_known(candidate):
                continue
            gravity = Gravity()
            path = begin(candidate.seen, candidate.sighting, gravity, candidate.head)
            self._balls.append(_Ball([path], sure_ns=path.seen_ns))

    def _is_known(self, candidate: _Candidate) -> bool:
        """Whether it is a second box on a ball just seen."""
        return any(
            ball.path.seen_ns == candidate.sighting.pts_ns
            and iou(ball.path.box, candidate.seen.box) > 0.2
            for ball in self._balls
        )

    def _confirm(self, now: int) -> None:
        settings = self._settings
        for ball in self._balls:
            path = ball.path
            if ball.track_id is not None or path.head or path.seen_ns != now:
                continue
            if self._claimed(path):
                continue
            sure = path.best >= settings.sure_score
            likely = path.hits >= 2 and path.evidence >= settings.confirm
            still = path.hits >= settings.still_hits and path.best >= settings.still_score
            if sure or (likely and (path.moved or still)):
                ball.track_id = self._number(ball, now)

    def _claimed(self, path: BallPath) -> bool:
        """Whether what it ends with may as well be a ball that is known already."""
        return any(
            rival.sightings[-1] is path.sightings[-1]
            and rival.evidence > other.path.evidence - RIVAL
            for other in self._balls
            if other.track_id is not None
            for rival in other.paths
        )

    def _number(self, ball: _Ball, now: int) -> int:
        """Of the ball that was lost and may be this one, else a new one."""
        for other in self._balls:
            if other.track_id is None or other is ball or self._shown(other, now):
                continue
            if _may_be(other.path, ball.path, now):
                number, other.track_id = other.track_id, None
                ball.gravity = other.gravity
                return number
        return self._new_id()

    def _shown(self, ball: _Ball, now: int) -> bool:
        if ball.track_id is None or now - ball.sure_ns > self._settings.trust_s * 1e9:
            return False
        return ball.path.seen_ns == now or self._is_valid(ball.path, now)

    def _is_valid(self, path: BallPath, now: int) -> bool:
        """Whether the arc may stand for a sighting, as BallSettings says."""
        settings = self._settings
        still = path.arc.kind is Kind.REST
        return (
            path.arc.count >= settings.arc_sightings
            and path.arc.residual <= settings.max_residual
            and path.arc.doubt(now) <= settings.max_doubt
            and path.misses <= (settings.rest_misses if still else settings.most_misses)
            and path.unseen_s(now) <= (settings.rest_s if still else settings.coast_s)
        )

    def _forget(self, now: int) -> None:
        settings = self._settings
        self._balls = [
            ball
            for ball in self._balls
            if ball.path.unseen_s(now)
            <= (settings.forget_s if ball.track_id is None else settings.remember_s)
            and (ball.track_id is not None or ball.path.evidence > -3)
        ]

    def _track(self, ball: _Ball, now: int) -> Track:
        path = ball.path
        box = path.box_at(now).clipped(self._frame)
        velocity = path.arc.velocity(now)
        assert ball.track_id is not None
        return Track(ball.track_id, SPORTS_BALL, box, path.score, velocity, path.seen_ns)


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    seen: Measurement
    sighting: Sighting
    head: bool


def _distinct(paths: Sequence[BallPath]) -> list[BallPath]:
    """Without paths that end in the same two sightings as a likelier one."""
    kept: dict[tuple[Sighting, ...], BallPath] = {}
    for path in paths:
        kept.setdefault(path.sightings[-2:], path)
    return list(kept.values())


def _covered(center: Point, looks: Sequence[Look]) -> bool:
    """Whether a ball there would have been looked at; without looks the whole frame was."""
    return not looks or any(
        SPORTS_BALL in look.labels
        and look.region.x1 <= center.x <= look.region.x2
        and look.region.y1 <= center.y <= look.region.y2
        for look in looks
    )


def _is_head(box: Box, people: Sequence[Track]) -> bool:
    """Whether somebody's head is there, and as large.

    A standing adult is 7.5 heads tall and 3 heads wide (Loomis, "Figure Drawing for All It's
    Worth").
    """
    for person in people:
        if person.face is not None and iou(person.face, box) > 0.3:
            return True
        head = max(person.box.height / 7.5, person.box.width / 3)
        center = box.center
        distance = math.hypot(center.x - person.box.center.x, center.y - person.box.y1 - head / 2)
        if distance < 0.7 * head and 0.6 * head < math.sqrt(box.area) < 1.7 * head:
            return True
    return False


def _may_be(lost: BallPath, found: BallPath, now: int) -> bool:
    """Whether the ball that was lost can be the one now found."""
    growth = abs(math.log(found.diameter / lost.diameter))
    before, after = lost.sightings[-1].center, found.sightings[0].center
    distance = math.hypot(before.x - after.x, before.y - after.y) / lost.diameter
    gap = max(0.0, (found.sightings[0].pts_ns - lost.seen_ns) / 1e9)
    return growth < 0.4 + 0.1 * lost.unseen_s(now) and distance <= 2 + 20 * gap
