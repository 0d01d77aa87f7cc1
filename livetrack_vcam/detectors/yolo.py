"""Persons, balls and the other COCO things with yolov4-tiny.

Decoding follows darknet's `yolo_layer.c` (get_yolo_box) with its `scale_x_y`. The network's
outputs are raw logits; only cells whose objectness can reach the score threshold are decoded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from livetrack_vcam.core.detection import PERSON, SPORTS_BALL, Detection
from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.detectors.labels import COCO_LABELS, class_number
from livetrack_vcam.detectors.logits import logit, sigmoid
from livetrack_vcam.detectors.manifest import load_weights
from livetrack_vcam.detectors.nms import clusters
from livetrack_vcam.detectors.pixels import letterbox, whole
from livetrack_vcam.detectors.runtime import TfliteNetwork
from livetrack_vcam.media import Frame

Floats: TypeAlias = npt.NDArray[np.floating]

NAME = "yolov4-tiny"
STRIDE = 32
# What a 16:9 picture needs to be seen at 448 x 252. With a tenth fewer pixels a person of 15 % of
# the picture's height is missed every second time (docs/adr/0002-inference-runtime.md).
MAX_INPUT_PIXELS = 448 * 256
# Darknet letterboxes with gray 0.5.
PADDING = 127
MAX_IOU = 0.5
MIN_SCORE = 0.3
# Times the lowest score: what a box's score must exceed to have any weight in the blend.
BLEND_FLOOR = 0.99


@dataclass(frozen=True, slots=True)
class HeadSpec:
    """One output scale of yolov4-tiny.cfg: pixels per cell, and anchors as (width, height)."""

    stride: int
    anchors: tuple[tuple[float, float], ...]
    scale_x_y: float = 1.05


HEADS = (
    HeadSpec(32, ((81.0, 82.0), (135.0, 169.0), (344.0, 319.0))),
    HeadSpec(16, ((23.0, 27.0), (37.0, 58.0), (81.0, 82.0))),
)


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """n boxes (n, 4) xyxy in input pixels, their scores (n,) and class numbers (n,)."""

    boxes: Floats
    scores: Floats
    classes: npt.NDArray[np.intp]


def network_size(frame: Size, max_pixels: int = MAX_INPUT_PIXELS) -> Size:
    """The smallest input, in multiples of 32, that shows `frame` largest within `max_pixels`.

    A square input would spend almost half its pixels on the gray bars around a 16:9 picture.
    """
    widths = range(STRIDE, max_pixels // STRIDE + 1, STRIDE)
    heights = (max_pixels // width // STRIDE * STRIDE for width in widths)
    scale = max(
        min(width / frame.width, height / frame.height)
        for width, height in zip(widths, heights, strict=True)
    )
    return Size(_whole_cells(frame.width * scale), _whole_cells(frame.height * scale))


def _whole_cells(side: float) -> int:
    return max(1, -(-round(side) // STRIDE)) * STRIDE


def decode_head(geometry: Floats, classes: Floats, head: HeadSpec, min_score: float) -> Candidates:
    """Everything one head sees with a score of at least `min_score`.

    `geometry` is (rows, columns, anchors * 5): x, y, width, height and objectness logits;
    `classes` is (rows, columns, anchors * classes). A score is objectness times the best class.
    """
    rows, columns, _ = geometry.shape
    anchors = np.array(head.anchors, np.float32)
    geometry = geometry.reshape(rows, columns, len(anchors), 5)
    classes = classes.reshape(rows, columns, len(anchors), -1)
    row, column, anchor = np.nonzero(geometry[..., 4] >= logit(min_score))
    raw = geometry[row, column, anchor]
    logits = classes[row, column, anchor]
    best = logits.argmax(axis=1)
    scores = sigmoid(raw[:, 4]) * sigmoid(logits[np.arange(len(best)), best])
    cells = np.column_stack([column, row])
    centers = sigmoid(raw[:, :2]) * head.scale_x_y - (head.scale_x_y - 1) / 2 + cells
    half = np.exp(raw[:, 2:4]) * anchors[anchor] / 2
    boxes = np.hstack([centers * head.stride - half, centers * head.stride + half])
    kept = scores >= min_score
    return Candidates(boxes[kept], scores[kept], best[kept])


DEFAULT_LABELS = (PERSON, SPORTS_BALL)


class YoloDetector:
    """yolov4-tiny behind the Detector protocol; finds `labels` (COCO names)."""

    def __init__(
        self,
        labels: Iterable[str] = DEFAULT_LABELS,
        min_score: float | None = None,
        weights: bytes | None = None,
        max_pixels: int = MAX_INPUT_PIXELS,
    ) -> None:
        self.labels = frozenset(labels)
        self._wanted = sorted(class_number(label) for label in self.labels)
        self._min_score = MIN_SCORE if min_score is None else min_score
        self._weights = weights
        self._max_pixels = max_pixels
        self._network: TfliteNetwork | None = None
        self._frame_size = Size(0, 0)
        self._input_size = Size(0, 0)

    @property
    def name(self) -> str:
        return NAME

    def open(self) -> None:
        if self._weights is None:
            self._weights = load_weights(NAME)
        self._prepare(Size(16, 9))

    def close(self) -> None:
        self._network = None
        self._weights = None

    def detect(self, frame: Frame, region: Box | None = None) -> tuple[Detection, ...]:
        network = self._prepare(frame.size)
        seen = region or whole(frame)
        rgb, placed = letterbox(frame, seen, self._input_size, PADDING, centered=False)
        outputs = network.run(_as_input(rgb, network.input_dtype))
        found = self._decode(outputs)
        corners = placed.to_frame(found.boxes.reshape(-1, 2, 2)).reshape(-1, 4)
        return tuple(self._detections(corners, found, frame.size))

    def _prepare(self, frame_size: Size) -> TfliteNetwork:
        """The network for frames of this shape; a camera has one shape, so this is made twice."""
        if self._network is not None and frame_size == self._frame_size:
            return self._network
        size = network_size(frame_size, self._max_pixels)
        if self._network is None or size != self._input_size:
            assert self._weights is not None, "detect() before open()"
            self._network = TfliteNetwork(self._weights, NAME, (1, size.height, size.width, 3))
            self._input_size = size
        self._frame_size = frame_size
        return self._network

    def _decode(self, outputs: list[npt.NDArray[Any]]) -> Candidates:
        heads = [
            decode_head(outputs[2 * i][0], outputs[2 * i + 1][0], head, self._min_score)
            for i, head in enumerate(HEADS)
        ]
        return Candidates(
            np.concatenate([found.boxes for found in heads]),
            np.concatenate([found.scores for found in heads]),
            np.concatenate([found.classes for found in heads]),
        )

    def _detections(self, corners: Floats, found: Candidates, size: Size) -> list[Detection]:
        detections = []
        for number in self._wanted:
            of_class = np.flatnonzero(found.classes == number)
            for group in clusters(corners[of_class], found.scores[of_class], MAX_IOU):
                members = of_class[group]
                box = Box(*self._blended(corners[members], found.scores[members])).clipped(size)
                if box.area > 0:
                    score = float(found.scores[members[0]])
                    detections.append(Detection(box, score, COCO_LABELS[number]))
        return sorted(detections, key=lambda detection: -detection.score)

    def _blended(self, corners: Floats, scores: Floats) -> list[float]:
        """The mean of boxes that show the same thing.

        Two anchors often see one person almost equally well but draw different boxes; the best
        box alone jumps from one to the other. The weight of a box starts from zero at the
        lowest score, so that none enters or leaves with a jump either. Looking for lower scores
        than MIN_SCORE adds boxes and changes none of the others.
        """
        lowest = self._min_score if scores[0] < MIN_SCORE else max(self._min_score, MIN_SCORE)
        weights = np.clip(scores - np.float32(lowest * BLEND_FLOOR), 0, None)
        mean: list[float] = np.average(corners, axis=0, weights=weights).tolist()
        return mean


def make(_name: str, labels: Iterable[str], min_score: float | None = None) -> YoloDetector:
    """As the registry wants it."""
    return YoloDetector(labels, min_score)


def _as_input(rgb: npt.NDArray[np.uint8], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """RGB bytes as the (1, height, width, 3) input: int8 with zero point -128, or floats 0 to 1."""
    if dtype == np.int8:
        return (rgb ^ np.uint8(0x80)).view(np.int8)[None]
    return (rgb * np.float32(1 / 255))[None]
