"""Persons, balls and the other COCO things with darknet's small networks, yolov4-tiny first.

Decoding follows darknet's `yolo_layer.c` (get_yolo_box) with its `scale_x_y`. The network's
outputs are raw logits; only cells whose objectness can reach the score threshold are decoded.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from livetrack_vcam.core.detection import SPORTS_BALL, Detection
from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.detectors.ball_alike import FRISBEE, BallDetector, ball_labels
from livetrack_vcam.detectors.decoding import (
    DEFAULT_LABELS,
    MAX_LOG_SIZE,
    Candidates,
    Choice,
    class_numbers,
    detections,
)
from livetrack_vcam.detectors.labels import COCO_LABELS
from livetrack_vcam.detectors.logits import logit, sigmoid
from livetrack_vcam.detectors.manifest import load_weights
from livetrack_vcam.detectors.pixels import letterbox, whole
from livetrack_vcam.detectors.runtime import TfliteNetwork
from livetrack_vcam.detectors.shaped import ShapedNetworks
from livetrack_vcam.interfaces import Detector
from livetrack_vcam.media import Frame

Floats: TypeAlias = npt.NDArray[np.floating]

NAME = "yolov4-tiny"
# Lower scores find more, but nobody: from .3 down to .2 false persons grow faster than found ones.
MIN_SCORE = 0.3
# The tracker finds the ball among these (core/ball.py); higher scores miss it every other time.
BALL_SCORE = 0.1
# 16:9 pictures are seen at 416 x 224, 4:3 at 384 x 288. A tenth more takes more than the 12 ms a
# frame may take, and finds no smaller people in 16:9 (docs/adr/0002-inference-runtime.md).
MAX_INPUT_PIXELS = 320 * 320
# A 16:9 picture fills 416 x 224 when it is stretched by 1.05 in width. Undistorted it would be
# 398 pixels wide: 6 of 461 people and every fifth of those at 15 % of its height are then missed.
MAX_DISTORTION = 1.06
# Darknet letterboxes with gray 0.5.
PADDING = 127
# x, y, width, height and objectness.
GEOMETRY = 5


@dataclass(frozen=True, slots=True)
class HeadSpec:
    """One output scale of a .cfg file: pixels per cell, and anchors as (width, height)."""

    stride: int
    anchors: tuple[tuple[float, float], ...]
    scale_x_y: float = 1.05


HEADS = (
    HeadSpec(32, ((81.0, 82.0), (135.0, 169.0), (344.0, 319.0))),
    HeadSpec(16, ((23.0, 27.0), (37.0, 58.0), (81.0, 82.0))),
)


@dataclass(frozen=True, slots=True)
class YoloModel:
    """What tells one of darknet's networks from another."""

    name: str
    heads: tuple[HeadSpec, ...]
    min_score: float
    max_pixels: int


YOLOV4_TINY = YoloModel(NAME, HEADS, MIN_SCORE, MAX_INPUT_PIXELS)


@lru_cache(maxsize=8)
def grid(heads: tuple[HeadSpec, ...], rows: int, columns: int) -> Floats:
    """(n, 6): left, top and side of a cell, its scale_x_y, width and height of the anchor.

    One row for each anchor of all heads, in the order of the outputs, in input pixels; `rows` and
    `columns` are those of the first head.
    """
    parts = []
    for head in heads:
        finer = heads[0].stride // head.stride
        top, left = np.mgrid[: rows * finer, : columns * finer] * head.stride
        constants = np.full((left.size, 2), (head.stride, head.scale_x_y))
        cells = np.column_stack([left.ravel(), top.ravel(), constants])
        anchors = np.tile(head.anchors, (len(cells), 1))
        parts.append(np.hstack([np.repeat(cells, len(head.anchors), axis=0), anchors]))
    return np.concatenate(parts).astype(np.float32)


def decode(outputs: Sequence[Floats], heads: tuple[HeadSpec, ...], min_score: float) -> Candidates:
    """Everything all heads see with a score of at least `min_score`, in input pixels.

    `outputs` are, for each head, geometry (1, rows, columns, anchors * 5), that is x, y, width,
    height and objectness logits, and classes (1, rows, columns, anchors * classes). A score is
    objectness times the best class.
    """
    geometry = np.concatenate([output.reshape(-1, GEOMETRY) for output in outputs[::2]])
    likely = np.flatnonzero(geometry[:, 4] >= logit(min_score))
    raw = geometry[likely]
    logits = _rows_of([output.reshape(-1, len(COCO_LABELS)) for output in outputs[1::2]], likely)
    best = logits.argmax(axis=1)
    scores = sigmoid(raw[:, 4]) * sigmoid(logits[np.arange(len(best)), best])
    _, rows, columns, _ = outputs[0].shape
    cells = grid(heads, rows, columns)[likely]
    scale = cells[:, 3:4]
    inside = sigmoid(raw[:, :2]) * scale - (scale - 1) / 2
    centers = inside * cells[:, 2:3] + cells[:, :2]
    half = np.exp(np.minimum(raw[:, 2:4], MAX_LOG_SIZE)) * cells[:, 4:] / 2
    return Candidates(np.concatenate([centers - half, centers + half], axis=1), scores, best)


def _rows_of(parts: list[Floats], rows: npt.NDArray[np.intp]) -> Floats:
    """`rows`, in ascending order, of the arrays `parts` as if they were one; nothing is joined."""
    chosen = []
    start = 0
    for part in parts:
        first, last = np.searchsorted(rows, (start, start + len(part)))
        chosen.append(part[rows[first:last] - start])
        start += len(part)
    return np.concatenate(chosen)


class YoloDetector:
    """`model` behind the Detector protocol; finds `labels` (COCO names).

    Balls, and what looks like one, are found from `ball_score` on, if it is given.
    """

    def __init__(
        self,
        labels: Iterable[str] = DEFAULT_LABELS,
        min_score: float | None = None,
        weights: bytes | None = None,
        max_pixels: int | None = None,
        model: YoloModel = YOLOV4_TINY,
        ball_score: float | None = None,
        threads: int = 1,
    ) -> None:
        self._threads = threads
        self._model = model
        self.labels = frozenset(labels)
        self._choice = Choice(
            class_numbers(self.labels),
            model.min_score if min_score is None else min_score,
            blended=True,
            lower=() if ball_score is None else _balls(self.labels, ball_score),
        )
        self._weights = weights
        self._max_pixels = model.max_pixels if max_pixels is None else max_pixels
        self._networks: ShapedNetworks | None = None

    @property
    def name(self) -> str:
        return self._model.name

    def open(self) -> None:
        weights = load_weights(self.name) if self._weights is None else self._weights
        made = partial(TfliteNetwork, threads=self._threads)
        self._networks = ShapedNetworks(weights, self.name, self._max_pixels, make=made)
        self._networks.expect(lambda size: output_sides(size, self._model.heads))

    def close(self) -> None:
        self._networks = None

    def detect(self, frame: Frame, region: Box | None = None) -> tuple[Detection, ...]:
        assert self._networks is not None, "detect() before open()"
        seen = region or whole(frame)
        network, size = self._networks.fitting(frame.size, seen)
        rgb, placed = letterbox(frame, seen, size, PADDING, False, MAX_DISTORTION)
        outputs = network.run(_as_input(rgb, network.input_dtype))
        found = decode(outputs, self._model.heads, self._choice.lowest)
        return detections(found, placed, frame.size, self._choice)


def output_sides(size: Size, heads: tuple[HeadSpec, ...]) -> list[tuple[int, ...]]:
    """The shapes of the outputs for an input of `size`."""
    return [
        (1, size.height // head.stride, size.width // head.stride, len(head.anchors) * numbers)
        for head in heads
        for numbers in (GEOMETRY, len(COCO_LABELS))
    ]


def _balls(labels: Iterable[str], score: float) -> tuple[tuple[int, float], ...]:
    return tuple((number, score) for number in class_numbers({SPORTS_BALL, FRISBEE} & set(labels)))


def make(
    _name: str, labels: Iterable[str], min_score: float | None = None, threads: int = 1
) -> Detector:
    """As the registry wants it."""
    asked = tuple(labels)
    if SPORTS_BALL not in asked:
        return YoloDetector(asked, min_score, threads=threads)
    ball_score = BALL_SCORE if min_score is None else min_score
    found = YoloDetector(ball_labels(asked), min_score, ball_score=ball_score, threads=threads)
    return BallDetector(found, asked)


def _as_input(rgb: npt.NDArray[np.uint8], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """RGB bytes as the (1, height, width, 3) input: int8 with zero point -128, or floats 0 to 1."""
    if dtype == np.int8:
        return (rgb ^ np.uint8(0x80)).view(np.int8)[None]
    return (rgb * np.float32(1 / 255))[None]
