"""EfficientDet-Lite0's anchors and decoding."""

from __future__ import annotations

import math

import numpy as np
import pytest

from livetrack_vcam.detectors.efficientdet import ANCHORS, decode, make_anchors
from livetrack_vcam.detectors.labels import COCO_LABELS

PERSON, BALL = COCO_LABELS.index("person"), COCO_LABELS.index("sports ball")
# COCO's own numbers, of which 1 is the first column.
COLUMNS = {"person": 0, "sports ball": 36, "toothbrush": 89}


def outputs_that_see_nothing() -> list[np.ndarray]:
    return [np.zeros((1, ANCHORS, 90), np.float32), np.zeros((1, ANCHORS, 4), np.float32)]


def test_there_is_an_anchor_for_each_row() -> None:
    assert make_anchors().shape == (ANCHORS, 4)


def test_anchors_have_three_sizes_and_three_shapes_in_every_cell() -> None:
    first = make_anchors()[:9]
    assert (first[:, :2] == 4).all()
    areas = first[:, 2] * first[:, 3]
    assert np.sqrt(areas[::3]) == pytest.approx([24, 24 * 2 ** (1 / 3), 24 * 2 ** (2 / 3)])
    assert first[:3, 2] / first[:3, 3] == pytest.approx([1, 2, 0.5])


def test_the_last_level_has_nine_cells_that_cover_the_input() -> None:
    last = make_anchors()[-81:]
    assert last[0, :2] == pytest.approx([320 / 6, 320 / 6])
    assert last[-1, :2] == pytest.approx([320 - 320 / 6, 320 - 320 / 6])


def test_a_row_decodes_relative_to_its_anchor() -> None:
    outputs = outputs_that_see_nothing()
    row = 9 * (40 * 2 + 5) + 1
    outputs[0][0, row, COLUMNS["sports ball"]] = 0.7
    outputs[1][0, row] = (0.5, -0.25, math.log(2), math.log(0.5))
    found = decode(outputs, (PERSON, BALL), 0.3)
    width, height = 24 * math.sqrt(2), 24 / math.sqrt(2)
    cx, cy = 5.5 * 8 - 0.25 * width, 2.5 * 8 + 0.5 * height
    expected = [cx - width / 4, cy - height, cx + width / 4, cy + height]
    assert found.boxes[0] == pytest.approx(expected, rel=1e-5)
    assert found.classes.tolist() == [BALL]
    assert found.scores == pytest.approx([0.7])


def test_numbers_skip_those_that_coco_never_used() -> None:
    outputs = outputs_that_see_nothing()
    outputs[0][0, 0, COLUMNS["toothbrush"]] = 0.7
    found = decode(outputs, (len(COCO_LABELS) - 1,), 0.3)
    assert [COCO_LABELS[i] for i in found.classes] == ["toothbrush"]


def test_what_is_rather_something_else_is_not_found() -> None:
    outputs = outputs_that_see_nothing()
    outputs[0][0, 7, COLUMNS["person"]] = 0.4
    outputs[0][0, 7, COLUMNS["toothbrush"]] = 0.5
    assert len(decode(outputs, (PERSON,), 0.3).scores) == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("which", [0, 1])
def test_numbers_that_are_not_finite_warn_nobody(which: int, bad: float) -> None:
    outputs = outputs_that_see_nothing()
    outputs[0][:, :, 0] = 0.9
    outputs[which][:] = bad
    found = decode(outputs, (PERSON,), 0.3)
    assert found.boxes.shape == (len(found.scores), 4)
