"""`livetrack-vcam reframe`: re-frame a video file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from livetrack_vcam.errors import SettingsError
from livetrack_vcam.options import FILE, FRAMING, Range, cadence_options, given, options
from livetrack_vcam.settings import build_settings

LONGEST_S = 1e6
"""No clip is longer; whole nanoseconds are made of it."""


@click.command()
@click.argument("source", metavar="IN", type=FILE)
@click.argument("output", metavar="[OUT]", required=False, type=FILE)
@options(*FRAMING, "detector", "trace", "overwrite")
@click.option("--live", is_flag=True, help="Decide as `run` would have: without seeing the future.")
@cadence_options
@click.option(
    "--from",
    "from_s",
    type=Range(0, LONGEST_S),
    default=0.0,
    metavar="S",
    help="Start here, in seconds.",
)
@click.option(
    "--to",
    "to_s",
    type=Range(0, LONGEST_S),
    default=None,
    metavar="S",
    help="End here, in seconds.",
)
@click.option("--overlay", is_flag=True, help="Show the whole picture with tracks and crop drawn.")
def command(
    source: Path,
    output: Path | None,
    live: bool,
    detector_hz: float,
    detector_latency_ms: float,
    from_s: float,
    to_s: float | None,
    overlay: bool,
    **values: Any,
) -> int:
    """Re-frame the video IN and write OUT, sound kept. OUT may be left out with --trace."""
    settings = build_settings({}, given(values))
    if output is None and settings.trace is None:
        raise SettingsError("nothing to write; name an OUT file, or add --trace FILE")
    if to_s is not None and to_s <= from_s:
        raise SettingsError(f"--to {to_s:g} is not after --from {from_s:g}")
    from livetrack_vcam.clips.clip import Cadence, Span
    from livetrack_vcam.clips.reframe import ReframeJob, reframe
    from livetrack_vcam.progress import say

    job = ReframeJob(
        source=source,
        output=output,
        trace=settings.trace,
        framing=settings.shots[0],
        detector=settings.detector,
        live=live,
        cadence=Cadence(detector_hz, round(detector_latency_ms * 1e6)),
        span=Span(from_s, to_s),
        show_overlay=overlay,
        overwrite=settings.overwrite,
    )
    if job.without_effect:
        named = ", ".join("--" + name.replace("_", "-") for name in job.without_effect)
        say(f"note: without --live the whole clip is known, and this changes nothing: {named}")
    done = reframe(job)
    if done.note is not None:
        say(f"warning: {done.note}")
    written = " and ".join(str(path) for path in (output, settings.trace) if path is not None)
    say(f"{done.frames} frames written to {written}")
    return 0
