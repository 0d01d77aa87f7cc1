"""BlazeFace's anchors, decoding and blending."""

from __future__ import annotations

import numpy as np
import pytest

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.detectors.blazeface import NETWORKS, Faces, blend, decode, make_anchors
from livetrack_vcam.detectors.free_reshape import with_free_reshapes
from livetrack_vcam.detectors.manifest import load_weights
from livetrack_vcam.detectors.runtime import TfliteNetwork
from livetrack_vcam.errors import ModelError

SQUARE = Size(256, 256)
BACK = NETWORKS["blazeface"].grids


@pytest.mark.parametrize(
    ("name", "side", "rows"),
    [("blazeface", 256, 896), ("blazeface-short", 128, 896), ("blazeface-full", 192, 2304)],
)
def test_there_is_an_anchor_for_each_of_the_networks_rows(name: str, side: int, rows: int) -> None:
    assert make_anchors(NETWORKS[name].grids, Size(side, side)).shape == (rows, 2)


def test_anchors_run_along_rows_in_two_grids() -> None:
    anchors = make_anchors(BACK, SQUARE)
    assert anchors[[0, 1, 2, 32]].tolist() == [[8, 8], [8, 8], [24, 8], [8, 24]]
    assert anchors[[512, 517, 518, 560]].tolist() == [[16, 16], [16, 16], [48, 16], [16, 48]]
    assert anchors[-1].tolist() == [240, 240]


def test_a_wide_input_has_fewer_rows_of_anchors() -> None:
    anchors = make_anchors(BACK, Size(256, 160))
    assert len(anchors) == 560
    assert anchors.max(axis=0).tolist() == [248, 152]


def test_a_row_decodes_relative_to_its_anchor() -> None:
    anchors = make_anchors(BACK, SQUARE)
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
    faces = decode(np.zeros((896, 16), np.float32), logits, make_anchors(BACK, SQUARE), 0.6)
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


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_no_faces_and_no_warnings(bad: float) -> None:
    anchors = make_anchors(BACK, SQUARE)
    logits = np.full(896, 5.0, np.float32)
    regressors = np.zeros((896, 16), np.float32)
    regressors[:, 7] = bad
    assert len(decode(regressors, logits, anchors, 0.5).scores) == 0
    nothing = np.full(896, -abs(bad), np.float32)
    assert len(decode(np.zeros((896, 16), np.float32), nothing, anchors, 0.5).scores) == 0


def test_a_freed_network_gives_the_same_numbers_for_the_square_it_was_made_for() -> None:
    weights = load_weights("blazeface")
    picture = np.random.default_rng(0).uniform(-1, 1, (1, 256, 256, 3)).astype(np.float32)
    as_published = TfliteNetwork(weights, "blazeface").run(picture)
    freed = TfliteNetwork(with_free_reshapes(weights, "blazeface"), "blazeface").run(picture)
    assert all(np.array_equal(*pair) for pair in zip(as_published, freed, strict=True))


@pytest.mark.parametrize("length", [0, 3, 8, 100, 5000])
def test_a_truncated_file_cannot_be_freed(length: int) -> None:
    with pytest.raises(ModelError, match="type: livetrack-vcam models verify"):
        with_free_reshapes(load_weights("blazeface")[:length], "blazeface")


def test_a_network_without_such_reshapes_is_another_one() -> None:
    with pytest.raises(ModelError, match="blazeface is another network"):
        with_free_reshapes(load_weights("yolov4-tiny"), "blazeface")
