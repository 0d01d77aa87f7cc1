"""A false box beside somebody neither takes their number along nor earns it by and by."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from livetrack_vcam.core import Observation, Track, Tracker
from tests.scenarios import FULL_HD, person

STEADY = [960.0, 975.0, 950.0, 965.0] * 5
"""Somebody who stands, as a noisy detector sees them."""


def followed(places: Sequence[float], hz: float = 10.0) -> list[tuple[Track, ...]]:
    """The tracks after each look that saw one person, at these places across."""
    tracker = Tracker(FULL_HD)
    return [
        tracker.update(Observation((person(x),), round(i * 1e9 / hz))) for i, x in enumerate(places)
    ]


def seen_last(places: Sequence[float], hz: float = 10.0) -> int:
    """The number of the track that the last look saw."""
    tracks = followed(places, hz)[-1]
    newest = max(track.seen_ns for track in tracks)
    (number,) = (track.track_id for track in tracks if track.seen_ns == newest)
    return number


@pytest.mark.parametrize("hz", [5, 10, 30])
@pytest.mark.parametrize("beside", [760.0, 1120.0, 1220.0])
def test_a_false_box_beside_somebody_does_not_take_their_number_along(
    beside: float, hz: float
) -> None:
    assert seen_last([*STEADY, beside, 958.0], hz) == 1
    assert seen_last([*STEADY, beside, 958.0, 970.0, 955.0, 962.0], hz) == 1


def test_nor_do_two_at_different_places() -> None:
    assert seen_last([*STEADY, 1220.0, 665.0, 963.0, 962.0, 950.0]) == 1


def test_the_number_keeps_its_place_for_the_next_false_box() -> None:
    """The second false box is far from the person: it must not meet number 1 coasting there."""
    tracks = followed([*STEADY, 1220.0, 958.0, 970.0, 955.0, 962.0, 960.0, 1749.0, 961.0])[-1]
    places = {t.track_id: t.box.center.x for t in tracks}
    assert places[1] == pytest.approx(961, abs=60)


def test_somebody_who_really_leaps_keeps_the_number() -> None:
    assert seen_last([*STEADY, 1150.0, 1160.0, 1155.0, 1165.0]) == 1


def test_a_number_that_false_boxes_began_does_not_take_over_a_known_person() -> None:
    """Two of them give it a speed toward the person, whose sway then meets it half way."""
    coming = [469.0, 965.0, 950.0, 958.0, 684.0]
    swaying = [
        *(953.0, 895.0, 961.0, 946.0, 979.0, 970.0, 957.0, 952.0, 945.0),
        *(957.0, 941.0, 988.0, 973.0, 932.0, 985.0, 937.0),
    ]
    taken_over = 0
    for tracks in followed([*STEADY, *coming, *swaying])[-len(swaying) :]:
        newest = max(track.seen_ns for track in tracks)
        taken_over += [t.track_id for t in tracks if t.seen_ns == newest] != [1]
    assert taken_over <= 1
