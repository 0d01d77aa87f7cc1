"""Request and Status: one vocabulary for the command line, HTTP, the OBS script and the logs."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass
from reprlib import Repr
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError
from pydantic import WithJsonSchema as JsonSchema

from livetrack_vcam.core.command import Command
from livetrack_vcam.core.command_json import COMMAND_NAMES, command_from_json, command_to_json
from livetrack_vcam.core.fields import Json
from livetrack_vcam.room_status import RoomStatus

__all__ = [
    "PROGRAM_COMMANDS",
    "REQUEST_NAMES",
    "AssignScene",
    "Command",
    "DeletePreset",
    "Hint",
    "Latency",
    "LoadPreset",
    "ObsStatus",
    "ProgramCommand",
    "Quit",
    "Request",
    "SavePreset",
    "ShotStatus",
    "SinkStatus",
    "SourceStatus",
    "Standby",
    "Status",
    "TrackStatus",
    "command_from_json",
    "command_to_json",
    "plain_name",
    "request_from_json",
]

MAX_PRESET_NAME = 64
MAX_SCENE_NAME = 256
LONGEST_LEASE_S = 3600
# Controls, line separators, and halves of a surrogate pair, which no file can hold.
_NOT_IN_NAMES = ("Cc", "Zl", "Zp", "Cs")

_short = Repr()
_short.maxstring = _short.maxother = 48
_shown = _short.repr
"""What somebody sent, short enough for a sentence."""


def plain_name(name: str, longest: int) -> str:
    """The name, which can be shown, typed and told apart. Raises ValueError."""
    if not 1 <= len(name) <= longest:
        raise ValueError(f"use 1 to {longest} characters")
    if any(unicodedata.category(each) in _NOT_IN_NAMES for each in name):
        raise ValueError("use no control characters or line breaks")
    return name


PresetName = Annotated[
    str,
    AfterValidator(lambda name: plain_name(name.strip(), MAX_PRESET_NAME)),
    JsonSchema({"type": "string", "minLength": 1, "maxLength": MAX_PRESET_NAME}),
]
SceneName = Annotated[
    str,
    AfterValidator(lambda name: plain_name(name, MAX_SCENE_NAME)),
    JsonSchema({"type": "string", "minLength": 1, "maxLength": MAX_SCENE_NAME}),
]


def _lease(seconds: float | None) -> float | None:
    if seconds is not None and not 1 <= seconds <= LONGEST_LEASE_S:
        raise ValueError(f"use a number of seconds from 1 to {LONGEST_LEASE_S}")
    return seconds


Lease = Annotated[
    float | None,
    AfterValidator(_lease),
    JsonSchema(
        {
            "type": ["number", "null"],
            "minimum": 1,
            "maximum": LONGEST_LEASE_S,
            "examples": [20],
            "description": "It ends by itself after so many seconds, unless it is said again: for "
            "programs that may die before they end it.",
        }
    ),
]


class _ProgramCommand(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class SavePreset(_ProgramCommand):
    """Keep the live settings of every shot under a name."""

    command: Literal["save_preset"] = "save_preset"
    preset: PresetName


class LoadPreset(_ProgramCommand):
    """Give the shots the settings kept for them, all at once; the target, if any, alone."""

    command: Literal["load_preset"] = "load_preset"
    preset: PresetName


class DeletePreset(_ProgramCommand):
    """Forget a preset, and which scenes it was assigned to."""

    command: Literal["delete_preset"] = "delete_preset"
    preset: PresetName


class AssignScene(_ProgramCommand):
    """Load a preset whenever a scene of OBS comes on program; null: none any more."""

    command: Literal["assign_scene"] = "assign_scene"
    scene: SceneName
    preset: PresetName | None


class Standby(_ProgramCommand):
    """Let the picture rest and look for nobody; off: go on as if it had never been."""

    command: Literal["standby"] = "standby"
    on: bool
    for_s: Lease = None


class Quit(_ProgramCommand):
    """End the program."""

    command: Literal["quit"] = "quit"


ProgramCommand: TypeAlias = SavePreset | LoadPreset | DeletePreset | AssignScene | Standby | Quit
"""What is told to the whole program, not to the director of a shot; `command` tells them apart."""

Request: TypeAlias = ProgramCommand | Command

PROGRAM_COMMANDS: dict[str, type[_ProgramCommand]] = {
    "save_preset": SavePreset,
    "load_preset": LoadPreset,
    "delete_preset": DeletePreset,
    "assign_scene": AssignScene,
    "standby": Standby,
    "quit": Quit,
}

REQUEST_NAMES = (*COMMAND_NAMES, *PROGRAM_COMMANDS)
"""Every command a JSON object can name."""


def request_from_json(data: object) -> Request:
    """The command a JSON object describes, of a director or of the program.

    Raises ValueError, naming the field and what is allowed, for anything else than exactly the
    keys of a known command with values of the right type and range.
    """
    if not isinstance(data, Mapping):
        return command_from_json(data)
    name = data.get("command")
    if not isinstance(name, str) or name not in REQUEST_NAMES:
        raise ValueError(
            f"command {_shown(name)} is unknown; use one of: {', '.join(REQUEST_NAMES)}"
        )
    model = PROGRAM_COMMANDS.get(name)
    if model is None:
        return command_from_json(data)
    try:
        return model.model_validate(dict(data))  # type: ignore[return-value]
    except ValidationError as error:
        raise ValueError(_sentence(model, name, error)) from None


def _sentence(model: type[BaseModel], command: str, error: ValidationError) -> str:
    """The first complaint in the words of `command_from_json`."""
    first = error.errors()[0]
    field = str(first["loc"][0])
    if first["type"] == "missing":
        return f"field {field!r} is missing; {command} needs it"
    if first["type"] == "extra_forbidden":
        fields = [repr(each) for each in model.model_fields if each != "command"]
        allowed = f"only {' and '.join(fields)}" if fields else "no other field"
        return f"field {_shown(field)} is unknown; {command} takes {allowed}"
    wishes = {
        "string_type": "use text",
        "bool_type": "use true or false",
        "float_type": "use a number",
    }
    wish = wishes.get(first["type"], first["msg"].removeprefix("Value error, "))
    return f"field {field!r} is {_shown(first['input'])}; {wish}"


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """`state`: running, lost (looked for again) or ended. `fps` is measured."""

    name: str
    state: str
    width: int
    height: int
    fps: float


@dataclass(frozen=True, slots=True)
class TrackStatus:
    """A track now: box xywh in source pixels. `subject_of`: the shots that are about it."""

    id: int
    label: str
    box: tuple[float, float, float, float]
    score: float
    subject_of: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Latency:
    """Median age of a frame, in milliseconds since its capture, at the stations of its way; over
    the last ten seconds, so that a change soon shows.

    `capture`: when it reaches us; `render`: when its picture is drawn, look-ahead included;
    `send`: when the slowest open sink has it; `detect`: when it is known who is in it. None: no
    frame came there.
    """

    capture_ms: float | None
    render_ms: float | None
    send_ms: float | None
    detect_ms: float | None


@dataclass(frozen=True, slots=True)
class Hint:
    """Something the operator can do better. `code` names it for programs, `text` says it."""

    code: str
    text: str
    shot: str | None = None


@dataclass(frozen=True, slots=True)
class SinkStatus:
    """`name`: its kind, and of several of a kind in a shot a number: file, file 2.

    `state`: opening, open, failed or closed. `dropped`: frames that waited too long for it.

    `link`: how it stands with a server elsewhere, connecting, live or retrying, and the `reason`
    if that is not as it should be; None for a sink that has none.
    """

    shot: str
    name: str
    state: str
    frames: int
    dropped: int
    latency_p50_ms: float | None
    latency_p99_ms: float | None
    link: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ObsStatus:
    """What is known of OBS, when it is followed. `on_program` is None when OBS has no input of
    ours; `error` is why there is no connection."""

    connected: bool = False
    on_program: bool | None = None
    scene: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class ShotStatus:
    """How one shot is framed now; `crop` xywh in source pixels, `upscale` canvas over crop.

    `look_ahead`: frames by which the picture is held back, which now takes `delay_ms`; latencies
    include it. `settings`: every live one. `locked`: the operator chose the subject by its number.
    `home` is xywh in source pixels. `preset`: the one that was loaded or saved last, as long as
    the settings are still its own.
    """

    name: str
    aspect: str
    width: int
    height: int
    shot: str
    speed: str
    subject_policy: str
    state: str
    subject: tuple[int, ...]
    crop: tuple[float, float, float, float] | None
    zoom: float | None
    upscale: float | None
    look_ahead: int
    delay_ms: float
    settings: Mapping[str, Json]
    locked: bool
    home: tuple[float, float, float, float] | None
    preset: str | None


@dataclass(frozen=True, slots=True)
class Status:
    """The whole program at one moment, as `GET /api/status` gives it.

    `detector_state`: running, waiting (failed, tried again soon) or off; `detector_error` why.
    `detect_hz`: frames looked at a second. `cpu_pct` is of one core, over the last two seconds.
    `standby`: the picture rests and nobody is looked for. `scenes`: the preset of each scene of
    OBS that has one. `obs` is None when OBS is not followed.
    """

    version: str
    pid: int
    uptime_s: float
    standby: bool
    cpu_pct: float | None
    source: SourceStatus
    fps: float
    latency_p50_ms: float | None
    latency_p99_ms: float | None
    latency: Latency
    dropped: int
    detector: str
    detector_state: str
    detector_error: str | None
    detect_hz: float
    detect_latency_p50_ms: float | None
    tracks: tuple[TrackStatus, ...]
    shots: tuple[ShotStatus, ...]
    sinks: tuple[SinkStatus, ...]
    presets: tuple[str, ...]
    scenes: Mapping[str, str]
    hints: tuple[Hint, ...]
    obs: ObsStatus | None
    rooms: tuple[RoomStatus, ...]
    links: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        return {name: _json(getattr(self, name)) for name in self.__slots__}


def _json(value: object) -> object:
    """As dataclasses.asdict, but a quarter of its time: it is done for every event that is sent."""
    if isinstance(value, tuple):
        return [_json(each) for each in value]
    if is_dataclass(value):
        return {name: _json(getattr(value, name)) for name in value.__dataclass_fields__}
    return value
