"""`livetrack-vcam bench`: the speed of each stage and of the whole."""

from __future__ import annotations

import json
from pathlib import Path

import click

from livetrack_vcam.options import FILE, Range


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option(
    "--source",
    metavar="FILE",
    type=FILE,
    help="A clip to measure with; without it a 1080p30 clip of the demo is made.",
)
@click.option(
    "--seconds",
    type=Range(2, 1e6),
    default=60.0,
    show_default=True,
    help="Length of the whole run.",
)
def command(as_json: bool, source: Path | None, seconds: float) -> None:
    """Measure the speed of each stage and of the whole, here."""
    from livetrack_vcam.bench import bench, report_text

    report = bench(source, seconds)
    click.echo(json.dumps(report.to_json(), indent=2) if as_json else report_text(report))
