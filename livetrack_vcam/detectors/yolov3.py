"""Persons, balls and the other COCO things with yolov3-tiny.

Redmon and Farhadi, "YOLOv3: An Incremental Improvement", arXiv:1804.02767. Pre-processing and
decoding are those of yolov4-tiny in yolo.py (letterboxed RGB; darknet's get_yolo_box), without
its `scale_x_y`. detectors/darknet.py makes the file, in int8, from darknet's weights.

Scores are objectness times class probability. They are lower than those of yolov4-tiny for the
same things: on the corpus clips 429 of 461 people score .25, 436 score .2, and nothing that is no
person does.

Its largest anchor is 344 pixels wide: a person who fills an input larger than that is missed, so
more pixels find fewer people (docs/adr/0007-models-by-choice.md).
"""

from __future__ import annotations

from collections.abc import Iterable

from livetrack_vcam.detectors.darknet import ANCHORS, MASKS, NAME
from livetrack_vcam.detectors.yolo import HeadSpec, YoloDetector, YoloModel

STRIDES = (32, 16)
YOLOV3_TINY = YoloModel(
    NAME,
    tuple(
        HeadSpec(stride, tuple(ANCHORS[i] for i in mask), scale_x_y=1.0)
        for stride, mask in zip(STRIDES, MASKS, strict=True)
    ),
    min_score=0.2,
    max_pixels=448 * 256,
)


def make(_name: str, labels: Iterable[str], min_score: float | None = None) -> YoloDetector:
    """As the registry wants it."""
    return YoloDetector(labels, min_score, model=YOLOV3_TINY)
