"""`livetrack-vcam run`: camera in, tracked crop out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from livetrack_vcam.options import FRAMING, given, options
from livetrack_vcam.settings import build_settings, read_config, to_toml

OPTIONS = (
    "source",
    *FRAMING,
    "detector",
    "detect_hz",
    "sink",
    "session",
    "trace",
    "duration",
    "overwrite",
    "web",
    "host",
    "port",
    "log_level",
    "json_logs",
)


@click.command()
@options(*OPTIONS)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="TOML file; every option has a key of the same name.",
)
@click.option("--open", "open_browser", is_flag=True, help="Open the room in the browser.")
@click.option("--print-config", is_flag=True, help="Print the effective settings as TOML and end.")
def command(config: Path | None, open_browser: bool, print_config: bool, **values: Any) -> int:
    """Camera in, tracked crop out."""
    settings = build_settings(read_config(config) if config else {}, given(values))
    if print_config:
        click.echo(to_toml(settings), nl=False)
        return 0
    from livetrack_vcam.daemon import run

    return run(settings, open_browser)
