"""Several detectors as one that looks where it is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from livetrack_vcam.core.detection import FACE, PERSON, Detection, Look
from livetrack_vcam.core.geometry import Box, iou
from livetrack_vcam.core.regions import cut_off, head_region, head_seen_as, is_worth_a_closer_look
from livetrack_vcam.detectors.appearance import describe
from livetrack_vcam.interfaces import Detector
from livetrack_vcam.media import Frame

MAX_IOU = 0.5
MOST_DETECTIONS = 80
"""A crowd; with more than that a broken model would keep the tracker from its work."""
LIKELY = 0.3
"""A person this likely is worth a closer look for the face."""


def merge(detections: Iterable[Detection]) -> tuple[Detection, ...]:
    """All detections, best score first; of two alike that overlap, only the better."""
    kept: list[Detection] = []
    for candidate in sorted(detections, key=lambda detection: -detection.score):
        if not any(_same_thing(candidate, other) for other in kept):
            kept.append(candidate)
    return tuple(kept)


def _same_thing(a: Detection, b: Detection) -> bool:
    return a.label == b.label and iou(a.box, b.box) > MAX_IOU


class Lookout:
    """Detectors that share the looks: each makes those that ask for what it can find.

    As a Detector it sees single pictures, and takes a closer look for the largest person's face.
    """

    def __init__(self, parts: Sequence[Detector], name: str | None = None) -> None:
        self._parts = tuple(parts)
        self.name = name or ",".join(part.name for part in parts)
        self.labels = frozenset[str]().union(*(part.labels for part in parts))

    def open(self) -> None:
        for part in self._parts:
            part.open()

    def close(self) -> None:
        for part in self._parts:
            part.close()

    def look(self, frame: Frame, looks: Sequence[Look]) -> tuple[Detection, ...]:
        """What the looks show, in frame pixels, best first; nothing that a region's edge cuts.

        People come with their appearance.
        """
        found = merge(
            found
            for look in looks
            for part in self._parts
            if part.labels & look.labels
            for found in part.detect(frame, look.region)
            if not cut_off(found.box, look.region, frame.size)
        )
        kept = found[:MOST_DETECTIONS]
        return tuple(_described(frame, each) if each.label == PERSON else each for each in kept)

    def detect(self, frame: Frame, region: Box | None = None) -> tuple[Detection, ...]:
        objects = [
            found
            for part in self._parts
            if FACE not in part.labels
            for found in part.detect(frame, region)
        ]
        person = largest_person(objects)
        faces = [
            found
            for part in self._parts
            if FACE in part.labels
            for found in _faces(part, frame, region, person)
        ]
        return merge(objects + faces)


def lookout(detector: Detector) -> Lookout:
    """`detector`, ready to look where it is told."""
    return detector if isinstance(detector, Lookout) else Lookout((detector,))


def largest_person(detections: Iterable[Detection]) -> Box | None:
    """The person worth a closer look."""
    boxes = [found.box for found in detections if found.label == PERSON and found.score >= LIKELY]
    return max(boxes, key=lambda box: box.area, default=None)


def _described(frame: Frame, person: Detection) -> Detection:
    return replace(person, appearance=describe(frame, person.box))


def _faces(
    part: Detector, frame: Frame, region: Box | None, person: Box | None
) -> tuple[Detection, ...]:
    """Faces in the picture, and closer at the person whose face it shows too small."""
    found = part.detect(frame, region)
    if person is None or not is_worth_a_closer_look(head_seen_as(person, frame.size)):
        return found
    if any(_is_on(face.box, person) for face in found):
        return found
    return found + part.detect(frame, head_region(person))


def _is_on(face: Box, person: Box) -> bool:
    center = face.center
    return person.x1 <= center.x <= person.x2 and person.y1 <= center.y <= person.y2
