"""The scenes of the golden sessions: who stands where when, what shots frame it and are told."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from livetrack_vcam.core import Box, Detection, DirectorSettings, Shot, Speed
from livetrack_vcam.core.command import (
    Command,
    GoHome,
    NextSubject,
    Pause,
    Recenter,
    ReleaseTrack,
    Resume,
    SetAspectRatio,
    SetHome,
    SetShot,
)
from livetrack_vcam.core.config import Fill, SubjectKind, SubjectPolicy, WhenLost
from livetrack_vcam.core.detection import PERSON, SPORTS_BALL
from tests.scenarios import Sight, face_of, noisy, person

TALL, SQUARE = Fraction(9, 16), Fraction(1)


@dataclass(frozen=True, slots=True)
class Play:
    """One golden session. `commands` are (seconds, shot or None for all, command)."""

    sight: Sight
    shots: Mapping[str, DirectorSettings]
    seconds: float = 8.0
    commands: tuple[tuple[float, str | None, Command], ...] = ()
    fps: float = 30.0
    hz: float = 10.0
    latency_s: float = 0.067
    look_ahead: int = 0
    sigma_px: float = 5.0

    def seen(self) -> Sight:
        """What a detector of usual faults sees."""
        return noisy(self.sight, self.sigma_px, seed=7)


def tall(**choices: object) -> DirectorSettings:
    return DirectorSettings(TALL, **choices)  # type: ignore[arg-type]


def every_speed(**choices: object) -> dict[str, DirectorSettings]:
    return {speed.value: tall(speed=speed, **choices) for speed in Speed}


def between(t: float, *points: tuple[float, float]) -> float:
    """The value at `t` on the line through points of (time, value)."""
    if t <= points[0][0]:
        return points[0][1]
    for (t1, v1), (t2, v2) in pairwise(points):
        if t <= t2:
            return v1 + (v2 - v1) * (t - t1) / (t2 - t1)
    return points[-1][1]


def walk(t: float) -> tuple[Detection, ...]:
    """Stands, walks 300 px/s, stands, walks back."""
    return (person(between(t, (1, 500), (4, 1400), (6, 1400), (7.5, 950))),)


def reverse(t: float) -> tuple[Detection, ...]:
    return (person(between(t, (0, 500), (2, 1270), (3, 885), (4, 1270), (6, 500))),)


def cross(t: float) -> tuple[Detection, ...]:
    left = person(between(t, (1, 400), (6, 1500)))
    return (left, person(between(t, (1, 1500), (6, 400)), height=440))


def leave_and_return(t: float) -> tuple[Detection, ...]:
    x = between(t, (1.5, 900), (3.5, -150), (8, -150), (8.01, 2070), (10, 1300))
    body = person(x).box
    seen = Box(max(body.x1, 0.0), body.y1, min(body.x2, 1920.0), body.y2)
    return (Detection(seen, 0.9, PERSON),) if seen.width > 60 else ()


def ball_game(t: float) -> tuple[Detection, ...]:
    """Two players, and a ball that swings between them and is unseen for a while."""
    players = (person(350), person(1570))
    if 4 < t < 4.7:
        return players
    x = 960 + 540 * math.sin(2 * math.pi * 0.45 * t)
    ball = Box.from_cxcywh(x, 600 - 150 * abs(math.cos(2 * math.pi * 0.45 * t)), 58, 58)
    return (*players, Detection(ball, 0.8, SPORTS_BALL))


def group(t: float) -> tuple[Detection, ...]:
    """Two drift apart, a third walks through."""
    drift = between(t, (1, 0), (6, 420))
    people = (person(800 - drift), person(1050 + drift))
    through = between(t, (2, -100), (8, 2020))
    return (*people, person(through, height=520)) if 80 < through < 1840 else people


def approach(t: float) -> tuple[Detection, ...]:
    """Comes closer and goes back, with arms that move."""
    height = between(t, (1, 300), (5, 880), (7, 880), (9, 420))
    body = person(960, y=980 - height / 2, height=height)
    reach = 0.5 * height * max(0.0, math.sin(2 * math.pi * 0.6 * t)) * (5 < t < 7)
    box = Box(body.box.x1 - reach, body.box.y1, body.box.x2, body.box.y2)
    return (Detection(box, 0.9, PERSON), face_of(body))


def drop_outs(t: float) -> tuple[Detection, ...]:
    """A walker who is missed twice for .8 s and now and then besides, and a false alarm."""
    if 1.5 < t < 2.3 or 4 < t < 4.8 or round(t * 10) % 7 == 3:
        return ()
    if abs(t - 3.2) < 0.05:
        return (person(1700, score=0.6),)
    return (person(between(t, (0.5, 400), (6.5, 1500))),)


def two_stand(_: float) -> tuple[Detection, ...]:
    return (person(600), person(1350, height=470))


COMMANDS = (
    (1.5, None, NextSubject()),
    (3.0, "main", SetShot(Shot.HEAD)),
    (4.0, None, SetAspectRatio(Fraction(4, 5))),
    (5.0, "main", SetHome()),
    (5.2, None, NextSubject()),
    (6.5, "main", Pause()),
    (7.0, "main", Resume()),
    (7.2, "main", GoHome()),
    (8.5, None, ReleaseTrack()),
    (9.0, None, Recenter()),
)
GROUP = SubjectPolicy(SubjectKind.GROUP)
BALL = SubjectPolicy(SubjectKind.BALL)
BALL_SPEEDS = (Speed.SPORT, Speed.FAST)
EVERY_FILL = {fill.value: tall(subject=GROUP, fill=fill) for fill in Fill}
SHAPES = {
    "wide": DirectorSettings(),
    "square": DirectorSettings(SQUARE, speed=Speed.FAST),
    "tall": tall(),
}


PLAYS = {
    "walk": Play(walk, SHAPES, 9),
    "walk_60_fps": Play(walk, {"tall": tall()}, 9, fps=60, hz=30, latency_s=0.033),
    "reverse": Play(reverse, every_speed(), 7),
    "cross": Play(cross, {"tall": tall(), "group": tall(subject=GROUP)}, 7),
    "leave_return": Play(leave_and_return, {w.value: tall(when_lost=w) for w in WhenLost}, 12),
    "ball": Play(ball_game, {s.value: tall(subject=BALL, speed=s) for s in BALL_SPEEDS}),
    "group": Play(group, {"wide": DirectorSettings(subject=GROUP)} | EVERY_FILL, 9),
    "approach": Play(approach, SHAPES, 10, sigma_px=3),
    "drop_outs": Play(drop_outs, {"tall": tall(), "sport": tall(speed=Speed.SPORT)}),
    "commands": Play(two_stand, {"main": tall(), "wide": DirectorSettings()}, 11, COMMANDS),
    "cinema_look_ahead": Play(reverse, {"cinema": tall(speed=Speed.CINEMA)}, 7, look_ahead=10),
}
