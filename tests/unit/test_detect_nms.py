"""Suppression keeps the best of boxes that overlap."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livetrack_vcam.core.geometry import Box, iou
from livetrack_vcam.detectors.nms import clusters, iou_with, nms

SIDES = st.tuples(st.floats(0, 100), st.floats(0, 100), st.floats(1, 50), st.floats(1, 50))
SCORED = st.lists(st.tuples(SIDES, st.floats(0, 1)), min_size=1, max_size=12)


def arrays(scored: list[tuple[tuple[float, ...], float]]) -> tuple[np.ndarray, np.ndarray]:
    xywh = np.array([sides for sides, _ in scored])
    boxes = np.hstack([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]])
    return boxes, np.array([score for _, score in scored])


@given(SCORED)
def test_array_iou_is_the_iou_of_boxes(scored: list[tuple[tuple[float, ...], float]]) -> None:
    boxes, _ = arrays(scored)
    expected = [iou(Box(*boxes[0]), Box(*box)) for box in boxes]
    assert iou_with(boxes[0], boxes) == pytest.approx(expected, abs=1e-9)


@given(SCORED)
def test_no_two_kept_boxes_overlap_and_every_dropped_one_overlaps_a_better(
    scored: list[tuple[tuple[float, ...], float]],
) -> None:
    boxes, scores = arrays(scored)
    kept = nms(boxes, scores, 0.5)
    for index in range(len(boxes)):
        better = [k for k in kept if k != index and scores[k] >= scores[index]]
        overlaps = (iou_with(boxes[index], boxes[better]) > 0.5).any() if better else False
        assert (index in kept) != bool(overlaps)


@given(SCORED)
def test_every_box_is_in_exactly_one_cluster(
    scored: list[tuple[tuple[float, ...], float]],
) -> None:
    boxes, scores = arrays(scored)
    groups = clusters(boxes, scores, 0.3)
    assert sorted(np.concatenate(groups)) == list(range(len(boxes)))


def test_the_best_box_comes_first() -> None:
    boxes = np.array([[0, 0, 10, 10], [50, 50, 60, 60], [1, 0, 11, 10]], float)
    assert nms(boxes, np.array([0.5, 0.6, 0.9]), 0.5) == [2, 1]


def test_of_equal_scores_the_earlier_box_stays() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10]], float)
    assert nms(boxes, np.array([0.5, 0.5]), 0.5) == [0]


def test_boxes_without_area_overlap_nothing() -> None:
    boxes = np.array([[5, 5, 5, 5], [5, 5, 5, 5]], float)
    assert nms(boxes, np.array([0.5, 0.4]), 0.5) == [0, 1]


def test_no_boxes_give_no_boxes() -> None:
    assert nms(np.empty((0, 4)), np.empty(0), 0.5) == []
