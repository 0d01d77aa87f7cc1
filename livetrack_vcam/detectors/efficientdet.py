"""Persons, balls and the other COCO things with EfficientDet-Lite0.

Tan, Pang, Le, "EfficientDet: Scalable and Efficient Object Detection", 2020; the file is the int8
export Google gives out for MediaPipe's ObjectDetector.

Input: RGB bytes, 320 x 320, at the top left on gray 127, which is the zero that google/automl's
`dataloader.py` pads with. Distorted so as to fill the square, which is what MediaPipe does, a 16:9
picture costs people: 161 of 229 instead of 223.
Anchors: automl's `anchors.py` with the settings of lite0 in `hparams_config.py`: five levels of
stride 8 to 128, nine anchors a cell: 3 sizes (scale 3, times 1, 2^(1/3), 2^(2/3)) by 3 shapes
(1:1, 2:1, 1:2, width to height). Decoding is that of Faster R-CNN without variances.
Scores are sigmoid class probabilities, 90 of them for COCO's numbers 1 to 90. The lowest was chosen
on every second annotated frame of the development corpus (benchmarks/detectors.py counts them):
people found / false of 229: 219 / 0 at .5, 222 / 0 at .4, 223 / 0 at .3, 224 / 2 at .25, 225 / 4 at
.2; balls of 29: 2, 5, 8, 11, 11.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from livetrack_vcam.detectors.decoding import MAX_LOG_SIZE, Candidates, best_classes
from livetrack_vcam.detectors.fixed_input import COCO_IDS, FixedInputDetector, FixedModel

Floats: TypeAlias = npt.NDArray[np.floating]

NAME = "efficientdet-lite0"
SIDE = 320
MIN_SCORE = 0.3
GRAY = 127
ANCHORS = 19206
ANCHOR_SCALE = 3.0
SIZES = (1.0, 2 ** (1 / 3), 2 ** (2 / 3))
# Width to height.
SHAPES = (1.0, 2.0, 0.5)
# Cells along a side of the five levels: 320 halved, and rounded up, three to seven times.
CELLS = (40, 20, 10, 5, 3)


@lru_cache(maxsize=1)
def make_anchors() -> Floats:
    """(19206, 4): center x, center y, width, height in input pixels, in the order of the rows."""
    parts = []
    for cells in CELLS:
        stride = SIDE / cells
        centers = (np.arange(cells) + 0.5) * stride
        y, x = (side.ravel() for side in np.meshgrid(centers, centers, indexing="ij"))
        sizes = [
            (ANCHOR_SCALE * stride * size * shape**0.5, ANCHOR_SCALE * stride * size / shape**0.5)
            for size in SIZES
            for shape in SHAPES
        ]
        positions = np.repeat(np.column_stack([x, y]), len(sizes), axis=0)
        parts.append(np.hstack([positions, np.tile(sizes, (cells * cells, 1))]))
    return np.concatenate(parts).astype(np.float32)


def decode(outputs: Sequence[Floats], wanted: tuple[int, ...], min_score: float) -> Candidates:
    """Candidates in input pixels.

    `outputs` are scores (1, 19206, 90) and boxes (1, 19206, 4): y, x, height, width, relative to
    the anchor.
    """
    columns = COCO_IDS[list(wanted)] - 1
    rows, scores, ids = best_classes(outputs[0][0], columns, min_score)
    anchors = make_anchors()[rows]
    offsets = outputs[1][0][rows]
    centers = offsets[:, 1::-1] * anchors[:, 2:] + anchors[:, :2]
    half = np.exp(np.minimum(offsets[:, :1:-1], MAX_LOG_SIZE)) * anchors[:, 2:] / 2
    boxes = np.concatenate([centers - half, centers + half], axis=1)
    return Candidates(boxes, scores, np.searchsorted(COCO_IDS, ids + 1))


MODEL = FixedModel(NAME, SIDE, GRAY, MIN_SCORE, ((1, ANCHORS, 90), (1, ANCHORS, 4)), decode)


def make(_name: str, labels: Iterable[str], min_score: float | None = None) -> FixedInputDetector:
    """As the registry wants it."""
    return FixedInputDetector(MODEL, labels, min_score)
