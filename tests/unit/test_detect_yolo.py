"""yolov4-tiny's input size and the decoding of its heads."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.detectors.decoding import Choice, detections
from livetrack_vcam.detectors.labels import COCO_LABELS
from livetrack_vcam.detectors.pixels import FILLED, Letterbox, network_size
from livetrack_vcam.detectors.yolo import (
    HEADS,
    MAX_INPUT_PIXELS,
    YoloDetector,
    decode,
    output_sides,
)
from livetrack_vcam.errors import SettingsError

SILENT = -20.0


def outputs_of(rows: int, columns: int) -> list[np.ndarray]:
    """Outputs of a network that sees nothing in an input of so many of the coarser cells."""
    shapes = output_sides(Size(columns * 32, rows * 32), HEADS)
    return [np.full(shape, SILENT, np.float32) for shape in shapes]


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (Size(1920, 1080), Size(416, 224)),
        (Size(1080, 1920), Size(224, 416)),
        (Size(640, 480), Size(384, 288)),
        (Size(500, 500), Size(320, 320)),
    ],
)
def test_the_input_has_the_shape_of_the_picture(frame: Size, expected: Size) -> None:
    assert network_size(frame, MAX_INPUT_PIXELS) == expected


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_the_input_is_whole_cells_and_never_too_many_pixels(width: int, height: int) -> None:
    size = network_size(Size(width, height), MAX_INPUT_PIXELS)
    assert size.width % 32 == 0 == size.height % 32
    filled = size.width * height == size.height * width
    assert 0 < size.width * size.height <= MAX_INPUT_PIXELS * (FILLED if filled else 1)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


@pytest.mark.parametrize(
    ("head", "stride", "anchor"), [(0, 32, (135, 169)), (1, 16, (37, 58))], ids=["coarse", "fine"]
)
def test_a_cell_decodes_by_darknets_formula(
    head: int, stride: int, anchor: tuple[int, int]
) -> None:
    outputs = outputs_of(4, 6)
    geometry, classes = outputs[2 * head], outputs[2 * head + 1]
    geometry[0, 2, 5, 5:10] = (0.3, -0.4, 0.1, -0.2, 3.0)
    classes[0, 2, 5, 80 + 32] = 2.0
    found = decode(outputs, HEADS, 0.3)
    cx = (sigmoid(0.3) * 1.05 - 0.025 + 5) * stride
    cy = (sigmoid(-0.4) * 1.05 - 0.025 + 2) * stride
    w, h = math.exp(0.1) * anchor[0], math.exp(-0.2) * anchor[1]
    assert found.boxes[0] == pytest.approx([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], 1e-5)
    assert found.scores == pytest.approx([sigmoid(3.0) * sigmoid(2.0)])
    assert [COCO_LABELS[i] for i in found.classes] == ["sports ball"]


def test_what_is_hardly_an_object_is_not_decoded() -> None:
    outputs = outputs_of(4, 4)
    outputs[0][0, 0, 0, 4] = -1.0
    outputs[1][0, 0, 0, 0] = 9.0
    assert len(decode(outputs, HEADS, 0.3).scores) == 0
    assert len(decode(outputs, HEADS, 0.2).scores) == 1


def test_an_empty_scene_gives_empty_arrays_of_the_right_shape() -> None:
    assert decode(outputs_of(3, 3), HEADS, 0.3).boxes.shape == (0, 4)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("which", range(4))
def test_numbers_that_are_not_finite_give_no_detection_that_is_not(which: int, bad: float) -> None:
    outputs = outputs_of(4, 6)
    for output in outputs:
        output[:] = 3.0
    outputs[which][:] = bad
    size = Size(192, 128)
    placed = Letterbox(Box(0.0, 0.0, 192.0, 128.0), size, 0, 0)
    found = detections(decode(outputs, HEADS, 0.3), placed, size, Choice((0,), 0.3, blended=True))
    assert all(Box(0, 0, 192, 128).contains(one.box) and 0.3 <= one.score <= 1 for one in found)


def test_there_are_eighty_labels_in_cocos_order() -> None:
    assert len(set(COCO_LABELS)) == 80
    assert (COCO_LABELS[0], COCO_LABELS[32], COCO_LABELS[79]) == (
        "person", "sports ball", "toothbrush",
    )  # fmt: skip


def test_a_label_that_does_not_exist_is_answered_with_the_nearest() -> None:
    with pytest.raises(SettingsError, match="'sport ball'; did you mean 'sports ball'"):
        YoloDetector(labels=("sport ball",))
