"""Candidates become detections: per label, without duplicates, inside the frame."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livetrack_vcam.core.geometry import Box, Size, iou
from livetrack_vcam.detectors.decoding import (
    MAX_CANDIDATES,
    Candidates,
    Choice,
    best_classes,
    blend,
    class_numbers,
    detections,
)
from livetrack_vcam.detectors.labels import COCO_LABELS
from livetrack_vcam.detectors.pixels import Letterbox
from livetrack_vcam.errors import SettingsError

FRAME = Size(640, 480)
SAME_SIZE = Letterbox(Box(0.0, 0.0, 640.0, 480.0), FRAME, 0, 0)
PERSON, BALL = COCO_LABELS.index("person"), COCO_LABELS.index("sports ball")
BOXES = st.lists(
    st.tuples(
        st.floats(-100, 700, width=32),
        st.floats(-100, 700, width=32),
        st.floats(0, 400, width=32),
        st.floats(0, 400, width=32),
        st.floats(0, 1, width=32),
    ),
    max_size=30,
)


def seen(*rows: tuple[float, float, float, float, float, int]) -> Candidates:
    """Candidates from x1, y1, x2, y2, score and class."""
    values = np.array(rows, np.float32).reshape(-1, 6)
    return Candidates(values[:, :4], values[:, 4], values[:, 5].astype(np.intp))


def choice(**changes: object) -> Choice:
    return Choice(**{"wanted": (PERSON, BALL), "min_score": 0.3, **changes})  # type: ignore[arg-type]


def test_a_thing_seen_twice_is_one_but_not_under_another_label() -> None:
    found = detections(
        seen(
            (10, 10, 110, 210, 0.6, PERSON),
            (12, 10, 112, 210, 0.9, PERSON),
            (10, 10, 110, 210, 0.7, BALL),
        ),
        SAME_SIZE,
        FRAME,
        choice(),
    )
    assert [(one.label, round(one.score, 2)) for one in found] == [
        ("person", 0.9),
        ("sports ball", 0.7),
    ]
    assert found[0].box == Box(12, 10, 112, 210)


def test_what_is_not_wanted_or_too_unlikely_is_left_out() -> None:
    found = detections(
        seen((0, 0, 9, 9, 0.9, 5), (0, 0, 9, 9, 0.2, PERSON)), SAME_SIZE, FRAME, choice()
    )
    assert found == ()


def test_boxes_are_cut_at_the_frames_edge_and_gone_when_nothing_is_inside() -> None:
    found = detections(
        seen((-50, 400, 60, 600, 0.9, PERSON), (700, 0, 800, 90, 0.9, PERSON)),
        SAME_SIZE,
        FRAME,
        choice(),
    )
    assert [one.box for one in found] == [Box(0, 400, 60, 480)]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_no_detections(bad: float) -> None:
    rows = [[0.0, 0.0, 50.0, 90.0, 0.9, 0.0] for _ in range(4)]
    for index, row in enumerate(rows):
        row[index] = bad
    assert detections(seen(*map(tuple, rows)), SAME_SIZE, FRAME, choice()) == ()  # type: ignore[arg-type]
    assert detections(seen((0, 0, 50, 90, np.nan, 0)), SAME_SIZE, FRAME, choice()) == ()


def test_a_score_is_never_more_than_one() -> None:
    (one,) = detections(seen((0, 0, 50, 90, 1.0001, 0)), SAME_SIZE, FRAME, choice())
    assert one.score == 1.0


def test_the_boxes_of_one_thing_are_averaged_where_that_is_asked_for() -> None:
    twice = seen((10, 10, 110, 210, 0.6, PERSON), (20, 10, 120, 210, 0.6, PERSON))
    (one,) = detections(twice, SAME_SIZE, FRAME, choice(blended=True))
    assert one.box.x1 == pytest.approx(15)


def test_a_box_at_the_lowest_score_hardly_counts_in_the_average() -> None:
    boxes = np.array([[0.0, 0, 100, 100], [50, 0, 150, 100]])
    assert blend(boxes, np.array([0.9, 0.3]), 0.3)[0] < 0.5


def test_a_crowd_of_five_hundred_is_found() -> None:
    rows = [
        (x * 25.0, y * 24.0, x * 25.0 + 20, y * 24.0 + 20, 0.5, PERSON)
        for x in range(25)
        for y in range(20)
    ]
    assert len(detections(seen(*rows), SAME_SIZE, FRAME, choice())) == 500


def test_of_a_flood_only_the_best_are_looked_at() -> None:
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 400, (20_000, 2))
    boxes = np.hstack([corners, corners + 5]).astype(np.float32)
    scores = rng.uniform(0.3, 0.9, 20_000).astype(np.float32)
    found = detections(
        Candidates(boxes, scores, np.zeros(20_000, np.intp)), SAME_SIZE, FRAME, choice()
    )
    assert 0 < len(found) <= MAX_CANDIDATES
    assert found[0].score == pytest.approx(float(scores.max()))


@given(BOXES, st.booleans())
def test_detections_keep_the_contract_whatever_is_seen(
    rows: list[tuple[float, float, float, float, float]], blended: bool
) -> None:
    candidates = seen(*((x, y, x + w, y + h, score, PERSON) for x, y, w, h, score in rows))
    found = detections(candidates, SAME_SIZE, FRAME, choice(blended=blended))
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    for index, one in enumerate(found):
        assert one.box.area > 0
        assert Box(0, 0, 640, 480).contains(one.box)
        assert all(iou(one.box, other.box) <= 0.5 + 1e-6 for other in found[:index])


def test_the_best_class_of_a_row_counts_and_only_when_it_is_wanted() -> None:
    scores = np.array([[0.1, 0.9, 0.0], [0.8, 0.2, 0.0], [0.5, 0.0, 0.7], [0.2, 0.1, 0.1]])
    rows, best, classes = best_classes(scores, (0, 1), 0.3)
    assert rows.tolist() == [0, 1]
    assert best.tolist() == [0.9, 0.8]
    assert classes.tolist() == [1, 0]


def test_a_label_that_does_not_exist_is_answered_with_the_nearest() -> None:
    assert class_numbers(("sports ball", "person", "person")) == (PERSON, BALL)
    with pytest.raises(SettingsError, match="'sport ball'; did you mean 'sports ball'"):
        class_numbers(("sport ball",))
