"""Tracking scores on cases whose answer is known by hand."""

from __future__ import annotations

from typing import Any

import pytest

from livetrack_vcam.core.detection import Track
from livetrack_vcam.core.geometry import Box, Point
from livetrack_vcam.errors import SettingsError
from livetrack_vcam.evaluation.tracking import TrackingResult, tracking_metrics

XYWH = tuple[float, float, float, float]

LEFT: XYWH = (100, 100, 50, 100)
RIGHT: XYWH = (300, 100, 50, 100)


def box(identity: int, xywh: XYWH, **more: object) -> dict[str, Any]:
    return {"id": identity, "label": "person", "xywh": list(xywh), **more}


def annotation(*frames: list[dict[str, Any]], complete: bool = True, **more: Any) -> dict[str, Any]:
    """Frames 0, 10, 20 … of a clip."""
    return {
        "fps": 10,
        "width": 640,
        "height": 480,
        "complete_labels": ["person"] if complete else [],
        "frames": [{"index": 10 * i, "t": i, "boxes": boxes} for i, boxes in enumerate(frames)],
        **more,
    }


def track(track_id: int, xywh: XYWH, label: str = "person") -> Track:
    return Track(track_id, label, Box.from_xywh(*xywh), 0.9, Point(0, 0), 0)


def scored(truth: dict[str, Any], *shown: list[Track]) -> TrackingResult:
    return tracking_metrics({10 * i: tracks for i, tracks in enumerate(shown)}, truth, "person")


TWO_STAND = annotation(*[[box(1, LEFT), box(2, RIGHT)]] * 4)


def test_following_everybody_all_the_time_is_perfect() -> None:
    result = scored(TWO_STAND, *[[track(7, LEFT), track(9, RIGHT)]] * 4)
    assert (result.idf1, result.mota, result.recall) == (1.0, 1.0, 1.0)
    assert (result.switches, result.false_per_person) == (0, 0.0)
    assert (result.frames, result.boxes, result.people) == (4, 8, 2)


def test_showing_nobody_misses_all() -> None:
    result = scored(TWO_STAND, [], [], [], [])
    assert (result.idf1, result.mota, result.recall) == (0.0, 0.0, 0.0)
    assert (result.switches, result.false_per_person) == (0, 0.0)


def test_swapped_ids_are_two_switches_and_half_the_identity() -> None:
    """Each id is right in 2 of 4 frames: IDF1 = 2·4 / (2·4 + 4 + 4). MOTA = 1 - 2 / 8."""
    before, after = [track(7, LEFT), track(9, RIGHT)], [track(9, LEFT), track(7, RIGHT)]
    result = scored(TWO_STAND, before, before, after, after)
    assert result.switches == 2
    assert result.idf1 == pytest.approx(0.5)
    assert result.mota == pytest.approx(0.75)
    assert result.recall == 1.0


def test_a_new_id_after_a_gap_is_one_switch() -> None:
    """8 boxes, 7 found; the id of the one on the right is right in 2 frames at best."""
    one, other = [track(7, LEFT), track(9, RIGHT)], [track(7, LEFT), track(10, RIGHT)]
    result = scored(TWO_STAND, one, [track(7, LEFT)], other, other)
    assert result.switches == 1
    assert result.recall == pytest.approx(7 / 8)
    assert result.mota == pytest.approx(1 - (1 + 1) / 8)
    assert result.idf1 == pytest.approx(2 * 6 / (2 * 6 + 1 + 2))


def test_a_second_track_on_the_same_person_is_false() -> None:
    twice = [track(7, LEFT), track(8, LEFT), track(9, RIGHT)]
    result = scored(TWO_STAND, twice, twice, twice, twice)
    assert result.false_per_person == pytest.approx(4 / 8)
    assert result.mota == pytest.approx(0.5)
    assert (result.recall, result.switches) == (1.0, 0)


def test_a_box_that_hardly_overlaps_is_a_miss_and_a_false_one() -> None:
    """Shifted by 20 of 50 pixels: IoU = 30 / 70."""
    beside = (LEFT[0] + 20, *LEFT[1:])
    result = scored(annotation([box(1, LEFT)]), [track(7, beside)])
    assert (result.recall, result.false_per_person, result.mota) == (0.0, 1.0, -1.0)


def test_the_pair_of_before_stays_together_where_another_would_fit_better() -> None:
    near = (LEFT[0] + 10, *LEFT[1:])
    truth = annotation([box(1, LEFT)], [box(1, LEFT)])
    result = scored(truth, [track(7, near)], [track(7, near), track(8, LEFT)])
    assert result.switches == 0
    assert result.false_per_person == pytest.approx(1 / 2)


@pytest.mark.parametrize(
    "excused",
    [
        annotation([box(1, LEFT), box(2, RIGHT, ignore=True)]),
        annotation([box(1, LEFT), box(2, RIGHT, visible=0.2)]),
        annotation([box(1, LEFT)], ignore_regions=[[290, 50, 100, 200]]),
        annotation([box(1, LEFT)], complete=False),
    ],
    ids=["ignored", "hidden", "region", "incomplete"],
)
def test_what_does_not_count_is_neither_missed_nor_false(excused: dict[str, Any]) -> None:
    both = scored(excused, [track(7, LEFT), track(9, RIGHT)])
    one = scored(excused, [track(7, LEFT)])
    assert both == one
    assert (both.idf1, both.recall, both.boxes) == (1.0, 1.0, 1)
    assert both.mota == (1.0 if excused["complete_labels"] else None)


def test_somebody_hidden_behind_another_may_be_shown_there() -> None:
    """Both tracks fit the one in front; the one behind is excused, whichever comes first."""
    truth = annotation(
        [box(1, LEFT), box(2, RIGHT)],
        [box(1, LEFT), box(2, (105, 100, 50, 100), visible=0.1)],
        [box(1, LEFT), box(2, RIGHT)],
    )
    met = [track(9, (104, 100, 50, 100)), track(7, LEFT)]
    result = scored(
        truth, [track(7, LEFT), track(9, RIGHT)], met, [track(9, RIGHT), track(7, LEFT)]
    )
    assert (result.idf1, result.mota, result.switches) == (1.0, 1.0, 0)


def test_a_false_track_beside_an_ignored_box_is_still_false() -> None:
    truth = annotation([box(1, LEFT), box(2, RIGHT, ignore=True)])
    result = scored(truth, [track(7, LEFT), track(9, (500, 300, 50, 100))])
    assert result.false_per_person == 1.0


def test_tracks_and_boxes_of_other_labels_do_not_count() -> None:
    truth = annotation([box(1, LEFT), {**box(2, RIGHT), "label": "sports ball"}])
    result = scored(truth, [track(7, LEFT), track(8, RIGHT, "sports ball")])
    assert (result.boxes, result.recall, result.false_per_person) == (1, 1.0, 0.0)


def test_nobody_there_and_a_track_is_a_false_one_of_no_person() -> None:
    truth = annotation([box(1, LEFT, ignore=True)], [])
    result = scored(truth, [], [track(7, LEFT)])
    assert (result.boxes, result.recall, result.false_per_person) == (0, None, None)


def test_only_frames_that_were_shown_count() -> None:
    result = scored(TWO_STAND, [track(7, LEFT), track(9, RIGHT)])
    assert (result.frames, result.boxes, result.recall) == (1, 2, 1.0)


def test_a_label_that_nothing_has_is_refused_with_the_choices() -> None:
    with pytest.raises(SettingsError, match=r"no box is labeled 'dog'.* has: person"):
        tracking_metrics({0: []}, TWO_STAND, "dog")
