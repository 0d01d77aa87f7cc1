"""The settings of one shot as a JSON object, exactly."""

from __future__ import annotations

from collections.abc import Mapping

from livetrack_vcam.core.changes import check_settings
from livetrack_vcam.core.config import (
    DirectorSettings,
    Fill,
    Shot,
    Speed,
    WhenLost,
    parse_subject,
)
from livetrack_vcam.core.fusion import Fusion
from livetrack_vcam.core.geometry import format_aspect_ratio, parse_aspect_ratio

FIELDS = (
    "aspect", "shot", "speed", "subject", "when_lost", "fill", "headroom", "max_zoom",
    "dead_zone", "min_crop_height", "fusion", "lead_room", "eyes_on_third", "lost_predict",
    "lost_hold", "lost_widen", "cuts",
)  # fmt: skip


def settings_to_json(settings: DirectorSettings) -> dict[str, str | float | None]:
    """Every field under the name commands use for it; floats survive exactly."""
    return {
        "aspect": format_aspect_ratio(settings.aspect_ratio),
        "shot": settings.shot.value,
        "speed": settings.speed.value,
        "subject": str(settings.subject),
        "when_lost": settings.when_lost.value,
        "fill": settings.fill.value,
        "headroom": settings.headroom,
        "max_zoom": settings.max_zoom,
        "dead_zone": settings.dead_zone,
        "min_crop_height": settings.min_crop_height,
        "fusion": settings.fusion.value,
        "lead_room": settings.lead_room,
        "eyes_on_third": settings.eyes_on_third,
        "lost_predict": settings.lost_predict,
        "lost_hold": settings.lost_hold,
        "lost_widen": settings.lost_widen,
        "cuts": settings.cuts,
    }


def settings_from_json(data: object) -> DirectorSettings:
    """The settings `settings_to_json` wrote. Raises ValueError that names what is wrong."""
    if not isinstance(data, Mapping) or set(data) != set(FIELDS):
        raise ValueError(f"the settings of a shot need exactly the fields {', '.join(FIELDS)}")
    settings = DirectorSettings(
        parse_aspect_ratio(str(data["aspect"])),
        Shot(data["shot"]),
        Speed(data["speed"]),
        parse_subject(str(data["subject"])),
        WhenLost(data["when_lost"]),
        Fill(data["fill"]),
        _optional(data, "headroom"),
        _number(data, "max_zoom"),
        _optional(data, "dead_zone"),
        _number(data, "min_crop_height"),
        Fusion(data["fusion"]),
        _number(data, "lead_room"),
        _switch(data, "eyes_on_third"),
        _number(data, "lost_predict"),
        _number(data, "lost_hold"),
        _number(data, "lost_widen"),
        _switch(data, "cuts"),
    )
    check_settings(settings)
    return settings


def _number(data: Mapping[str, object], field: str) -> float:
    value = data[field]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"field {field!r} is {value!r}, not a number")
    return value


def _switch(data: Mapping[str, object], field: str) -> bool:
    value = data[field]
    if not isinstance(value, bool):
        raise ValueError(f"field {field!r} is {value!r}, not true or false")
    return value


def _optional(data: Mapping[str, object], field: str) -> float | None:
    return None if data[field] is None else _number(data, field)
