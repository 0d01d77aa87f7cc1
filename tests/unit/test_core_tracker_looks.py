"""What a look did not cover was not missed: tracks through parts of the frame, faces and tiles."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from livetrack_vcam.core import Box, Detection, Observation, Track, Tracker
from livetrack_vcam.core.coverage import Coverage, Sight
from livetrack_vcam.core.detection import FACE, PERSON, Look
from tests.scenarios import FULL_HD, face_of, noisy, person, standing, walking
from tests.scenarios import Sight as Scene

WHOLE = Box(0, 0, 1920, 1080)
LEFT = Box(0, 0, 1000, 1080)
RIGHT = Box(920, 0, 1920, 1080)
PEOPLE, FACES = frozenset({PERSON}), frozenset({FACE})
Plan = Callable[[int], Look]


def play(
    tracker: Tracker, scene: Scene, plan: Plan, seconds: float, start: float = 0.0, hz: float = 10.0
) -> list[tuple[Track, ...]]:
    """What the tracker says after each look; a look finds what lies inside it of its labels."""
    said = []
    for index in range(round(seconds * hz)):
        now, look = start + index / hz, plan(index)
        found = tuple(
            d for d in scene(now) if d.label in look.labels and look.region.contains(d.box)
        )
        said.append(tracker.update(Observation(found, round(now * 1e9), (look,))))
    return said


def always(region: Box, labels: frozenset[str] = PEOPLE) -> Plan:
    return lambda _: Look(region, labels)


def ids(tracks: tuple[Track, ...]) -> set[int]:
    return {track.track_id for track in tracks}


def test_somebody_whom_nobody_looks_for_is_not_missing() -> None:
    tracker = Tracker(FULL_HD)
    play(tracker, standing(1500), always(WHOLE), 1)
    left_alone = play(tracker, standing(1500), always(LEFT), 2, start=1)
    assert ids(left_alone[-1]) == {1}
    assert left_alone[-1][0].seen_ns == 900_000_000


def test_somebody_who_is_looked_for_in_vain_vanishes() -> None:
    tracker = Tracker(FULL_HD)
    play(tracker, standing(1500), always(WHOLE), 1)
    assert play(tracker, lambda _: (), always(RIGHT), 1.5, start=1)[-1] == ()


def test_whoever_nobody_looked_for_in_seconds_vanishes_after_all() -> None:
    tracker = Tracker(FULL_HD)
    play(tracker, standing(1500), always(WHOLE), 1)
    assert play(tracker, lambda _: (), always(LEFT), 6, start=1)[-1] == ()


def test_a_look_for_other_labels_misses_nobody() -> None:
    tracker = Tracker(FULL_HD)
    play(tracker, standing(500), always(WHOLE), 1)
    balls = always(WHOLE, frozenset({"sports ball"}))
    assert ids(play(tracker, lambda _: (), balls, 2, start=1)[-1]) == {1}


def test_a_region_that_cuts_somebody_off_misses_nobody() -> None:
    tracker = Tracker(FULL_HD)
    play(tracker, standing(950), always(WHOLE), 1)
    assert ids(play(tracker, standing(950), always(LEFT), 2, start=1)[-1]) == {1}


def test_somebody_new_is_not_forgotten_before_the_second_look() -> None:
    tracker = Tracker(FULL_HD)
    newcomer: Scene = lambda _: (person(1500, score=0.6),)  # noqa: E731
    said = play(tracker, newcomer, lambda i: Look(RIGHT if i % 8 == 0 else LEFT, PEOPLE), 1)
    assert said[7] == ()
    assert ids(said[8]) == {1}


def test_a_distant_person_whom_only_close_looks_show_stays_through_the_others() -> None:
    def plan(index: int) -> Look:
        return Look(RIGHT if index % 8 == 0 else WHOLE, PEOPLE)

    tracker = Tracker(FULL_HD)
    said = []
    for index in range(60):
        look = plan(index)
        found = (person(1500, 300, 60, score=0.8),) if look.region == RIGHT else ()
        said.append(tracker.update(Observation(found, index * 100_000_000, (look,))))
    assert all(ids(tracks) == {1} for tracks in said[20:])


def test_a_face_carries_its_person_between_looks_at_bodies() -> None:
    def scene(t: float) -> tuple[Detection, ...]:
        body = person(500 + 150 * t)
        return (body, face_of(body))

    def plan(index: int) -> Look:
        return Look(WHOLE, PEOPLE if index % 6 == 0 else FACES)

    said = play(Tracker(FULL_HD), scene, plan, 4, hz=30)
    later = said[30:]
    assert all(ids(tracks) == {1} for tracks in later)
    assert all(tracks[0].seen_ns == round((30 + i) / 30 * 1e9) for i, tracks in enumerate(later))
    for index, tracks in enumerate(later):
        assert tracks[0].box.center.x == pytest.approx(500 + 150 * (30 + index) / 30, abs=15)
        assert tracks[0].box.height == pytest.approx(500, rel=0.02)


def test_a_face_alone_beside_a_body_out_of_sight_is_no_second_person() -> None:
    body = person(700)
    tracker = Tracker(FULL_HD)
    play(tracker, lambda _: (body,), always(WHOLE), 1)
    face = face_of(body)
    aside = Detection(face.box.shifted(30, 25), 0.9, FACE)
    faces = play(tracker, lambda _: (aside,), always(WHOLE, FACES), 1, start=1, hz=30)
    assert all(ids(tracks) == {1} for tracks in faces)


def test_a_face_that_turns_away_is_forgotten_but_its_person_is_not() -> None:
    body = person(700)
    tracker = Tracker(FULL_HD)
    play(tracker, lambda _: (body, face_of(body)), always(WHOLE, PEOPLE | FACES), 1)
    turned = play(tracker, lambda _: (), always(WHOLE, FACES), 1, start=1, hz=30)
    assert turned[3][0].face is not None
    assert turned[-1][0].face is None
    assert ids(turned[-1]) == {1}


def test_a_body_seen_a_little_differently_by_each_kind_of_look_does_not_pulse() -> None:
    def differing(t: float) -> tuple[Detection, ...]:
        height = 500 if round(t * 10) % 2 else 520
        return noisy(lambda _: (person(960, 540, height),), 3, 1)(t)

    def plan(index: int) -> Look:
        return Look(WHOLE if index % 2 else Box(400, 100, 1500, 1000), PEOPLE)

    said = play(Tracker(FULL_HD), differing, plan, 5)
    heights = [tracks[0].box.height for tracks in said[20:]]
    assert max(heights) - min(heights) < 0.6 * 20


def test_a_walker_passes_from_one_region_to_the_next_under_one_number() -> None:
    def plan(index: int) -> Look:
        return Look(LEFT if index % 2 else RIGHT, PEOPLE)

    said = play(Tracker(FULL_HD), walking(200, 350), plan, 4)
    assert set().union(*map(ids, said)) == {1}


@pytest.mark.parametrize(
    ("looks", "box", "expected"),
    [
        ((), Box(0, 0, 10, 10), Sight.FINE),
        ((Look(WHOLE, PEOPLE),), Box(100, 100, 200, 400), Sight.COARSE),
        ((Look(WHOLE, PEOPLE),), Box(-300, 100, -100, 400), Sight.COARSE),
        ((Look(LEFT, PEOPLE),), Box(100, 100, 200, 400), Sight.FINE),
        ((Look(LEFT, PEOPLE),), Box(-50, -50, 200, 400), Sight.FINE),
        ((Look(LEFT, PEOPLE),), Box(900, 100, 999, 400), Sight.NONE),
        ((Look(LEFT, FACES),), Box(100, 100, 200, 400), Sight.NONE),
        ((Look(WHOLE, PEOPLE), Look(LEFT, PEOPLE)), Box(100, 100, 200, 400), Sight.FINE),
    ],
)
def test_a_look_sees_what_lies_well_inside_it(
    looks: tuple[Look, ...], box: Box, expected: Sight
) -> None:
    assert Coverage(looks, FULL_HD).sight(PERSON, box) is expected
