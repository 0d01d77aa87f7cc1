"""Settings and its nested parts, parsed once at the edge; inside, everything is already valid."""

from __future__ import annotations

import codecs
import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from livetrack_vcam.core.geometry import parse_aspect_ratio
from livetrack_vcam.core.schedule import DEFAULT_CPU
from livetrack_vcam.errors import SettingsError
from livetrack_vcam.shot_settings import Frozen, ShotSettings, one_or_more, parse_size

MAX_PORT = 65535


def _parse_source(value: object) -> object:
    """The number of a camera may be a number in the config file too."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _parse_sound(value: object) -> object:
    words = ("none", "source", "mic")
    if isinstance(value, str) and value not in words and not re.fullmatch(r"mic:.+", value):
        raise ValueError(f"sound {value[:40]!r} is unknown; try none, source, mic or mic:NAME")
    return value


def _check_stun(url: str) -> str:
    """As aiortc takes it: by a name or an IPv4 address, and with a port that there can be."""
    found = re.fullmatch(r"stuns?:[A-Za-z0-9._-]{1,253}(?::(\d{1,5}))?", url)
    if found is None or not 0 < int(found[1] or 1) <= MAX_PORT:
        raise ValueError(f"stun {url[:40]!r} is no STUN server; try stun:HOST:3478")
    return url


StunUrl = Annotated[str, AfterValidator(_check_stun)]


class Settings(Frozen):
    """Everything one run is told."""

    source: Annotated[str, BeforeValidator(_parse_source)] = Field(
        "auto",
        min_length=1,
        description='A camera as `devices` lists it ("name", id, number, /dev/video0), FILE, '
        "rtsp://…, http://…, browser[:WxH] (a phone), demo or auto.",
        json_schema_extra={"metavar": "SRC"},
    )
    sound: Annotated[str, BeforeValidator(_parse_sound)] = Field(
        "source",
        description="What viewers of the room hear: source (of a file or an address), mic, "
        "mic:NAME or none.",
        json_schema_extra={"metavar": "SOUND"},
    )
    howl_guard: bool = Field(
        True, description="Mute the microphone when it hears itself from a viewer's loudspeaker."
    )
    detector: str = Field(
        "auto",
        min_length=1,
        description="auto, or model names separated by commas.",
        json_schema_extra={"metavar": "NAMES"},
    )
    detect_hz: float = Field(
        60.0, ge=0.1, le=120, description="Frames a second looked at, at most."
    )
    detect_cpu: float = Field(
        DEFAULT_CPU,
        gt=0,
        le=1,
        description="Share of one processor core that detection may use; less when nothing moves.",
    )
    session: Path | None = Field(None, description="Write the session log here, for `replay`.")
    trace: Path | None = Field(None, description="Write the crop of every frame here, JSON lines.")
    duration: float | None = Field(None, gt=0, description="Stop by itself after so many seconds.")
    overwrite: bool = Field(False, description="Replace output files that exist.")
    web: bool = Field(True, description="Serve the control API, the room and MJPEG.")
    host: str = Field("127.0.0.1", min_length=1, description="Address the web server listens on.")
    port: int = Field(
        8787, ge=0, le=MAX_PORT, description="Port of the web server; 0 takes a free one."
    )
    https: bool = Field(
        False,
        description="Listen encrypted, too, with a certificate made here: what a phone needs to "
        "be the camera.",
    )
    https_port: int = Field(
        8788, ge=0, le=MAX_PORT, description="Port of the encrypted listener; 0 takes a free one."
    )
    max_viewers: int = Field(50, ge=1, le=1000, description="Viewers a room has places for.")
    max_upload: int | None = Field(
        None,
        ge=100,
        description="Kilobits a second for all viewers of a room together; unset, no limit.",
        json_schema_extra={"metavar": "KBPS"},
    )
    room_access: Literal["open", "invited"] = Field(
        "open",
        description="Who may watch: whoever reaches the address, or who has a link of "
        "`livetrack-vcam ctl invite`.",
    )
    stun: Annotated[tuple[StunUrl, ...], BeforeValidator(one_or_more)] = Field(
        (),
        description="STUN servers that tell viewers of other networks the way, as stun:HOST:PORT; "
        "repeatable. Unset, nobody is asked.",
        json_schema_extra={"metavar": "URL"},
    )
    whip_token_file: Path | None = Field(
        None, description="File with the token for --sink whip:URL; else LIVETRACK_WHIP_TOKEN."
    )
    whip_kbps: int | None = Field(
        None,
        ge=100,
        le=50_000,
        description="Kilobits a second of the picture for --sink whip:URL; unset, 2500 at 720p.",
        json_schema_extra={"metavar": "KBPS"},
    )
    obs_audio: Annotated[tuple[str, ...], BeforeValidator(one_or_more)] = Field(
        (),
        description="Inputs of OBS whose sound is delayed as the picture is; repeatable.",
        json_schema_extra={"metavar": "NAME"},
    )
    obs_watch: bool = Field(
        False,
        description="Follow OBS: look for nobody while our picture is not on program, load the "
        "preset of a scene that comes on.",
    )
    obs_host: str = Field("127.0.0.1", min_length=1, description="Address of obs-websocket.")
    obs_port: int = Field(
        4455, ge=1, le=MAX_PORT, description="Port of obs-websocket; unset, OBS's own settings say."
    )
    obs_password_file: Path | None = Field(
        None,
        description="File with its password; else LIVETRACK_OBS_PASSWORD or OBS's own settings.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="How much is logged."
    )
    json_logs: bool = Field(False, description="Log lines as JSON objects.")
    shots: tuple[ShotSettings, ...] = Field((ShotSettings(),), min_length=1)


OPTIONS = sorted({*Settings.model_fields, *ShotSettings.model_fields})


def read_config(path: Path) -> dict[str, Any]:
    """The keys of a TOML file. Raises SettingsError that names the file and what is wrong."""
    try:
        return tomllib.loads(_decoded(path.read_bytes()))
    except FileNotFoundError:
        raise SettingsError(
            f"config file {path} does not exist; "
            f"`livetrack-vcam run --print-config > {path}` makes one"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise SettingsError(f"config file {path} cannot be read: {error}") from None


def _decoded(content: bytes) -> str:
    """TOML is UTF-8; Windows' editors put a mark before it, and PowerShell's `>` writes UTF-16."""
    utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if utf16 else "utf-8-sig")


def build_settings(config: Mapping[str, Any], options: Mapping[str, Any]) -> Settings:
    """Settings from a config file's keys and the command line's, which win.

    Both use the same flat names. Framing keys beside `[[shots]]` are the default of every shot;
    framing options of the command line apply to the first shot. Raises SettingsError.
    """
    shot_keys = set(ShotSettings.model_fields) - {"name"}
    common = {key: value for key, value in config.items() if key in shot_keys}
    rest = {key: value for key, value in config.items() if key not in shot_keys}
    tables = rest.pop("shots", [{}])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise SettingsError("`shots` is a list of tables in the config file; write [[shots]]")
    shots = [common | table for table in tables] or [common]
    shots[0] |= {key: value for key, value in options.items() if key in shot_keys}
    rest |= {key: value for key, value in options.items() if key not in shot_keys}
    try:
        settings = Settings.model_validate({**rest, "shots": [_with_aspect(s) for s in shots]})
    except ValidationError as error:
        raise SettingsError(_first_sentence(error, set(options))) from None
    _check_names(settings.shots)
    return settings


def _with_aspect(shot: dict[str, Any]) -> dict[str, Any]:
    """A size without an aspect ratio means the size's own."""
    if "size" not in shot or "aspect" in shot:
        return shot
    try:
        size = parse_size(shot["size"])
        return {**shot, "aspect": parse_aspect_ratio(f"{size.width}:{size.height}")}
    except ValueError as error:
        raise SettingsError(str(error)) from None


def _check_names(shots: tuple[ShotSettings, ...]) -> None:
    names = [shot.name for shot in shots]
    if len(set(names)) != len(names):
        raise SettingsError("two shots have the same name; give each [[shots]] its own `name`")
    outlets = [str(sink) for shot in shots for sink in shot.sink if sink.kind in ("vcam", "file")]
    if len(set(outlets)) != len(outlets):
        raise SettingsError(
            "two outputs are the same device or file; name them apart, as in `sink = "
            '["vcam:LiveTrack Vertical"]`'
        )


def _first_sentence(error: ValidationError, typed: set[str]) -> str:
    """One line of the first complaint, naming the option as it is typed there: --max-zoom on the
    command line, max_zoom in a config file."""
    first = error.errors()[0]
    names = [str(part) for part in first["loc"] if isinstance(part, str) and part != "shots"]
    name = names[0] if names else "settings"
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        return f"option {name!r} is unknown; {_meant(name)}"
    if first["type"] == "value_error":
        return message
    given = f"--{name.replace('_', '-')} {first['input']}" if name in typed else None
    return (
        f"{given or name + ' = ' + repr(first['input'])} is refused: "
        f"it should {_wish(message)}; docs/settings.md lists what it takes"
    )


def _meant(name: str) -> str:
    """What to do about a key of a config file that is not one, there."""
    if name in Settings.model_fields:
        return "write it above the first [[shots]]"
    if name in ShotSettings.model_fields:
        return "write it below a [[shots]]"
    close = get_close_matches(name.replace("-", "_").lower(), OPTIONS, 1)
    return f"did you mean {close[0]}?" if close else "docs/settings.md lists them"


def _wish(message: str) -> str:
    """What pydantic's message asks for, without its own name of the value."""
    _, found, wish = message.partition("should ")
    return wish if found else "be something else"


def to_toml(settings: Settings) -> str:
    """The effective settings as a config file that `--config` reads back to the same."""
    import tomli_w

    data = settings.model_dump(mode="json", exclude_none=True)
    shots = data.pop("shots")
    if len(shots) == 1:
        shot = shots[0]
        data |= {key: value for key, value in shot.items() if key != "name"}
        shots = [] if shot["name"] == "main" else [{"name": shot["name"]}]
    text: str = tomli_w.dumps(data | ({"shots": shots} if shots else {}))
    return text
