"""Faces with six landmarks: BlazeFace, as the networks "back", "short range" and "full range".

Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs", 2019.

Input: RGB from -1 to 1, letterboxed in the middle of black. The files were exported for squares of
256, 128 and 192; back and short range get an input of the picture's shape instead, because a
square spends 44 % of its pixels on the bars around 16:9.

Anchors: one or two grids, their centers in the middle of the cells, all of size one, as MediaPipe's
`ssd_anchors_calculator` makes them with the options in `face_detection_back_mobile_gpu.pbtxt`,
`face_detection_short_range.pbtxt` and `face_detection_full_range.pbtxt`. Decoding follows its
`tensors_to_detections_calculator`: all numbers are input pixels relative to the anchor. Faces that
overlap are averaged as in its `non_max_suppression_calculator` (WEIGHTED).

Scores are the sigmoid of one logit. The model cards and MediaPipe's graphs use .5 for short
range and .6 for full range; `MIN_SCORE` was chosen on the annotated frames of the development
corpus (benchmarks/detectors.py): from .5 on no network sees a face where there is none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from livetrack_vcam.core.detection import FACE, Detection
from livetrack_vcam.core.geometry import Box, Point, Size
from livetrack_vcam.detectors.decoding import without_duplicates
from livetrack_vcam.detectors.free_reshape import with_free_reshapes
from livetrack_vcam.detectors.logits import sigmoid
from livetrack_vcam.detectors.manifest import load_weights
from livetrack_vcam.detectors.nms import clusters
from livetrack_vcam.detectors.pixels import letterbox, whole
from livetrack_vcam.detectors.shaped import ShapedNetworks
from livetrack_vcam.media import Frame

Floats: TypeAlias = npt.NDArray[np.floating]

NAME = "blazeface"
LANDMARKS = 6
MAX_IOU = 0.3
MIN_SCORE = 0.5
PADDING = 0
# In input pixels: what no face can be larger than, so that infinities do not spread.
MAX_OFFSET = 4096.0


@dataclass(frozen=True, slots=True)
class FaceNetwork:
    """One of the family. `grids` are (pixels per cell, anchors per cell), in the order of rows.

    The input has at most `max_pixels`, in multiples of `stride`.
    """

    grids: tuple[tuple[int, int], ...]
    max_pixels: int
    stride: int
    fixed: bool = False


# The back network may look at 256 x 160: more would not leave it within 6 ms a frame.
NETWORKS = {
    NAME: FaceNetwork(((16, 2), (32, 6)), 256 * 160, 32),
    "blazeface-short": FaceNetwork(((8, 2), (16, 6)), 128 * 128, 16),
    "blazeface-full": FaceNetwork(((4, 1),), 192 * 192, 192, fixed=True),
}


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """n faces in input pixels: `points` (n, 8, 2) are two box corners, then the six landmarks."""

    points: Floats
    scores: Floats

    @property
    def boxes(self) -> Floats:
        return self.points[:, :2].reshape(-1, 4)


@lru_cache(maxsize=8)
def make_anchors(grids: tuple[tuple[int, int], ...], size: Size) -> Floats:
    """Centers (n, 2) of the anchors in input pixels, in the order of the network's rows."""
    parts = []
    for stride, repeats in grids:
        x, y = np.meshgrid(
            (np.arange(size.width // stride) + 0.5) * stride,
            (np.arange(size.height // stride) + 0.5) * stride,
        )
        parts.append(np.repeat(np.column_stack([x.ravel(), y.ravel()]), repeats, axis=0))
    return np.concatenate(parts).astype(np.float32)


def decode(regressors: Floats, logits: Floats, anchors: Floats, min_score: float) -> Faces:
    """Faces of at least `min_score` before suppression.

    `regressors` (n, 16) are pixels relative to the anchor: center, size, then six landmarks;
    `logits` is (n,). Rows with a number that is not finite are left out.
    """
    scores = sigmoid(logits)
    rows = np.flatnonzero((scores >= min_score) & np.isfinite(regressors).all(axis=1))
    values = np.clip(regressors[rows], -MAX_OFFSET, MAX_OFFSET).reshape(-1, 2 + LANDMARKS, 2)
    centers = values[:, :1] + anchors[rows, None]
    half = np.abs(values[:, 1:2]) / 2
    landmarks = values[:, 2:] + anchors[rows, None]
    return Faces(np.concatenate([centers - half, centers + half, landmarks], axis=1), scores[rows])


def blend(faces: Faces) -> Faces:
    """One face per cluster of overlapping ones: their mean weighted by score, with the best score.

    This is MediaPipe's WEIGHTED suppression; the blended box shakes less than the best box.
    """
    groups = clusters(faces.boxes, faces.scores, MAX_IOU)
    points = [np.average(faces.points[g], axis=0, weights=faces.scores[g]) for g in groups]
    scores = [faces.scores[g[0]] for g in groups]
    return Faces(np.array(points).reshape(-1, 2 + LANDMARKS, 2), np.array(scores))


class BlazeFaceDetector:
    """A BlazeFace network behind the Detector protocol."""

    labels = frozenset({FACE})

    def __init__(
        self,
        min_score: float | None = None,
        weights: bytes | None = None,
        name: str = NAME,
        max_pixels: int | None = None,
    ) -> None:
        self.name = name
        self._spec = NETWORKS[name]
        self._min_score = MIN_SCORE if min_score is None else min_score
        self._max_pixels = max_pixels or self._spec.max_pixels
        self._weights = weights
        self._networks: ShapedNetworks | None = None

    def open(self) -> None:
        weights = load_weights(self.name) if self._weights is None else self._weights
        if not self._spec.fixed:
            weights = with_free_reshapes(weights, self.name)
        networks = ShapedNetworks(weights, self.name, self._max_pixels, self._spec.stride)
        networks.expect(self._output_shapes)
        self._networks = networks

    def close(self) -> None:
        self._networks = None

    def detect(self, frame: Frame, region: Box | None = None) -> tuple[Detection, ...]:
        assert self._networks is not None, "detect() before open()"
        seen = region or whole(frame)
        network, size = self._networks.fitting(frame.size, seen)
        rgb, placed = letterbox(frame, seen, size, PADDING, centered=True)
        regressors, logits = network.run((rgb * np.float32(2 / 255) - 1)[None])
        anchors = make_anchors(self._spec.grids, size)
        faces = blend(decode(regressors[0], logits[0, :, 0], anchors, self._min_score))
        points = placed.to_frame(faces.points)
        found = [
            _detection(face, float(score), frame.size)
            for face, score in zip(points, faces.scores, strict=True)
        ]
        seen_in_frame = [face for face in found if face.box.area > 0]
        return tuple(without_duplicates(seen_in_frame, MAX_IOU))

    def _output_shapes(self, size: Size) -> list[tuple[int, ...]]:
        rows = len(make_anchors(self._spec.grids, size))
        return [(1, rows, 2 * (2 + LANDMARKS)), (1, rows, 1)]


def _detection(points: Floats, score: float, size: Size) -> Detection:
    corners, landmarks = points[:2].ravel(), points[2:]
    box = Box(*(float(side) for side in corners)).clipped(size)
    return Detection(box, score, FACE, tuple(Point(float(x), float(y)) for x, y in landmarks))


def make(name: str, _labels: Iterable[str], min_score: float | None = None) -> BlazeFaceDetector:
    """As the registry wants it."""
    return BlazeFaceDetector(min_score, name=name)
