"""Faces with six landmarks: BlazeFace, the back-camera network of 256 x 256.

Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs", 2019.
Anchors and decoding follow MediaPipe's `ssd_anchors_calculator` and
`tensors_to_detections_calculator` as set in `face_detection_back_mobile_gpu.pbtxt`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from livetrack_vcam.core.detection import FACE, Detection
from livetrack_vcam.core.geometry import Box, Point, Size
from livetrack_vcam.detectors.logits import sigmoid
from livetrack_vcam.detectors.manifest import load_weights
from livetrack_vcam.detectors.nms import clusters
from livetrack_vcam.detectors.pixels import letterbox, whole
from livetrack_vcam.detectors.runtime import TfliteNetwork
from livetrack_vcam.media import Frame

Floats: TypeAlias = npt.NDArray[np.floating]

NAME = "blazeface"
INPUT_SIDE = 256
# (pixels per cell, anchors per cell): one layer of stride 16, three of stride 32, two anchors each.
ANCHOR_GRIDS = ((16, 2), (32, 6))
LANDMARKS = 6
MAX_IOU = 0.3
MIN_SCORE = 0.5
PADDING = 0


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """n faces in input pixels: `points` (n, 8, 2) are two box corners, then the six landmarks."""

    points: Floats
    scores: Floats

    @property
    def boxes(self) -> Floats:
        return self.points[:, :2].reshape(-1, 4)


def make_anchors() -> Floats:
    """Centers (896, 2) of the anchors in input pixels, in the order of the network's rows."""
    grids = []
    for stride, repeats in ANCHOR_GRIDS:
        centers = (np.arange(INPUT_SIDE // stride) + 0.5) * stride
        x, y = np.meshgrid(centers, centers)
        grids.append(np.repeat(np.column_stack([x.ravel(), y.ravel()]), repeats, axis=0))
    return np.concatenate(grids).astype(np.float32)


def decode(regressors: Floats, logits: Floats, anchors: Floats, min_score: float) -> Faces:
    """Faces of at least `min_score` before suppression.

    `regressors` (896, 16) are pixels relative to the anchor: center, size, then six landmarks;
    `logits` is (896,).
    """
    scores = sigmoid(logits)
    rows = np.flatnonzero(scores >= min_score)
    values = regressors[rows].reshape(-1, 2 + LANDMARKS, 2)
    centers = values[:, :1] + anchors[rows, None]
    half = values[:, 1:2] / 2
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
    """BlazeFace behind the Detector protocol."""

    labels = frozenset({FACE})

    def __init__(self, min_score: float | None = None) -> None:
        self._min_score = MIN_SCORE if min_score is None else min_score
        self._anchors = make_anchors()
        self._network: TfliteNetwork | None = None

    @property
    def name(self) -> str:
        return NAME

    def open(self) -> None:
        self._network = TfliteNetwork(load_weights(NAME), NAME)

    def close(self) -> None:
        self._network = None

    def detect(self, frame: Frame, region: Box | None = None) -> tuple[Detection, ...]:
        assert self._network is not None, "detect() before open()"
        side = Size(INPUT_SIDE, INPUT_SIDE)
        rgb, placed = letterbox(frame, region or whole(frame), side, PADDING, centered=True)
        regressors, logits = self._network.run((rgb * np.float32(2 / 255) - 1)[None])
        faces = blend(decode(regressors[0], logits[0, :, 0], self._anchors, self._min_score))
        points = placed.to_frame(faces.points)
        found = (
            _detection(face, float(score), frame.size)
            for face, score in zip(points, faces.scores, strict=True)
        )
        return tuple(face for face in found if face.box.area > 0)


def _detection(points: Floats, score: float, size: Size) -> Detection:
    corners, landmarks = points[:2].ravel(), points[2:]
    box = Box(*(float(side) for side in corners)).clipped(size)
    return Detection(box, score, FACE, tuple(Point(float(x), float(y)) for x, y in landmarks))


def make(_name: str, _labels: Iterable[str], min_score: float | None = None) -> BlazeFaceDetector:
    """As the registry wants it."""
    return BlazeFaceDetector(min_score)
