"""`livetrack-vcam eval detect`: how well and how fast detectors find what pictures show."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from livetrack_vcam.options import FILE

if TYPE_CHECKING:
    from livetrack_vcam.evaluation.detection import DetectorResult


@click.command()
@click.option(
    "--coco", metavar="ANN.json", type=FILE, required=True, help="Annotations in COCO's layout."
)
@click.option(
    "--images", metavar="DIR", type=FILE, required=True, help="The folder of the pictures."
)
@click.option(
    "--detector",
    "detectors",
    metavar="NAME",
    multiple=True,
    default=("auto",),
    show_default=True,
    help="What to measure; repeatable.",
)
@click.option(
    "--label",
    "labels",
    metavar="NAME",
    multiple=True,
    help="What to look for; repeatable. [default: everything that is annotated]",
)
@click.option(
    "--min-score",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.01,
    show_default=True,
    metavar="X",
    help="The lowest score that counts for mAP; speed is measured at the detector's own.",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def detect(
    coco: Path,
    images: Path,
    detectors: tuple[str, ...],
    labels: tuple[str, ...],
    min_score: float,
    as_json: bool,
) -> None:
    """COCO's mAP and the speed of detectors on annotated pictures."""
    from livetrack_vcam.evaluation.average_precision import require_pycocotools
    from livetrack_vcam.evaluation.coco import read_coco
    from livetrack_vcam.evaluation.detection import evaluate_detector, labels_to_find
    from livetrack_vcam.evaluation.pictures import check_pictures
    from livetrack_vcam.outputs import expanded
    from livetrack_vcam.progress import progress, say

    require_pycocotools()
    truth = read_coco(coco)
    folder = expanded(images)
    wanted = labels_to_find(truth, labels)
    check_pictures(folder, tuple(picture.file_name for picture in truth.pictures))
    if truth.empty_boxes:
        what = "box" if truth.empty_boxes == 1 else "boxes"
        say(f"{truth.empty_boxes} {what} without an area left out")
    results = []
    for name in detectors:
        with progress(f"Looking with {name}", len(truth.pictures), quiet=as_json) as update:
            results.append(evaluate_detector(name, truth, folder, wanted, min_score, update))
    if as_json:
        rows = [result.to_json() for result in results]
        report = {"pictures": len(truth.pictures), "min_score": min_score, "detectors": rows}
        click.echo(json.dumps(report, indent=2))
    else:
        click.echo(
            f"{len(truth.pictures)} pictures, detections of at least {min_score:g}, one thread\n"
        )
        click.echo(_table(results))


_ROW = "{:<20} {:<16} {:>8} {:>6} {:>7} {:>13} {:>6} {:>7}"


def _table(results: list[DetectorResult]) -> str:
    lines = [
        _ROW.format(
            "detector", "label", "pictures", "boxes", "mAP@.5", "mAP@[.5:.95]", "fps", "CPU ms"
        )
    ]
    for result in results:
        cells = [result.detector, "", "", "", _shown(result.map_50), _shown(result.map_50_95)]
        lines.append(_ROW.format(*cells, f"{result.fps:.0f}", f"{result.cpu_ms:.1f}").rstrip())
        for row in result.labels:
            counts = (row.label, row.pictures, row.boxes, _shown(row.ap_50), _shown(row.ap_50_95))
            lines.append(_ROW.format("", *counts, "", "").rstrip())
    return "\n".join(lines)


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
