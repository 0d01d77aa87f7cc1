"""What nobody can do in the bench's scenes, and how near to it our quick speeds come."""

from __future__ import annotations

import math
import statistics
from functools import cache

import pytest

from benchmarks.framing.bounds import CROP_W, stop_overshoot
from benchmarks.framing.catalog import SCENES
from benchmarks.framing.detector import detector, looks
from benchmarks.framing.pan_scenes import WALK_S, WALK_W_S
from benchmarks.framing.play import Run, play
from benchmarks.framing.scenes import FPS
from benchmarks.framing.scores import overshoot_px, reversal_px, walk_lag_ms
from benchmarks.framing.table import HELD_OUT_SEEDS, Entry
from livetrack_vcam.core import Speed
from livetrack_vcam.core.presets import PRESETS

LAG_MS = {Speed.FAST: 60, Speed.SPORT: 40}
STOP_PCT = {Speed.FAST: 5.5, Speed.SPORT: 7.0}
QUICK = pytest.mark.parametrize("speed", list(LAG_MS))
END = round(WALK_S * FPS)


@cache
def held_out(scene_name: str, speed: Speed) -> tuple[Run, ...]:
    scene = SCENES[scene_name]
    who, model = Entry(speed.value, speed), detector(10, 0.01)
    return tuple(
        play(scene, who.operator(scene), looks(scene, model, seed)) for seed in HELD_OUT_SEEDS
    )


def mean_lag_ms(runs: tuple[Run, ...]) -> float:
    return statistics.mean(walk_lag_ms(run.truth_xs, run.xs) for run in runs)


def test_a_crop_that_does_not_know_of_the_stop_runs_on_by_what_it_does_not_lag() -> None:
    speed = WALK_W_S / CROP_W
    assert stop_overshoot(0.06, 0.0, 10) == pytest.approx(speed * (0.1 - 0.06))
    assert stop_overshoot(0.2, 0.0, 10) == 0.0


@pytest.mark.parametrize("sigma", [0.0, 0.0025, 0.01])
def test_less_jerk_more_noise_and_less_lag_each_cost_overshoot(sigma: float) -> None:
    jerks = [math.inf, 1000.0, 300.0, 100.0]
    by_jerk = [stop_overshoot(0.06, sigma, 10, jerk) for jerk in jerks]
    assert by_jerk == sorted(by_jerk)
    assert by_jerk[0] < by_jerk[-1]
    assert stop_overshoot(0.06, sigma, 10, 300) <= stop_overshoot(0.06, sigma + 0.01, 10, 300)
    assert stop_overshoot(0.06, sigma, 10, 300) < stop_overshoot(0.04, sigma, 10, 300)


@QUICK
def test_a_quick_speed_runs_past_a_stop_little_more_than_it_must(speed: Speed) -> None:
    runs = held_out("walk", speed)
    lag = mean_lag_ms(runs)
    assert lag <= LAG_MS[speed]
    width = runs[0].crops[0].width
    past_rest = statistics.mean(100 * overshoot_px(run.xs[END:]) / width for run in runs)
    assert past_rest <= STOP_PCT[speed]
    past_person = statistics.mean((max(run.xs[END:]) - run.truth_xs[-1]) / width for run in runs)
    least = stop_overshoot(lag / 1000, 0.01, 10, PRESETS[speed].urgent.jerk)
    assert least < past_person < least + 0.02


@QUICK
def test_a_quick_speed_turns_within_22_percent(speed: Speed) -> None:
    runs = held_out("reverse", speed)
    width = runs[0].crops[0].width
    errors = [100 * reversal_px(run.truth_xs, run.xs) / width for run in runs]
    assert statistics.mean(errors) <= 22


@QUICK
def test_a_quick_speed_comes_to_rest_near_the_walker(speed: Speed) -> None:
    runs = held_out("walk", speed)
    width = runs[0].crops[0].width
    off = [100 * abs(run.xs[-1] - run.truth_xs[-1]) / width for run in runs]
    assert statistics.mean(off) <= 2
