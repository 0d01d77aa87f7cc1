"""Scenes with several people: drifting apart, and somebody who walks through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from benchmarks.framing.pan_scenes import across, standing
from benchmarks.framing.scenes import FRAME, NARROW, Actor, Scene
from livetrack_vcam.core import Box
from livetrack_vcam.core.config import SubjectKind, SubjectPolicy

GROUP = replace(NARROW, subject=SubjectPolicy(SubjectKind.GROUP))
DRIFT_S = (1.0, 7.0)
PASS_W_S = 0.15
BEHIND_SIZE = (0.1 * FRAME.width, 520.0)


def drifting(start: float, end: float) -> Callable[[float], float]:
    """From `start` to `end` (W) at a constant pace during DRIFT_S."""

    def place(t: float) -> float:
        share = min(max((t - DRIFT_S[0]) / (DRIFT_S[1] - DRIFT_S[0]), 0.0), 1.0)
        return start + share * (end - start)

    return place


def passing(t: float) -> float:
    """Through the picture from left to right, in from the left edge at .7 s."""
    return -0.1 + PASS_W_S * t


def behind(t: float) -> Box:
    """The one who passes behind: a little smaller, feet higher in the picture."""
    return Box.from_cxcywh(passing(t) * FRAME.width, 640.0, *BEHIND_SIZE)


GROUP_SCENES: tuple[Scene, ...] = (
    Scene(
        "drift-apart",
        10.0,
        (Actor(across(drifting(0.43, 0.25))), Actor(across(drifting(0.57, 0.75)))),
        GROUP,
        subject=(0, 1),
    ),
    Scene(
        "pass-pair",
        9.0,
        (Actor(behind), Actor(across(standing(0.44))), Actor(across(standing(0.57)))),
        GROUP,
        subject=(1, 2),
    ),
    Scene(
        "pass-single",
        9.0,
        (Actor(across(standing(0.5))), Actor(across(passing))),
        NARROW,
        subject=(0,),
    ),
)
"""In pass-single the other passes in front, and hides the subject for a moment."""
