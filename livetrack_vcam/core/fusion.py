"""One measurement a person: a face and the body it belongs to are put together.

A face without a body becomes a person whose box is inferred from the face, so that everything
after this file frames people, whichever detector saw them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from livetrack_vcam.core.appearance import likeness
from livetrack_vcam.core.detection import FACE, PERSON, Detection
from livetrack_vcam.core.geometry import Box, Size, intersection_area, iou

DUPLICATE_IOU = 0.5
"""Two boxes of one label that overlap more are one thing seen twice."""
ALIKE_IOU = 0.35
ALIKE = 0.6
"""Boxes that overlap more than ALIKE_IOU are one when what they show is alike."""
DUPLICATE_FACE_IOU = 0.3
"""Faces are small, so two looks at one face agree less; two faces never overlap so much."""
SMALLEST_SIDE = 1e-3
"""Boxes with a shorter side, in pixels, are empty."""
MOST = 80
"""Detections taken of one frame, the best; a flood of them must not delay the picture."""


class Fusion(Enum):
    """What leads when a person's face and body are both seen.

    BOTH: the body gives identity and size, the face the aim. BEST: whichever has the better score
    is the person's box, as in the original LiveTrack.
    """

    BOTH = "both"
    BEST = "best"


@dataclass(frozen=True, slots=True)
class Measurement:
    """What the tracker matches: a box, and for a person the face. `inferred`: no body was seen."""

    box: Box
    score: float
    label: str
    face: Box | None = None
    inferred: bool = False
    face_score: float = 0.0
    appearance: tuple[float, ...] = ()


def measurements(detections: Sequence[Detection], frame: Size) -> list[Measurement]:
    """Usable detections of one frame, best first: clipped to the frame, without duplicates, fused.

    Boxes that are not finite, empty, or outside the frame are ignored, and so are scores that are
    not above 0. The order of the detections does not matter.
    """
    usable = [clean for detection in detections if (clean := _clean(detection, frame)) is not None]
    usable.sort(key=_rank)
    kept: list[Measurement] = []
    for candidate in usable[:MOST]:
        if not any(_same_thing(candidate, other) for other in kept):
            kept.append(_with_sound_looks(candidate))
    bodies = [m for m in kept if m.label != FACE]
    return _attach_faces(bodies, [m for m in kept if m.label == FACE], frame)


def _rank(m: Measurement) -> tuple[float, str, tuple[float, ...], tuple[float, ...]]:
    """Best first; the rest only makes the order the same however the detections came."""
    box = m.box
    return (-m.score, m.label, (box.x1, box.y1, box.x2, box.y2), m.appearance)


def _clean(detection: Detection, frame: Size) -> Measurement | None:
    box = detection.box
    numbers = (box.x1, box.y1, box.x2, box.y2, detection.score)
    if not all(math.isfinite(number) for number in numbers) or detection.score <= 0:
        return None
    clipped = box.clipped(frame)
    if min(clipped.width, clipped.height) < SMALLEST_SIDE:
        return None
    score = min(detection.score, 1.0)
    return Measurement(clipped, score, detection.label, appearance=detection.appearance)


def _with_sound_looks(m: Measurement) -> Measurement:
    """Without an appearance that is no unit vector."""
    if all(-1.001 <= number <= 1.001 for number in m.appearance):
        return m
    return replace(m, appearance=())


def _same_thing(a: Measurement, b: Measurement) -> bool:
    if a.label != b.label or a.box.x1 >= b.box.x2 or b.box.x1 >= a.box.x2:
        return False
    shared = iou(a.box, b.box)
    if a.label == FACE:
        return shared > DUPLICATE_FACE_IOU
    if shared <= ALIKE_IOU or shared > DUPLICATE_IOU:
        return shared > DUPLICATE_IOU
    alike = likeness(a.appearance, b.appearance)
    return alike is not None and alike >= ALIKE


def _attach_faces(
    bodies: list[Measurement], faces: list[Measurement], frame: Size
) -> list[Measurement]:
    """Best face first, each to the body it fits best; faces left over become people."""
    fused = list(bodies)
    people = [index for index, body in enumerate(bodies) if body.label == PERSON]
    for face in faces:
        owners = [
            (misfit, index)
            for index in people
            if fused[index].face is None
            and (misfit := face_misfit(face.box, bodies[index].box)) is not None
        ]
        if owners:
            index = min(owners)[1]
            fused[index] = replace(fused[index], face=face.box, face_score=face.score)
        elif not any(lies_on(face.box, bodies[index].box) for index in people):
            box = person_from_face(face.box, frame)
            fused.append(
                Measurement(box, 0.9 * face.score, PERSON, face.box, True, face_score=face.score)
            )
    return fused


def lies_on(face: Box, body: Box) -> bool:
    """Whether a face lies on a body that cannot own it: a picture on a shirt, a false face."""
    return intersection_area(face, body) > 0.7 * face.area


def face_misfit(face: Box, body: Box) -> float | None:
    """How badly a face sits on a body, 0 is perfect; None when it cannot be that body's face.

    It must lie in the upper half of the body and be no larger than most of it, which holds from
    a close-up cut at the neck to a standing person.
    """
    middle = (face.x1 + face.x2) / 2
    if not body.x1 <= middle <= body.x2 or body.width <= 0 or body.height <= 0:
        return None
    x = (middle - body.center.x) / body.width
    y = (face.center.y - body.y1) / body.height
    size = face.height / body.height
    if not -0.02 <= y <= 0.5 or not 0.04 <= size <= 0.9:
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
