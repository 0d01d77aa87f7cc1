"""Scenes in which size and height change: approach, gestures, standing up, sitting down, a jump.

Zoom scenes show one whole person in 9:16; tilt scenes the upper body in 16:9, with a face.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from benchmarks.framing.scenes import FRAME, Actor, BoxAt, Scene
from livetrack_vcam.core import Box, DirectorSettings
from livetrack_vcam.core.config import Shot

WHOLE = DirectorSettings(aspect_ratio=Fraction(9, 16), shot=Shot.FULL)
UPPER = DirectorSettings(aspect_ratio=Fraction(16, 9), shot=Shot.UPPER)
SIZE_NOISE = (0.01, 0.03)

DOUBLING_S = 3.0
APPROACH_S = (1.0, 4.0)
RETREAT_S = (7.0, 10.0)
FAR_HEIGHT = 400.0
GROUND_FAR, GROUND_NEAR = 800.0, 940.0
SLENDERNESS = 620.0 / (0.12 * FRAME.width)

BURST_S, BURST_EVERY_S, ARMS_HZ = 1.5, 3.7, 1.7

SITTING_TOP, STANDING_TOP, TABLE_Y = 520.0, 300.0, 900.0
SHOULDERS = 0.12 * FRAME.width
RISE_S, RISE_LASTS_S = 1.0, 1.0
JUMP_S, JUMP_LASTS_S, JUMP_PX = 1.0, 0.6, 120.0


def eased(t: float, start: float, lasts: float) -> float:
    """0 before, 1 after, half a cosine between."""
    share = min(max((t - start) / lasts, 0.0), 1.0)
    return (1 - math.cos(math.pi * share)) / 2


def closeness(t: float) -> float:
    """Doublings of the size: 0, then up to 1 at a constant relative rate, then back to 0."""
    near = min(max((t - APPROACH_S[0]) / DOUBLING_S, 0.0), 1.0)
    far = min(max((t - RETREAT_S[0]) / DOUBLING_S, 0.0), 1.0)
    return near - far


def approaching(t: float) -> Box:
    doublings = closeness(t)
    height = FAR_HEIGHT * 2**doublings
    feet = GROUND_FAR + (GROUND_NEAR - GROUND_FAR) * (2**doublings - 1)
    width = height / SLENDERNESS
    return Box.from_xywh(FRAME.width / 2 - width / 2, feet - height, width, height)


def standing_body(_t: float) -> Box:
    height = 560.0
    return Box.from_xywh(
        FRAME.width / 2 - height / SLENDERNESS / 2, 930.0 - height, height / SLENDERNESS, height
    )


def gesturing(t: float) -> Box:
    """The body with its arms: a burst every 3.7 s that widens it to 1.8 and lifts its top.

    Within a burst of 1.5 s the arms go up and down 1.7 times a second, in step with nobody's
    detector; each second burst stays below the shoulders and lifts nothing.
    """
    body = standing_body(t)
    in_burst, number = t % BURST_EVERY_S, int(t // BURST_EVERY_S)
    if t <= 0 or in_burst > BURST_S:
        return body
    wave = 0.5 - 0.5 * math.cos(2 * math.pi * ARMS_HZ * in_burst)
    reach = math.sin(math.pi * in_burst / BURST_S) * wave
    lift = 0.15 * body.height * reach * (number % 2)
    wider = body.width * (1 + 0.8 * reach)
    return Box(body.center.x - wider / 2, body.y1 - lift, body.center.x + wider / 2, body.y2)


def _seated(top_at: Callable[[float], float]) -> BoxAt:
    """Somebody behind a table, of whom the part above it is seen."""
    x1 = FRAME.width / 2 - SHOULDERS / 2
    return lambda t: Box(x1, top_at(t), x1 + SHOULDERS, TABLE_Y)


def rising(t: float) -> float:
    return SITTING_TOP + (STANDING_TOP - SITTING_TOP) * eased(t, RISE_S, RISE_LASTS_S)


def sinking(t: float) -> float:
    return STANDING_TOP + (SITTING_TOP - STANDING_TOP) * eased(t, RISE_S, RISE_LASTS_S)


def jumping(t: float) -> float:
    share = min(max((t - JUMP_S) / JUMP_LASTS_S, 0.0), 1.0)
    return STANDING_TOP - 4 * JUMP_PX * share * (1 - share)


def _tilt(name: str, top_at: Callable[[float], float]) -> Scene:
    return Scene(name, 6.0, (Actor(_seated(top_at), face=True),), UPPER)


ZOOM_SCENES: tuple[Scene, ...] = (
    Scene("approach", 13.0, (Actor(approaching),), WHOLE),
    Scene("gestures", 16.0, (Actor(standing_body, seen_at=gesturing),), WHOLE),
    Scene("size-noise", 16.0, (Actor(standing_body),), WHOLE, size_sigma=SIZE_NOISE),
    _tilt("stand-up", rising),
    _tilt("sit-down", sinking),
    replace(_tilt("jump", jumping), seconds=4.0),
)
