"""Gentle paths through tubes, and what a clip's tubes are made of."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livetrack_vcam.core import Detection, DirectorSettings, Observation
from livetrack_vcam.core.config import Shot
from livetrack_vcam.core.geometry import Box
from livetrack_vcam.core.offline import PathPoint, best_path
from livetrack_vcam.core.rests import with_rests
from livetrack_vcam.core.smoothing import interpolate
from livetrack_vcam.core.tube import Tube, gentle_path
from tests.scenarios import FULL_HD, Sight, noisy, person, standing, walking

TALL = DirectorSettings(aspect_ratio=Fraction(9, 16))
FPS = 30


def path(
    sight: Sight, seconds: float, settings: DirectorSettings = TALL, fps: int = FPS
) -> list[PathPoint]:
    times = [round(i / fps * 1e9) for i in range(round(seconds * fps))]
    looks = [Observation(sight(i / 10), round(i * 1e8)) for i in range(round(seconds * 10))]
    return best_path(FULL_HD, settings, looks, times)


def centers(points: list[PathPoint]) -> list[float]:
    return [point.crop.box.center.x for point in points]


def jerk_peak(x: list[float], fps: int) -> float:
    """In frame widths/s³."""
    third = [d - 3 * c + 3 * b - a for a, b, c, d in zip(x, x[1:], x[2:], x[3:], strict=False)]
    return max(abs(value) for value in third) * fps**3 / FULL_HD.width


@given(st.lists(st.integers(-3, 3), min_size=20, max_size=120), st.integers(3, 12))
def test_a_gentle_path_stays_in_its_bounds_where_they_are_not_too_tight(
    steps: list[int], reach: int
) -> None:
    middle = [float(sum(steps[:i])) for i in range(len(steps))]
    bounds = Tube([m - 40 for m in middle], [m + 40 for m in middle])
    wanted = Tube([m - 30 for m in middle], [m + 30 for m in middle])
    y = gentle_path(wanted, bounds, 50, reach, 0.5)
    missed = bounds.missed_by(y)
    assert max(*missed.low, *missed.high) <= 0.5


def test_a_corner_is_rounded_inside_the_bounds_not_across_them() -> None:
    middle = [10.0 * min(i, 60 - i) for i in range(61)]
    bounds = Tube([m - 15 for m in middle], [m + 15 for m in middle])
    y = gentle_path(bounds, bounds, 50, 10, 1.0)
    assert y[30] >= 300 - 15 - 1.0
    second = [c - 2 * b + a for a, b, c in zip(y, y[1:], y[2:], strict=False)]
    assert max(map(abs, second)) < 12  # the corner of the tube itself is 20


def test_where_there_is_no_way_through_the_bounds_the_path_still_does_not_jump() -> None:
    low, high = [0.0] * 40 + [500.0] * 40, [10.0] * 40 + [510.0] * 40
    y = gentle_path(Tube(low, high), Tube(low, high), 20, 10, 1.0)
    assert max(abs(b - a) for a, b in itertools.pairwise(y)) < 200


def test_a_move_between_two_rests_gets_its_time() -> None:
    low, high = [0.0] * 100 + [100.0] * 100, [150.0] * 200
    assert with_rests(low, [90.0] * 100 + [150.0] * 100, 40)[0][99:101] == [45.0, 125.0]
    lower, upper = with_rests(low, [90.0] * 100 + [150.0] * 100, 40, apart=20)
    assert [i for i, (a, b) in enumerate(zip(lower, upper, strict=True)) if a < b] == list(
        range(90, 110)
    )
    assert high[0] == 150.0


@pytest.mark.parametrize("speed", [200, 450])
def test_a_runner_who_turns_at_once_stays_whole_in_the_picture(speed: float) -> None:
    def x(t: float) -> float:
        return 500 + speed * (min(t, 4 - t) if t < 4 else 0)

    points = path(lambda t: (person(x(t)),), 6)
    for i, point in enumerate(points):
        assert point.crop.box.contains(person(x(i / FPS)).box, tolerance=4)
    assert jerk_peak(centers(points), FPS) < 40


@pytest.mark.parametrize("fps", [24, 25, 30, 50, 60])
def test_frames_between_the_points_of_the_grid_do_not_jerk(fps: int) -> None:
    x = centers(path(noisy(walking(300, 250), 8, seed=5), 5, fps=fps))
    assert jerk_peak(x, fps) < 8


def test_the_spline_is_exact_on_rests_straight_lines_and_at_its_ends() -> None:
    assert [interpolate([1 / 3] * 5, i / 7) for i in range(28)] == [1 / 3] * 28
    assert interpolate([0.0, 2.0, 4.0, 6.0], 1.25) == pytest.approx(2.5)
    assert [interpolate([5.0, 1.0, 7.0], place) for place in (-1, 2, 9)] == [5.0, 7.0, 7.0]
    assert interpolate([4.0], 0.3) == 4.0


def test_somebody_who_leaves_is_shown_until_gone_and_the_crop_meets_the_side_gently() -> None:
    points = path(lambda t: walking(900, -500)(t) if t < 1.9 else (), 5)
    for i, point in enumerate(points[:50]):
        assert point.crop.box.contains(person(900 - 500 * i / FPS).box, tolerance=4)
    assert jerk_peak(centers(points), FPS) < 60


def test_a_change_of_subject_is_one_glide_not_a_jump() -> None:
    def sight(t: float) -> tuple[Detection, ...]:
        return standing(400)(t) if t < 3 else standing(1500)(t)

    x = centers(path(sight, 8))
    assert x[0] == pytest.approx(400, abs=60)
    assert x[-1] == pytest.approx(1500, abs=60)
    assert all(b >= a - 0.01 for a, b in itertools.pairwise(x))
    assert max(b - a for a, b in itertools.pairwise(x)) < 110


def test_one_look_gone_wrong_moves_nothing() -> None:
    def sight(t: float) -> tuple[Detection, ...]:
        if abs(t - 3) < 0.01:
            box = person(500).box
            return (Detection(Box(box.x1 - 300, box.y1, box.x2, box.y2), 0.9, "person"),)
        return standing(500)(t)

    assert max(centers(path(sight, 6))) - min(centers(path(sight, 6))) < 5


def test_a_shot_of_the_head_keeps_the_head_not_the_whole_body() -> None:
    head = DirectorSettings(aspect_ratio=Fraction(9, 16), shot=Shot.HEAD)
    points = path(noisy(standing(700), 5, seed=2), 4, head)
    box = person(700).box
    crop = points[30].crop.box
    assert crop.y1 < box.y1
    assert crop.height < box.height
    assert len({point.crop for point in points}) == 1


def test_each_shot_has_its_own_path_and_its_own_track_ids() -> None:
    def sight(t: float) -> tuple[Detection, ...]:
        return standing(400)(t) if t < 3 else standing(1500)(t)

    times = [round(i / FPS * 1e9) for i in range(6 * FPS)]
    looks = [Observation(sight(i / 10), round(i * 1e8)) for i in range(60)]
    points = best_path(FULL_HD, TALL, looks, times, [times[3 * FPS]])
    assert len(points) == len(times)
    crops = [point.crop for point in points]
    assert len(set(crops[: 3 * FPS])) == len(set(crops[3 * FPS :])) == 1
    assert crops[-1].box.contains(person(1500).box)
    assert points[0].subject != points[-1].subject
