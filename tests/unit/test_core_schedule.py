"""Looks go where they pay, within the budget."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livetrack_vcam.core.attention import Attention
from livetrack_vcam.core.detection import FACE, PERSON, SPORTS_BALL, Look, Track
from livetrack_vcam.core.geometry import Box, Point, Size
from livetrack_vcam.core.regions import cut_off, head_region, tiles, whole_frame
from livetrack_vcam.core.schedule import WHOLE_EVERY_S, Schedule

FULL_HD = Size(1920, 1080)
EVERYTHING = frozenset({PERSON, SPORTS_BALL, FACE})
FRAME_NS = 33_333_333
COST_S = {True: 0.006, False: 0.012}

NOBODY = Attention()
Plan = list[tuple[int, tuple[Look, ...]]]


def track(box: Box, number: int = 1, face: Box | None = None) -> Track:
    return Track(number, PERSON, box, 0.9, Point(0.0, 0.0), 0, face)


def person(height: float, x: float = 900, y: float = 300, face: bool = True) -> Track:
    box = Box.from_xywh(x, y, 0.35 * height, height)
    head = Box.from_cxcywh(box.center.x, y + 0.07 * height, 0.1 * height, 0.1 * height)
    return track(box, face=head if face else None)


def attending(*people: Track) -> Attention:
    return Attention(tracks=people, subject=tuple(p.track_id for p in people[:1]))


def plan(
    attention: Attention | Callable[[int], Attention] = NOBODY,
    seconds: float = 5,
    motion: Callable[[float], float] = lambda _: 1.0,
    cpu: float = 0.4,
    labels: frozenset[str] = EVERYTHING,
    size: Size = FULL_HD,
) -> Plan:
    schedule = Schedule(size, labels, cpu)
    plans = []
    for now in range(0, round(seconds * 1e9), FRAME_NS):
        known = attention(now) if callable(attention) else attention
        plans.append((now, schedule.plan(known, motion(now / 1e9), now)))
    return plans


def looks(plans: Plan, since_s: float = 0.0) -> list[Look]:
    return [look for now, made in plans if now >= since_s * 1e9 for look in made]


def is_face(look: Look) -> bool:
    return FACE in look.labels


def is_whole(look: Look, size: Size = FULL_HD) -> bool:
    return look.region == whole_frame(size)


def share_of_core(plans: Plan, since_s: float = 0.0) -> float:
    spent = sum(COST_S[is_face(look)] for look in looks(plans, since_s))
    return spent / (plans[-1][0] / 1e9 - since_s)


def test_the_first_frame_is_seen_whole_for_everything() -> None:
    first = plan(seconds=0.01)[0][1]
    assert all(is_whole(look) for look in first if is_face(look))
    assert frozenset[str]().union(*(look.labels for look in first if is_whole(look))) == EVERYTHING


@pytest.mark.parametrize("cpu", [0.1, 0.25, 0.4, 0.8])
def test_the_looks_stay_within_the_share_of_a_core(cpu: float) -> None:
    assert share_of_core(plan(attending(person(300)), cpu=cpu), since_s=0.5) <= 1.1 * cpu


def test_a_budget_is_used_when_the_picture_moves() -> None:
    assert share_of_core(plan(attending(person(300)))) >= 0.35


def test_looks_become_rare_when_nothing_moves_and_frequent_at_once_when_something_does() -> None:
    plans = plan(attending(person(300)), seconds=9, motion=lambda t: 0.0 if 2 < t < 6 else 1.0)
    moving = [look for look in looks(plans) if not is_face(look)]
    still = looks([p for p in plans if 3.2e9 < p[0] < 6e9])
    again = looks([p for p in plans if 6e9 <= p[0] < 6.5e9])
    assert moving
    assert len(still) / 2.8 < 0.5 * len(looks([p for p in plans if p[0] < 2e9])) / 2
    assert len(again) / 0.5 > 2 * len(still) / 2.8


@pytest.mark.parametrize("cpu", [0.01, 0.4])
@pytest.mark.parametrize("height", [100, 300, 900])
def test_the_whole_frame_is_seen_for_people_twice_a_second_whatever_it_costs(
    cpu: float, height: float
) -> None:
    plans = plan(attending(person(height)), cpu=cpu)
    at = [now for now, made in plans for look in made if is_whole(look) and not is_face(look)]
    longest = max(b - a for a, b in pairwise(at))
    assert longest <= WHOLE_EVERY_S * 1e9 + FRAME_NS


def test_a_face_that_is_seen_is_looked_for_at_every_frame() -> None:
    plans = plan(attending(person(700)))
    assert sum(any(map(is_face, made)) for _, made in plans) >= 0.95 * len(plans)


def test_a_face_that_is_turned_away_is_looked_for_less_often() -> None:
    plans = plan(attending(person(700, face=False)))
    assert 8 * 5 <= sum(any(map(is_face, made)) for _, made in plans) <= 11 * 5


def test_the_face_of_somebody_far_away_is_looked_for_at_the_head() -> None:
    someone = person(250)
    where = [look.region for look in looks(plan(attending(someone))) if is_face(look)]
    assert where.count(head_region(someone.box)) > 0.7 * len(where)


def test_with_nobody_known_a_face_is_looked_for_in_the_whole_frame_and_in_each_tile() -> None:
    where = [look.region for look in looks(plan(seconds=4)) if is_face(look)]
    assert set(where) == {whole_frame(FULL_HD), *tiles(FULL_HD)}
    assert where[0] == whole_frame(FULL_HD)


def test_a_small_subject_is_looked_at_closely_and_a_large_one_only_as_part_of_the_whole() -> None:
    closely = [look for look in looks(plan(attending(person(200)))) if not is_face(look)]
    assert sum(not is_whole(look) for look in closely) >= 0.4 * len(closely)
    large = [look for look in looks(plan(attending(person(800)))) if not is_face(look)]
    assert all(map(is_whole, large))


def test_a_closer_look_goes_where_the_subject_is_going() -> None:
    def walking(now: int) -> Attention:
        box = Box.from_xywh(100 + 400 * now / 1e9, 500, 70, 200)
        late = max(0, now - 100_000_000)
        moved = Track(1, PERSON, box.shifted(-40, 0), 0.9, Point(400.0, 0.0), late)
        return Attention((moved,), (1,), pts_ns=late)

    for now, made in plan(walking, seconds=3):
        box = Box.from_xywh(100 + 400 * now / 1e9, 500, 70, 200)
        for look in made:
            if not is_face(look) and now > 2e8 and look.region.width < 700:
                assert not cut_off(box, look.region, FULL_HD) or look.region in tiles(FULL_HD)


def test_an_empty_scene_is_searched_tile_by_tile() -> None:
    seen = {look.region for look in looks(plan(seconds=4)) if not is_face(look)}
    assert set(tiles(FULL_HD)) <= seen


def test_tiles_cover_the_frame_and_a_small_frame_has_none() -> None:
    parts = tiles(FULL_HD)
    for x in range(0, 1921, 60):
        for y in range(0, 1081, 60):
            assert any(p.x1 <= x <= p.x2 and p.y1 <= y <= p.y2 for p in parts)
    assert tiles(Size(480, 270)) == ()


def test_a_detector_that_costs_more_than_assumed_is_asked_less_often() -> None:
    def count(factor: float) -> int:
        schedule = Schedule(FULL_HD, EVERYTHING)
        made = 0
        for now in range(0, 5_000_000_000, FRAME_NS):
            planned = schedule.plan(attending(person(300)), 1.0, now)
            schedule.spent(planned, factor * sum(COST_S[is_face(look)] for look in planned))
            made += len(planned)
        return made

    assert count(3.0) < 0.5 * count(1.0)


def test_work_without_a_look_is_paid_from_the_same_budget() -> None:
    def count(extra_s: float) -> int:
        schedule = Schedule(FULL_HD, frozenset({FACE}), cpu=0.1)
        made = 0
        for now in range(0, 5_000_000_000, FRAME_NS):
            planned = schedule.plan(attending(person(300)), 1.0, now)
            if not planned:
                schedule.spent((), extra_s)
            made += len(planned)
        return made

    assert count(0.02) < count(0.0)


@pytest.mark.parametrize("label", [FACE, PERSON])
def test_only_what_the_detectors_know_is_asked_for(label: str) -> None:
    for look in looks(plan(attending(person(300)), labels=frozenset({label}))):
        assert look.labels == {label}


finite = st.floats(-5000, 5000)


@given(
    boxes=st.lists(st.tuples(finite, finite, st.floats(0, 4000), st.floats(0, 4000)), max_size=5),
    motion=st.floats(0, 1),
    width=st.integers(1, 8000),
    height=st.integers(1, 5000),
    ball=st.booleans(),
)
def test_every_planned_region_shows_a_part_of_the_frame(
    boxes: list[tuple[float, float, float, float]],
    motion: float,
    width: int,
    height: int,
    ball: bool,
) -> None:
    size = Size(width, height)
    people = [track(Box.from_xywh(*box).clipped(size), n) for n, box in enumerate(boxes)]
    shown = tuple(person for person in people if person.box.area > 0)
    known = Attention(shown, tuple(p.track_id for p in shown[:2]), ball)
    made = plan(known, seconds=1.5, motion=lambda _: motion, size=size)
    assert made == plan(known, seconds=1.5, motion=lambda _: motion, size=size)
    for look in looks(made):
        assert look.region.clipped(size).area > 0
