"""The baselines of the framing bench behave as their authors publish."""

from __future__ import annotations

import math
import random
import statistics
from itertools import pairwise

import pytest

from benchmarks.framing.detector import detector, looks
from benchmarks.framing.operators.autoflip import AutoFlip
from benchmarks.framing.operators.follower import Follower, Sight, Smoother, View
from benchmarks.framing.operators.obs_face_tracker import ObsFaceTracker
from benchmarks.framing.operators.registry import BASELINES, baseline
from benchmarks.framing.operators.smoothers import (
    AutoFraming,
    AutoPtz,
    ChromeOs,
    Ema,
    Interpolation,
    OneEuro,
    Spring,
)
from benchmarks.framing.pan_scenes import across, standing
from benchmarks.framing.play import play
from benchmarks.framing.scenes import FPS, FRAME, NARROW, Actor, Scene, pts_of
from livetrack_vcam.core import Box, Detection
from livetrack_vcam.core.detection import PERSON

DT = 1 / FPS
RATIO = 9 / 16


def views(
    smoother: Smoother, targets: list[float], start: float = 0.0, period: int = 1
) -> list[float]:
    """Where a smoother takes the crop's center across, a target a frame, seen at once."""
    view = View(start + 500.0, 540.0, 1080.0)
    path = []
    for i, x in enumerate(targets):
        target = View(x + 500.0, 540.0, 1080.0)
        sight = Sight(target, view, i % period == 0, True, RATIO, FRAME)
        view = smoother.step(view, sight, DT)
        path.append(view.x - 500.0)
    return path


@pytest.mark.parametrize("frames", [15, 30])
def test_the_originals_interpolation_arrives_after_exactly_n_frames(frames: int) -> None:
    path = views(Interpolation(frames), [100.0] * 40)
    assert path[frames - 1] == pytest.approx(100.0)
    assert path[frames - 2] == pytest.approx(100.0 * (frames - 1) / frames)
    assert path[0] == pytest.approx(100.0 / frames)


def test_the_originals_interpolation_of_a_walk_is_n_frames_late() -> None:
    path = views(Interpolation(15), [float(i) for i in range(300)])
    lags = [i - x for i, x in enumerate(path)][150:]
    assert statistics.mean(lags) == pytest.approx(14.0, abs=0.6)


def test_obs_detect_closes_five_percent_a_frame() -> None:
    path = views(Ema(), [100.0] * 60)
    assert path[59] == pytest.approx(100 - 100 * 0.95**60)


def test_autoptz_rests_within_four_percent_and_then_follows_until_within_two() -> None:
    width = 1080 * RATIO
    assert views(AutoPtz(), [0.039 * width] * 30) == [0.0] * 30
    path = views(AutoPtz(), [0.2 * width] * 60)
    assert path[0] == pytest.approx(0.18 * 0.2 * width)
    assert 0.2 * width - path[-1] <= 0.02 * width
    assert path[-1] == path[-2]


def test_obs_auto_framing_approaches_at_3_84_a_second_outside_its_dead_zone() -> None:
    path = views(AutoFraming(), [300.0] * 10)
    assert path[9] == pytest.approx(300 * (1 - math.exp(-3.84 * 10 * DT)))


def test_obs_auto_framing_ignores_the_inner_part_of_its_dead_zone() -> None:
    half = 0.06 * 1080 * RATIO
    assert views(AutoFraming(), [0.44 * half] * 20) == [0.0] * 20
    assert views(AutoFraming(), [0.8 * half])[0] > 0


def test_chromeos_follows_a_walk_51_frames_late() -> None:
    path = views(ChromeOs(), [0.5 * i for i in range(900)])
    assert (0.5 * 899 - path[-1]) / 0.5 == pytest.approx(0.97 / 0.03 + 0.95 / 0.05, abs=0.1)


def test_the_spring_never_overshoots_a_step_and_lags_its_smooth_time() -> None:
    path = views(Spring(), [100.0] * 90)
    assert max(path) <= 100.0
    assert path[-1] == pytest.approx(100.0, abs=0.01)
    walk = views(Spring(), [float(i) for i in range(300)])
    assert (299 - walk[-1]) * DT == pytest.approx(0.3, abs=DT)


def test_the_spring_does_not_depend_on_the_frame_rate() -> None:
    fast, slow = Spring(), Spring()
    sight = Sight(View(600.0, 540.0, 1080.0), View(500, 540, 1080), True, True, RATIO, FRAME)
    once = slow.step(View(500.0, 540.0, 1080.0), sight, 0.1)
    view = View(500.0, 540.0, 1080.0)
    for _ in range(10):
        view = fast.step(view, sight, 0.01)
    assert view.x == pytest.approx(once.x)


def test_the_one_euro_filter_is_slow_on_noise_and_quick_on_speed() -> None:
    chance = random.Random(1)
    noisy = [chance.gauss(0, 5) for _ in range(300)]
    assert statistics.pstdev(views(OneEuro(), noisy)[30:]) < 0.5 * statistics.pstdev(noisy)
    lags = [
        speed * 299 - views(OneEuro(), [speed * i for i in range(300)])[-1] for speed in (1.0, 20.0)
    ]
    assert lags[0] / 1.0 > 2 * lags[1] / 20.0


def test_obs_face_trackers_integral_ends_the_lag_of_a_steady_walk() -> None:
    path = views(ObsFaceTracker(), [1.0 * i for i in range(900)])
    assert 899 - path[-1] < 1
    assert 60 - path[60] > 10


def test_obs_face_trackers_first_step_is_the_sum_of_its_two_gains() -> None:
    path = views(ObsFaceTracker(), [100.0])
    lead = 100 * DT / (2.0 + DT) * 0.95 * 0.42
    assert path[0] == pytest.approx(100 * 0.95 * DT + lead)


def test_autoflip_ignores_less_than_1_8_degrees_and_pans_18_degrees_a_second() -> None:
    degree = FRAME.width / 60
    assert views(AutoFlip(), [1.7 * degree] * 30) == [0.0] * 30
    path = views(AutoFlip(), [20 * degree] * 30)
    steps = [b - a for a, b in pairwise(path)]
    assert max(steps) == pytest.approx(18 * degree * DT)


def test_a_baseline_follows_the_detection_nearest_to_its_last() -> None:
    follower = Follower(FRAME, NARROW, Ema())
    left, right = across(standing(0.3))(0), across(standing(0.7))(0)
    larger = Box.from_cxcywh(left.center.x, left.center.y, 300, 700)
    for i, boxes in enumerate([(right, larger), (left, right)]):
        follower.observe(tuple(Detection(b, 0.9, PERSON) for b in boxes), pts_of(i))
    assert follower.subject == (left,)
    follower.select(right)
    assert follower.subject == (right,)


def test_obs_detect_and_autoptz_show_whole_pixels() -> None:
    for name in ("obs-detect", "AutoPTZ"):
        operator = baseline(name, FRAME, NARROW)
        for i in range(40):
            place = across(standing(0.3 if i < 5 else 0.6))(0)
            operator.observe((Detection(place, 0.9, PERSON),), pts_of(i))
            assert operator.crop_at(pts_of(i)).x1 % 1 == 0


@pytest.mark.parametrize("name", BASELINES)
def test_every_baseline_ends_at_a_still_person_inside_the_frame(name: str) -> None:
    scene = Scene("still", 8.0, (Actor(across(standing(0.7))),), NARROW)
    run = play(scene, baseline(name, FRAME, NARROW), looks(scene, detector(10, 0.0), 0))
    assert abs(run.xs[-1] - 0.7 * FRAME.width) < 0.06 * run.crops[-1].width
    assert all(crop.x1 >= 0 and crop.x2 <= FRAME.width for crop in run.crops)
