"""`livetrack-vcam eval`: measure detection, tracking and framing against annotations."""

from __future__ import annotations

import click

from livetrack_vcam.commands.eval.detect import detect
from livetrack_vcam.commands.eval.framing import framing
from livetrack_vcam.commands.eval.track import track


@click.group()
def command() -> None:
    """Measure detectors on pictures, and tracking and framing on clips, with annotations."""


for part in (detect, framing, track):
    command.add_command(part)
