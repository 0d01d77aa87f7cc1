"""A detector can be asked for less likely detections, as evaluation needs them."""

from __future__ import annotations

import pytest

from livetrack_vcam.core.detection import PERSON, Detection
from livetrack_vcam.core.geometry import iou
from livetrack_vcam.detectors.registry import make_detector
from tests.detect_pictures import frame_of, golden_picture, placed


def detected(name: str, min_score: float | None) -> tuple[Detection, ...]:
    detector = make_detector(name, min_score=min_score)
    detector.open()
    found = detector.detect(frame_of(placed(golden_picture(), 1280, 720, 300, 180)))
    detector.close()
    return found


@pytest.mark.parametrize("name", ["auto", "yolov4-tiny", "blazeface"])
def test_a_lower_threshold_finds_more_and_a_higher_one_less(name: str) -> None:
    usual = detected(name, None)
    assert usual
    assert len(detected(name, 0.01)) > len(usual)
    assert detected(name, 0.999) == ()


@pytest.mark.parametrize("name", ["auto", "yolov4-tiny"])
def test_a_lower_threshold_leaves_the_persons_already_found_where_they_were(name: str) -> None:
    usual = [found for found in detected(name, None) if found.label == PERSON]
    assert usual
    more = detected(name, 0.01)
    for found in usual:
        same = [d for d in more if d.score == found.score and iou(d.box, found.box) > 0.98]
        assert len(same) == 1
