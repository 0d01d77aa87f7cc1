"""Numbers that stay with people."""

from __future__ import annotations

import math

import pytest

from livetrack_vcam.core import Box, Detection, Observation, Track, Tracker
from livetrack_vcam.core.assignment import FORBIDDEN, assign
from livetrack_vcam.core.detection import FACE, PERSON, SPORTS_BALL
from livetrack_vcam.core.fusion import measurements
from tests.scenarios import FULL_HD, Sight, face_of, nobody, noisy, person, standing, walking


def watch(
    tracker: Tracker, sight: Sight, seconds: float, start: float = 0.0, hz: float = 10.0
) -> list[tuple[Track, ...]]:
    """What the tracker says after each look."""
    looks = [start + i / hz for i in range(round(seconds * hz))]
    return [tracker.update(Observation(sight(t), round(t * 1e9))) for t in looks]


def ids(tracks: tuple[Track, ...]) -> set[int]:
    return {track.track_id for track in tracks}


def test_a_sure_detection_is_a_track_at_once_and_an_unsure_one_at_the_second_sighting() -> None:
    assert watch(Tracker(FULL_HD), lambda _: (person(500, score=0.9),), 0.1)[0] != ()
    first, second = watch(Tracker(FULL_HD), lambda _: (person(500, score=0.6),), 0.2)
    assert first == ()
    assert len(second) == 1


def test_a_low_score_keeps_a_track_but_never_starts_one() -> None:
    tracker = Tracker(FULL_HD)
    assert watch(tracker, lambda _: (person(500, score=0.2),), 1) == [()] * 10
    watch(tracker, standing(500), 1, start=1)
    kept = watch(tracker, lambda _: (person(500, score=0.2),), 2, start=2)
    assert kept[-1][0].seen_ns == round(3.9e9)


def test_a_standing_person_keeps_one_number_through_noise_and_misses() -> None:
    sight = noisy(standing(800), 19, seed=3)
    tracker = Tracker(FULL_HD)
    seen = watch(tracker, lambda t: sight(t) if round(t * 10) % 4 else (), 10)
    assert set().union(*map(ids, seen)) == {1}


def test_a_fast_walker_keeps_one_number() -> None:
    seen = watch(Tracker(FULL_HD), walking(100, 600), 3)
    assert set().union(*map(ids, seen)) == {1}


def test_an_unseen_track_coasts_along_its_way_and_is_then_dropped() -> None:
    tracker = Tracker(FULL_HD)
    last = watch(tracker, walking(300, 300), 2)[-1][0]
    coasting = watch(tracker, nobody, 0.5, start=2)[-1]
    assert coasting[0].box.center.x == pytest.approx(last.box.center.x + 150, abs=40)
    assert coasting[0].seen_ns == last.seen_ns
    assert watch(tracker, nobody, 1.5, start=2.5)[-1] == ()


def test_people_who_cross_keep_their_numbers() -> None:
    def sight(t: float) -> tuple[Detection, ...]:
        near, far = person(200 + 200 * t, 700, 560), person(1700 - 180 * t, 690)
        hidden = abs(near.box.center.x - far.box.center.x) < 90
        return (near,) if hidden else (near, far)

    seen = watch(Tracker(FULL_HD), noisy(sight, 5, seed=1), 7)
    first = {t.track_id: t.box.center.x for t in seen[1]}
    last = {t.track_id: t.box.center.x for t in seen[-1]}
    assert len(first) == 2
    assert set(first) == set(last)
    assert all((first[i] < 900) == (last[i] > 900) for i in first)


def test_somebody_who_comes_back_soon_at_about_the_same_place_has_the_same_number() -> None:
    tracker = Tracker(FULL_HD)
    watch(tracker, standing(500), 2)
    watch(tracker, nobody, 2.5, start=2)
    assert ids(watch(tracker, standing(560), 0.5, start=4.5)[-1]) == {1}


@pytest.mark.parametrize("newcomer", [person(1800), person(500, 700, 250)])
def test_somebody_far_off_or_of_another_size_is_somebody_else(newcomer: Detection) -> None:
    tracker = Tracker(FULL_HD)
    watch(tracker, standing(500), 2)
    watch(tracker, nobody, 1.5, start=2)
    assert ids(watch(tracker, lambda _: (newcomer,), 0.5, start=3.5)[-1]) == {2}


def test_a_number_is_not_given_to_anybody_after_a_long_absence() -> None:
    tracker = Tracker(FULL_HD)
    watch(tracker, standing(500), 1)
    watch(tracker, nobody, 6, start=1)
    assert ids(watch(tracker, standing(500), 0.5, start=7)[-1]) == {2}


def test_face_and_body_of_one_person_are_one_track() -> None:
    body = person(700)
    tracks = watch(Tracker(FULL_HD), lambda _: (body, face_of(body)), 1)[-1]
    assert len(tracks) == 1
    assert tracks[0].label == PERSON
    assert tracks[0].box == body.box
    assert tracks[0].face == face_of(body).box


def test_a_face_alone_is_a_person_and_stays_the_same_one_when_the_body_appears() -> None:
    body = person(700, 800, 900)
    face = face_of(body)
    tracker = Tracker(FULL_HD)
    alone = watch(tracker, lambda _: (face,), 1)[-1]
    assert [t.label for t in alone] == [PERSON]
    assert alone[0].box.contains(face.box)
    together = watch(tracker, lambda _: (body, face), 1, start=1)[-1]
    assert ids(together) == ids(alone)
    assert together[0].box == body.box.clipped(FULL_HD)


def test_a_body_lost_for_a_moment_is_carried_on_by_its_face() -> None:
    body = person(700)
    tracker = Tracker(FULL_HD)
    watch(tracker, lambda _: (body, face_of(body)), 1)
    moved = person(730)
    tracks = watch(tracker, lambda _: (face_of(moved),), 0.2, start=1)[-1]
    assert ids(tracks) == {1}
    assert tracks[0].box.height == pytest.approx(body.box.height, rel=0.05)
    assert tracks[0].box.center.x == pytest.approx(730, abs=15)


def test_each_of_two_neighbors_gets_the_right_face() -> None:
    left, right = person(600), person(760)
    seen = (left, right, face_of(right), face_of(left))
    tracks = watch(Tracker(FULL_HD), lambda _: seen, 1)[-1]
    faces = {t.box.center.x: t.face for t in tracks}
    assert faces == {600: face_of(left).box, 760: face_of(right).box}


def test_a_weak_face_on_an_empty_wall_is_nobody() -> None:
    wall = Detection(Box(1093, 650, 1235, 792), 0.52, FACE)
    assert watch(Tracker(FULL_HD), lambda _: (wall,), 3)[-1] == ()


def test_a_second_box_on_the_same_person_is_not_a_second_person() -> None:
    body = person(700)
    torso = Detection(Box(640, 480, 760, 700), 0.7, PERSON)
    assert len(watch(Tracker(FULL_HD), lambda _: (body, torso), 2)[-1]) == 1


def test_a_ball_that_flies_keeps_its_number() -> None:
    def sight(t: float) -> tuple[Detection, ...]:
        return (Detection(Box.from_cxcywh(300 + 900 * t, 500, 80, 80), 0.7, SPORTS_BALL),)

    assert set().union(*map(ids, watch(Tracker(FULL_HD), sight, 1.5))) == {1}


@pytest.mark.parametrize(
    "box",
    [
        Box(math.nan, 0, 10, 10),
        Box(0, 0, math.inf, 10),
        Box(100, 100, 100, 200),
        Box(200, 100, 100, 200),
        Box(-500, 10, -100, 300),
        Box(5000, 10, 6000, 300),
    ],
)
def test_a_box_that_is_no_box_is_ignored(box: Box) -> None:
    assert measurements([Detection(box, 0.9, PERSON)], FULL_HD) == []


def test_a_score_that_is_no_score_is_ignored() -> None:
    bad = [person(500, score=score) for score in (math.nan, -1.0, 0.0)]
    assert measurements(bad, FULL_HD) == []


def test_an_observation_out_of_order_changes_nothing() -> None:
    tracker = Tracker(FULL_HD)
    now = watch(tracker, standing(500), 1)[-1]
    assert tracker.update(Observation(standing(1500)(0), 100)) == now
    assert tracker.tracks == now


def test_assign_finds_the_cheapest_pairs_and_never_a_forbidden_one() -> None:
    assert assign([[1, 2], [1, 9]]) == [(0, 1), (1, 0)]
    assert assign([[FORBIDDEN, 5], [FORBIDDEN, 1]]) == [(1, 1)]
    assert assign([[3.0], [1.0], [2.0]]) == [(1, 0)]
    assert assign([]) == []
    assert assign([[]]) == []
