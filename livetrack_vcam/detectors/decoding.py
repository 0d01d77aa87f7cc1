"""From what a network saw to detections: the one way of every model that knows the COCO labels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from livetrack_vcam.core.detection import PERSON, SPORTS_BALL, Detection
from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.detectors.labels import COCO_LABELS, class_number
from livetrack_vcam.detectors.nms import clusters, nms
from livetrack_vcam.detectors.pixels import Letterbox

Floats: TypeAlias = npt.NDArray[np.floating]
Indices: TypeAlias = npt.NDArray[np.intp]

DEFAULT_LABELS = (PERSON, SPORTS_BALL)
MAX_IOU = 0.5
# Of one label in one frame, before duplicates are removed: it bounds the time when scores of
# nearly zero are asked for, and a crowd of hundreds still fits.
MAX_CANDIDATES = 1000
# Times the lowest score: what a box's score must exceed to have any weight in the blend.
BLEND_FLOOR = 0.99
# The logarithm of how many times larger than its anchor a box may be: exp() of more may overflow.
MAX_LOG_SIZE = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """n boxes (n, 4) xyxy in input pixels, their scores (n,) and numbers in COCO_LABELS (n,)."""

    boxes: Floats
    scores: Floats
    classes: Indices


@dataclass(frozen=True, slots=True)
class Choice:
    """Which candidates become detections: numbers of `wanted` labels, from `min_score` on.

    `lower` names labels that are believed with less. With `blended` the boxes of one thing are
    averaged; otherwise the best one is taken.
    """

    wanted: tuple[int, ...]
    min_score: float
    max_iou: float = MAX_IOU
    blended: bool = False
    lower: tuple[tuple[int, float], ...] = ()

    def floor(self, number: int) -> float:
        """The lowest score of that label."""
        return dict(self.lower).get(number, self.min_score)

    @property
    def lowest(self) -> float:
        """The lowest score that matters to any label."""
        return min([self.min_score, *(score for _, score in self.lower)])


def class_numbers(labels: Iterable[str]) -> tuple[int, ...]:
    """Where `labels` stand in COCO_LABELS. Raises SettingsError for one that is not there."""
    return tuple(sorted({class_number(label) for label in labels}))


def best_classes(
    scores: Floats, wanted: Iterable[int], min_score: float
) -> tuple[Indices, Floats, Indices]:
    """Rows of `scores` (n, classes) whose best class is a wanted one of at least `min_score`.

    Returns the rows, their scores and their classes. Only the columns of wanted classes are
    searched, because a network may give millions of scores.
    """
    columns = list(wanted)
    likely = np.zeros(len(scores), bool)
    for column in columns:
        likely |= scores[:, column] >= min_score
    rows = np.flatnonzero(likely)
    classes = scores[rows].argmax(axis=1)
    kept = np.isin(classes, columns)
    rows, classes = rows[kept], classes[kept]
    return rows, scores[rows, classes], classes


def detections(
    found: Candidates, placed: Letterbox, size: Size, choice: Choice
) -> tuple[Detection, ...]:
    """What `found` shows in a frame of `size`, best first and without duplicates.

    Suppression is per label. Boxes are clipped to the frame; a box or score that is not a
    finite number is left out, and so is a box with nothing inside the frame.
    """
    valid = np.isfinite(found.boxes).all(axis=1)
    result: list[Detection] = []
    for number in choice.wanted:
        likely = found.scores >= choice.floor(number)
        rows = np.flatnonzero(valid & likely & (found.classes == number))
        if rows.size:
            scores = np.minimum(found.scores[rows], 1.0)
            corners = placed.to_frame(found.boxes[rows].reshape(-1, 2, 2)).reshape(-1, 4)
            result += _of_label(corners, scores, size, number, choice)
    return tuple(sorted(result, key=lambda detection: -detection.score))


def _of_label(
    corners: Floats, scores: Floats, size: Size, number: int, choice: Choice
) -> list[Detection]:
    if len(scores) > MAX_CANDIDATES:
        best = np.argsort(-scores, kind="stable")[:MAX_CANDIDATES]
        corners, scores = corners[best], scores[best]
    result = []
    for group in clusters(corners, scores, choice.max_iou):
        best_box = corners[group[0]]
        if choice.blended and len(group) > 1:
            best_box = blend(corners[group], scores[group], choice.floor(number))
        box = Box(*(float(side) for side in best_box)).clipped(size)
        if box.area > 0:
            result.append(Detection(box, float(scores[group[0]]), COCO_LABELS[number]))
    return without_duplicates(result, choice.max_iou)


def without_duplicates(found: list[Detection], max_iou: float) -> list[Detection]:
    """`found`, best first, less those that now overlap a better one.

    Boxes that did not overlap enough may do so once they are averaged or cut at the frame's edge.
    """
    if len(found) < 2:
        return found
    boxes = np.array([(d.box.x1, d.box.y1, d.box.x2, d.box.y2) for d in found])
    return [found[i] for i in nms(boxes, np.array([d.score for d in found]), max_iou)]


def blend(boxes: Floats, scores: Floats, min_score: float) -> Floats:
    """The mean (4,) of `boxes` (n, 4) that show the same thing.

    Two anchors often see one person almost equally well but draw different boxes; the best
    box alone jumps from one to the other. The weight of a box starts from zero at the
    lowest score, so that none enters or leaves with a jump either.
    """
    weights = scores - np.float32(min_score * BLEND_FLOOR)
    mean: Floats = weights @ boxes / weights.sum()
    return mean
