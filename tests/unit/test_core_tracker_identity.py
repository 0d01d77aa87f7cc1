"""Who is who: people who cross, hide, leave and return, told apart by motion, size and looks."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from livetrack_vcam.core import Box, Detection, Observation, Track, Tracker, TrackerSettings
from livetrack_vcam.core.appearance import Memory, likeness
from livetrack_vcam.core.detection import PERSON
from tests.scenarios import FULL_HD, Sight, nobody, person

RED = (1.0, 0.0, 0.0)
BLUE = (0.0, 1.0, 0.0)
BLUISH = (0.45, math.sqrt(1 - 0.45**2), 0.0)


def dressed(detection: Detection, looks: tuple[float, ...]) -> Detection:
    return replace(detection, appearance=looks)


def watch(
    tracker: Tracker, sight: Sight, seconds: float, start: float = 0.0, hz: float = 10.0
) -> list[tuple[Track, ...]]:
    times = [start + i / hz for i in range(round(seconds * hz))]
    return [tracker.update(Observation(sight(t), round(t * 1e9))) for t in times]


def ids(tracks: tuple[Track, ...]) -> set[int]:
    return {track.track_id for track in tracks}


def in_red(t: float) -> tuple[Detection, ...]:
    return (dressed(person(500), RED),)


def test_looks_are_alike_or_not_or_unknown() -> None:
    assert likeness(RED, RED) == 1
    assert likeness(RED, BLUE) == 0
    assert likeness((2.0, 0.0), (0.5, 0.0)) == 1
    assert likeness(RED, ()) is None
    assert likeness((), ()) is None
    assert likeness(RED, (1.0, 0.0)) is None
    assert likeness((0.0, 0.0), (1.0, 0.0)) is None


def test_a_memory_is_the_mean_of_what_was_seen() -> None:
    memory = Memory()
    assert memory.mean == ()
    for seen in (RED, (), BLUE):
        memory.learn(seen)
    assert memory.mean == pytest.approx((0.5, 0.5, 0.0))
    assert not memory.sure


def test_a_memory_gets_sure_and_moves_with_the_times() -> None:
    memory = Memory()
    for seen in [RED] * 10 + [BLUE] * 40:
        memory.learn(seen)
    assert memory.sure
    assert likeness(memory.mean, BLUE) == pytest.approx(1, abs=0.01)


def test_people_who_meet_and_turn_back_are_told_apart_by_their_looks() -> None:
    """Motion alone says that they crossed."""

    def sight(t: float) -> tuple[Detection, ...]:
        apart = 220 * abs(t - 2)
        red = dressed(person(960 - apart), RED)
        blue = dressed(person(960 + apart), BLUE)
        return (red,) if apart < 60 else (red, blue)

    said = watch(Tracker(FULL_HD), sight, 4)
    before = {t.track_id: t.box.center.x < 960 for t in said[5]}
    after = {t.track_id: t.box.center.x < 960 for t in said[-1]}
    assert len(before) == 2
    assert after == before


def test_somebody_hidden_behind_another_coasts_longer_than_somebody_simply_lost() -> None:
    front, behind = person(900, 700, 560), person(985, 690)

    def hidden(t: float) -> tuple[Detection, ...]:
        return (front, behind) if t < 1 else (front,)

    apart = watch(Tracker(FULL_HD), hidden, 2.4)
    assert ids(apart[-1]) == {1, 2}
    alone = watch(Tracker(FULL_HD), lambda t: (behind,) if t < 1 else (), 2.4)
    assert ids(alone[-1]) == set()


def test_somebody_who_steps_in_front_does_not_take_the_number() -> None:
    """Half hidden, the one behind is hardly recognized just when the other appears."""
    behind, faint = person(960, 540, 380), person(960, 520, 330, score=0.31)
    front = Detection(Box(880, 560, 1100, 780), 0.8, PERSON)
    tracker = Tracker(FULL_HD)
    watch(tracker, lambda _: (behind,), 2)
    said = watch(tracker, lambda _: (faint, front), 1, start=2)
    assert {t.track_id: t.box.y1 < 500 for t in said[-1]} == {1: True, 2: False}


def test_somebody_known_by_the_looks_has_the_old_number_after_minutes_and_anywhere() -> None:
    tracker = Tracker(FULL_HD)
    watch(tracker, in_red, 2)
    watch(tracker, nobody, 2, start=2)
    there = watch(tracker, lambda _: (dressed(person(1700, 650, 700), RED),), 0.5, start=120)
    assert ids(there[-1]) == {1}


def test_somebody_who_looks_different_is_somebody_else_even_at_the_same_place() -> None:
    tracker = Tracker(FULL_HD)
    watch(tracker, in_red, 2)
    watch(tracker, nobody, 1.5, start=2)
    there = watch(tracker, lambda _: (dressed(person(500), BLUE),), 0.5, start=3.5)
    assert ids(there[-1]) == {2}


def test_looks_that_two_people_share_prove_nothing_after_minutes() -> None:
    tracker = Tracker(FULL_HD)
    two = (dressed(person(500), RED), dressed(person(1400), RED))
    watch(tracker, lambda _: two, 2)
    watch(tracker, nobody, 2, start=2)
    assert ids(watch(tracker, in_red, 0.5, start=60)[-1]) == {3}


def test_nobody_is_remembered_forever() -> None:
    tracker = Tracker(FULL_HD)
    watch(tracker, in_red, 2)
    watch(tracker, nobody, 2, start=2)
    assert ids(watch(tracker, in_red, 0.5, start=400)[-1]) == {2}


def test_a_number_in_use_is_not_given_to_a_double() -> None:
    tracker = Tracker(FULL_HD)
    watch(tracker, in_red, 2)
    both = (*in_red(0), dressed(person(1500), RED))
    assert ids(watch(tracker, lambda _: both, 1, start=2)[-1]) == {1, 2}


def test_an_unsure_thing_that_never_moves_is_taken_for_a_thing() -> None:
    cone = Detection(Box(291, 184, 308, 213), 0.45, PERSON)
    assert watch(Tracker(FULL_HD), lambda _: (cone,), 30)[-1] == ()


def test_an_unsure_thing_that_moves_is_somebody() -> None:
    def far(t: float) -> tuple[Detection, ...]:
        return (person(400 + 30 * t, 300, 60, score=0.45),)

    said = watch(Tracker(FULL_HD), far, 3)
    assert said[1] == ()
    assert ids(said[-1]) == {1}


def test_a_flicker_is_never_shown() -> None:
    def flicker(t: float) -> tuple[Detection, ...]:
        tick = round(t * 10)
        return (person(100 + 97 * tick % 1700, score=0.6),) if tick % 7 == 0 else ()

    assert set().union(*map(ids, watch(Tracker(FULL_HD), flicker, 60))) == set()


def test_somebody_who_walks_out_is_gone_at_once_and_somebody_lost_is_not() -> None:
    def leaving(t: float) -> tuple[Detection, ...]:
        whole = person(1600 + 300 * t).box
        seen = whole.clipped(FULL_HD)
        return (Detection(seen, 0.9, PERSON),) if seen.width > 30 else ()

    said = watch(Tracker(FULL_HD), leaving, 3)
    last = max(i for i, tracks in enumerate(said) if tracks and tracks[0].seen_ns == i * 10**8)
    assert all(tracks == () for tracks in said[last + 4 :])


def test_a_flood_of_detections_makes_a_bounded_number_of_tracks() -> None:
    tracker = Tracker(FULL_HD)
    boxes = [Box.from_xywh(37 * i % 1880, 53 * i % 1000, 25, 60) for i in range(500)]
    flood = tuple(Detection(box, 0.5 + i / 2000, PERSON) for i, box in enumerate(boxes))
    said = watch(tracker, lambda _: flood, 1)
    assert 0 < len(said[-1]) <= 80


@pytest.mark.parametrize("label", ["dog", "cat", "bicycle", "chair"])
def test_anything_a_detector_can_name_is_followed(label: str) -> None:
    def sight(t: float) -> tuple[Detection, ...]:
        return (Detection(Box.from_xywh(300 + 200 * t, 700, 160, 110), 0.7, label),)

    said = watch(Tracker(FULL_HD), sight, 3)
    assert {(t.track_id, t.label) for tracks in said[3:] for t in tracks} == {(1, label)}


def test_a_name_for_something_else_does_not_take_over_a_track() -> None:
    def sight(t: float) -> tuple[Detection, ...]:
        return (replace(person(500), label=PERSON if t < 1 else "dog"),)

    tracks = watch(Tracker(FULL_HD), sight, 2.5)
    assert [t.label for t in tracks[-1]] == ["dog"]
    assert ids(tracks[-1]) == {2}


def test_somebody_half_alike_is_not_known_again_by_the_looks() -> None:
    tracker = Tracker(FULL_HD, TrackerSettings(remember_s=1.0))
    watch(tracker, in_red, 2)
    watch(tracker, nobody, 2, start=2)
    there = watch(tracker, lambda _: (dressed(person(500), BLUISH),), 0.5, start=10)
    assert ids(there[-1]) == {2}
