"""`livetrack-vcam replay`: decide again from a session log."""

from __future__ import annotations

from pathlib import Path

import click

from livetrack_vcam.errors import SourceError
from livetrack_vcam.inputs import read_text
from livetrack_vcam.options import FILE


@click.command()
@click.argument("session", metavar="SESSION.jsonl", type=FILE)
@click.option(
    "--trace", type=FILE, metavar="FILE", help="Write the crop of every frame here, JSON lines."
)
@click.option("--overwrite", is_flag=True, help="Replace the trace file if it exists.")
def command(session: Path, trace: Path | None, overwrite: bool) -> None:
    """Decide again from a session log: the same crops, bit for bit."""
    from livetrack_vcam.core.session import SessionError
    from livetrack_vcam.outputs import check_outputs
    from livetrack_vcam.progress import say
    from livetrack_vcam.replay import replay_session

    lines = read_text(session, "session log").splitlines()
    if trace is not None:
        check_outputs([trace], str(session), overwrite)
    try:
        count = replay_session(lines, trace, overwrite)
    except (SessionError, RecursionError) as error:
        raise SourceError(f"{session}: {error}") from None
    say(f"{count} crops, the same bit for bit")
