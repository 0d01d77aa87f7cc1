"""Balls over time: which sightings are one ball, and where it is between them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from livetrack_vcam.core.detection import Look, Track
from livetrack_vcam.core.fusion import Measurement
from livetrack_vcam.core.geometry import Box, Point, Size

TOP_SPEED = 60.0
"""The fastest plausible ball, diameters a second."""
COAST_S = 0.5
REMEMBER_S = 4.0


@dataclass(slots=True)
class _Ball:
    track_id: int
    box: Box
    score: float
    velocity: Point
    seen_ns: int
    hits: int


class BallTracker:
    """Mutable; belongs to one Tracker, which gives the numbers (`new_id`)."""

    def __init__(self, frame: Size, new_id: Callable[[], int]) -> None:
        self._frame = frame
        self._new_id = new_id
        self._balls: list[_Ball] = []

    def update(
        self,
        seen: Sequence[Measurement],
        looks: Sequence[Look],
        now: int,
        people: Sequence[Track] = (),
    ) -> tuple[Track, ...]:
        """Balls at `now` (ns). `seen` are sightings of balls, best first, of the parts in `looks`.

        `people` are the tracks of people at `now`.
        """
        for measurement in seen:
            self._take(measurement, now)
        self._balls = [b for b in self._balls if now - b.seen_ns <= REMEMBER_S * 1e9]
        return tuple(
            self._track(ball, now)
            for ball in self._balls
            if ball.hits >= 2 and now - ball.seen_ns <= COAST_S * 1e9
        )

    def _take(self, seen: Measurement, now: int) -> None:
        near = [
            (distance, ball.track_id, ball)
            for ball in self._balls
            if ball.seen_ns < now
            and (distance := _distance(ball, seen.box, now))
            <= 1 + TOP_SPEED * (now - ball.seen_ns) / 1e9
        ]
        if near:
            ball = min(near)[2]
            dt = (now - ball.seen_ns) / 1e9
            before, after = ball.box.center, seen.box.center
            ball.velocity = Point((after.x - before.x) / dt, (after.y - before.y) / dt)
            ball.box, ball.score, ball.seen_ns = seen.box, seen.score, now
            ball.hits += 1
        elif seen.score >= 0.4:
            self._balls.append(_Ball(self._new_id(), seen.box, seen.score, Point(0.0, 0.0), now, 1))

    def _track(self, ball: _Ball, now: int) -> Track:
        dt = (now - ball.seen_ns) / 1e9
        box = ball.box.shifted(ball.velocity.x * dt, ball.velocity.y * dt).clipped(self._frame)
        return Track(ball.track_id, "sports ball", box, ball.score, ball.velocity, ball.seen_ns)


def _distance(ball: _Ball, box: Box, now: int) -> float:
    """From where the ball should be, in diameters."""
    dt = (now - ball.seen_ns) / 1e9
    center = ball.box.center
    x, y = center.x + ball.velocity.x * dt, center.y + ball.velocity.y * dt
    side = math.sqrt(box.area)
    return math.hypot(x - box.center.x, y - box.center.y) / side
