"""Models the user brings, held against what OpenCV finds with the same files.

coco_models.json was written by tools/make_coco_goldens.py: yolov3-tiny by OpenCV 4's darknet
importer in float32, YOLOX-nano by OpenCV 5's ONNX importer.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from livetrack_vcam.core.detection import PERSON
from livetrack_vcam.core.geometry import Box, iou
from livetrack_vcam.detectors.convert.yolo_graph import YoloGraph
from livetrack_vcam.detectors.darknet import convert_yolov3_tiny, read_yolov3_tiny
from livetrack_vcam.detectors.yolo import YoloDetector
from livetrack_vcam.detectors.yolov3 import YOLOV3_TINY
from livetrack_vcam.detectors.yolox import YoloxDetector
from livetrack_vcam.interfaces import Detector
from livetrack_vcam.media import Frame
from tests.detect_pictures import GOLDEN, frame_of, golden_picture, placed

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def square() -> Frame:
    """The picture as a camera with a square sensor would give it, so that our input is square."""
    return frame_of(placed(golden_picture(), 469, 469, 0, 0))


def assert_golden(
    name: str, detector: Detector, frame: Frame, min_iou: float, max_score_error: float
) -> None:
    numbers: list[dict[str, Any]] = json.loads((GOLDEN / "coco_models.json").read_text())[name]
    expected = [golden for golden in numbers if golden["label"] in detector.labels]
    detector.open()
    found = detector.detect(frame)
    assert [one.label for one in found] == [golden["label"] for golden in expected]
    for one, golden in zip(found, expected, strict=True):
        box = Box.from_xywh(*golden["xywh"]).clipped(frame.size)
        assert iou(one.box, box) >= min_iou
        assert one.score == pytest.approx(golden["score"], abs=max_score_error)


def yolov3(weights: bytes, *labels: str) -> YoloDetector:
    return YoloDetector(labels, None, weights, 320 * 320, YOLOV3_TINY)


def test_our_float_yolov3_tiny_is_darknets(shared: Path, square: Frame) -> None:
    network = read_yolov3_tiny((shared / "models" / "yolov3-tiny.weights").read_bytes())
    content = YoloGraph(network, 320, 320).build()
    # OpenCV takes the best box; where ours differ most, at the tie, two are blended instead.
    assert_golden("yolov3-tiny", yolov3(content, PERSON), square, 0.95, 0.03)


def test_the_converted_yolov3_tiny_finds_what_darknets_floats_find(
    shared: Path, square: Frame
) -> None:
    content = convert_yolov3_tiny((shared / "models" / "yolov3-tiny.weights").read_bytes())
    assert_golden("yolov3-tiny", yolov3(content, PERSON, "tie"), square, 0.9, 0.1)


def test_yolox_nano_finds_what_opencv_finds(shared: Path, square: Frame) -> None:
    weights = (shared / "models" / "yolox_nano.onnx").read_bytes()
    detector = YoloxDetector((PERSON, "tie"), weights=weights, max_pixels=416 * 416)
    assert_golden("yolox-nano", detector, square, 0.95, 0.03)
