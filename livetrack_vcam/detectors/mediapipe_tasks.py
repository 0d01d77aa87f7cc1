"""MediaPipe's own FaceDetector and ObjectDetector, to hold ours against; an extra.

The models are those of the store: BlazeFace short range, which sees faces within two meters, and
EfficientDet-Lite0. Pre-processing, decoding, suppression and scores are MediaPipe's; the picture
it gets is what is looked at, undistorted and with at most MAX_PIXELS, several times what its
networks see. It numbers landmarks as we do. Nothing tells it how many threads to use.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Any

import numpy as np

from livetrack_vcam.core.detection import FACE, Detection
from livetrack_vcam.core.geometry import Box, Point, Size
from livetrack_vcam.detectors.decoding import (
    DEFAULT_LABELS,
    Candidates,
    Choice,
    class_numbers,
    detections,
)
from livetrack_vcam.detectors.import_order import before_tensorflow
from livetrack_vcam.detectors.labels import COCO_LABELS
from livetrack_vcam.detectors.lookout import Lookout, merge
from livetrack_vcam.detectors.manifest import load_weights
from livetrack_vcam.detectors.pixels import Letterbox, letterbox, whole
from livetrack_vcam.detectors.runtime import VERIFY, Shape, TfliteNetwork
from livetrack_vcam.errors import ModelError
from livetrack_vcam.interfaces import Detector
from livetrack_vcam.media import Frame

log = logging.getLogger(__name__)

BOTH, FACES, OBJECTS = "mediapipe", "mediapipe-face", "mediapipe-object"
FACE_MIN_SCORE = 0.5
OBJECT_MIN_SCORE = 0.3
MAX_PIXELS = 960 * 540
LAST_SILENT_RELEASE = (0, 10, 33)


@dataclass(frozen=True, slots=True)
class TaskModel:
    """A model of the store, and the shapes of its input and outputs."""

    name: str
    shapes: tuple[Shape, ...]


FACE_MODEL = TaskModel("blazeface-short", ((1, 128, 128, 3), (1, 896, 16), (1, 896, 1)))
OBJECT_MODEL = TaskModel("efficientdet-lite0", ((1, 320, 320, 3), (1, 19206, 90), (1, 19206, 4)))


class _Task:
    """One of MediaPipe's detectors, open."""

    def __init__(
        self, name: str, model: TaskModel, weights: bytes | None, make: Callable[[Any, Any], Any]
    ) -> None:
        self._mediapipe, tasks = _package(name)
        content = load_weights(model.name) if weights is None else weights
        # Given another network MediaPipe fails at the first picture, and hangs in its destructor.
        TfliteNetwork(content, model.name).expect(*model.shapes)
        _tell_about_privacy(version("mediapipe"))
        options = tasks.BaseOptions(model_asset_buffer=content)
        try:
            self._task = make(tasks.vision, options)
        except (RuntimeError, ValueError, OSError) as error:
            reason = next(iter(str(error).splitlines()), type(error).__name__)
            raise ModelError(
                f"the file of model {model.name} cannot be used by this mediapipe ({reason}); "
                f"{VERIFY}"
            ) from error

    def run(self, rgb: np.ndarray[Any, Any]) -> list[Any]:
        image = self._mediapipe.Image(
            image_format=self._mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(rgb)
        )
        found: list[Any] = self._task.detect(image).detections
        return found

    def close(self) -> None:
        with contextlib.suppress(RuntimeError):  # what went wrong before is told again
            self._task.close()


class MediapipeFaceDetector:
    """MediaPipe's FaceDetector behind our Detector protocol."""

    labels = frozenset({FACE})

    def __init__(self, min_score: float | None = None, weights: bytes | None = None) -> None:
        self._min_score = FACE_MIN_SCORE if min_score is None else min_score
        self._weights = weights
        self._task: _Task | None = None

    @property
    def name(self) -> str:
        return FACES

    def open(self) -> None:
        def make(vision: Any, options: Any) -> Any:
            return vision.FaceDetector.create_from_options(
                vision.FaceDetectorOptions(options, min_detection_confidence=self._min_score)
            )

        self._task = _Task(self.name, FACE_MODEL, self._weights, make)

    def close(self) -> None:
        if self._task is not None:
            self._task.close()
        self._task = None

    def detect(self, frame: Frame, region: Box | None = None) -> tuple[Detection, ...]:
        assert self._task is not None, "detect() before open()"
        rgb, placed = picture(frame, region or whole(frame))
        found = [face_of(face, placed, frame.size) for face in self._task.run(rgb)]
        # Its suppression blends boxes, and two blends may be of one face.
        return merge(face for face in found if face.box.area > 0)


class MediapipeObjectDetector:
    """MediaPipe's ObjectDetector behind our Detector protocol; finds `labels` (COCO names)."""

    def __init__(
        self,
        labels: Iterable[str] = DEFAULT_LABELS,
        min_score: float | None = None,
        weights: bytes | None = None,
    ) -> None:
        self.labels = frozenset(labels)
        self._choice = Choice(
            class_numbers(self.labels), OBJECT_MIN_SCORE if min_score is None else min_score
        )
        self._weights = weights
        self._task: _Task | None = None

    @property
    def name(self) -> str:
        return OBJECTS

    def open(self) -> None:
        def make(vision: Any, options: Any) -> Any:
            return vision.ObjectDetector.create_from_options(
                vision.ObjectDetectorOptions(options, score_threshold=self._choice.min_score)
            )

        self._task = _Task(self.name, OBJECT_MODEL, self._weights, make)

    def close(self) -> None:
        if self._task is not None:
            self._task.close()
        self._task = None

    def detect(self, frame: Frame, region: Box | None = None) -> tuple[Detection, ...]:
        assert self._task is not None, "detect() before open()"
        rgb, placed = picture(frame, region or whole(frame))
        return detections(candidates_of(self._task.run(rgb)), placed, frame.size, self._choice)


def picture(frame: Frame, region: Box) -> tuple[np.ndarray[Any, Any], Letterbox]:
    """`region` as RGB in its own shape, no larger than it is and of at most MAX_PIXELS."""
    scale = min(1.0, (MAX_PIXELS / max(region.area, 1.0)) ** 0.5)
    size = Size(max(1, round(region.width * scale)), max(1, round(region.height * scale)))
    return letterbox(frame, region, size, padding=0, centered=False)


def face_of(face: Any, placed: Letterbox, size: Size) -> Detection:
    """One of MediaPipe's detections with six keypoints, 0 to 1 over the picture."""
    corners = np.array([_corners(face.bounding_box)], np.float32).reshape(2, 2)
    keypoints = np.array([(point.x, point.y) for point in face.keypoints], np.float32)
    keypoints *= (placed.inner.width, placed.inner.height)
    box = Box(*(float(side) for side in placed.to_frame(corners).ravel())).clipped(size)
    landmarks = tuple(Point(float(x), float(y)) for x, y in placed.to_frame(keypoints))
    return Detection(box, min(1.0, float(face.categories[0].score)), FACE, landmarks)


def candidates_of(found: list[Any]) -> Candidates:
    """MediaPipe's detections; labels that COCO does not have are left out."""
    known = [one for one in found if one.categories[0].category_name in COCO_LABELS]
    return Candidates(
        np.array([_corners(one.bounding_box) for one in known], np.float32).reshape(-1, 4),
        np.array([one.categories[0].score for one in known], np.float32),
        np.array([COCO_LABELS.index(one.categories[0].category_name) for one in known], np.intp),
    )


def _corners(box: Any) -> tuple[float, float, float, float]:
    x, y = box.origin_x, box.origin_y
    return (x, y, x + box.width, y + box.height)


def _package(name: str) -> tuple[Any, Any]:
    """mediapipe itself and its tasks."""
    before_tensorflow()
    for variable, quiet in (("GLOG_minloglevel", "2"), ("TF_CPP_MIN_LOG_LEVEL", "3")):
        os.environ.setdefault(variable, quiet)
    try:
        import mediapipe
        from mediapipe.tasks import python as tasks
    except ImportError as error:
        raise ModelError(
            f"detector {name} needs MediaPipe, which cannot be imported ({error}); type: "
            "pipx inject livetrack-vcam mediapipe (or pip install 'livetrack-vcam[mediapipe]')"
        ) from error
    return mediapipe, tasks


@cache
def _tell_about_privacy(release: str) -> None:
    """Once in a process: what this back end does that LiveTrack never does."""
    numbers = tuple(int(part) for part in release.split(".")[:3] if part.isdigit())
    if numbers > LAST_SILENT_RELEASE:
        log.warning(
            "mediapipe %s contacts Google's servers while a detector of it is open; LiveTrack's "
            "own detectors contact nobody (--detector auto)",
            release,
        )


def make(name: str, labels: Iterable[str], min_score: float | None = None) -> Detector:
    """As the registry wants it."""
    if name == FACES:
        return MediapipeFaceDetector(min_score)
    objects = MediapipeObjectDetector(labels, min_score)
    return Lookout((objects, MediapipeFaceDetector(min_score)), BOTH) if name == BOTH else objects
