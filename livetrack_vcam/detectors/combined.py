"""Several detectors as one: any list of them, and the default pair of person and face."""

from __future__ import annotations

from collections.abc import Iterable

from livetrack_vcam.core.detection import PERSON, Detection
from livetrack_vcam.core.geometry import Box, iou
from livetrack_vcam.detectors.blazeface import INPUT_SIDE, BlazeFaceDetector
from livetrack_vcam.detectors.yolo import DEFAULT_LABELS, MIN_SCORE, YoloDetector
from livetrack_vcam.interfaces import Detector
from livetrack_vcam.media import Frame

MAX_IOU = 0.5
# A standing adult is about 7.5 heads tall and, with the arms hanging, 3 heads wide
# (Loomis, "Figure Drawing for All It's Worth").
HEADS_PER_BODY = 7.5
HEADS_PER_SHOULDERS = 3.0
# In frame pixels: a head smaller than this shows no face at any size.
MIN_HEAD_PX = 24.0
# In pixels of the face network's input: smaller heads are seldom found there, clear ones always.
SMALLEST_HEAD = 10.0
CLEAR_HEAD = 24.0


def merge(detections: Iterable[Detection]) -> tuple[Detection, ...]:
    """All detections, best score first; of two alike that overlap, only the better."""
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

    @property
    def labels(self) -> frozenset[str]:
        return frozenset().union(*(part.labels for part in self._parts))

    def detect(self, frame: Frame, region: Box | None = None) -> tuple[Detection, ...]:
        return merge(found for part in self._parts for found in part.detect(frame, region))

    def close(self) -> None:
        for part in self._parts:
            part.close()


class DefaultDetector:
    """Persons and balls, and faces where they can be seen.

    The face network sees a whole 1080p picture at an eighth of its size, where the head of a
    standing person is a few pixels. So the largest person decides where it looks: at the whole
    frame when heads are large, at the upper part of that person at the camera's own resolution
    when they are not, and there as a second try when the frame did not show that person's face.
    Every frame is treated alike: nothing depends on the frames before. `labels` are the COCO names
    looked for beside faces. `min_score` decides which detections come out, not where the face
    network looks.
    """

    def __init__(
        self, labels: Iterable[str] = DEFAULT_LABELS, min_score: float | None = None
    ) -> None:
        self._persons = YoloDetector(labels, min_score)
        self._faces = BlazeFaceDetector(min_score)

    @property
    def name(self) -> str:
        return "auto"

    def open(self) -> None:
        self._persons.open()
        self._faces.open()

    @property
    def labels(self) -> frozenset[str]:
        return self._persons.labels | self._faces.labels

    def detect(self, frame: Frame, region: Box | None = None) -> tuple[Detection, ...]:
        persons = self._persons.detect(frame, region)
        return merge(persons + self._find_faces(frame, largest_person(persons)))

    def close(self) -> None:
        self._persons.close()
        self._faces.close()

    def _find_faces(self, frame: Frame, person: Box | None) -> tuple[Detection, ...]:
        if person is None:
            return self._faces.detect(frame)
        head = head_side(person)
        shrunk = head * INPUT_SIDE / max(frame.size.width, frame.size.height)
        faces = self._faces.detect(frame) if shrunk >= SMALLEST_HEAD else ()
        worth_a_closer_look = shrunk < CLEAR_HEAD and head >= MIN_HEAD_PX
        if worth_a_closer_look and not _has_face(person, faces):
            faces += self._faces.detect(frame, head_region(person))
        return faces


def largest_person(detections: tuple[Detection, ...]) -> Box | None:
    """The person worth a closer look: those the detector would not show by itself do not count."""
    boxes = [d.box for d in detections if d.label == PERSON and d.score >= MIN_SCORE]
    return max(boxes, key=lambda box: box.area, default=None)


def head_side(person: Box) -> float:
    """About how large a head is, in pixels, whether the box shows a standing or a seated person."""
    return max(person.height / HEADS_PER_BODY, person.width / HEADS_PER_SHOULDERS)


def head_region(person: Box) -> Box:
    """A square around the head, wide enough for raised arms and a head that leans."""
    side = max(person.width, person.height / 3)
    center = person.center.x
    top = person.y1 - side * 0.15
    return Box(center - side / 2, top, center + side / 2, top + side)


def _has_face(person: Box, faces: tuple[Detection, ...]) -> bool:
    centers = [face.box.center for face in faces]
    return any(
        person.x1 <= center.x <= person.x2 and person.y1 <= center.y <= person.y2
        for center in centers
    )
