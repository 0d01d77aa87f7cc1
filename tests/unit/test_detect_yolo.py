"""yolov4-tiny's input size and the decoding of its heads."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.detectors.labels import COCO_LABELS
from livetrack_vcam.detectors.pixels import network_size
from livetrack_vcam.detectors.yolo import (
    HEADS,
    MAX_INPUT_PIXELS,
    HeadSpec,
    YoloDetector,
    decode_head,
)
from livetrack_vcam.errors import SettingsError

SILENT = -20.0


def head_of(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Outputs of one head that sees nothing."""
    return (
        np.full((rows, columns, 15), SILENT, np.float32),
        np.full((rows, columns, 240), SILENT, np.float32),
    )


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (Size(1920, 1080), Size(416, 256)),
        (Size(1080, 1920), Size(256, 416)),
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
    assert 0 < size.width * size.height <= MAX_INPUT_PIXELS


def test_a_cell_decodes_by_darknets_formula() -> None:
    head = HeadSpec(32, ((81.0, 82.0), (135.0, 169.0), (344.0, 319.0)), scale_x_y=1.05)
    geometry, classes = head_of(4, 6)
    geometry[2, 5, 5:10] = (0.3, -0.4, 0.1, -0.2, 3.0)
    classes[2, 5, 80 + 32] = 2.0
    found = decode_head(geometry, classes, head, 0.3)

    def sigmoid(x: float) -> float:
        return 1 / (1 + math.exp(-x))

    cx = (sigmoid(0.3) * 1.05 - 0.025 + 5) * 32
    cy = (sigmoid(-0.4) * 1.05 - 0.025 + 2) * 32
    w, h = math.exp(0.1) * 135, math.exp(-0.2) * 169
    assert found.boxes[0] == pytest.approx([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], 1e-5)
    assert found.scores == pytest.approx([sigmoid(3.0) * sigmoid(2.0)])
    assert [COCO_LABELS[i] for i in found.classes] == ["sports ball"]


def test_what_scores_below_the_threshold_is_not_decoded() -> None:
    geometry, classes = head_of(4, 4)
    geometry[0, 0, 4] = 5.0
    classes[0, 0, 0] = -1.0
    assert len(decode_head(geometry, classes, HEADS[0], 0.3).scores) == 0
    assert len(decode_head(geometry, classes, HEADS[0], 0.2).scores) == 1


def test_an_empty_scene_gives_empty_arrays_of_the_right_shape() -> None:
    found = decode_head(*head_of(3, 3), HEADS[1], 0.3)
    assert found.boxes.shape == (0, 4)


def test_there_are_eighty_labels_in_cocos_order() -> None:
    assert len(set(COCO_LABELS)) == 80
    assert (COCO_LABELS[0], COCO_LABELS[32], COCO_LABELS[79]) == (
        "person", "sports ball", "toothbrush",
    )  # fmt: skip


def test_a_label_that_does_not_exist_is_answered_with_the_nearest() -> None:
    with pytest.raises(SettingsError, match="'sport ball'; did you mean 'sports ball'"):
        YoloDetector(labels=("sport ball",))
