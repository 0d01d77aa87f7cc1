"""Average precision on cases whose answer is known by hand."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from livetrack_vcam.core.detection import Detection
from livetrack_vcam.core.geometry import Box
from livetrack_vcam.evaluation.average_precision import Precision, average_precision
from livetrack_vcam.evaluation.coco import LabeledBox, LabeledPicture

HERE = (100.0, 100.0, 50.0, 100.0)
THERE = (300.0, 100.0, 50.0, 100.0)


def picture(*boxes: tuple[float, float, float, float], crowd: bool = False) -> LabeledPicture:
    labeled = tuple(LabeledBox("person", xywh, crowd) for xywh in boxes)
    return LabeledPicture("a.jpg", None, None, labeled)


def seen(
    xywh: tuple[float, float, float, float], score: float = 0.9, label: str = "person"
) -> Detection:
    return Detection(Box.from_xywh(*xywh), score, label)


def scored(
    pictures: Sequence[LabeledPicture], detections: Sequence[Sequence[Detection]]
) -> Precision:
    result = average_precision(pictures, detections, "person")
    assert result is not None
    return result


def test_everything_found_exactly_is_one() -> None:
    result = scored([picture(HERE, THERE)], [[seen(HERE), seen(THERE, 0.3)]])
    assert (result.ap_50, result.ap_50_95) == pytest.approx((1.0, 1.0))
    assert (result.boxes, result.pictures) == (2, 1)


def test_nothing_found_is_zero() -> None:
    result = scored([picture(HERE)], [[]])
    assert (result.ap_50, result.ap_50_95) == (0.0, 0.0)


def test_one_of_two_found_is_the_share_of_recalls_up_to_a_half() -> None:
    """Of the 101 recalls 0, .01 … 1 those up to .5 are reached: 51 of 101."""
    assert scored([picture(HERE, THERE)], [[seen(HERE)]]).ap_50 == pytest.approx(51 / 101)


def test_a_false_detection_counts_by_its_score() -> None:
    late = scored([picture(HERE)], [[seen(HERE, 0.9), seen(THERE, 0.2)]])
    early = scored([picture(HERE)], [[seen(HERE, 0.2), seen(THERE, 0.9)]])
    assert late.ap_50 == pytest.approx(1.0)
    assert early.ap_50 == pytest.approx(0.5)


def test_a_second_box_around_the_same_person_is_false() -> None:
    twice = [[seen(HERE, 0.9), seen(HERE, 0.8), seen(THERE, 0.7)]]
    assert scored([picture(HERE, THERE)], twice).ap_50 == pytest.approx((51 * 1 + 50 * 2 / 3) / 101)


def test_a_loose_box_counts_at_the_thresholds_it_reaches() -> None:
    """IoU .72 is enough for .5, .55, .6, .65 and .7: five of ten."""
    loose = (100.0, 100.0, 50.0, 72.0)
    result = scored([picture(HERE)], [[seen(loose)]])
    assert (result.ap_50, result.ap_50_95) == pytest.approx((1.0, 0.5))


def test_finding_part_of_a_crowd_is_neither_right_nor_wrong() -> None:
    crowded = LabeledPicture(
        "a.jpg",
        None,
        None,
        (LabeledBox("person", HERE), LabeledBox("person", (200.0, 0.0, 400.0, 400.0), True)),
    )
    inside = seen((300.0, 100.0, 50.0, 100.0), 0.95)
    result = scored([crowded], [[inside, seen(HERE, 0.5)]])
    assert result.ap_50 == pytest.approx(1.0)
    assert result.boxes == 1


def test_pictures_that_are_not_exhaustive_for_a_label_are_left_out() -> None:
    partial = LabeledPicture("b.jpg", None, None, picture(HERE).boxes, frozenset({"person"}))
    result = scored([picture(HERE), partial], [[seen(HERE)], [seen(THERE, 0.99)]])
    assert result.ap_50 == pytest.approx(1.0)
    assert (result.pictures, result.boxes) == (1, 1)


def test_other_labels_do_not_count() -> None:
    result = scored([picture(HERE)], [[seen(HERE, 0.5), seen(THERE, 0.9, "dog")]])
    assert result.ap_50 == pytest.approx(1.0)


def test_a_label_that_nothing_has_has_no_precision() -> None:
    assert average_precision([picture(HERE)], [[]], "dog") is None
    assert average_precision([picture(HERE, crowd=True)], [[seen(HERE)]], "person") is None


def test_nothing_is_printed_and_the_input_stays_as_it_was(
    capsys: pytest.CaptureFixture[str],
) -> None:
    pictures, found = [picture(HERE)], [[seen(HERE)]]
    scored(pictures, found)
    assert capsys.readouterr() == ("", "")
    assert (pictures, found) == ([picture(HERE)], [[seen(HERE)]])
