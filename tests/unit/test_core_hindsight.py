"""Look-ahead in the core: a late picture is framed with what was seen after it."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from fractions import Fraction

import pytest

from livetrack_vcam.core import Crop, Director, DirectorSettings, Speed, State
from livetrack_vcam.core.estimator import AxisEstimator
from livetrack_vcam.core.hindsight import AxisHindsight, glance_at
from livetrack_vcam.core.presets import PERSON, PRESETS
from tests.scenarios import FULL_HD, Sight, nobody, person, until

UPRIGHT = DirectorSettings(aspect_ratio=Fraction(9, 16), speed=Speed.CINEMA, max_zoom=1.0)
CROP_WIDTH = 1080 * 9 / 16
FPS, HZ, LATENCY_S = 30, 10, 0.067


class LatePlay:
    """A director whose pictures are shown `frames` late; places by the time of the picture."""

    def __init__(self, frames: int, settings: DirectorSettings = UPRIGHT) -> None:
        self.frames = frames
        self.director = Director(FULL_HD, settings)
        self.crops: list[Crop] = []
        self.states: list[State] = []

    def run(self, seconds: float, sight: Sight) -> LatePlay:
        looks = [(k / HZ + LATENCY_S, k / HZ) for k in range(round(seconds * HZ) + HZ)]
        for number in range(round(seconds * FPS) + self.frames):
            while looks and looks[0][0] <= number / FPS + 1e-9:
                at = looks.pop(0)[1]
                self.director.observe(sight(at), round(at * 1e9))
            if number >= self.frames:
                shown = (number - self.frames) / FPS
                self.crops.append(self.director.crop_at(round(shown * 1e9)))
                self.states.append(self.director.state)
        return self

    def centers(self) -> list[float]:
        return [crop.box.center.x for crop in self.crops]


def strolling(t: float) -> float:
    """Stands for two seconds, walks 288 px/s for four, stands again."""
    return 500 + 288 * min(max(t - 2.0, 0.0), 4.0)


def turning(t: float) -> float:
    """Walks right at 384 px/s from the first second to the third, then back."""
    return 500 + 384 * max(0.0, min(t - 1.0, 5.0 - t))


def seen_at(place: Callable[[float], float], sigma: float = 5.0, seed: int = 1) -> Sight:
    def look(t: float) -> tuple[object, ...]:
        chance = random.Random(f"{seed}/{t:.4f}")
        return (person(place(t) + chance.gauss(0, sigma)),)

    return look  # type: ignore[return-value]


def largest_error(play: LatePlay, place: Callable[[float], float], since: float) -> float:
    centers = play.centers()
    return max(abs(place(i / FPS) - centers[i]) for i in range(round(since * FPS), len(centers)))


def test_cinema_walks_along_without_lag_and_does_not_overshoot() -> None:
    play = LatePlay(10).run(8, seen_at(strolling))
    centers = play.centers()
    behind = [strolling(i / FPS) - centers[i] for i in range(120, 180)]
    assert abs(sum(behind) / len(behind)) / 288 < 0.03
    assert max(centers) - 1652 < 0.03 * CROP_WIDTH


def test_the_picture_begins_to_move_before_the_subject_has_left_the_dead_zone() -> None:
    ahead, behind = (LatePlay(n).run(5, seen_at(strolling)).centers() for n in (10, 0))

    def first_move(centers: list[float]) -> int:
        return next(i for i in range(60, 150) if abs(centers[i] - centers[59]) > 0.5)

    assert first_move(ahead) <= first_move(behind) - 6


@pytest.mark.parametrize("speed", list(Speed))
def test_a_turn_on_the_spot_costs_every_speed_less_than_half_with_look_ahead(speed: Speed) -> None:
    settings = DirectorSettings(aspect_ratio=Fraction(9, 16), speed=speed, max_zoom=1.0)
    errors = [
        largest_error(LatePlay(n, settings).run(4.5, seen_at(turning)), turning, 2.8)
        for n in (0, 10)
    ]
    assert errors[1] < 0.5 * errors[0]


def test_cinema_turns_with_somebody_who_turns() -> None:
    play = LatePlay(10).run(4.5, seen_at(turning))
    assert largest_error(play, turning, 2.8) < 0.11 * CROP_WIDTH


def test_somebody_who_is_seen_again_within_the_look_ahead_was_never_missing() -> None:
    def blinking(t: float) -> tuple[object, ...]:
        return () if 2.05 < t < 2.45 else (person(900),)

    def states(frames: int) -> set[State]:
        return set(LatePlay(frames).run(5, blinking).states[30:])  # type: ignore[arg-type]

    assert State.COAST in states(0)
    assert State.COAST not in states(10)


def test_what_is_seen_after_a_gap_tells_where_the_subject_was_in_it() -> None:
    def overlooked(t: float) -> tuple[object, ...]:
        return () if 2.95 < t < 3.15 else (person(turning(t)),)

    play = LatePlay(10).run(4.5, overlooked)  # type: ignore[arg-type]
    assert largest_error(play, turning, 2.8) < 0.15 * CROP_WIDTH


def test_a_false_detection_moves_nothing() -> None:
    def sight(t: float) -> tuple[object, ...]:
        return (person(1500),) if abs(t - 2.5) < 0.01 else (person(900),)

    play = LatePlay(10).run(5, sight)  # type: ignore[arg-type]
    assert len(set(play.centers()[45:])) == 1


def test_a_subject_that_is_gone_for_good_is_lost_as_ever() -> None:
    play = LatePlay(10).run(6, until(2.0, seen_at(lambda _: 900.0), nobody))
    assert play.states[59] in (State.HOLD, State.FOLLOW)
    assert {State.COAST, State.LOST} < set(play.states[60:])


def test_the_same_calls_give_the_same_late_crops() -> None:
    one, two = (LatePlay(7).run(4, seen_at(turning)).crops for _ in range(2))
    assert one == two


def test_left_and_right_are_the_same_in_hindsight() -> None:
    right = LatePlay(10).run(4, seen_at(turning, sigma=0.0)).centers()
    left = LatePlay(10).run(4, seen_at(lambda t: 1920 - turning(t), sigma=0.0)).centers()
    assert all(abs(a + b - 1920) < 1e-6 for a, b in zip(right, left, strict=True))


def measured(place: Callable[[float], float], hz: float, seconds: float) -> AxisHindsight:
    past = AxisHindsight(place(0.0), 1e-6, 0)
    for k in range(1, round(seconds * hz) + 1):
        past.add(place(k / hz), 1e-6, round(k / hz * 1e9))
    return past


@pytest.mark.parametrize("hz", [5, 10, 30])
def test_a_steady_walk_is_told_exactly_between_two_measurements(hz: int) -> None:
    past = measured(lambda t: 0.2 + 0.15 * t, hz, 3.0)
    for t in (2.61, 2.75, 2.903):
        position, velocity = past.at(round(t * 1e9), 0.9)
        assert position == pytest.approx(0.2 + 0.15 * t, abs=1e-4)
        assert velocity == pytest.approx(0.15, abs=2e-3)


def test_after_the_newest_measurement_the_motion_fades_and_before_the_first_it_had_not_begun() -> (
    None
):
    past = measured(lambda t: 0.2 + 0.15 * t, 10, 2.0)
    position, velocity = past.at(round(2.9e9), 0.9)
    assert 0.5 < position < 0.2 + 0.15 * 2.9
    assert velocity == pytest.approx(0.15 * math.exp(-1), abs=0.01)
    far = past.at(round(60e9), 0.9)[0]
    assert far == pytest.approx(0.5 + 0.15 * 0.9, abs=0.01)
    young = AxisHindsight(0.4, 1e-4, 1_000_000_000)
    assert young.at(500_000_000, 0.9) == (0.4, 0.0)


def test_hindsight_is_nearer_to_the_truth_than_the_filter_was() -> None:
    chance = random.Random(3)
    truth = [0.3 + 0.2 * abs(k / 10 - 3.0) for k in range(60)]
    past = AxisHindsight(truth[0], 1e-4, 0)
    filtered, smoothed = [], []
    for k in range(1, 60):
        past.add(truth[k] + chance.gauss(0, 0.01), 1e-4, k * 100_000_000)
        filtered.append(past.at(k * 100_000_000, 0.9)[0] - truth[k])
        if k >= 3:
            smoothed.append(past.at((k - 3) * 100_000_000, 0.9)[0] - truth[k - 3])

    def rms(errors: list[float]) -> float:
        return math.sqrt(sum(e * e for e in errors) / len(errors))

    assert rms(smoothed) < 0.8 * rms(filtered)


def test_one_outlier_is_left_out_and_three_that_agree_are_a_jump_from_the_first_on() -> None:
    past = measured(lambda _: 0.3, 10, 2.0)
    past.add(0.8, 1e-6, 2_100_000_000)
    past.add(0.3, 1e-6, 2_200_000_000)
    assert past.at(2_100_000_000, 0.9)[0] == pytest.approx(0.3, abs=1e-6)
    for k in range(3):
        past.add(0.8, 1e-6, 2_300_000_000 + k * 100_000_000)
    assert past.at(2_250_000_000, 0.9)[0] == pytest.approx(0.3, abs=1e-6)
    assert past.at(2_300_000_000, 0.9)[0] == pytest.approx(0.8, abs=1e-6)


def test_asking_for_earlier_moments_in_any_order_gives_the_same_answers() -> None:
    place = turning
    one, two = measured(place, 10, 4.0), measured(place, 10, 4.0)
    moments = [round(t * 1e8) for t in range(20, 40)]
    assert [one.at(m, 0.9) for m in moments] == [two.at(m, 0.9) for m in moments[::-1]][::-1]


@pytest.mark.parametrize("speed", list(Speed))
def test_no_speed_looks_further_ahead_than_ten_frames(speed: Speed) -> None:
    glance = glance_at(0, PRESETS[speed])
    assert 0 <= glance.place_ns <= 333_000_000
    assert 0 < glance.speed_ns <= 333_000_000


def test_what_the_present_does_not_believe_is_left_out_of_the_past_as_well() -> None:
    chance = random.Random(5)
    r = 1e-4
    present = AxisEstimator(0.3, r, PERSON, 0)
    past = AxisHindsight(0.3, r, 0)
    for k in range(1, 30):
        place = 0.36 if k == 27 else 0.3 + chance.gauss(0, 0.004)
        present.update(place, r, PERSON, k * 200_000_000)
        past.add(place, r, k * 200_000_000, present.at(k * 200_000_000, 0.9))
    assert abs(past.at(27 * 200_000_000, 0.9, present)[0] - 0.3) < 0.005


def test_past_and_present_meet_without_a_step() -> None:
    chance = random.Random(6)
    agility, r = PERSON, 1e-4
    present, past = AxisEstimator(0.2, r, agility, 0), AxisHindsight(0.2, r, 0)
    for k in range(1, 30):
        place = 0.2 + 0.015 * k + chance.gauss(0, 0.01)
        present.update(place, r, agility, k * 100_000_000)
        past.add(place, r, k * 100_000_000, present.at(k * 100_000_000, 0.9))
    before, after = (past.at(2_900_000_000 + ns, 0.9, present) for ns in (-1000, 1000))
    assert after[0] == pytest.approx(before[0], abs=1e-5)
    assert after[1] == pytest.approx(before[1], abs=1e-3)
