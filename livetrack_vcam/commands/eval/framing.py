"""`livetrack-vcam eval framing`: how well a clip is framed, by its annotations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from livetrack_vcam.errors import SourceError
from livetrack_vcam.options import FILE, FRAMING, cadence_options, given, options
from livetrack_vcam.settings import build_settings


@click.command()
@click.argument("source", metavar="CLIP", type=FILE)
@click.argument("annotations", metavar="ANN.json", type=FILE)
@options(*FRAMING, "detector")
@cadence_options
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def framing(
    source: Path,
    annotations: Path,
    detector_hz: float,
    detector_latency_ms: float,
    as_json: bool,
    **values: Any,
) -> None:
    """How well `run` would have framed CLIP, by the boxes in ANN.json."""
    from livetrack_vcam.evaluation.annotation import read_annotation

    truth = read_annotation(annotations)
    settings = build_settings({}, given(values))
    from livetrack_vcam.clip import Cadence, Span, causal_steps
    from livetrack_vcam.detectors.registry import make_detector_of
    from livetrack_vcam.evaluation.framing import framing_metrics
    from livetrack_vcam.evaluation.shown import check_same_clip
    from livetrack_vcam.reframe import open_clip, step_line

    shot = settings.shots[0]
    clip = open_clip(source, Span())
    check_same_clip(source, clip.size, truth)
    detector = make_detector_of(shot.labels, settings.detector)
    detector.open()
    cadence = Cadence(detector_hz, round(detector_latency_ms * 1e6))
    canvas = shot.canvas_size()
    decided = causal_steps(clip, detector, shot.director(clip.size), cadence)
    frames = [step_line(index, step, canvas) for index, step in enumerate(decided)]
    detector.close()
    if len(frames) < 2:
        raise SourceError(f"{source} has a single picture; framing is measured over a clip")
    metrics = framing_metrics(frames, truth, (canvas.width, canvas.height))
    click.echo(json.dumps(metrics, indent=2) if as_json else _table(metrics))


def _table(metrics: dict[str, Any]) -> str:
    def shown(value: object) -> str:
        return "–" if value is None else f"{value:.2f}" if isinstance(value, float) else str(value)

    width = max(len(key) for key in metrics)
    return "\n".join(f"{key:<{width}}  {shown(value)}" for key, value in metrics.items())
