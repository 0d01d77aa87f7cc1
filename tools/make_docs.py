"""Writes the generated pages of docs/ and the manifests, those of `pages`. `make docs` runs it."""

from __future__ import annotations

from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import get_args, get_origin

import click
from pydantic.fields import FieldInfo

from livetrack_vcam.cli import COMMANDS, livetrack_vcam
from livetrack_vcam.settings import Settings, build_settings, to_toml
from livetrack_vcam.shot_settings import FramingOptions, ShotSettings
from tools.api_page import api_json, api_page
from tools.golden_list import golden_page
from tools.picture_list import picture_page

DOCS = Path(__file__).resolve().parents[1] / "docs"
WIDTH = 100


def pages() -> dict[str, str]:
    """File name, seen from docs/, to content of every generated page."""
    return {
        "settings.md": settings_page(),
        "cli.md": cli_page(),
        "control-api.md": api_page(),
        "openapi.json": api_json(),
        "images/README.md": picture_page(),
        "../tests/golden/sessions/README.md": golden_page(),
    }


def settings_page() -> str:
    framing = {**FramingOptions.model_fields, "sink": ShotSettings.model_fields["sink"]}
    run = {name: field for name, field in Settings.model_fields.items() if name != "shots"}
    return "\n".join(
        [
            "# Options and settings",
            "",
            "Every option of the command line is a key of the same name in the TOML file given",
            "with `--config` (`--max-zoom` is `max_zoom`, `--no-web` is `web = false`). The",
            "command line wins. `livetrack-vcam run --print-config` prints the effective file.",
            "This page is generated.",
            "",
            "## The picture",
            "",
            *_table(framing),
            "",
            "## The run",
            "",
            *_table(run),
            "",
            "## The default file",
            "",
            "```toml",
            to_toml(build_settings({}, {})).rstrip(),
            "```",
            "",
            "## Several shots of one camera",
            "",
            "Keys of the picture beside `[[shots]]` are the default of every shot. Each shot has a",
            "name (lower case letters, digits, - and _), its own outputs and its own address",
            "`/stream/NAME.mjpg`; `livetrack-vcam ctl --target NAME` speaks to it. A shot named as",
            "its camera (vertical, LiveTrack Vertical) is found by",
            "`livetrack-vcam obs setup --shot NAME`.",
            "",
            "```toml",
            'speed = "calm"',
            "",
            "[[shots]]",
            'name = "main"',
            'aspect = "16:9"',
            'sink = ["vcam", "mjpeg"]',
            "",
            "[[shots]]",
            'name = "vertical"',
            'aspect = "9:16"',
            'sink = ["vcam:LiveTrack Vertical", "mjpeg"]',
            "```",
            "",
        ]
    )


def _table(fields: dict[str, FieldInfo]) -> list[str]:
    rows = ["| key | values | default | meaning |", "| --- | --- | --- | --- |"]
    for name, field in fields.items():
        rows.append(f"| `{name}` | {_values(field)} | {_default(field)} | {field.description} |")
    return rows


def _values(field: FieldInfo) -> str:
    kind = field.annotation
    if isinstance(kind, type) and issubclass(kind, Enum):
        return ", ".join(str(member.value) for member in kind)
    if get_args(kind) and get_origin(kind) is not None and isinstance(get_args(kind)[0], str):
        return ", ".join(get_args(kind))
    extra = field.json_schema_extra
    if isinstance(extra, dict) and "metavar" in extra:
        return str(extra["metavar"])
    limits = [
        f"{sign} {getattr(rule, name):g}"
        for rule in field.metadata
        for name, sign in (("gt", ">"), ("ge", "≥"), ("lt", "<"), ("le", "≤"))
        if hasattr(rule, name)
    ]
    if limits:
        return "number " + ", ".join(limits)
    return "true, false" if kind is bool else "text"


def _default(field: FieldInfo) -> str:
    value = field.default
    if value is None:
        return "–"
    if isinstance(value, Enum):
        return f"`{value.value}`"
    if isinstance(value, tuple):
        return ", ".join(f"`{part}`" for part in value)
    text = str(value).lower() if isinstance(value, bool) else str(value).replace("/", ":")
    return f"`{text}`"


def cli_page() -> str:
    lines = [
        "# Commands",
        "",
        "Exit status: 0 done, 1 failed while running, 2 wrong use, 3 no such device or file,",
        "4 device busy or not permitted, 5 model missing or corrupt, 130 interrupted. This page is",
        "generated from `--help`.",
    ]
    lines += _section("livetrack-vcam", livetrack_vcam)
    for name in COMMANDS:
        command: click.Command = import_module(f"livetrack_vcam.commands.{name}").command
        lines += _section(f"livetrack-vcam {name}", command)
        if isinstance(command, click.Group):
            for inner, subcommand in command.commands.items():
                lines += _section(f"livetrack-vcam {name} {inner}", subcommand)
    return "\n".join([*lines, ""])


def _section(path: str, command: click.Command) -> list[str]:
    context = click.Context(
        command, info_name=path, terminal_width=WIDTH, help_option_names=["-h", "--help"]
    )
    text = command.get_help(context)
    return ["", f"## {path}", "", "```text", *(line.rstrip() for line in text.splitlines()), "```"]


def main() -> None:
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")
        print(f"docs/{name}")


if __name__ == "__main__":
    main()
