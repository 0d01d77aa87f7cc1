"""Balls that the network calls something else.

COCO's balls are mostly small ones in play. A clear white football in front of trousers is a
frisbee to yolov4-tiny: of the 30 labeled frames of a juggler it calls the ball a ball in 12 and
one or the other in 29, while on clips without a ball nothing is called a frisbee
(`python -m benchmarks.balls`, with `--sizes` too). So a frisbee is followed as a ball, also a real
one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from livetrack_vcam.core.detection import SPORTS_BALL, Detection
from livetrack_vcam.core.geometry import Box, iou
from livetrack_vcam.interfaces import Detector
from livetrack_vcam.media import Frame

FRISBEE = "frisbee"
ALIKE_SCORE = 0.9
"""What a frisbee's score counts as a ball's."""
SAME_IOU = 0.4


def ball_labels(labels: Iterable[str]) -> tuple[str, ...]:
    """The labels to ask a COCO detector for so that `as_balls` can do its work."""
    asked = tuple(dict.fromkeys(labels))
    return (*asked, FRISBEE) if SPORTS_BALL in asked and FRISBEE not in asked else asked


def as_balls(
    detections: Iterable[Detection], keep: frozenset[str] = frozenset()
) -> tuple[Detection, ...]:
    """With frisbees as sports balls, best score first, each ball once.

    Frisbees are in the answer under their own name too when `keep` names them.
    """
    found = tuple(detections)
    kept = [d for d in found if d.label != SPORTS_BALL and (d.label != FRISBEE or FRISBEE in keep)]
    balls = [d for d in found if d.label == SPORTS_BALL] + [
        replace(d, label=SPORTS_BALL, score=ALIKE_SCORE * d.score)
        for d in found
        if d.label == FRISBEE
    ]
    single: list[Detection] = []
    for ball in sorted(balls, key=lambda d: -d.score):
        if all(iou(ball.box, other.box) < SAME_IOU for other in single):
            single.append(ball)
    return tuple(sorted([*kept, *single], key=lambda d: -d.score))


class BallDetector:
    """A COCO detector made with `ball_labels(asked)`, behind the Detector protocol."""

    def __init__(self, inner: Detector, asked: Iterable[str]) -> None:
        self._inner = inner
        self._asked = frozenset(asked)

    @property
    def name(self) -> str:
        return self._inner.name

    @property
    def labels(self) -> frozenset[str]:
        return self._inner.labels if FRISBEE in self._asked else self._inner.labels - {FRISBEE}

    def open(self) -> None:
        self._inner.open()

    def detect(self, frame: Frame, region: Box | None = None) -> tuple[Detection, ...]:
        return as_balls(self._inner.detect(frame, region), self._asked)

    def close(self) -> None:
        self._inner.close()
