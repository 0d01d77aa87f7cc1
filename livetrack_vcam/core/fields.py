"""The settings of a shot, one entry each: name, JSON form both ways, and what JSON may hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from livetrack_vcam.core.changes import (
    MAX_DEAD_ZONE,
    MAX_HEADROOM,
    MAX_LEAD_ROOM,
    MAX_LOST_S,
    MAX_ZOOM,
)
from livetrack_vcam.core.config import (
    DirectorSettings,
    Fill,
    Shot,
    Speed,
    SubjectPolicy,
    WhenLost,
    parse_subject,
)
from livetrack_vcam.core.fusion import Fusion
from livetrack_vcam.core.geometry import format_aspect_ratio, parse_aspect_ratio

Json = str | int | float | bool | None
Schema = Mapping[str, object]
E = TypeVar("E", bound=Enum)


@dataclass(frozen=True, slots=True)
class Field:
    """`attribute` of DirectorSettings under its `name` in JSON.

    `read` raises ValueError with a sentence; `schema` is JSON Schema for what it takes. `live`
    settings can change while the program runs.
    """

    name: str
    attribute: str
    read: Callable[[object], object]
    write: Callable[..., Json]
    schema: Schema
    live: bool = True


def read_number(
    name: str, low: float, high: float, optional: bool = False
) -> Callable[[object], float | None]:
    """A reader of numbers from `low` to `high`, and of null if `optional`."""
    allowed = f"a number from {low:g} to {high:g}" + (" or null" if optional else "")

    def read(value: object) -> float | None:
        if value is None and optional:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f"field {name!r} is {value!r}; use {allowed}")
        if not low <= value <= high:
            raise ValueError(f"field {name!r} is {value!r}; use {allowed}")
        return float(value)

    return read


def read_text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"field {name!r} must be text, not {value!r}")
    return value


def same(value: Json) -> Json:
    return value


def _choice(name: str, kind: type[E]) -> Field:
    def read(value: object) -> E:
        for member in kind:
            if member.value == value and isinstance(value, str):
                return member
        choices = ", ".join(str(member.value) for member in kind)
        raise ValueError(f"field {name!r} is {value!r}; use one of: {choices}")

    schema = {"type": "string", "enum": [member.value for member in kind]}
    return Field(name, name, read, lambda member: str(member.value), schema)


def _number(name: str, low: float, high: float, optional: bool = False) -> Field:
    schema: dict[str, object] = {"type": "number", "minimum": low, "maximum": high}
    if optional:
        schema["type"] = ["number", "null"]
    return Field(name, name, read_number(name, low, high, optional), same, schema)


def _switch(name: str) -> Field:
    def read(value: object) -> bool:
        if not isinstance(value, bool):
            raise ValueError(f"field {name!r} is {value!r}, not true or false")
        return value

    return Field(name, name, read, same, {"type": "boolean"})


def _read_aspect(value: object) -> object:
    return parse_aspect_ratio(read_text("aspect", value))


def _read_subject(value: object) -> SubjectPolicy:
    return parse_subject(read_text("subject", value))


def _read_fusion(value: object) -> Fusion:
    return Fusion(read_text("fusion", value))


def _read_height(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
        raise ValueError(f"field 'min_crop_height' is {value!r}, not a number above 0")
    return value


FIELDS = (
    Field(
        "aspect", "aspect_ratio", _read_aspect, format_aspect_ratio,
        {
            "type": "string",
            "description": "W:H from 1:4 to 4:1",
            "pattern": "^[0-9]{1,9}:[0-9]{1,9}$",
            "examples": ["16:9", "9:16"],
        },
    ),
    _choice("shot", Shot),
    _choice("speed", Speed),
    Field(
        "subject", "subject", _read_subject, str,
        {
            "type": "string",
            "description": "auto, largest, center, group, ball, label:NAME or track:ID",
            "pattern": r"^(auto|largest|center|group|ball|label:.*\S|track:[1-9][0-9]{0,17})$",
            "examples": ["group"],
        },
    ),
    _choice("when_lost", WhenLost),
    _choice("fill", Fill),
    _number("headroom", 0, MAX_HEADROOM, optional=True),
    _number("max_zoom", 1, MAX_ZOOM),
    _number("dead_zone", 0, MAX_DEAD_ZONE, optional=True),
    Field("min_crop_height", "min_crop_height", _read_height, same, {"type": "number"}, live=False),
    Field(
        "fusion", "fusion", _read_fusion, lambda member: str(member.value),
        {"type": "string"}, live=False,
    ),
    _number("lead_room", 0, MAX_LEAD_ROOM),
    _switch("eyes_on_third"),
    _number("lost_predict", 0, MAX_LOST_S),
    _number("lost_hold", 0, MAX_LOST_S),
    _number("lost_widen", 0, MAX_LOST_S),
    _switch("cuts"),
)  # fmt: skip
"""Every field of DirectorSettings, in the order in which logs hold them."""

LIVE_FIELDS = {field.name: field for field in FIELDS if field.live}
"""What can be set while the program runs, by name."""


def live_settings(settings: DirectorSettings) -> dict[str, Json]:
    """The fields that can change while the program runs, as JSON."""
    return {
        name: field.write(getattr(settings, field.attribute)) for name, field in LIVE_FIELDS.items()
    }
