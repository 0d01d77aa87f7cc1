"""`livetrack-vcam eval framing`: how well a clip is framed, by its annotations."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from livetrack_vcam.core.detection import FACE, PERSON
from livetrack_vcam.errors import SourceError
from livetrack_vcam.options import FILE, FRAMING, cadence_options, given, options
from livetrack_vcam.settings import Settings, build_settings
from livetrack_vcam.shot_settings import FramingOptions

if TYPE_CHECKING:
    from livetrack_vcam.clips.clip import Cadence


@click.command()
@click.argument("pairs", metavar="CLIP ANN.json …", type=FILE, nargs=-1, required=True)
@options(*FRAMING, "detector")
@cadence_options
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def framing(
    pairs: tuple[Path, ...],
    detector_hz: float,
    detector_latency_ms: float,
    as_json: bool,
    **values: Any,
) -> None:
    """How well `run` would have framed CLIP, by the boxes in ANN.json.

    Several clips with their annotations may be given, one pair after the other.
    """
    if len(pairs) % 2:
        raise click.UsageError(f"{pairs[-1]} has no annotation; type CLIP ANN.json for each clip")
    from livetrack_vcam.clips.clip import Cadence

    settings = build_settings({}, given(values))
    cadence = Cadence(detector_hz, round(detector_latency_ms * 1e6))
    results = {
        str(clip): _metrics(clip, annotation, settings, cadence)
        for clip, annotation in zip(pairs[::2], pairs[1::2], strict=True)
    }
    if as_json:
        alone = next(iter(results.values())) if len(results) == 1 else None
        click.echo(json.dumps(alone or results, indent=2))
        return
    for clip, metrics in results.items():
        click.echo(f"{clip}\n{_table(metrics)}" if len(results) > 1 else _table(metrics))


def _metrics(
    source: Path, annotations: Path, settings: Settings, cadence: Cadence
) -> dict[str, float | None]:
    """Raises LiveTrackError."""
    from livetrack_vcam.clips.clip import Span, causal_steps
    from livetrack_vcam.clips.reframe import open_clip, step_line
    from livetrack_vcam.detectors.registry import make_detector_of
    from livetrack_vcam.evaluation.annotation import read_annotation
    from livetrack_vcam.evaluation.framing import framing_metrics
    from livetrack_vcam.evaluation.shown import check_same_clip

    truth = read_annotation(annotations)
    shot = settings.shots[0]
    clip = open_clip(source, Span())
    check_same_clip(source, clip.size, truth)
    detector = make_detector_of(shot.labels, settings.detector)
    detector.open()
    canvas = shot.canvas_size()
    try:
        decided = causal_steps(
            clip, detector, shot.director(clip.size), cadence, shot.look_ahead_frames
        )
        frames = [step_line(index, step, canvas) for index, step in enumerate(decided)]
    finally:
        detector.close()
    if len(frames) < 2:
        raise SourceError(f"{source} has a single picture; framing is measured over a clip")
    return framing_metrics(frames, truth, (canvas.width, canvas.height), _label(shot))


def _label(shot: FramingOptions) -> str:
    """What the annotation is asked for: a face alone is followed as a person."""
    label = next(iter(shot.labels), PERSON)
    return PERSON if label == FACE else label


def _table(metrics: Mapping[str, object]) -> str:
    def shown(value: object) -> str:
        return "–" if value is None else f"{value:.2f}" if isinstance(value, float) else str(value)

    width = max(len(key) for key in metrics)
    return "\n".join(f"{key:<{width}}  {shown(value)}" for key, value in metrics.items())
