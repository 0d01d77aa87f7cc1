"""Faces with YuNet, run by OpenCV's own FaceDetectorYN.

Wu, Peng and Yu, "YuNet: A Tiny Millisecond-level Face Detector", Machine Intelligence Research,
2023; the file is `face_detection_yunet_2023mar.onnx` of OpenCV Zoo. The input is BGR, 0 to 255, of
any size; we give it the shape of what is looked at, letterboxed at the top left with black. OpenCV
decodes the anchor-free grids of stride 8, 16 and 32 and removes duplicates
(modules/objdetect/src/face_detect.cpp); its score is the square root of class probability times
objectness.

It marks the eyes, the nose tip and the two corners of the mouth. The mouth's center is taken to be
halfway between its corners; where the ears are it does not say, so a face has four landmarks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from livetrack_vcam.core.detection import FACE, Detection
from livetrack_vcam.core.geometry import Box, Point, Size
from livetrack_vcam.detectors.manifest import load_weights
from livetrack_vcam.detectors.pixels import letterbox, network_size, whole
from livetrack_vcam.detectors.runtime import VERIFY
from livetrack_vcam.errors import ModelError
from livetrack_vcam.media import Frame, Plane

Floats: TypeAlias = npt.NDArray[np.floating]

NAME = "yunet"
MIN_SCORE = 0.6
MAX_IOU = 0.3
MAX_FACES = 500
MAX_INPUT_PIXELS = 640 * 384
PADDING = 0
ANY_SIZE = Size(320, 320)
# x, y, width and height; five points; score.
NUMBERS = 4 + 10 + 1


class YunetDetector:
    """YuNet behind the Detector protocol."""

    labels = frozenset({FACE})

    def __init__(
        self,
        min_score: float | None = None,
        weights: bytes | None = None,
        max_pixels: int = MAX_INPUT_PIXELS,
    ) -> None:
        self._min_score = MIN_SCORE if min_score is None else min_score
        self._weights = weights
        self._max_pixels = max_pixels
        self._network: Any = None
        self._size = ANY_SIZE

    @property
    def name(self) -> str:
        return NAME

    def open(self) -> None:
        weights = load_weights(NAME) if self._weights is None else self._weights
        try:
            with _silent_opencv():
                self._network = _make(weights, self._min_score)
            self._run(np.zeros((ANY_SIZE.height, ANY_SIZE.width, 3), np.uint8))
        except cv2.error as error:
            raise ModelError(
                f"the file of model {NAME} is damaged or another model "
                f"({str(error.err) or 'not readable'}); {VERIFY}"
            ) from error

    def close(self) -> None:
        self._network = None

    def detect(self, frame: Frame, region: Box | None = None) -> tuple[Detection, ...]:
        assert self._network is not None, "detect() before open()"
        seen = region or whole(frame)
        shape = Size(max(1, round(seen.width)), max(1, round(seen.height)))
        size = network_size(shape, self._max_pixels)
        rgb, placed = letterbox(frame, seen, size, PADDING, centered=False)
        faces = self._run(np.ascontiguousarray(rgb[..., ::-1]))
        points = placed.to_frame(points_of(faces))
        found = [
            _detection(face, float(score), frame.size)
            for face, score in zip(points, faces[:, -1], strict=True)
        ]
        kept = [face for face in found if face.box.area > 0]
        return tuple(sorted(kept, key=lambda face: -face.score))

    def _run(self, bgr: Plane) -> Floats:
        size = Size(bgr.shape[1], bgr.shape[0])
        if size != self._size:
            self._network.setInputSize((size.width, size.height))
            self._size = size
        _, faces = self._network.detect(bgr)
        return rows_of(faces)


def rows_of(faces: Floats | None) -> Floats:
    """What FaceDetectorYN gave as rows (n, 15); those with anything but numbers are left out."""
    rows: Floats = np.empty((0, NUMBERS), np.float32) if faces is None else faces
    return rows[np.isfinite(rows).all(axis=1)]


def points_of(faces: Floats) -> Floats:
    """Rows (n, 15) as points (n, 6, 2): two box corners, then the four landmarks."""
    corner, size = faces[:, 0:2], faces[:, 2:4]
    eyes_and_nose = (faces[:, 4:6], faces[:, 6:8], faces[:, 8:10])
    mouth = (faces[:, 10:12] + faces[:, 12:14]) / 2
    return np.stack([corner, corner + size, *eyes_and_nose, mouth], axis=1)


def _detection(points: Floats, score: float, size: Size) -> Detection:
    box = Box(*(float(side) for side in points[:2].ravel())).clipped(size)
    landmarks = tuple(Point(float(x), float(y)) for x, y in points[2:])
    return Detection(box, min(score, 1.0), FACE, landmarks)


def _make(weights: bytes, min_score: float) -> Any:
    return cv2.FaceDetectorYN.create(
        "onnx",
        np.frombuffer(weights, np.uint8),
        np.empty(0, np.uint8),
        (ANY_SIZE.width, ANY_SIZE.height),
        min_score,
        MAX_IOU,
        MAX_FACES,
    )


@contextmanager
def _silent_opencv() -> Iterator[None]:
    """OpenCV prints each time that it has no accelerator to choose from."""
    before = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(before)


def make(_name: str, _labels: Iterable[str], min_score: float | None = None) -> YunetDetector:
    """As the registry wants it."""
    return YunetDetector(min_score)
