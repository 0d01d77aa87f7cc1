"""Where to look for a ball next: parts of the frame in which the detector can see it.

Lengths in ball diameters unless named otherwise. A network sees a ball best when it is as large
as one of its anchors. For yolov4-tiny those are, at 252 pixels of picture height, 9 % and 32 % of
that height; in between it finds a fifth less (`python -m benchmarks.balls --sizes`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from livetrack_vcam.core.detection import PERSON, SPORTS_BALL, Track
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
TILES = 3
TILE_OVERLAP = 1.3


def ball_regions(
    frame: Size,
    tracks: Sequence[Track],
    tracks_ns: int,
    pts_ns: int,
    turn: int = 0,
    lost: Track | None = None,
) -> tuple[Box, ...]:
    """Regions worth a look in the frame of `pts_ns`, best first, each of the frame's own shape.

    `tracks` are those of the observation at `tracks_ns`. Balls in sight come first. After them, or
    without any, come in turn (the caller counts its looks in `turn`): the place where the ball was
    `lost`, the surroundings, the feet and the hands of every player, and tiles of the frame.
    Empty when nothing smaller than the whole frame is worth a look.
    """
    balls = sorted((t for t in tracks if t.label == SPORTS_BALL), key=lambda t: -t.seen_ns)
    known = [_around_ball(frame, ball, tracks_ns, pts_ns) for ball in balls]
    guesses = [_box(frame, lost.box.center, WIDE * _diameter(lost))] if lost is not None else []
    people = sorted((t.box for t in tracks if t.label == PERSON), key=lambda b: -b.area)
    guesses += [region for box in people for region in _around_player(frame, box)]
    guesses = [region for region in guesses if not _is_whole(region, frame)]
    guesses += _tiles(frame)
    start = turn % len(guesses)
    return (
        *(region for region in known if not _is_whole(region, frame)),
        *guesses[start:],
        *guesses[:start],
    )


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


def _around_player(frame: Size, player: Box) -> list[Box]:
    """The surroundings with a football of the small anchor's size; feet and hands closer up."""
    ball = player.height / PERSON_HEIGHT
    middle = player.center
    return [
        _box(frame, middle, WIDE * ball),
        _box(frame, Point(middle.x, player.y2 - ball), 2 * CLOSE * ball),
        _box(frame, Point(middle.x, player.y1 + 0.4 * player.height), 2 * CLOSE * ball),
    ]


def _tiles(frame: Size) -> list[Box]:
    """Overlapping parts of the frame, row by row."""
    height = TILE_OVERLAP * frame.height / TILES
    centers = [(i + 0.5) / TILES for i in range(TILES)]
    return [
        _box(frame, Point(x * frame.width, y * frame.height), height)
        for y in centers
        for x in centers
    ]


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
