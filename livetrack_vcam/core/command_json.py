"""Commands as JSON objects: one vocabulary for HTTP, the command line and the session log."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from livetrack_vcam.core import command as commands
from livetrack_vcam.core.command import Changes, Command
from livetrack_vcam.core.fields import LIVE_FIELDS, Json, Schema, read_number, same
from livetrack_vcam.core.geometry import Box

JsonValue = Json | Mapping[str, Json] | Sequence[float]
MAX_SIDE = 1e5
"""Pixels; no camera has a longer one."""
MIN_SIDE = 1.0
"""Pixels; a smaller one would round to nothing far from the origin."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One command's JSON: its name, its only argument if it has one, and both directions.

    An argument left out is None if it is `optional`. `schema` is JSON Schema for the argument.
    """

    name: str
    kind: Callable[..., Command]
    field: str | None = None
    attribute: str = ""
    read: Callable[[object], object] = same  # type: ignore[assignment]
    write: Callable[..., JsonValue] = same
    schema: Schema | None = None
    optional: bool = False

    @property
    def meaning(self) -> str:
        """What its command says of itself; "" where the name says it all."""
        text = self.kind.__doc__ or ""
        made_by_dataclass = text.startswith(f"{self.kind.__name__}(")
        return "" if made_by_dataclass else " ".join(text.partition("\n\n")[0].split())


def command_to_json(command: Command) -> dict[str, JsonValue]:
    """{"command": "set_aspect", "aspect": "9:16"} and the like; `command_from_json` reads it."""
    entry = _BY_KIND[type(command)]
    result: dict[str, JsonValue] = {"command": entry.name}
    if entry.field is not None:
        value = getattr(command, entry.attribute)
        if not (entry.optional and value is None):
            result[entry.field] = entry.write(value)
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
    if entry.field is None or (entry.optional and entry.field not in data):
        return entry.kind()
    if entry.field not in data:
        raise ValueError(f"field {entry.field!r} is missing; {entry.name} needs it")
    return entry.kind(entry.read(data[entry.field]))


def read_changes(data: object) -> Changes:
    """What Configure takes, from an object of live settings. Raises ValueError."""
    if not isinstance(data, Mapping) or not data:
        raise ValueError('settings are a JSON object such as {"speed": "sport", "aspect": "9:16"}')
    unknown = sorted(str(key) for key in data if key not in LIVE_FIELDS)
    if unknown:
        names = ", ".join(LIVE_FIELDS)
        raise ValueError(
            f"setting {unknown[0]!r} is unknown or cannot change now; use some of: {names}"
        )
    return tuple(
        (field.attribute, field.read(data[name]))
        for name, field in LIVE_FIELDS.items()
        if name in data
    )


def _write_changes(changes: Changes) -> Mapping[str, Json]:
    values = dict(changes)
    return {
        name: field.write(values[field.attribute])
        for name, field in LIVE_FIELDS.items()
        if field.attribute in values
    }


def _track_id(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"field 'track_id' is {value!r}; use a whole number from 1")
    return value


def _box(value: object) -> Box:
    """[x, y, width, height] in source pixels."""
    wanted = "use [x, y, width, height] in source pixels"
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 4:
        raise ValueError(f"field 'box' is {value!r}; {wanted}")
    numbers = [read_number("box", -MAX_SIDE, MAX_SIDE)(each) or 0.0 for each in value]
    x, y, width, height = numbers
    if width < MIN_SIDE or height < MIN_SIDE:
        raise ValueError(f"field 'box' has no area, or less than a pixel; {wanted}")
    return Box(x, y, x + width, y + height)


def _setting(name: str, kind: Callable[..., Command], field: str) -> Entry:
    """A command that sets one live setting."""
    it = LIVE_FIELDS[field]
    return Entry(name, kind, field, it.attribute, it.read, it.write, it.schema)


_PLACE: Schema = {"type": "number", "minimum": -MAX_SIDE, "maximum": MAX_SIDE}
_SIDE: Schema = {"type": "number", "minimum": MIN_SIDE, "maximum": MAX_SIDE}
_BOX_SCHEMA: Schema = {
    "type": "array", "prefixItems": [_PLACE, _PLACE, _SIDE, _SIDE], "minItems": 4, "maxItems": 4,
    "description": "[x, y, width, height] in source pixels; without it the present crop",
    "examples": [[320, 180, 1280, 720]],
}  # fmt: skip
_CHANGES_SCHEMA: Schema = {
    "type": "object", "additionalProperties": False, "minProperties": 1,
    "properties": {name: field.schema for name, field in LIVE_FIELDS.items()},
}  # fmt: skip

ENTRIES = (
    _setting("set_aspect", commands.SetAspectRatio, "aspect"),
    _setting("set_shot", commands.SetShot, "shot"),
    _setting("set_speed", commands.SetSpeed, "speed"),
    _setting("set_when_lost", commands.SetWhenLost, "when_lost"),
    _setting("set_fill", commands.SetFill, "fill"),
    _setting("set_headroom", commands.SetHeadroom, "headroom"),
    _setting("set_max_zoom", commands.SetMaxZoom, "max_zoom"),
    _setting("set_dead_zone", commands.SetDeadZone, "dead_zone"),
    _setting("select_subject", commands.SelectSubject, "subject"),
    Entry(
        "lock", commands.LockTrack, "track_id", "track_id", _track_id, same,
        {"type": "integer", "minimum": 1},
    ),
    Entry(
        "configure", commands.Configure, "settings", "changes", read_changes, _write_changes,
        _CHANGES_SCHEMA,
    ),
    Entry(
        "set_home", commands.SetHome, "box", "box", _box, lambda box: list(box.xywh),
        _BOX_SCHEMA, optional=True,
    ),
    Entry("release", commands.ReleaseTrack),
    Entry("next", commands.NextSubject),
    Entry("previous", commands.PreviousSubject),
    Entry("recenter", commands.Recenter),
    Entry("home", commands.GoHome),
    Entry("wide", commands.ShowWide),
    Entry("toggle", commands.Toggle),
    Entry("pause", commands.Pause),
    Entry("resume", commands.Resume),
)  # fmt: skip
"""Every command, in the order in which help lists them."""

_BY_NAME = {entry.name: entry for entry in ENTRIES}
_BY_KIND: dict[object, Entry] = {entry.kind: entry for entry in ENTRIES}

COMMAND_NAMES = tuple(_BY_NAME)
"""Every command a JSON object can name."""
