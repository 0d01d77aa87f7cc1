"""`livetrack-vcam demo`: the moving scene, with the room opened in the browser."""

from __future__ import annotations

from typing import Any

import click

from livetrack_vcam.commands.run import OPTIONS, start
from livetrack_vcam.options import given, options
from livetrack_vcam.settings import build_settings


@click.command()
@options(*(name for name in OPTIONS if name != "source"))
@click.option("--no-browser", is_flag=True, help="Only print the link.")
def command(no_browser: bool, **values: Any) -> int:
    """Try it without a camera: a moving scene, shown in the browser."""
    settings = build_settings({}, {**given(values), "source": "demo"})
    return start(settings, open_browser=not no_browser)
