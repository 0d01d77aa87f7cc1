"""`livetrack-vcam eval`: measure decisions against annotations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from livetrack_vcam.errors import SourceError, SourceNotFoundError
from livetrack_vcam.options import FRAMING, cadence_options, given, options
from livetrack_vcam.settings import build_settings


@click.group()
def command() -> None:
    """Measure framing on a clip with annotations."""


@command.command()
@click.argument("source", metavar="CLIP", type=click.Path(path_type=Path))
@click.argument("annotations", metavar="ANN.json", type=click.Path(path_type=Path))
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
    truth = _read_annotations(annotations)
    settings = build_settings({}, given(values))
    from livetrack_vcam.clip import Cadence, Span, causal_steps
    from livetrack_vcam.detectors.registry import make_detector
    from livetrack_vcam.evaluation.framing import framing_metrics
    from livetrack_vcam.reframe import open_clip, step_line

    shot = settings.shots[0]
    clip = open_clip(source, Span())
    detector = make_detector(settings.detector)
    detector.open()
    cadence = Cadence(detector_hz, round(detector_latency_ms * 1e6))
    canvas = shot.canvas_size()
    decided = causal_steps(clip, detector, shot.director(clip.size), cadence)
    frames = [step_line(index, step, canvas) for index, step in enumerate(decided)]
    detector.close()
    metrics = framing_metrics(frames, truth, (canvas.width, canvas.height))
    click.echo(json.dumps(metrics, indent=2) if as_json else _table(metrics))


def _read_annotations(path: Path) -> dict[str, Any]:
    try:
        truth = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SourceNotFoundError(f"there is no annotation file {path}; check its name") from None
    except (OSError, ValueError) as error:
        raise SourceError(f"{path} cannot be read as annotations: {error}") from None
    if not isinstance(truth, dict) or "frames" not in truth:
        raise SourceError(f"{path} has no `frames`; docs/evaluation.md shows the format")
    return truth


def _table(metrics: dict[str, Any]) -> str:
    def shown(value: object) -> str:
        return "–" if value is None else f"{value:.2f}" if isinstance(value, float) else str(value)

    width = max(len(key) for key in metrics)
    return "\n".join(f"{key:<{width}}  {shown(value)}" for key, value in metrics.items())
