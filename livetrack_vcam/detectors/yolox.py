"""Persons, balls and the other COCO things with YOLOX-nano.

Ge et al., "YOLOX: Exceeding YOLO Series in 2021", arXiv:2107.08430; the file is Megvii's export
`yolox_nano.onnx` of release 0.1.1rc0. Its input is BGR, 0 to 255 without any normalization,
letterboxed at the top left with gray 114 (`ValTransform` in yolox/data/data_augment.py). The file
was exported for 416 x 416; here the input has the shape of the picture (`network_size`).

Each row of the output is one cell of the grids of stride 8, 16 and 32: center in cells relative to
the cell, logarithm of the size in cells, then objectness and 80 class probabilities, both already
through a sigmoid (`demo_postprocess` in yolox/utils/demo_utils.py). There are no anchors.

A score is objectness times class probability, as YOLOX itself has it. From .3 to .4 hardly anybody
is lost (corpus clips 447 of 461 people at both; vtest.avi 116 and 114 of 127), but 22 false boxes
in vtest.avi become 4.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache, partial
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from livetrack_vcam.core.detection import Detection
from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.detectors.decoding import (
    DEFAULT_LABELS,
    MAX_LOG_SIZE,
    Candidates,
    Choice,
    class_numbers,
    detections,
)
from livetrack_vcam.detectors.labels import COCO_LABELS
from livetrack_vcam.detectors.manifest import load_weights
from livetrack_vcam.detectors.onnx_runtime import OnnxNetwork
from livetrack_vcam.detectors.pixels import letterbox, whole
from livetrack_vcam.detectors.shaped import ShapedNetworks
from livetrack_vcam.media import Frame

Floats: TypeAlias = npt.NDArray[np.floating]

NAME = "yolox-nano"
FILE_SIZE = Size(416, 416)
# A 16:9 picture at 512 x 288 or 544 x 320 takes a quarter or two fifths longer and shows no more
# people (docs/adr/0007-models-by-choice.md).
MAX_INPUT_PIXELS = 448 * 256
STRIDES = (8, 16, 32)
PADDING = 114
MIN_SCORE = 0.4


def planes(size: Size) -> tuple[int, ...]:
    """How PyTorch's networks take a picture."""
    return (1, 3, size.height, size.width)


@lru_cache(maxsize=4)
def grid(size: Size) -> Floats:
    """(n, 3): column, row and stride of every cell of an input, in the order of the rows."""
    parts = []
    for stride in STRIDES:
        rows, columns = np.mgrid[: size.height // stride, : size.width // stride]
        strides = np.full(rows.size, stride)
        parts.append(np.column_stack([columns.ravel(), rows.ravel(), strides]))
    cells: Floats = np.concatenate(parts).astype(np.float32)
    return cells


def decode(output: Floats, size: Size, min_score: float) -> Candidates:
    """Everything of `output` (n, 85) with a score of at least `min_score`, in input pixels."""
    rows = np.flatnonzero(output[:, 4] >= min_score)
    raw, cells = output[rows], grid(size)[rows]
    best = raw[:, 5:].argmax(axis=1)
    scores = raw[:, 4] * raw[np.arange(len(best)), 5 + best]
    centers = raw[:, :2] + cells[:, :2]
    half = np.exp(np.minimum(raw[:, 2:4], MAX_LOG_SIZE)) / 2
    boxes = np.hstack([centers - half, centers + half]) * cells[:, 2:]
    kept = scores >= min_score
    return Candidates(boxes[kept], scores[kept], best[kept])


class YoloxDetector:
    """YOLOX-nano behind the Detector protocol; finds `labels` (COCO names)."""

    def __init__(
        self,
        labels: Iterable[str] = DEFAULT_LABELS,
        min_score: float | None = None,
        weights: bytes | None = None,
        max_pixels: int = MAX_INPUT_PIXELS,
    ) -> None:
        self.labels = frozenset(labels)
        self._choice = Choice(
            class_numbers(self.labels), MIN_SCORE if min_score is None else min_score
        )
        self._weights = weights
        self._max_pixels = max_pixels
        self._networks: ShapedNetworks | None = None

    @property
    def name(self) -> str:
        return NAME

    def open(self) -> None:
        weights = load_weights(NAME) if self._weights is None else self._weights
        make_network = partial(OnnxNetwork, file_shape=planes(FILE_SIZE))
        self._networks = ShapedNetworks(
            weights, NAME, self._max_pixels, STRIDES[-1], make_network, planes
        )
        self._networks.expect(lambda size: [(1, len(grid(size)), 5 + len(COCO_LABELS))])

    def close(self) -> None:
        self._networks = None

    def detect(self, frame: Frame, region: Box | None = None) -> tuple[Detection, ...]:
        assert self._networks is not None, "detect() before open()"
        seen = region or whole(frame)
        network, size = self._networks.fitting(frame.size, seen)
        rgb, placed = letterbox(frame, seen, size, PADDING, centered=False)
        bgr = np.ascontiguousarray(rgb[..., ::-1].transpose(2, 0, 1), np.float32)
        found = decode(network.run(bgr[None])[0][0], size, self._choice.min_score)
        return detections(found, placed, frame.size, self._choice)


def make(_name: str, labels: Iterable[str], min_score: float | None = None) -> YoloxDetector:
    """As the registry wants it."""
    return YoloxDetector(labels, min_score)
