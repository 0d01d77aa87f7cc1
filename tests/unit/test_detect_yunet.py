"""YuNet: what becomes of OpenCV's rows, and of files that are not it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.detectors.yunet import YunetDetector, points_of, rows_of
from livetrack_vcam.errors import ModelError
from tests.detect_pictures import frame_of, golden_numbers, golden_picture, placed, resized

ROW = [10, 20, 30, 40, 15, 30, 33, 31, 25, 40, 18, 50, 30, 52, 0.9]


def test_the_mouth_is_halfway_between_its_corners_and_ears_are_not_invented() -> None:
    points = points_of(np.array([ROW], np.float32))
    assert points.tolist() == [[[10, 20], [40, 60], [15, 30], [33, 31], [25, 40], [24, 51]]]


@pytest.mark.parametrize("nonsense", [math.nan, math.inf])
@pytest.mark.parametrize("column", range(15))
def test_rows_that_are_not_numbers_give_nothing(nonsense: float, column: int) -> None:
    rows = np.array([ROW, ROW], np.float32)
    rows[0, column] = nonsense
    assert rows_of(rows).tolist() == rows[1:].tolist()


def test_no_face_is_no_row() -> None:
    assert points_of(rows_of(None)).shape == (0, 6, 2)


@pytest.mark.parametrize("content", [b"", b"no ONNX file", bytes(1000)])
def test_a_file_that_is_no_onnx_network_is_refused(content: bytes) -> None:
    with pytest.raises(ModelError, match=r"yunet.*type: livetrack-vcam models verify"):
        YunetDetector(weights=content).open()


@pytest.fixture(scope="module")
def models(shared: Path) -> Path:
    return shared / "models"


@pytest.mark.shared
def test_another_network_and_half_a_file_are_refused(models: Path) -> None:
    weights = (models / "face_detection_yunet_2023mar.onnx").read_bytes()
    other = (models / "yolox_nano.onnx").read_bytes()
    for content in (weights[:-1000], weights[: len(weights) // 2], other):
        with pytest.raises(ModelError, match="yunet"):
            YunetDetector(weights=content).open()


@pytest.mark.shared
def test_opening_prints_nothing(models: Path, capfd: pytest.CaptureFixture[str]) -> None:
    YunetDetector(weights=(models / "face_detection_yunet_2023mar.onnx").read_bytes()).open()
    assert capfd.readouterr() == ("", "")


@pytest.mark.shared
@pytest.mark.parametrize("size", [Size(640, 360), Size(360, 640), Size(500, 480), Size(900, 300)])
def test_it_marks_a_face_where_the_reference_of_blazeface_does(models: Path, size: Size) -> None:
    (golden,) = golden_numbers()["faces"]
    scale = 240 / 469
    points = np.array(golden["points"]) * scale + (30, 40)
    picture = placed(resized(golden_picture(), 205, 240), size.width, size.height, 30, 40)
    weights = (models / "face_detection_yunet_2023mar.onnx").read_bytes()
    detector = YunetDetector(weights=weights)
    detector.open()
    (face,) = detector.detect(frame_of(picture))
    marks = np.array([(point.x, point.y) for point in face.landmarks])
    assert marks == pytest.approx(points[2:6], abs=6)
    assert face.box.contains(Box(*marks.min(axis=0).tolist(), *marks.max(axis=0).tolist()))
