"""The best path over a whole clip."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from fractions import Fraction

import pytest

from livetrack_vcam.core import (
    Box,
    Detection,
    DirectorSettings,
    Observation,
    Shot,
    State,
    SubjectKind,
    SubjectPolicy,
    WhenLost,
)
from livetrack_vcam.core.offline import PathPoint, best_path
from livetrack_vcam.core.rests import with_rests
from livetrack_vcam.core.smoothing import interpolate, median_filter, rolling_max, smooth
from livetrack_vcam.core.taut_string import taut_string
from tests.scenarios import (
    FULL_HD,
    Play,
    Sight,
    face_of,
    nobody,
    noisy,
    person,
    standing,
    until,
    walking,
)

TALL = DirectorSettings(aspect_ratio=Fraction(9, 16))


def path(sight: Sight, seconds: float, settings: DirectorSettings = TALL) -> list[PathPoint]:
    times = [round(i / 30 * 1e9) for i in range(round(seconds * 30))]
    looks = [Observation(sight(t / 1e9), t) for t in times[::3]]
    return best_path(FULL_HD, settings, looks, times)


def moving_frames(points: list[PathPoint]) -> int:
    boxes = [point.crop.box for point in points]
    return sum(abs(a.x1 - b.x1) > 0.05 for a, b in itertools.pairwise(boxes))


def test_a_still_person_gets_one_crop_for_the_whole_clip() -> None:
    points = path(noisy(standing(500), 15, seed=1), 6)
    assert moving_frames(points) == 0
    assert {point.state for point in points} == {State.HOLD}
    assert points[0].crop.box.contains(person(500).box)


def test_the_crop_is_on_the_subject_before_the_first_detection() -> None:
    points = path(until(1.0, nobody, standing(1600)), 5)
    assert points[0].crop.box.contains(person(1600).box)


def test_a_walker_is_always_whole_in_the_picture_and_never_lagged_behind() -> None:
    points = path(noisy(walking(300, 250), 10, seed=2), 5)
    for i, point in enumerate(points):
        assert point.crop.box.contains(person(300 + 250 * i / 30).box, tolerance=12)


def test_a_short_walk_is_one_gentle_move_between_two_rests() -> None:
    def sight(t: float) -> tuple[Detection, ...]:
        return (person(500 + 300 * min(max(t - 3, 0), 2)),)

    points = path(noisy(sight, 10, seed=3), 8)
    x = [point.crop.box.center.x for point in points]
    assert x[:45] == pytest.approx([x[0]] * 45, abs=3)
    assert x[-45:] == pytest.approx([x[-1]] * 45, abs=3)
    assert all(b >= a - 0.5 for a, b in itertools.pairwise(x))


def test_a_gap_is_bridged_and_a_long_absence_shows_the_scene() -> None:
    def sight(t: float) -> tuple[Detection, ...]:
        return () if 3 < t < 4.5 else walking(300, 200)(t)

    states = {point.state for point in path(sight, 7)}
    assert State.COAST in states
    assert State.WIDE not in states
    gone = path(lambda t: standing(300)(t) if t < 3 or t > 11 else (), 14)
    assert gone[7 * 30].state is State.WIDE
    assert gone[7 * 30].crop.box.center.x == pytest.approx(960, abs=70)
    assert gone[-1].crop.box.contains(person(300).box)


def test_a_move_during_an_absence_is_as_gentle_as_its_time_allows() -> None:
    gone_s, way = 3.0, 1000.0
    points = path(lambda t: () if 4 < t < 4 + gone_s else standing(400 + way * (t >= 7))(t), 11)
    x = [point.crop.box.center.x for point in points]
    jerk = [(x[i + 3] - 3 * x[i + 2] + 3 * x[i + 1] - x[i]) * 30**3 for i in range(len(x) - 3)]
    # 60 D/T³ is the peak of the gentlest move; half a second at each end is for who may linger.
    assert max(map(abs, jerk)) <= 60 * way / (gone_s - 1) ** 3
    assert points[4 * 30].crop.box.contains(person(400).box)
    assert points[7 * 30 + 1].crop.box.contains(person(400 + way).box)


@pytest.mark.parametrize("shot", [Shot.FACE, Shot.HEAD, Shot.UPPER])
@pytest.mark.parametrize("places", [(700.0, 1150.0), (420.0, 1450.0)])
def test_a_close_shot_of_a_group_shows_everybody_and_not_the_gap_between_them(
    shot: Shot, places: tuple[float, float]
) -> None:
    tall, small = person(places[0]), person(places[1], 720, 450)
    sight: Sight = lambda _: (tall, face_of(tall), small, face_of(small))  # noqa: E731
    wanted = DirectorSettings(subject=SubjectPolicy(SubjectKind.GROUP), shot=shot)
    offline, live = path(sight, 5, wanted)[-1].crop.box, Play(wanted).run(5, sight).crop.box
    assert offline.contains(face_of(tall).box)
    assert offline.contains(face_of(small).box)
    assert offline.height == pytest.approx(live.height, rel=0.06)


def test_during_a_long_absence_the_picture_does_what_when_lost_says() -> None:
    def gone(when_lost: WhenLost) -> tuple[Box, Box]:
        sight: Sight = lambda t: standing(300)(t) if t < 3 or t > 11 else ()  # noqa: E731
        points = path(sight, 14, replace(TALL, when_lost=when_lost))
        return points[60].crop.box, points[210].crop.box

    before, during = gone(WhenLost.WIDEN)
    assert during.height > 0.9 * 1080 > before.height
    before, during = gone(WhenLost.HOLD)
    assert during == before
    before, during = gone(WhenLost.CENTER)
    assert during.height == pytest.approx(before.height, rel=0.01)
    assert during.center.x == pytest.approx(960, abs=70)


def test_nothing_to_see_gives_the_wide_crop_and_no_frames_give_none() -> None:
    points = path(nobody, 1)
    assert {point.crop.box.height for point in points} == {1080}
    assert {point.state for point in points} == {State.WIDE}
    assert best_path(FULL_HD, TALL, [], []) == []
    assert best_path(FULL_HD, TALL, [], [5])[0].subject == ()


def test_one_frame_and_one_look_are_enough() -> None:
    points = best_path(FULL_HD, TALL, [Observation(standing(400)(0), 0)], [0])
    assert points[0].crop.box.contains(person(400).box)
    assert points[0].subject == (1,)
    assert len(points[0].tracks) == 1


def test_every_crop_lies_in_the_frame_and_has_the_ratio() -> None:
    for point in path(noisy(walking(-200, 500), 40, seed=4), 6):
        box = point.crop.box
        assert 0 <= box.x1 <= box.x2 <= 1920
        assert 0 <= box.y1 <= box.y2 <= 1080
        assert box.width / box.height == pytest.approx(9 / 16, abs=1e-9)


def test_the_taut_string_stays_in_the_tube_and_is_the_shortest() -> None:
    chance = random.Random(7)
    for _ in range(50):
        middle = [0.0]
        for _ in range(chance.randint(1, 12)):
            middle.append(middle[-1] + chance.choice([0, 0, 1, -1]) * chance.random())
        half = [chance.random() / 2 for _ in middle]
        low = [m - h for m, h in zip(middle, half, strict=True)]
        high = [m + h for m, h in zip(middle, half, strict=True)]
        string = taut_string(low, high)
        assert all(a - 1e-9 <= y <= b + 1e-9 for a, y, b in zip(low, string, high, strict=True))
        shortest = _relaxed(low, high, string)
        assert _length(string) <= _length(shortest) + 1e-6


def _relaxed(low: list[float], high: list[float], string: list[float]) -> list[float]:
    """The shortest path between the same ends, by patient relaxation."""
    y = [(a + b) / 2 for a, b in zip(low, high, strict=True)]
    y[0], y[-1] = string[0], string[-1]
    for _ in range(3000):
        for i in range(1, len(y) - 1):
            y[i] = min(max((y[i - 1] + y[i + 1]) / 2, low[i]), high[i])
    return y


def _length(y: list[float]) -> float:
    return sum((1 + (b - a) ** 2) ** 0.5 for a, b in itertools.pairwise(y))


def test_a_level_tube_gives_a_level_string() -> None:
    assert taut_string([0, 0, 0], [1, 2, 1]) == [0.5, 0.5, 0.5]
    assert taut_string([], []) == []
    with pytest.raises(ValueError, match="a tube needs"):
        taut_string([1], [0])


def test_the_filters_see_both_ways_and_keep_rests_exact() -> None:
    rest = [1 / 3] * 40
    assert smooth(rest, 0.5, 1 / 30) == rest
    step = smooth([0.0] * 30 + [1.0] * 30, 0.5, 1 / 30)
    assert step[29] + step[30] == pytest.approx(1)
    assert median_filter([0, 0, 9, 0, 0], 1) == [0, 0, 0, 0, 0]
    assert rolling_max([0, 1, 0, 0], 1) == [1, 1, 1, 0]
    assert [interpolate([0, 10], place) for place in (-1, 0.5, 7)] == [0, 5, 10]


def test_a_pause_in_a_walk_is_a_rest_not_a_creep() -> None:
    def sight(t: float) -> tuple[Detection, ...]:
        return (person(400 + 250 * min(t, 2.0) + 250 * max(t - 5.0, 0.0)),)

    points = path(noisy(sight, 8, seed=9), 8)
    middle = [point.crop for point in points[90:135]]
    assert len(set(middle)) == 1


def test_a_stretch_too_short_for_a_rest_keeps_its_tube() -> None:
    low, high = [0.0, 0.0, 5.0, 5.0, 5.0], [1.0, 2.0, 6.0, 7.0, 6.0]
    assert with_rests(low, high, 3) == ([0, 0, 5.5, 5.5, 5.5], [1, 2, 5.5, 5.5, 5.5])
    assert with_rests(low, high, 4) == (low, high)
