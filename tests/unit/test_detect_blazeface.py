"""BlazeFace's anchors, decoding and blending."""

from __future__ import annotations

import numpy as np
import pytest

from livetrack_vcam.detectors.blazeface import Faces, blend, decode, make_anchors


def test_there_is_an_anchor_for_each_of_the_networks_896_rows() -> None:
    assert make_anchors().shape == (896, 2)


def test_anchors_run_along_rows_in_two_grids() -> None:
    anchors = make_anchors()
    assert anchors[[0, 1, 2, 32]].tolist() == [[8, 8], [8, 8], [24, 8], [8, 24]]
    assert anchors[[512, 517, 518, 560]].tolist() == [[16, 16], [16, 16], [48, 16], [16, 48]]
    assert anchors[-1].tolist() == [240, 240]


def test_a_row_decodes_relative_to_its_anchor() -> None:
    anchors = make_anchors()
    regressors = np.zeros((896, 16), np.float32)
    logits = np.full(896, -100.0, np.float32)
    logits[518] = 2.0
    regressors[518] = [1, 2, 20, 10, *range(12)]
    faces = decode(regressors, logits, anchors, 0.5)
    assert faces.boxes.tolist() == [[39, 13, 59, 23]]
    assert faces.points[0, 2].tolist() == [48, 17]
    assert faces.points[0, 7].tolist() == [58, 27]
    assert faces.scores == pytest.approx([0.8808], abs=1e-4)


def test_extreme_logits_are_certainties_without_warnings() -> None:
    logits = np.array([1e4, -1e4] + [0.0] * 894, np.float32)
    faces = decode(np.zeros((896, 16), np.float32), logits, make_anchors(), 0.6)
    assert faces.scores.tolist() == [1.0]


def test_overlapping_faces_blend_by_score_and_keep_the_best_score() -> None:
    points = np.zeros((3, 8, 2))
    points[0, :2] = [[0, 0], [10, 10]]
    points[1, :2] = [[2, 0], [12, 10]]
    points[2, :2] = [[50, 50], [60, 60]]
    faces = blend(Faces(points, np.array([0.6, 0.9, 0.7])))
    assert faces.scores.tolist() == [0.9, 0.7]
    assert faces.boxes[0] == pytest.approx([1.2, 0, 11.2, 10])


def test_no_faces_blend_to_no_faces() -> None:
    faces = blend(Faces(np.empty((0, 8, 2)), np.empty(0)))
    assert faces.boxes.shape == (0, 4)
