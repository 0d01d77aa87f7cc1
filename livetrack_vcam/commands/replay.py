"""`livetrack-vcam replay`: decide again from a session log."""

from __future__ import annotations

from pathlib import Path

import click

from livetrack_vcam.errors import SourceError, SourceNotFoundError


@click.command()
@click.argument("session", metavar="SESSION.jsonl", type=click.Path(path_type=Path))
@click.option(
    "--trace",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the crop of every frame here, JSON lines.",
)
@click.option("--overwrite", is_flag=True, help="Replace the trace file if it exists.")
def command(session: Path, trace: Path | None, overwrite: bool) -> None:
    """Decide again from a session log: the same crops, bit for bit."""
    from livetrack_vcam.core.session import SessionError
    from livetrack_vcam.replay import replay_session

    try:
        with session.open(encoding="utf-8") as lines:
            count = replay_session(lines, trace, overwrite)
    except FileNotFoundError:
        raise SourceNotFoundError(f"there is no session log {session}; check its name") from None
    except SessionError as error:
        raise SourceError(f"{session}: {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{session} cannot be read: {error}") from None
    click.echo(f"{count} crops, the same bit for bit", err=True)
