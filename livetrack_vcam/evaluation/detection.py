"""How well and how fast detectors find what is annotated in pictures."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2

from livetrack_vcam.core.detection import FACE, Detection
from livetrack_vcam.detectors.labels import COCO_LABELS
from livetrack_vcam.detectors.registry import make_detector
from livetrack_vcam.errors import SettingsError
from livetrack_vcam.evaluation.average_precision import Precision, average_precision
from livetrack_vcam.evaluation.coco import CocoSet, LabeledPicture
from livetrack_vcam.evaluation.pictures import read_picture
from livetrack_vcam.interfaces import Detector
from livetrack_vcam.media import Frame
from livetrack_vcam.stats import NS_PER_MS, NS_PER_S

TIMED_PICTURES = 100
"""More say nothing more about the speed."""


@dataclass(frozen=True, slots=True)
class DetectorResult:
    """One detector over all pictures.

    `cpu_ms` and `wall_ms` are medians a picture at the detector's own threshold, with all
    conversion; `fps` is what the wall time allows. The means are over `labels`.
    """

    detector: str
    fps: float
    cpu_ms: float
    wall_ms: float
    map_50: float | None
    map_50_95: float | None
    labels: tuple[Precision, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a detector found in each picture, and the nanoseconds (CPU, wall) it took."""

    detections: list[tuple[Detection, ...]]
    times_ns: list[tuple[int, int]]


def labels_to_find(coco: CocoSet, chosen: Iterable[str]) -> tuple[str, ...]:
    """The labels to evaluate: the `chosen`, or all annotated ones that some detector can know.

    Raises SettingsError for a label that is not annotated, and when none can be found.
    """
    annotated = dict.fromkeys(box.label for picture in coco.pictures for box in picture.boxes)
    known = [label for label in annotated if label == FACE or label in COCO_LABELS]
    wanted = [label.strip().lower() for label in chosen]
    for label in wanted:
        if label not in annotated:
            raise SettingsError(
                f"no box is labeled {label!r}; the annotation file has: {', '.join(annotated)}"
            )
    result = tuple(label for label in known if label in wanted) if wanted else tuple(known)
    if not result:
        raise SettingsError(
            f"no detector knows {' or '.join(wanted or annotated)}; they know 'face' and the "
            "80 names of COCO, such as 'person' and 'sports ball'"
        )
    return result


def evaluate_detector(
    name: str,
    coco: CocoSet,
    folder: Path,
    labels: tuple[str, ...],
    min_score: float,
    update: Callable[[float], None],
) -> DetectorResult:
    """One detector's row: precision of all its detections of at least `min_score`, and its speed.

    `update` is called with the number of pictures done. Raises LiveTrackError.
    """
    extra = [label for label in labels if label != FACE]
    searching, usual = (make_detector(name, extra, low) for low in (min_score, None))
    seen = _look(searching, usual, coco.pictures, folder, update)
    found = [label for label in labels if label in searching.labels]
    rows = [average_precision(coco.pictures, seen.detections, label) for label in found]
    precisions = tuple(row for row in rows if row is not None)
    cpu_ns, wall_ns = (statistics.median(column) for column in zip(*seen.times_ns, strict=True))
    return DetectorResult(
        detector=name,
        fps=NS_PER_S / wall_ns,
        cpu_ms=cpu_ns / NS_PER_MS,
        wall_ms=wall_ns / NS_PER_MS,
        map_50=_mean([row.ap_50 for row in precisions]),
        map_50_95=_mean([row.ap_50_95 for row in precisions]),
        labels=precisions,
    )


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _look(
    searching: Detector,
    usual: Detector,
    pictures: tuple[LabeledPicture, ...],
    folder: Path,
    update: Callable[[float], None],
) -> _Seen:
    cv2.setNumThreads(1)  # as in the product, where detection has one core
    seen = _Seen([], [])
    for detector in (searching, usual):
        detector.open()
    try:
        for done, picture in enumerate(pictures):
            frame = read_picture(folder / picture.file_name, (picture.width, picture.height))
            seen.detections.append(searching.detect(frame))
            if done < TIMED_PICTURES:
                seen.times_ns.append(_timed(usual, frame))
            update(done + 1)
    finally:
        for detector in (searching, usual):
            detector.close()
    return seen


def _timed(detector: Detector, frame: Frame) -> tuple[int, int]:
    """CPU and wall time of one look, not the first at a picture of this size."""
    detector.detect(frame)
    cpu_ns, wall_ns = time.process_time_ns(), time.perf_counter_ns()
    detector.detect(frame)
    return time.process_time_ns() - cpu_ns, time.perf_counter_ns() - wall_ns
