"""The outputs of the two SSDs."""

from __future__ import annotations

import numpy as np
import pytest

from livetrack_vcam.detectors.fixed_input import COCO_IDS
from livetrack_vcam.detectors.labels import COCO_LABELS
from livetrack_vcam.detectors.ssd import BOXES, decode_v1, decode_v2

PERSON, BALL = COCO_LABELS.index("person"), COCO_LABELS.index("sports ball")


def ten_boxes(*rows: tuple[float, float]) -> list[np.ndarray]:
    """v1's outputs with one box for each (class number, score)."""
    boxes = np.tile(np.array([0.1, 0.2, 0.3, 0.4], np.float32), (1, 10, 1))
    classes, scores = np.zeros((1, 10), np.float32), np.zeros((1, 10), np.float32)
    for index, (number, score) in enumerate(rows):
        classes[0, index], scores[0, index] = number, score
    return [boxes, classes, scores, np.array([len(rows)], np.float32)]


def many_boxes() -> list[np.ndarray]:
    return [np.zeros((1, BOXES, 1, 4), np.float32), np.zeros((1, BOXES, 91), np.float32)]


def test_labels_have_cocos_own_numbers() -> None:
    numbers = {label: int(COCO_IDS[COCO_LABELS.index(label)]) for label in COCO_LABELS}
    assert len(COCO_IDS) == 80
    assert numbers["person"] == 1
    assert numbers["stop sign"] == 13
    assert numbers["sports ball"] == 37
    assert numbers["toothbrush"] == 90


def test_v1_boxes_come_in_input_pixels() -> None:
    found = decode_v1(ten_boxes((0, 0.9), (36, 0.6)), (PERSON, BALL), 0.4)
    assert found.boxes[0] == pytest.approx([60, 30, 120, 90])
    assert found.classes.tolist() == [PERSON, BALL]
    assert found.scores == pytest.approx([0.9, 0.6])


def test_v1_boxes_that_do_not_count_or_are_not_wanted_or_unlikely_are_left_out() -> None:
    outputs = ten_boxes((0, 0.9), (16, 0.8), (0, 0.3), (11, 0.9), (0, 0.7))
    outputs[3][0] = 4
    found = decode_v1(outputs, (PERSON,), 0.4)
    assert found.scores == pytest.approx([0.9])


@pytest.mark.parametrize("number", [-1.0, 11.0, 90.0, 1e9, np.nan])
def test_v1_numbers_that_no_label_has_are_nothing(number: float) -> None:
    assert len(decode_v1(ten_boxes((number, 0.9)), tuple(range(80)), 0.4).scores) == 0


def test_v2_rows_are_boxes_with_a_score_for_each_number() -> None:
    outputs = many_boxes()
    outputs[0][0, 5, 0] = (0.1, 0.2, 0.3, 0.4)
    outputs[1][0, 5, [0, 37]] = (0.6, 0.5)
    found = decode_v2(outputs, (PERSON, BALL), 0.3)
    assert found.boxes[0] == pytest.approx([60, 30, 120, 90])
    assert found.classes.tolist() == [BALL]
    assert found.scores == pytest.approx([0.5])


def test_v2_background_is_no_label() -> None:
    outputs = many_boxes()
    outputs[1][0, :, 0] = 0.9
    assert len(decode_v2(outputs, tuple(range(80)), 0.3).scores) == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_warn_nobody(bad: float) -> None:
    for output in range(3):
        outputs = ten_boxes((0, 0.9), (36, 0.6))
        outputs[output][:] = bad
        assert len(decode_v1(outputs, (PERSON, BALL), 0.4).scores) <= 10
    for output in range(2):
        outputs = many_boxes()
        outputs[output][:] = bad
        assert len(decode_v2(outputs, (PERSON, BALL), 0.4).scores) <= BOXES
