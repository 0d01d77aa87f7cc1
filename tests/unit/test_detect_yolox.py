"""YOLOX-nano: decoding of its grid, and what becomes of files that are not it."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pytest

from livetrack_vcam.core.detection import PERSON
from livetrack_vcam.core.geometry import Box, Size, iou
from livetrack_vcam.detectors.decoding import Choice, detections
from livetrack_vcam.detectors.labels import COCO_LABELS
from livetrack_vcam.detectors.onnx_runtime import reshaped
from livetrack_vcam.detectors.pixels import Letterbox
from livetrack_vcam.detectors.yolox import YoloxDetector, decode, grid
from livetrack_vcam.errors import ModelError
from tests.detect_pictures import frame_of, golden_picture, placed, resized

INPUT = Size(96, 64)
# Rows of the strides 8, 16 and 32 in an input of 96 x 64.
ROWS = (12 * 8, 6 * 4, 3 * 2)


def silence() -> np.ndarray:
    """An output that sees nothing."""
    return np.zeros((sum(ROWS), 85), np.float32)


def seen(row: int, *, objectness: float, number: int, probability: float) -> np.ndarray:
    output = silence()
    output[row, :5] = (0.5, -0.25, 1.0, 2.0, objectness)
    output[row, 5 + number] = probability
    return output


def test_a_cell_decodes_by_megviis_formula() -> None:
    row = ROWS[0] + 2 * 6 + 4  # stride 16, row 2, column 4
    output = seen(row, objectness=0.9, number=32, probability=0.8)
    found = decode(output, INPUT, 0.3)
    cx, cy = (0.5 + 4) * 16, (-0.25 + 2) * 16
    w, h = math.e * 16, math.e**2 * 16
    expected = [cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2]
    assert found.boxes[0] == pytest.approx(expected, rel=1e-5)
    assert found.scores == pytest.approx([0.72])
    assert [COCO_LABELS[i] for i in found.classes] == ["sports ball"]


def test_the_grid_has_the_shape_of_the_input() -> None:
    cells = grid(INPUT)
    assert len(cells) == sum(ROWS)
    assert cells[ROWS[0] + ROWS[1] - 1].tolist() == [5, 3, 16]
    assert cells[-1].tolist() == [2, 1, 32]


def test_what_scores_below_the_threshold_is_not_decoded() -> None:
    output = seen(3, objectness=0.9, number=0, probability=0.3)
    assert len(decode(output, INPUT, 0.3).scores) == 0
    assert len(decode(output, INPUT, 0.2).scores) == 1


@pytest.mark.parametrize("column", range(6))
@pytest.mark.parametrize("nonsense", [math.nan, math.inf, -math.inf])
def test_nonsense_in_a_cell_gives_no_box_that_is_not_inside_the_frame(
    column: int, nonsense: float
) -> None:
    output = seen(3, objectness=0.9, number=0, probability=0.9)
    output[3, column] = nonsense
    placed = Letterbox(Box(0, 0, 960, 640), INPUT, 0, 0)
    choice = Choice((0,), 0.3)
    for found in detections(decode(output, INPUT, 0.3), placed, Size(960, 640), choice):
        assert Box(0, 0, 960, 640).contains(found.box)
        assert 0.3 <= found.score <= 1


def test_nothing_is_found_in_an_output_of_nan() -> None:
    assert len(decode(np.full_like(silence(), np.nan), INPUT, 0.3).scores) == 0


@pytest.mark.parametrize(
    ("new", "written"),
    [
        ((1, 3, 416, 416), "0a0208010a0208030a0308a0030a0308a003"),
        ((1, 3, 320, 544), "0a0208010a0208030a0308c0020a0308a004"),
        ((1, 3, 32, 96), "0a0208010a0208030a0308a0000a0308e000"),
    ],
)
def test_the_declared_shape_of_a_file_can_be_changed(new: tuple[int, ...], written: str) -> None:
    model = b"before" + bytes.fromhex("0a0208010a0208030a0308a0030a0308a003") + b"after"
    expected = b"before" + bytes.fromhex(written) + b"after"
    assert reshaped(model, "x", (1, 3, 416, 416), new) == expected


@pytest.mark.parametrize("content", [b"", b"no ONNX file", bytes(1000)])
def test_a_file_that_is_no_yolox_is_refused_with_what_to_type(content: bytes) -> None:
    with pytest.raises(ModelError, match=r"yolox-nano.*type: livetrack-vcam models verify"):
        YoloxDetector(weights=content).open()


def test_without_the_runtime_the_message_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ModelError, match=r"pipx inject .* pip install 'livetrack-vcam\[onnx\]'"):
        YoloxDetector(weights=b"any").open()


@pytest.fixture(scope="module")
def weights(shared: Path) -> bytes:
    return (shared / "models" / "yolox_nano.onnx").read_bytes()


@pytest.mark.shared
def test_half_a_file_is_refused(weights: bytes) -> None:
    for damaged in (weights[: len(weights) // 2], weights[:-4], weights[1000:]):
        with pytest.raises(ModelError, match="yolox-nano"):
            YoloxDetector(weights=damaged).open()


@pytest.mark.shared
@pytest.mark.parametrize("size", [Size(640, 360), Size(360, 640), Size(500, 480), Size(900, 300)])
def test_a_person_is_found_in_pictures_of_every_shape(weights: bytes, size: Size) -> None:
    picture = placed(resized(golden_picture(), 205, 240), size.width, size.height, 30, 40)
    detector = YoloxDetector([PERSON], weights=weights)
    detector.open()
    (person,) = detector.detect(frame_of(picture))
    outline = Box.from_xywh(30, 40, 205, 240)
    assert iou(person.box, outline) > 0.9
