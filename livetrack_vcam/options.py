"""Command-line options made from the fields of Settings, so that both always agree."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin

import click
from pydantic.fields import FieldInfo

from livetrack_vcam.settings import Settings
from livetrack_vcam.shot_settings import FramingOptions, ShotSettings

F = TypeVar("F", bound=Callable[..., Any])

METAVARS = {
    "port": "N",
    "https_port": "N",
    "look_ahead": "N",
    "session": "FILE",
    "trace": "FILE",
    "duration": "S",
    "obs_host": "HOST",
    "obs_port": "N",
    "max_viewers": "N",
    "obs_password_file": "FILE",
    "whip_token_file": "FILE",
}
REPEATABLE = ("sink", "obs_audio", "stun")
FRAMING = tuple(FramingOptions.model_fields)
# Whether a file can be read is found out where it is opened, which has more to say about it.
FILE = click.Path(path_type=Path, readable=False)


class Range(click.FloatRange):
    """Numbers from one to another; nan is none of them, whatever its comparisons say."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        number = float(super().convert(value, param, ctx))
        if math.isnan(number):
            self.fail(f"{value} is no number.", param, ctx)
        return number


def _choices(field: FieldInfo) -> list[str]:
    kind = field.annotation
    if isinstance(kind, type) and issubclass(kind, Enum):
        return [str(member.value) for member in kind]
    if get_origin(kind) is Literal:
        return [str(value) for value in get_args(kind)]
    return []


def _default_text(field: FieldInfo) -> str:
    value = field.default
    if value is None or value is False or value is True:
        return ""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, tuple):
        return ", ".join(str(part) for part in value)
    return str(value).replace("/", ":")


def _option(name: str, field: FieldInfo) -> Callable[[F], F]:
    flag = "--" + name.replace("_", "-")
    default = _default_text(field)
    text = (field.description or "") + (f" [default: {default}]" if default else "")
    extra = field.json_schema_extra
    metavar = str(extra["metavar"]) if isinstance(extra, dict) and "metavar" in extra else None
    if field.annotation is bool:
        if field.default is True:
            flag, text = "--no" + flag[1:], f"Do not {text[:1].lower()}{text[1:]}"
        value = field.default is False
        return click.option(flag, name, flag_value=value, default=None, type=bool, help=text)
    choices = _choices(field)
    if choices:
        return click.option(flag, name, type=click.Choice(choices), default=None, help=text)
    if metavar is None:
        metavar = METAVARS.get(name, "X")
    return click.option(
        flag, name, metavar=metavar, multiple=name in REPEATABLE, default=None, help=text
    )


def options(*names: str) -> Callable[[F], F]:
    """Add the named settings to a click command as options, in this order."""
    fields = {**Settings.model_fields, **ShotSettings.model_fields}

    def decorate(function: F) -> F:
        for name in reversed(names):
            function = _option(name, fields[name])(function)
        return function

    return decorate


def given(values: dict[str, Any]) -> dict[str, Any]:
    """Only what the user typed: options left out stay with the config file or the default."""
    return {key: value for key, value in values.items() if value is not None and value != ()}


def cadence_options_with(latency_ms: float) -> Callable[[F], F]:
    """How often the simulated detector looks, and how long until its answer is known."""
    hz = click.option(
        "--detector-hz",
        type=Range(0.1, 240),
        default=10.0,
        show_default=True,
        metavar="HZ",
        help="Detections a second.",
    )
    latency = click.option(
        "--detector-latency-ms",
        type=Range(0, 5000),
        default=latency_ms,
        show_default=True,
        metavar="MS",
        help="Age of a detection when it is known, when deciding live.",
    )
    return lambda function: hz(latency(function))


cadence_options = cadence_options_with(67.0)
