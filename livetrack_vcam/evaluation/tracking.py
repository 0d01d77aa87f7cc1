"""How well tracks follow what is annotated: the right box, under one and the same id.

A track shows somebody when their boxes overlap with an IoU of .5 or more; a pair that matched stays
together for as long as it fits (CLEAR MOT). Only annotated frames count, and in them whatever is
shown, seen or coasting. A track that matches nobody is false, unless it lies on something that is
to be ignored, or the annotation does not claim to have every box of the label.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from livetrack_vcam.core.assignment import FORBIDDEN, assign
from livetrack_vcam.core.detection import Track
from livetrack_vcam.core.geometry import Box, intersection_area, iou
from livetrack_vcam.errors import SettingsError
from livetrack_vcam.evaluation.annotation import AnnotatedFrame, annotated_frames, labels_of
from livetrack_vcam.evaluation.mot import MotFrame, MotScores, score

MIN_IOU = 0.5
IGNORED_IOU = 0.3
IGNORED_SHARE = 0.5
"""A track is ignored with so much of its own area on something ignored (COCO's crowd rule)."""


@dataclass(frozen=True, slots=True)
class TrackingResult:
    """The scores of one label; `false_per_person` is false boxes an annotated box.

    MOTA and false boxes are None where the annotation does not claim to be complete.
    """

    label: str
    frames: int
    boxes: int
    people: int
    idf1: float | None
    switches: int
    mota: float | None
    recall: float | None
    false_per_person: float | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def check_labels(annotation: Mapping[str, Any], labels: Iterable[str]) -> None:
    """Raise SettingsError for a label that nothing annotated has."""
    annotated = labels_of(annotation)
    for label in labels:
        if label not in annotated:
            known = ", ".join(annotated) or "no boxes"
            raise SettingsError(f"no box is labeled {label!r}; the annotation file has: {known}")


def tracking_metrics(
    shown: Mapping[int, Sequence[Track]], annotation: Mapping[str, Any], label: str
) -> TrackingResult:
    """The scores of the tracks `shown` in the frames with these indices.

    Annotated frames that are not among them are left out. Raises SettingsError as `check_labels`.
    """
    check_labels(annotation, (label,))
    complete = label in (annotation.get("complete_labels") or ())
    truth = annotated_frames(annotation, label)
    matcher = _Matcher(complete)
    frames = [
        matcher.frame(index, truth[index], [t for t in shown[index] if t.label == label])
        for index in sorted(truth)
        if index in shown
    ]
    return _result(label, len(frames), score(frames), complete)


def _result(label: str, frames: int, scores: MotScores, complete: bool) -> TrackingResult:
    false = scores.false / scores.boxes if complete and scores.boxes else None
    return TrackingResult(
        label=label,
        frames=frames,
        boxes=scores.boxes,
        people=scores.people,
        idf1=scores.idf1,
        switches=scores.switches,
        mota=scores.mota if complete else None,
        recall=scores.recall,
        false_per_person=false,
    )


class _Matcher:
    """Finds the tracks that match nobody as motmetrics will, and leaves out the excused ones."""

    def __init__(self, complete: bool) -> None:
        self._complete = complete
        self._last: dict[int, int] = {}

    def frame(self, index: int, truth: AnnotatedFrame, tracks: Sequence[Track]) -> MotFrame:
        matched = self._match(truth.boxes, {track.track_id: track.box for track in tracks})
        self._last |= matched
        kept = [
            track
            for track in tracks
            if track.track_id in matched.values() or self._counts(track.box, truth.ignored)
        ]
        distances = tuple(
            tuple(_distance(box, track.box) for track in kept) for box in truth.boxes.values()
        )
        return MotFrame(
            index, tuple(truth.boxes), tuple(track.track_id for track in kept), distances
        )

    def _counts(self, box: Box, ignored: Iterable[Box]) -> bool:
        return self._complete and not any(_lies_on(box, other) for other in ignored)

    def _match(self, truth: Mapping[int, Box], tracks: Mapping[int, Box]) -> dict[int, int]:
        """Identity to track: pairs of before that still fit, then the nearest."""
        matched = {
            identity: self._last[identity]
            for identity, box in truth.items()
            if identity in self._last
            and self._last[identity] in tracks
            and iou(box, tracks[self._last[identity]]) >= MIN_IOU
        }
        left = [identity for identity in truth if identity not in matched]
        free = [track_id for track_id in tracks if track_id not in matched.values()]
        costs = [
            [_cost(_distance(truth[identity], tracks[track_id])) for track_id in free]
            for identity in left
        ]
        return matched | {left[row]: free[column] for row, column in assign(costs)}


def _distance(a: Box, b: Box) -> float:
    """1 - IoU, or NaN for a pair that must not match."""
    overlap = iou(a, b)
    return 1 - overlap if overlap >= MIN_IOU else math.nan


def _cost(distance: float) -> float:
    return FORBIDDEN if math.isnan(distance) else distance


def _lies_on(box: Box, ignored: Box) -> bool:
    on_it = intersection_area(box, ignored) >= IGNORED_SHARE * box.area
    return on_it or iou(box, ignored) >= IGNORED_IOU
