"""What the status of a shot must show: the goals of everything that is pressed in OBS."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

Json = dict[str, Any]
Goal = Callable[[Json], object]
Commands = tuple[tuple[str, Json], ...]
"""Of the daemon, each with its fields."""

SPEEDS = ("cinema", "calm", "fast", "sport", "normal")
SHOT_SIZES = ("face", "head", "upper", "full", "wide", "auto")
SUBJECTS = ("largest", "center", "group", "ball", "auto")
ASPECTS = ("9:16", "1:1", "4:5", "4:3", "21:9", "16:9")
WHEN_LOST = ("hold", "home", "center", "full", "widen")
FILLS = ("letterbox", "blur", "split", "crop")
"""The default comes last, so that each of them changes something."""

AT_REST_ELSEWHERE: Commands = (("pause", {}), ("set_home", {"box": [0, 0, 160, 90]}))
HOME_UNSEEN: Commands = (("resume", {}), ("set_home", {"box": [300, 200, 640, 360]}), ("wide", {}))
ON_THE_WAY: Commands = (("resume", {}), ("recenter", {}))


def has(field: str, value: object) -> Goal:
    return lambda shot: shot["settings"][field] == value


def near(field: str, value: float) -> Goal:
    return lambda shot: abs((shot["settings"][field] or 0) - value) < 1e-6


def shaped(aspect: str) -> Goal:
    """The daemon names 21:9 as 7:3."""
    return lambda shot: ratio(shot["settings"]["aspect"]) == ratio(aspect)


def ratio(aspect: str) -> Fraction:
    return Fraction(aspect.replace(":", "/"))


def shows_everything(shot: Json) -> bool:
    return shot["state"] == "wide" and shot["zoom"] < 1.01


def shows_less(shot: Json) -> bool:
    return shot["zoom"] is not None and shot["zoom"] > 1.05


def home_is_here(shot: Json) -> bool:
    return shot["home"] is not None and all(
        abs(there - here) < 2 for there, here in zip(shot["home"], shot["crop"], strict=True)
    )


def paused(shot: Json) -> bool:
    return shot["state"] == "paused"


def moving(shot: Json) -> bool:
    return not paused(shot)


def locked(shot: Json) -> bool:
    return bool(shot["locked"])


def released(shot: Json) -> bool:
    return not locked(shot)
