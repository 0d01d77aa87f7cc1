"""The zoom: it follows who approaches, ignores gestures and noise, and waits for who is unseen."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable
from fractions import Fraction

import pytest

from livetrack_vcam.core import DirectorSettings, Shot, Speed
from livetrack_vcam.core.detection import Detection
from livetrack_vcam.core.framing import SubjectShape, wanted_height
from livetrack_vcam.core.geometry import Box
from livetrack_vcam.core.zoom import ZoomAxis, ZoomTarget
from tests.scenarios import FULL_HD, Play, Sight, face_of, nobody, person

TALL = DirectorSettings(aspect_ratio=Fraction(9, 16))
FAR, START_S, END_S = 400.0, 4.0, 7.0
RATE = math.log(2) / 3


def size_at(t: float) -> float:
    """Doubles from START_S to END_S at a constant relative rate."""
    return FAR * math.exp(RATE * (min(max(t, START_S), END_S) - START_S))


def shrinking_size_at(t: float) -> float:
    return 2 * FAR * FAR / size_at(t)


def sized(height_at: Callable[[float], float], sigma: float = 0.0, seed: int = 0) -> Sight:
    """Somebody in the middle whose box is off by `sigma` in width and height."""

    def look(t: float) -> tuple[Detection, ...]:
        chance = random.Random(f"{seed}/{t:.6f}")
        body = person(960, 560, height_at(t)).box
        width = body.width * math.exp(chance.gauss(0, sigma))
        height = body.height * math.exp(chance.gauss(0, sigma))
        return (Detection(Box.from_cxcywh(960, 560, width, height), 0.9, "person"),)

    return look


def gesturing(t: float) -> tuple[Detection, ...]:
    """Arms go up and down for 1.5 s every 3 s: 1.8 times as wide, every other time also taller."""
    body = person(960, 560, 560).box
    up = math.sin(math.pi * (t % 3.0) / 1.5) if t > 2 and t % 3.0 < 1.5 else 0.0
    lift = 0.2 * body.height * up if t % 6.0 < 3.0 else 0.0
    width = body.width * (1 + 0.8 * up)
    return (
        Detection(Box(960 - width / 2, body.y1 - lift, 960 + width / 2, body.y2), 0.9, "person"),
    )


def ideal_height(size: float) -> float:
    body = person(960, 560, size).box
    shape = SubjectShape(960, body.y1, body.width, body.height, body.height / 7.5)
    return wanted_height(shape, TALL, FULL_HD)


def heights(play: Play) -> list[float]:
    return [crop.box.height for crop in play.crops]


def behind_ms(play: Play, size: Callable[[float], float], rate: float) -> float:
    """Mean distance behind the ideal over the approach or retreat, as time."""
    frames = range(round(START_S * play.fps), round(END_S * play.fps))
    off = [math.log(ideal_height(size(i / play.fps)) / heights(play)[i]) for i in frames]
    return 1000 * sum(off) / len(off) / rate


@pytest.mark.parametrize(
    ("hz", "latency_s", "most_ms"), [(10, 0.067, 400), (30, 0.033, 400), (5, 0.133, 480)]
)
@pytest.mark.parametrize("seed", range(3))
def test_the_picture_is_four_tenths_of_a_second_behind_somebody_who_approaches(
    hz: float, latency_s: float, most_ms: float, seed: int
) -> None:
    play = Play(TALL, hz=hz, latency_s=latency_s).run(11, sized(size_at, 0.01, seed))
    assert behind_ms(play, size_at, RATE) <= most_ms
    after = heights(play)[round(END_S * 30) :]
    assert math.log(max(after) / after[-1]) <= 0.025


@pytest.mark.parametrize("seed", range(3))
def test_somebody_who_retreats_is_followed_without_running_past(seed: int) -> None:
    play = Play(TALL).run(11, sized(shrinking_size_at, 0.01, seed))
    assert behind_ms(play, shrinking_size_at, -RATE) <= 430
    after = heights(play)[round(END_S * 30) :]
    assert math.log(after[-1] / min(after)) <= 0.02


@pytest.mark.parametrize("sigma", [0.01, 0.02, 0.03])
def test_noise_of_the_size_never_moves_a_resting_zoom(sigma: float) -> None:
    play = Play(TALL).run(20, sized(lambda _: 560.0, sigma, seed=4))
    assert len(set(heights(play)[(4 * 30) :])) == 1


@pytest.mark.parametrize("shot", [Shot.AUTO, Shot.FULL, Shot.UPPER])
def test_gestures_do_not_make_the_picture_breathe(shot: Shot) -> None:
    settings = DirectorSettings(aspect_ratio=Fraction(9, 16), shot=shot)
    play = Play(settings).run(24, gesturing)
    logs = [math.log(height) for height in heights(play)[(4 * 30) :]]
    mean = sum(logs) / len(logs)
    assert math.sqrt(sum((each - mean) ** 2 for each in logs) / len(logs)) <= 0.01


def test_spread_arms_stay_in_the_picture() -> None:
    play = Play(TALL)
    seen = 0
    for i in range(24 * 30):
        play.run(1 / 30, gesturing)
        box = gesturing(i / 30)[0].box
        seen += play.crop.box.x1 <= box.x1 and box.x2 <= play.crop.box.x2
    assert seen / (24 * 30) > 0.97


def test_somebody_with_a_face_may_raise_the_arms_for_long() -> None:
    body = person(960, 700, 500)

    def sight(t: float) -> tuple[Detection, ...]:
        top = 100.0 if 4 < t < 10 else 0.0
        box = Box(body.box.x1, body.box.y1 - top, body.box.x2, body.box.y2)
        return (Detection(box, 0.9, "person"), face_of(body))

    play = Play(TALL).run(12, sight)
    later = heights(play)[(4 * 30) :]
    assert max(later) / min(later) < 1.01


def test_somebody_who_stands_up_is_shown_whole_in_the_end() -> None:
    def sight(t: float) -> tuple[Detection, ...]:
        height = 300 + 300 * min(max(t - 4, 0), 1)
        return (Detection(Box(860, 1000 - height, 1060, 1000), 0.9, "person"),)

    play = Play(TALL).run(9, sight)
    assert play.crop.box.contains(Box(860, 400, 1060, 1000), tolerance=1)


def test_zooming_in_stops_when_the_subject_is_gone() -> None:
    play = Play(TALL).run(1.0, sized(lambda _: FAR)).run(3, nobody)
    after = heights(play)[round(1.6 * 30) :]
    assert all(b >= a * (1 - 1e-3) for a, b in itertools.pairwise(after))


@pytest.mark.parametrize("speed", list(Speed))
def test_the_zoom_is_the_same_at_15_to_60_frames_a_second(speed: Speed) -> None:
    settings = DirectorSettings(aspect_ratio=Fraction(9, 16), speed=speed)

    def path(fps: float) -> list[float]:
        play = Play(settings, fps=fps, hz=5, latency_s=0.0).run(10, sized(size_at))
        return [heights(play)[round(t * fps)] for t in range(10)]

    reference = path(60)
    for fps in (15, 24, 25, 30, 50):
        assert path(fps) == pytest.approx(reference, rel=0.02), fps


def tracked(axis: ZoomAxis, target: ZoomTarget, seconds: float) -> list[float]:
    path = []
    for _ in range(round(seconds * 60)):
        axis.track(target, Speed.NORMAL, 200, 1080, 1 / 60)
        path.append(axis.height)
    return path


@pytest.mark.parametrize(
    ("share", "moves"), [(0.96, False), (0.94, True), (1.09, False), (1.11, True)]
)
def test_the_dead_band_is_wider_for_zooming_out_than_in(share: float, moves: bool) -> None:
    path = tracked(ZoomAxis(600), ZoomTarget(600 * share), 4)
    assert path[-1] == pytest.approx(600 * share if moves else 600, rel=0.003)


def test_a_height_wanted_for_a_moment_only_changes_nothing() -> None:
    axis = ZoomAxis(600)
    path = tracked(axis, ZoomTarget(900), 0.35) + tracked(axis, ZoomTarget(600), 2)
    assert set(path) == {axis.height}


def test_zooming_out_is_twice_as_fast_as_in() -> None:
    def fastest(goal: float) -> float:
        path = [500, *tracked(ZoomAxis(500), ZoomTarget(goal), 3)]
        return max(abs(math.log(b / a)) * 60 for a, b in itertools.pairwise(path))

    assert fastest(500 * 1.9) > 1.3 * fastest(500 / 1.9)


def test_zooming_in_waits_at_the_floor() -> None:
    axis = ZoomAxis(900)
    assert min(tracked(axis, ZoomTarget(500, floor=800), 3)) == pytest.approx(800, rel=0.01)
    assert tracked(axis, ZoomTarget(500), 4)[-1] == pytest.approx(500, rel=0.01)


def test_nobody_in_sight_means_no_zooming_in_but_out_is_allowed() -> None:
    axis = ZoomAxis(600)
    assert set(tracked(axis, ZoomTarget(400, closer=False), 2)) == {axis.height}
    assert tracked(axis, ZoomTarget(800, closer=False), 4)[-1] == pytest.approx(800, rel=0.01)


def test_the_zoom_comes_to_rest_exactly() -> None:
    axis = ZoomAxis(600)
    path = tracked(axis, ZoomTarget(900), 6)
    assert axis.resting
    assert len(set(path[-60:])) == 1


def test_a_crop_that_stands_on_the_frames_edge_stays_there_while_it_zooms() -> None:
    def leaving(t: float) -> tuple[Detection, ...]:
        top = 330 + 60 * min(max(t - 2, 0.0), 4.0)
        return (Detection(Box(860 + top / 8, top, 1060 - top / 8, 1080), 0.9, "person"),)

    play = Play(DirectorSettings(aspect_ratio=Fraction(1))).run(9, leaving)
    crops = [crop.box for crop in play.crops][30:]
    assert max(box.height for box in crops) > 1.2 * min(box.height for box in crops)
    assert all(box.y2 == pytest.approx(1080, abs=0.6) for box in crops)
