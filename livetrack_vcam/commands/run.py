"""`livetrack-vcam run`: camera in, tracked crop out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from livetrack_vcam.options import FILE, FRAMING, given, options
from livetrack_vcam.settings import Settings, build_settings, read_config, to_toml

OPTIONS = (
    "source",
    "sound",
    "howl_guard",
    *FRAMING,
    "detector",
    "detect_hz",
    "detect_cpu",
    "sink",
    "session",
    "trace",
    "duration",
    "overwrite",
    "web",
    "host",
    "port",
    "https",
    "https_port",
    "max_viewers",
    "max_upload",
    "room_access",
    "stun",
    "whip_token_file",
    "whip_kbps",
    "obs_audio",
    "obs_watch",
    "obs_host",
    "obs_port",
    "obs_password_file",
    "log_level",
    "json_logs",
)


@click.command()
@options(*OPTIONS)
@click.option(
    "--config",
    type=FILE,
    metavar="FILE",
    help="TOML file; every option has a key of the same name.",
)
@click.option(
    "--open",
    "open_browser",
    is_flag=True,
    help="Open the room, or without one the operator's page, in the browser.",
)
@click.option("--print-config", is_flag=True, help="Print the effective settings as TOML and end.")
def command(config: Path | None, open_browser: bool, print_config: bool, **values: Any) -> int:
    """Camera in, tracked crop out."""
    settings = build_settings(read_config(config) if config else {}, given(values))
    if print_config:
        click.echo(to_toml(settings), nl=False)
        return 0
    return start(settings, open_browser)


def start(settings: Settings, open_browser: bool) -> int:
    """Run with these settings, once it is clear that every file can be written."""
    from livetrack_vcam.outputs import check_outputs

    sinks = [sink for shot in settings.shots for sink in shot.sink]
    recordings = [Path(sink.argument) for sink in sinks if sink.kind == "file"]
    logs = [path for path in (settings.session, settings.trace) if path is not None]
    check_outputs([*recordings, *logs], settings.source, settings.overwrite)
    from livetrack_vcam.daemon import run

    return run(settings, open_browser)
