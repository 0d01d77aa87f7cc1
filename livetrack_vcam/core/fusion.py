"""One measurement a person: a face and the body it belongs to are put together.

A face without a body becomes a person whose box is inferred from the face, so that everything
after this file frames people, whichever detector saw them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from livetrack_vcam.core.detection import FACE, PERSON, Detection
from livetrack_vcam.core.geometry import Box, Size, intersection_area, iou

DUPLICATE_IOU = 0.6
"""Two boxes of one label that overlap more are one thing seen twice."""

SMALLEST_SIDE = 1e-3
"""Boxes with a shorter side, in pixels, are empty."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What the tracker matches: a box, and for a person the face. `inferred`: no body was seen."""

    box: Box
    score: float
    label: str
    face: Box | None = None
    inferred: bool = False


def measurements(detections: Sequence[Detection], frame: Size) -> list[Measurement]:
    """Usable detections of one frame, best first: clipped to the frame, without duplicates, fused.

    Boxes that are not finite, empty, or outside the frame are ignored, and so are scores that are
    not above 0.
    """
    usable = [clean for detection in detections if (clean := _clean(detection, frame)) is not None]
    usable.sort(key=lambda m: -m.score)
    kept: list[Measurement] = []
    for candidate in usable:
        if not any(_same_thing(candidate, other) for other in kept):
            kept.append(candidate)
    bodies = [m for m in kept if m.label != FACE]
    return _attach_faces(bodies, [m for m in kept if m.label == FACE], frame)


def _clean(detection: Detection, frame: Size) -> Measurement | None:
    box = detection.box
    numbers = (box.x1, box.y1, box.x2, box.y2, detection.score)
    if not all(math.isfinite(number) for number in numbers) or detection.score <= 0:
        return None
    clipped = box.clipped(frame)
    if min(clipped.width, clipped.height) < SMALLEST_SIDE:
        return None
    return Measurement(clipped, min(detection.score, 1.0), detection.label)


def _same_thing(a: Measurement, b: Measurement) -> bool:
    return a.label == b.label and iou(a.box, b.box) > DUPLICATE_IOU


def _attach_faces(
    bodies: list[Measurement], faces: list[Measurement], frame: Size
) -> list[Measurement]:
    """Best face first, each to the body it fits best; faces left over become people."""
    fused = list(bodies)
    for face in faces:
        owners = [
            (misfit, index)
            for index, body in enumerate(fused)
            if body.label == PERSON
            and body.face is None
            and (misfit := face_misfit(face.box, body.box)) is not None
        ]
        if owners:
            index = min(owners)[1]
            fused[index] = replace(fused[index], face=face.box)
        elif not any(_inside(face.box, body.box) for body in bodies if body.label == PERSON):
            box = person_from_face(face.box, frame)
            fused.append(Measurement(box, 0.9 * face.score, PERSON, face.box, inferred=True))
    return fused


def _inside(face: Box, body: Box) -> bool:
    """Whether a face lies on a body that cannot own it: a picture on a shirt, a false face."""
    return intersection_area(face, body) > 0.7 * face.area


def face_misfit(face: Box, body: Box) -> float | None:
    """How badly a face sits on a body, 0 is perfect; None when it cannot be that body's face.

    It must lie in the upper half of the body and be no larger than most of it, which holds from
    a close-up cut at the neck to a standing person.
    """
    center = face.center
    x = (center.x - body.center.x) / body.width
    y = (center.y - body.y1) / body.height
    size = face.height / body.height
    if abs(x) > 0.5 or not -0.02 <= y <= 0.5 or not 0.04 <= size <= 0.9:
        return None
    return abs(x) + abs(y - 0.6 * size)


def person_from_face(face: Box, frame: Size) -> Box:
    """Head and shoulders around a detected face (brows to chin): 2.6 face widths by 3 heights."""
    center = face.center
    box = Box(
        center.x - 1.3 * face.width,
        face.y1 - 0.5 * face.height,
        center.x + 1.3 * face.width,
        face.y2 + 1.5 * face.height,
    )
    return box.clipped(frame)
