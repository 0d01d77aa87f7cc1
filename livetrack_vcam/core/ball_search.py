"""Where to look for a ball next: parts of the frame in which the detector can see it.

Lengths in ball diameters unless named otherwise. A network sees a ball best when it is as large
as one of its anchors. For yolov4-tiny those are, at 252 pixels of picture height, 9 % and 32 % of
that height; in between it finds a fifth less (`python -m benchmarks.balls --sizes`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from livetrack_vcam.core.ballistics import FOOTBALL_GRAVITY
from livetrack_vcam.core.detection import PERSON, SPORTS_BALL, Detection, Track
from livetrack_vcam.core.geometry import Box, Point, Size

CLOSE = 3.3
"""Height of the region around a ball whose place is known."""
MEDIUM = 5.5
"""The highest region that still shows the ball well enough by the large anchor."""
WIDE = 10.0
"""Height of the region around a ball whose place is guessed."""
DRIFT = 8.0
"""How fast a ball may leave the place where it is expected, diameters/s."""
WHOLE = 0.8
"""A region higher than this share of the frame shows nothing that the whole frame does not."""
PERSON_HEIGHT = 8.0
"""A standing adult (1.75 m) in footballs (0.22 m)."""
SUSPECT_SCORE = 0.1
SUSPECT_TRIES = 3
SUSPECT_S = 1.0
MOST_SUSPECTS = 8
LOST_S = 2.0
FALL_S = 0.4
FLYING = 3.0
"""Diameters/s: a faster ball is in the air, or rolls, which is nearly the same for FALL_S."""
SMALLEST = 8.0
"""Pixels across a ball that can be recognized at all."""
TILES = 3
TILE_OVERLAP = 1.3


@dataclass(slots=True)
class _Suspect:
    """Something like a ball, in no track yet: worth `tries` more looks."""

    box: Box
    pts_ns: int
    tries: int


class BallSearch:
    """Plans the looks for a ball. Not thread-safe; pure, so a replayed run plans the same.

    It remembers where the ball was shown last and what else looked like one, and counts its turns.
    """

    def __init__(self, frame: Size) -> None:
        self._frame = frame
        self._turn = 0
        self._round = 0
        self._lost: Track | None = None
        self._lost_ns = 0
        self._suspects: list[_Suspect] = []

    def saw(self, detections: Iterable[Detection], now: int) -> None:
        """Tell what the looks at the frame of `now` showed: an unsure ball is looked at closely."""
        fresh = [s for s in self._suspects if now - s.pts_ns <= SUSPECT_S * 1e9]
        for found in detections:
            if found.label != SPORTS_BALL or found.score < SUSPECT_SCORE:
                continue
            known = next((s for s in fresh if _is_near(s.box, found.box)), None)
            if known is not None:
                known.box, known.pts_ns = found.box, now
                known.tries = min(known.tries + 1, SUSPECT_TRIES)
            elif len(fresh) < MOST_SUSPECTS:
                fresh.append(_Suspect(found.box, now, SUSPECT_TRIES))
        self._suspects = fresh

    def regions(self, tracks: Sequence[Track], tracks_ns: int, now: int) -> tuple[Box, ...]:
        """Regions worth a look in the frame of `now`, best first, each of the frame's own shape.

        Ask once for each look at a region, since every answer starts elsewhere. `tracks` are those
        of the observation at `tracks_ns`. Balls in sight come first. Without any, what looked like
        a ball is looked at a few times more; the place where the ball was lost comes every other
        turn, for LOST_S; then the surroundings, feet and hands of every player, and tiles of the
        frame, in turn. Empty when the whole frame shows a ball in sight as well.
        """
        balls = sorted((t for t in tracks if t.label == SPORTS_BALL), key=lambda t: -t.seen_ns)
        if balls:
            self._lost, self._lost_ns = balls[0], tracks_ns
            known = [_around_ball(self._frame, ball, tracks_ns, now) for ball in balls]
            return tuple(region for region in known if not _is_whole(region, self._frame))
        self._turn += 1
        suspected, lost = self._suspected(now), self._where_lost(now)
        if self._turn % 2 and lost:
            suspected = lost
        if not suspected:
            self._round += 1
        return (*suspected, *self._guesses(tracks))

    def _where_lost(self, now: int) -> list[Box]:
        if self._lost is None or now - self._lost_ns > LOST_S * 1e9:
            return []
        region = _around_lost(self._frame, self._lost, self._lost_ns, now)
        return [] if _is_whole(region, self._frame) else [region]

    def _suspected(self, now: int) -> list[Box]:
        """A close look at the newest suspect that still has a try."""
        for suspect in sorted(self._suspects, key=lambda s: -s.pts_ns):
            region = _box(self._frame, suspect.box.center, CLOSE * math.sqrt(suspect.box.area))
            young = now - suspect.pts_ns <= SUSPECT_S * 1e9
            if suspect.tries > 0 and young and not _is_whole(region, self._frame):
                suspect.tries -= 1
                return [region]
        return []

    def _guesses(self, tracks: Sequence[Track]) -> tuple[Box, ...]:
        """One view of a player after the other, a tile of the frame after each round."""
        people = sorted((t.box for t in tracks if t.label == PERSON), key=lambda b: -b.area)
        views = [
            region
            for box in people
            if box.height >= PERSON_HEIGHT * SMALLEST
            for region in _around_player(self._frame, box)
            if not _is_whole(region, self._frame)
        ]
        count = len(views) + 1
        tile = _tiles(self._frame)[self._round // count % TILES**2]
        start = self._round % count
        rounds = [*views, tile]
        return (*rounds[start:], *rounds[:start])


def _around_ball(frame: Size, ball: Track, tracks_ns: int, pts_ns: int) -> Box:
    """Where the ball will be, with room for where else it may be by then."""
    dt = (pts_ns - tracks_ns) / 1e9
    unseen = (pts_ns - ball.seen_ns) / 1e9
    center = ball.box.center
    there = Point(center.x + ball.velocity.x * dt, center.y + ball.velocity.y * dt)
    needed = 1.5 + 2 * DRIFT * unseen
    height = max(needed, CLOSE)
    if needed > MEDIUM:
        height = max(needed, WIDE)
    return _box(frame, there, height * _diameter(ball))


def _around_lost(frame: Size, ball: Track, lost_ns: int, now: int) -> Box:
    """Where a ball nobody sees any more should be: it flies on if it flew, for FALL_S."""
    dt = (now - lost_ns) / 1e9
    flown = min(dt, FALL_S)
    diameter = _diameter(ball)
    center, velocity = ball.box.center, ball.velocity
    speed = math.hypot(velocity.x, velocity.y) / diameter
    fall = FOOTBALL_GRAVITY * diameter * flown**2 / 2 if speed > FLYING else 0.0
    there = Point(center.x + velocity.x * flown, center.y + velocity.y * flown + fall)
    return _box(frame, there, (MEDIUM if dt < 0.1 else WIDE) * diameter)


def _around_player(frame: Size, player: Box) -> list[Box]:
    """The surroundings with a football of the small anchor's size; feet and hands closer up."""
    ball = player.height / PERSON_HEIGHT
    middle = player.center
    around = _box(frame, middle, WIDE * ball)
    feet = _box(frame, Point(middle.x, player.y2 - ball), CLOSE * ball)
    hands = _box(frame, Point(middle.x, player.y1 + 0.4 * player.height), CLOSE * ball)
    return [around, feet, around, hands]


def _tiles(frame: Size) -> list[Box]:
    """Overlapping parts of the frame, row by row."""
    height = TILE_OVERLAP * frame.height / TILES
    centers = [(i + 0.5) / TILES for i in range(TILES)]
    return [
        _box(frame, Point(x * frame.width, y * frame.height), height)
        for y in centers
        for x in centers
    ]


def _is_near(a: Box, b: Box) -> bool:
    """Whether two sightings within a second may be one thing that hardly moved."""
    reach = math.sqrt(max(a.area, b.area))
    return math.hypot(a.center.x - b.center.x, a.center.y - b.center.y) <= reach


def _diameter(ball: Track) -> float:
    return max(math.sqrt(ball.box.area), 1.0)


def _box(frame: Size, center: Point, height: float) -> Box:
    """Of the frame's shape, moved inside it."""
    height = min(height, float(frame.height))
    width = min(height * frame.width / frame.height, float(frame.width))
    x1 = min(max(center.x - width / 2, 0.0), frame.width - width)
    y1 = min(max(center.y - height / 2, 0.0), frame.height - height)
    return Box.from_xywh(x1, y1, width, height)


def _is_whole(region: Box, frame: Size) -> bool:
    return region.height > WHOLE * frame.height
