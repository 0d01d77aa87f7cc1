"""Commands as JSON objects: one vocabulary for HTTP, the command line and the session log."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from livetrack_vcam.core import command as commands
from livetrack_vcam.core.changes import MAX_DEAD_ZONE, MAX_HEADROOM, MAX_ZOOM
from livetrack_vcam.core.command import Command
from livetrack_vcam.core.config import Fill, Shot, Speed, SubjectPolicy, WhenLost, parse_subject
from livetrack_vcam.core.geometry import format_aspect_ratio, parse_aspect_ratio

Json = str | int | float | bool | None
E = TypeVar("E", bound=Enum)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One command's JSON: its name, its only argument if it has one, and both directions."""

    name: str
    kind: Callable[..., Command]
    field: str | None
    attribute: str
    read: Callable[[object], object]
    write: Callable[..., Json]


def command_to_json(command: Command) -> dict[str, Json]:
    """{"command": "set_aspect", "aspect": "9:16"} and the like; `command_from_json` reads it."""
    entry = _BY_KIND[type(command)]
    result: dict[str, Json] = {"command": entry.name}
    if entry.field is not None:
        result[entry.field] = entry.write(getattr(command, entry.attribute))
    return result


def command_from_json(data: object) -> Command:
    """The command a JSON object describes.

    Raises ValueError, naming the field and what is allowed, for anything else than exactly the
    keys of a known command with values of the right type and range.
    """
    if not isinstance(data, Mapping):
        raise ValueError('a command is a JSON object such as {"command": "pause"}')
    name = data.get("command")
    entry = _BY_NAME.get(name) if isinstance(name, str) else None
    if entry is None:
        raise ValueError(f"command {name!r} is unknown; use one of: {', '.join(_BY_NAME)}")
    allowed = {"command"} | ({entry.field} if entry.field else set())
    unknown = sorted(str(key) for key in data if key not in allowed)
    if unknown:
        fields = f"only {entry.field!r}" if entry.field else "no other field"
        raise ValueError(f"field {unknown[0]!r} is unknown; {entry.name} takes {fields}")
    if entry.field is None:
        return entry.kind()
    if entry.field not in data:
        raise ValueError(f"field {entry.field!r} is missing; {entry.name} needs it")
    return entry.kind(entry.read(data[entry.field]))


def _text(field: str, value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"field {field!r} must be text, not {value!r}")
    return value


def _choice(field: str, kind: type[E]) -> Callable[[object], E]:
    def read(value: object) -> E:
        for member in kind:
            if member.value == value and isinstance(value, str):
                return member
        choices = ", ".join(str(member.value) for member in kind)
        raise ValueError(f"field {field!r} is {value!r}; use one of: {choices}")

    return read


def _number(
    field: str, low: float, high: float, optional: bool = False
) -> Callable[[object], float | None]:
    allowed = f"a number from {low:g} to {high:g}" + (" or null" if optional else "")

    def read(value: object) -> float | None:
        if value is None and optional:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f"field {field!r} is {value!r}; use {allowed}")
        if not (math.isfinite(value) and low <= value <= high):
            raise ValueError(f"field {field!r} is {value!r}; use {allowed}")
        return float(value)

    return read


def _track_id(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"field 'track_id' is {value!r}; use a whole number from 1")
    return value


def _subject(value: object) -> SubjectPolicy:
    return parse_subject(_text("subject", value))


def _aspect(value: object) -> object:
    return parse_aspect_ratio(_text("aspect", value))


def _enum_value(member: Enum) -> str:
    return str(member.value)


def _same(value: float | None) -> float | None:
    return value


def _nothing(_: object) -> None:
    return None


_ENTRIES = (
    _Entry(
        "set_aspect", commands.SetAspectRatio, "aspect", "aspect_ratio", _aspect,
        format_aspect_ratio,
    ),
    _Entry("set_shot", commands.SetShot, "shot", "shot", _choice("shot", Shot), _enum_value),
    _Entry("set_speed", commands.SetSpeed, "speed", "speed", _choice("speed", Speed), _enum_value),
    _Entry(
        "set_when_lost", commands.SetWhenLost, "when_lost", "when_lost",
        _choice("when_lost", WhenLost), _enum_value,
    ),
    _Entry("set_fill", commands.SetFill, "fill", "fill", _choice("fill", Fill), _enum_value),
    _Entry(
        "set_headroom", commands.SetHeadroom, "headroom", "headroom",
        _number("headroom", 0, MAX_HEADROOM, optional=True), _same,
    ),
    _Entry(
        "set_max_zoom", commands.SetMaxZoom, "max_zoom", "max_zoom",
        _number("max_zoom", 1, MAX_ZOOM), _same,
    ),
    _Entry(
        "set_dead_zone", commands.SetDeadZone, "dead_zone", "dead_zone",
        _number("dead_zone", 0, MAX_DEAD_ZONE, optional=True), _same,
    ),
    _Entry("select_subject", commands.SelectSubject, "subject", "subject", _subject, str),
    _Entry("lock", commands.LockTrack, "track_id", "track_id", _track_id, _same),
    *(
        _Entry(name, kind, None, "", _nothing, _nothing)
        for name, kind in (
            ("release", commands.ReleaseTrack),
            ("next", commands.NextSubject),
            ("previous", commands.PreviousSubject),
            ("recenter", commands.Recenter),
            ("set_home", commands.SetHome),
            ("home", commands.GoHome),
            ("pause", commands.Pause),
            ("resume", commands.Resume),
        )
    ),
)  # fmt: skip
_BY_NAME = {entry.name: entry for entry in _ENTRIES}
_BY_KIND: dict[object, _Entry] = {entry.kind: entry for entry in _ENTRIES}

COMMAND_NAMES = tuple(_BY_NAME)
"""Every command a JSON object can name."""
