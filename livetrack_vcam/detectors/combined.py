"""Several detectors as one: any list of them, and the default pair of person and face."""

from __future__ import annotations

from collections.abc import Iterable

from livetrack_vcam.core.detection import FACE, PERSON, Detection
from livetrack_vcam.core.geometry import Box, iou
from livetrack_vcam.detectors.blazeface import BlazeFaceDetector
from livetrack_vcam.detectors.yolo import YoloDetector
from livetrack_vcam.interfaces import Detector
from livetrack_vcam.media import Frame

MAX_IOU = 0.5
# A standing adult is about 7.5 heads tall (Loomis, "Figure Drawing for All It's Worth").
HEADS_PER_BODY = 7.5
# Below this BlazeFace finds nothing even when it sees the head at native resolution.
MIN_HEAD_PX = 24.0


def merge(detections: Iterable[Detection]) -> tuple[Detection, ...]:
    """All detections, best score first; of two with one label that overlap only the better stays."""
    kept: list[Detection] = []
    for candidate in sorted(detections, key=lambda detection: -detection.score):
        if not any(_same_thing(candidate, other) for other in kept):
            kept.append(candidate)
    return tuple(kept)


def _same_thing(a: Detection, b: Detection) -> bool:
    return a.label == b.label and iou(a.box, b.box) > MAX_IOU


class CombinedDetector:
    """Runs every part on the frame and merges what they find."""

    def __init__(self, parts: tuple[Detector, ...]) -> None:
        self._parts = parts

    @property
    def name(self) -> str:
        return ",".join(part.name for part in self._parts)

    def open(self) -> None:
        for part in self._parts:
            part.open()

    def detect(self, frame: Frame) -> tuple[Detection, ...]:
        return merge(found for part in self._parts for found in part.detect(frame))

    def close(self) -> None:
        for part in self._parts:
            part.close()


class DefaultDetector:
    """Persons, balls and faces, in that order of trust: the face network refines the person.

    On a wide picture a head is too few of the face network's pixels. When the frame shows no face
    for its largest person, the upper part of that person is looked at again at the camera's own
    resolution, on every second frame only, so that a person seen from behind costs little.
    """

    def __init__(self) -> None:
        self._persons = YoloDetector()
        self._faces = BlazeFaceDetector()
        self._looked_closer = False

    @property
    def name(self) -> str:
        return "auto"

    def open(self) -> None:
        self._persons.open()
        self._faces.open()

    def detect(self, frame: Frame) -> tuple[Detection, ...]:
        persons = self._persons.detect(frame)
        faces = self._faces.detect(frame)
        region = missing_face_region(persons, faces)
        self._looked_closer = region is not None and not self._looked_closer
        if region is not None and self._looked_closer:
            faces += self._faces.detect_in(frame, region)
        return merge(persons + faces)

    def close(self) -> None:
        self._persons.close()
        self._faces.close()


def missing_face_region(
    persons: tuple[Detection, ...], faces: tuple[Detection, ...]
) -> Box | None:
    """Where to look for the face of the largest person, or None when it is seen or too small."""
    boxes = [found.box for found in persons if found.label == PERSON]
    if not boxes:
        return None
    body = max(boxes, key=lambda box: box.area)
    if body.height / HEADS_PER_BODY < MIN_HEAD_PX or _has_face(body, faces):
        return None
    return head_region(body)


def head_region(body: Box) -> Box:
    """A square around the head of `body`, wide enough for raised arms and a leaning head."""
    side = max(body.width, body.height / 3)
    center = body.center.x
    top = body.y1 - side * 0.15
    return Box(center - side / 2, top, center + side / 2, top + side)


def _has_face(body: Box, faces: tuple[Detection, ...]) -> bool:
    centers = [face.box.center for face in faces if face.label == FACE]
    return any(
        body.x1 <= center.x <= body.x2 and body.y1 <= center.y <= body.y2 for center in centers
    )
