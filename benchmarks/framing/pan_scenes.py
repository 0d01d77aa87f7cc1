"""People and a ball that move across: the pan scenes of the framing design."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace

from benchmarks.framing.scenes import FRAME, NARROW, Actor, BoxAt, Scene
from livetrack_vcam.core import Box
from livetrack_vcam.core.config import SubjectKind, SubjectPolicy
from livetrack_vcam.core.detection import SPORTS_BALL

PERSON_SIZE = (0.12 * FRAME.width, 620.0)
BALL_SIZE = (0.03 * FRAME.width, 58.0)
CENTER_Y = 650.0
WALK_W_S = 0.15
WALK_S = 4.0
TURN_S = 2.0


def across(place: Callable[[float], float], size: tuple[float, float] = PERSON_SIZE) -> BoxAt:
    """A box of constant size whose center is at `place(t)`, in W."""
    return lambda t: Box.from_cxcywh(place(t) * FRAME.width, CENTER_Y, *size)


def standing(x: float) -> Callable[[float], float]:
    return lambda _: x


def swaying(t: float) -> float:
    return 0.5 + 0.025 * math.sin(2 * math.pi * 0.25 * t)


def walking(t: float) -> float:
    return 0.2 + WALK_W_S * min(t, WALK_S)


def reversing(t: float) -> float:
    return 0.3 + 0.2 * max(min(t, 2 * TURN_S - t), 0.0)


def swinging(t: float) -> float:
    return 0.5 + 0.28 * math.sin(2 * math.pi * 0.45 * t)


def drop_outs(t: float, chance: random.Random) -> bool:
    return 1.0 < t < 1.8 or 3.5 < t < 4.3 or chance.random() < 0.2


def _person(name: str, place: Callable[[float], float]) -> Scene:
    return Scene(name, 7.0, (Actor(across(place)),), NARROW)


def _ball(name: str, *, begun: bool) -> Scene:
    """A ball that swings to and fro; one that has not begun lies still until time 0."""
    shot = replace(NARROW, subject=SubjectPolicy(SubjectKind.BALL))
    return Scene(name, 7.0, (Actor(across(swinging, BALL_SIZE), SPORTS_BALL),), shot, begun=begun)


PAN_SCENES: tuple[Scene, ...] = (
    _person("static", standing(0.5)),
    _person("sway", swaying),
    _person("walk", walking),
    _person("reverse", reversing),
    Scene(
        "change",
        7.0,
        (Actor(across(standing(0.3))), Actor(across(standing(0.7)))),
        NARROW,
        subject=(1,),
        before=0,
    ),
    replace(_person("drop-outs", walking), missing=drop_outs),
    replace(_person("false", standing(0.5)), seconds=20.0, false_share=0.03),
    _ball("ball", begun=True),
    _ball("throw", begun=False),
)
