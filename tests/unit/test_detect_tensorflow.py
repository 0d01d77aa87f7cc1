"""TensorFlow's own formats by path: names, decoding, and what is said when something is missing.

The package itself is tested by tests/golden/test_detect_references.py.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pytest

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.detectors.labels import COCO_LABELS
from livetrack_vcam.detectors.registry import make_detector
from livetrack_vcam.detectors.tensorflow_model import decode, from_postprocess, from_raw_scores
from livetrack_vcam.errors import ModelError, SettingsError


def test_boxes_come_in_pixels_and_numbers_as_labels() -> None:
    boxes = np.array([[0.1, 0.2, 0.5, 0.6], [0, 0, 1, 1]], np.float32)
    found = decode(boxes, np.array([0.9, 0.8]), np.array([37.0, 12.0]), Size(200, 100))
    assert found.boxes == pytest.approx(np.array([[40, 10, 120, 50], [0, 0, 200, 100]]))
    assert COCO_LABELS[found.classes[0]] == "sports ball"
    assert found.classes[1] == -1


@pytest.mark.parametrize("nonsense", [math.nan, math.inf, -3.0, 1000.0])
def test_a_number_that_is_no_label_is_none(nonsense: float) -> None:
    found = decode(np.zeros((1, 4)), np.ones(1), np.array([nonsense]), Size(10, 10))
    assert found.classes.tolist() == [-1]


def test_a_lite_file_with_suppression_counts_classes_from_zero_and_its_boxes() -> None:
    boxes = np.arange(8.0).reshape(1, 2, 4)
    outputs = [boxes, np.array([[0.0, 36.0]]), np.array([[0.9, 0.8]]), np.array([1.0])]
    found = from_postprocess(outputs)
    assert [part.tolist() for part in found] == [[[0, 1, 2, 3]], [0.9], [1]]


def test_a_lite_file_without_suppression_has_the_background_first() -> None:
    scores = np.zeros((1, 2, 91))
    scores[0, 0, (0, 37)] = (0.9, 0.1)
    scores[0, 1, (0, 1)] = (0.3, 0.7)
    boxes, best, ids = from_raw_scores([np.zeros((1, 2, 1, 4)), scores])
    assert boxes.shape == (2, 4)
    assert (best.tolist(), ids.tolist()) == ([0.1, 0.7], [37, 1])


def test_only_the_part_before_the_colon_is_the_name(tmp_path: Path) -> None:
    detector = make_detector(f"tensorflow:{tmp_path}/a:b.pb")
    assert detector.name == f"tensorflow:{tmp_path}/a:b.pb"


def test_without_a_path_the_message_says_how_to_give_one() -> None:
    with pytest.raises(ModelError, match="--detector tensorflow:PATH"):
        make_detector("tensorflow").open()


def test_other_detectors_take_no_path() -> None:
    with pytest.raises(SettingsError, match="no detector is named 'yolov4-tiny:x'"):
        make_detector("yolov4-tiny:x")


def test_a_path_where_nothing_is_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model at .*gone\.pb"):
        make_detector(f"tensorflow:{tmp_path}/gone.pb").open()


def test_without_the_package_the_message_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(ModelError, match=r"pip install 'livetrack-vcam\[tensorflow\]'"):
        make_detector(f"tensorflow:{tmp_path}").open()
