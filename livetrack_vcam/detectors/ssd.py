"""Persons, balls and the other COCO things with SSD: MobileNet v1 (uint8) and SSDLite v2 (float).

Liu et al., "SSD: Single Shot MultiBox Detector", 2016; both networks are from TensorFlow's object
detection API. Input: RGB, 300 x 300, bytes for v1, -1 to 1 for v2, at the top left on gray 127.
Their training distorts pictures so as to fill the square (`fixed_shape_resizer`); with 16:9
pictures that costs people: 194 of 229 instead of 217 for v1 at .4, 199 instead of 216 for v2.

v1 ends with TensorFlow Lite's TFLite_Detection_PostProcess: anchors, decoding and a suppression
that looks at no labels are inside, and at most ten boxes come out; our own suppression, per
label, follows. v2's file has anchors and decoding inside, too (the exported graph's
Postprocessor/Decode, scales 10, 10, 5, 5), but no suppression: 1917 boxes with 91 scores each.

Scores are sigmoid class probabilities for COCO's numbers (v2: with the background as number 0).
The lowest scores were chosen on every second annotated frame of the development corpus, 229 people
(benchmarks/detectors.py counts them). v1: found / false 204 / 3 at .5, 206 / 4 at .45, 215 / 5 at
.4, 219 / 116 at .3; it draws several boxes around one person, hence the low `max_iou` (with .5:
207 / 6 at .45, 217 / 17 at .4), and sees persons of up to .41 in noise. v2: 197 / 0 at .5, 210 / 0
at .4, 216 / 0 at .3.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from livetrack_vcam.detectors.decoding import Candidates, best_classes
from livetrack_vcam.detectors.fixed_input import COCO_IDS, FixedInputDetector, FixedModel

Floats: TypeAlias = npt.NDArray[np.floating]

SIDE = 300
BOXES = 1917
GRAY = 127


def decode_v1(outputs: Sequence[Floats], wanted: tuple[int, ...], min_score: float) -> Candidates:
    """Candidates in input pixels.

    `outputs` are boxes (1, n, 4) as y1, x1, y2, x2 from 0 to 1, classes (1, n) as COCO's numbers
    less one, scores (1, n) and how many of them count (1,).
    """
    boxes, classes, scores, count = outputs
    ids = classes[0] + 1
    kept = (np.arange(len(ids)) < count[0]) & (scores[0] >= min_score) & (ids > 0) & (ids < 91)
    numbers = _label_numbers(ids[kept].astype(np.intp))
    known = np.isin(numbers, wanted)
    return Candidates(_pixels(boxes[0, kept][known]), scores[0, kept][known], numbers[known])


def decode_v2(outputs: Sequence[Floats], wanted: tuple[int, ...], min_score: float) -> Candidates:
    """Candidates in input pixels.

    `outputs` are boxes (1, 1917, 1, 4) as y1, x1, y2, x2 from 0 to 1, and scores (1, 1917, 91).
    """
    boxes, scores = outputs
    rows, best, ids = best_classes(scores[0, :, 1:], COCO_IDS[list(wanted)] - 1, min_score)
    return Candidates(_pixels(boxes[0, rows, 0]), best, _label_numbers(ids + 1))


def _label_numbers(ids: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Numbers in COCO_LABELS of COCO's own numbers; -1 where COCO has no label."""
    places = np.searchsorted(COCO_IDS, ids)
    known = COCO_IDS[np.minimum(places, len(COCO_IDS) - 1)] == ids
    return np.where(known, places, -1)


def _pixels(boxes: Floats) -> Floats:
    """(n, 4) as y1, x1, y2, x2 from 0 to 1 to (n, 4) xyxy in input pixels."""
    pixels: Floats = boxes[:, [1, 0, 3, 2]] * SIDE
    return pixels


MODELS = {
    model.name: model
    for model in (
        FixedModel("ssd-mobilenet-v1", SIDE, GRAY, 0.45, (None,) * 4, decode_v1, max_iou=0.3),
        FixedModel(
            "ssd-mobilenet-v2", SIDE, GRAY, 0.3, ((1, BOXES, 1, 4), (1, BOXES, 91)), decode_v2
        ),
    )
}


def make(name: str, labels: Iterable[str], min_score: float | None = None) -> FixedInputDetector:
    """As the registry wants it."""
    return FixedInputDetector(MODELS[name], labels, min_score)
