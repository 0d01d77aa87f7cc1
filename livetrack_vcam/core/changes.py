"""Commands that change a setting: checked, and turned into new settings."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from livetrack_vcam.core.command import (
    Command,
    Configure,
    SetAspectRatio,
    SetDeadZone,
    SetFill,
    SetHeadroom,
    SetMaxZoom,
    SetShot,
    SetSpeed,
    SetWhenLost,
)
from livetrack_vcam.core.config import DirectorSettings
from livetrack_vcam.core.geometry import (
    MAX_ASPECT_RATIO,
    MIN_ASPECT_RATIO,
    format_aspect_ratio,
)

MAX_HEADROOM = 0.5
MAX_DEAD_ZONE = 0.45
MAX_ZOOM = 100.0
MAX_LEAD_ROOM = 0.12
MAX_LOST_S = 60.0


def check_settings(settings: DirectorSettings) -> None:
    """Raises ValueError, naming field and range, for settings no director can follow."""
    if not MIN_ASPECT_RATIO <= settings.aspect_ratio <= MAX_ASPECT_RATIO:
        shape = format_aspect_ratio(settings.aspect_ratio)
        raise ValueError(f"aspect {shape} is outside 1:4 to 4:1; try 16:9, 9:16 or 1:1")
    if settings.headroom is not None:
        _check("headroom", settings.headroom, 0, MAX_HEADROOM)
    if settings.dead_zone is not None:
        _check("dead_zone", settings.dead_zone, 0, MAX_DEAD_ZONE)
    _check("max_zoom", settings.max_zoom, 1, MAX_ZOOM)
    _check("lead_room", settings.lead_room, 0, MAX_LEAD_ROOM)
    for field in ("lost_predict", "lost_hold", "lost_widen"):
        _check(field, getattr(settings, field), 0, MAX_LOST_S)
    if not settings.min_crop_height > 0:
        raise ValueError(f"min_crop_height {settings.min_crop_height} is not above 0 pixels")


def _check(field: str, value: float, low: float, high: float) -> None:
    if not (math.isfinite(value) and low <= value <= high):
        raise ValueError(f"{field} {value:g} is not allowed; use a number from {low:g} to {high:g}")


def changed(settings: DirectorSettings, command: Command) -> DirectorSettings | None:
    """The settings after a command that sets one; None for the other commands.

    Raises ValueError for a value outside its range.
    """
    result = _replaced(settings, command)
    if result is not None:
        check_settings(result)
    return result


def _replaced(settings: DirectorSettings, command: Command) -> DirectorSettings | None:
    match command:
        case SetAspectRatio(aspect_ratio):
            return replace(settings, aspect_ratio=aspect_ratio)
        case SetShot(shot):
            return replace(settings, shot=shot)
        case SetSpeed(speed):
            return replace(settings, speed=speed)
        case SetWhenLost(when_lost):
            return replace(settings, when_lost=when_lost)
        case SetFill(fill):
            return replace(settings, fill=fill)
        case SetHeadroom(headroom):
            return replace(settings, headroom=headroom)
        case SetMaxZoom(max_zoom):
            return replace(settings, max_zoom=max_zoom)
        case SetDeadZone(dead_zone):
            return replace(settings, dead_zone=dead_zone)
        case Configure(changes):
            values: dict[str, Any] = dict(changes)
            return replace(settings, **values)
        case _:
            return None
