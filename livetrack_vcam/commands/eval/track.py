"""`livetrack-vcam eval track`: how well `run` would follow what a clip shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from livetrack_vcam.options import FILE, FRAMING, cadence_options_with, given, options
from livetrack_vcam.settings import build_settings

if TYPE_CHECKING:
    from livetrack_vcam.evaluation.tracking import TrackingResult


@click.command()
@click.argument("source", metavar="CLIP", type=FILE)
@click.argument("annotations", metavar="ANN.json", type=FILE)
@click.option(
    "--label",
    "labels",
    metavar="NAME",
    multiple=True,
    default=("person",),
    show_default=True,
    help="What to follow; repeatable.",
)
@click.option(
    "--ids",
    metavar="FILE",
    type=FILE,
    help="Who the annotated boxes are, where their own ids do not last.",
)
@options(*FRAMING, "detector")
@cadence_options_with(latency_ms=0.0)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def track(
    source: Path,
    annotations: Path,
    labels: tuple[str, ...],
    ids: Path | None,
    detector_hz: float,
    detector_latency_ms: float,
    as_json: bool,
    **values: Any,
) -> None:
    """How well `run` would follow the people of CLIP, by the boxes in ANN.json."""
    from livetrack_vcam.clips.clip import Cadence
    from livetrack_vcam.evaluation.annotation import read_annotation, with_identities
    from livetrack_vcam.evaluation.mot import require_motmetrics
    from livetrack_vcam.evaluation.shown import shown_tracks
    from livetrack_vcam.evaluation.tracking import check_labels, tracking_metrics

    require_motmetrics()
    annotation = read_annotation(annotations)
    if ids is not None:
        annotation = with_identities(annotation, ids)
    check_labels(annotation, labels)
    settings = build_settings({}, given(values))
    cadence = Cadence(detector_hz, round(detector_latency_ms * 1e6))
    shot = settings.shots[0]
    shown = shown_tracks(source, annotation, settings.detector, shot, cadence, quiet=as_json)
    results = [tracking_metrics(shown, annotation, label) for label in dict.fromkeys(labels)]
    if as_json:
        click.echo(json.dumps({"labels": [result.to_json() for result in results]}, indent=2))
    else:
        click.echo("\n\n".join(_table(result) for result in results))


def _table(result: TrackingResult) -> str:
    def shown(value: object) -> str:
        return "–" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)

    rows = result.to_json()
    width = max(len(key) for key in rows)
    return "\n".join(f"{key:<{width}}  {shown(value)}" for key, value in rows.items())
