"""COCO's average precision; the only file that imports pycocotools."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from livetrack_vcam.core.detection import Detection
from livetrack_vcam.errors import SettingsError
from livetrack_vcam.evaluation.coco import LabeledPicture

MAX_DETECTIONS = 100
"""As many a picture and label count, the best ones (COCO's maxDets)."""


@dataclass(frozen=True, slots=True)
class Precision:
    """Average precision of one label: at IoU .5, and the mean over .5, .55 … .95.

    `pictures` and `boxes` are what was counted, without crowds.
    """

    label: str
    pictures: int
    boxes: int
    ap_50: float
    ap_50_95: float


def average_precision(
    pictures: Sequence[LabeledPicture],
    detections: Sequence[Sequence[Detection]],
    label: str,
) -> Precision | None:
    """How well `detections`, one sequence a picture, find what has `label`; None: nothing has.

    Pictures that are not exhaustive for `label` are left out. Lin et al., "Microsoft COCO", 2014;
    the mean of the precision at 101 recalls, as pycocotools computes it. Raises SettingsError
    where pycocotools is missing.
    """
    pairs = [
        (picture, found)
        for picture, found in zip(pictures, detections, strict=True)
        if label not in picture.not_exhaustive_for
    ]
    truth = [_truths(i, picture, label) for i, (picture, _) in enumerate(pairs)]
    found = [_findings(i, found, label) for i, (_, found) in enumerate(pairs)]
    boxes = sum(not entry["iscrowd"] for entries in truth for entry in entries)
    if boxes == 0:
        return None
    precision = _precision(_flat(truth), _flat(found), len(pairs))
    return Precision(label, len(pairs), boxes, float(precision[0].mean()), float(precision.mean()))


def require_pycocotools() -> None:
    """Raise SettingsError with what to install where pycocotools is missing."""
    try:
        import pycocotools.cocoeval  # noqa: F401
    except ImportError as error:
        raise SettingsError(
            f"eval detect needs pycocotools ({error}); type: "
            "pipx inject livetrack-vcam pycocotools (or pip install 'livetrack-vcam[eval]')"
        ) from None


def _truths(image_id: int, picture: LabeledPicture, label: str) -> list[dict[str, Any]]:
    return [
        _entry(image_id, box.xywh) | {"iscrowd": int(box.crowd)}
        for box in picture.boxes
        if box.label == label
    ]


def _findings(image_id: int, found: Sequence[Detection], label: str) -> list[dict[str, Any]]:
    return [
        _entry(image_id, detection.box.xywh) | {"iscrowd": 0, "score": detection.score}
        for detection in found
        if detection.label == label
    ]


def _entry(image_id: int, xywh: tuple[float, float, float, float]) -> dict[str, Any]:
    # Image ids count from 1, like all of COCO's.
    return {
        "image_id": image_id + 1,
        "category_id": 1,
        "bbox": list(xywh),
        "area": xywh[2] * xywh[3],
    }


def _flat(entries: Sequence[Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """One list, numbered from 1: pycocotools takes a match with number 0 for no match."""
    everything = [entry for each in entries for entry in each]
    return [{**entry, "id": number} for number, entry in enumerate(everything, 1)]


def _precision(
    truth: list[dict[str, Any]], found: list[dict[str, Any]], pictures: int
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Precision (10, 101): at each IoU threshold and recall."""
    require_pycocotools()
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    images = [{"id": number} for number in range(1, pictures + 1)]
    # It tells the progress on stdout, which belongs to our table.
    with contextlib.redirect_stdout(io.StringIO()):
        sides = []
        for entries in (truth, found):
            side = COCO()
            side.dataset = {
                "images": images,
                "categories": [{"id": 1}],
                "annotations": entries,
            }
            side.createIndex()
            sides.append(side)
        evaluation = COCOeval(*sides, iouType="bbox")
        evaluation.params.areaRng = [[0, float("inf")]]
        evaluation.params.areaRngLbl = ["all"]
        evaluation.params.maxDets = [MAX_DETECTIONS]
        evaluation.evaluate()
        evaluation.accumulate()
    precision: np.ndarray[Any, np.dtype[np.float64]] = evaluation.eval["precision"][:, :, 0, 0, 0]
    return precision
