"""The picture goes the same way whatever the camera's frame rate is, even or not."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livetrack_vcam.core import Box, Detection, Director, DirectorSettings, Speed
from livetrack_vcam.core.motion import NO_WALLS, AxisState, Limits, follow
from livetrack_vcam.core.presets import PRESETS
from tests.scenarios import FULL_HD, Sight, noisy, person

RATES = (15, 24, 25, 30, 50, 60)
SECONDS = 9.0
LATENCY_S = 0.067
ALIKE = 0.02
"""Share of the frame, or of the crop's height, by which a crop may be elsewhere."""


def even(fps: float, seconds: float) -> list[float]:
    return [i / fps for i in range(1, round(seconds * fps) + 1)]


def uneven(seed: int, seconds: float) -> list[float]:
    """Frames that come 10 to 60 a second, as from a camera in a dim room or a busy network."""
    chance, times, now = random.Random(seed), [], 0.0
    while (now := now + 1 / chance.uniform(10, 60)) < seconds:
        times.append(now)
    return times


def followed(
    times: Sequence[float], limits: Limits, target: float, speed: float
) -> dict[float, float]:
    """Where the crop is at `times` while it follows a target that moves evenly."""
    state, before, path = AxisState(0.0), 0.0, {}
    for now in times:
        state = follow(
            state, target + speed * now, speed, limits, now - before, NO_WALLS, drift=speed
        )
        path[now], before = state.position, now
    return path


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(Speed),
    st.sampled_from(RATES).map(lambda fps: even(fps, 4))
    | st.integers(0, 99999).map(lambda seed: uneven(seed, 4)),
    st.floats(-1500, 1500),
    st.floats(-400, 400),
)
def test_the_controller_takes_the_same_path_at_any_frame_rate(
    speed: Speed, times: list[float], target: float, walk: float
) -> None:
    extent = 600.0
    limits = Limits.of(PRESETS[speed], extent)
    path = followed(times, limits, target, walk)
    finer = followed(sorted({*times, *even(120, 4)}), limits, target, walk)
    assert max(abs(path[t] - finer[t]) for t in times) <= ALIKE * extent


def wandering(seed: int) -> Sight:
    """Somebody who walks to three places, stops at each, and comes nearer or goes away."""
    chance = random.Random(seed)
    places = [chance.uniform(300, 1600) for _ in range(4)]
    speeds = [chance.uniform(200, 420) for _ in range(3)]
    near, far = chance.uniform(300, 500), chance.uniform(300, 700)

    def look(t: float) -> tuple[Detection, ...]:
        x = places[0]
        for leg, (a, b, speed) in enumerate(zip(places, places[1:], speeds, strict=False)):
            since = t - 1 - 2.5 * leg
            if since >= 0:
                x = a + (b - a) * min(since * speed / abs(b - a), 1.0)
        height = near + (far - near) * min(max((t - 3) / 3, 0), 1)
        return (person(x, 960 - height / 2, height),)

    return noisy(look, 5, seed)


def boxes(wanted: DirectorSettings, times: Sequence[float], sight: Sight) -> list[Box]:
    """What is shown at `times`; ten looks a second, each known to the next frame after .067 s."""
    director, looks, shown = Director(FULL_HD, wanted), 0, []
    for now in times:
        while looks / 10 + LATENCY_S <= now:
            director.observe(sight(looks / 10), round(looks * 1e8))
            looks += 1
        shown.append(director.crop_at(round(now * 1e9)).box)
    return shown


def off(box: Box, around: Sequence[Box]) -> float:
    """How far outside of what `around` spans the box is, as ALIKE counts."""

    def beyond(value: float, others: list[float]) -> float:
        return max(min(others) - value, value - max(others), 0.0)

    return max(
        beyond(box.center.x, [b.center.x for b in around]) / FULL_HD.width,
        beyond(box.center.y, [b.center.y for b in around]) / FULL_HD.height,
        beyond(box.height, [b.height for b in around]) / box.height,
    )


@pytest.mark.parametrize("times", [*RATES[:-1], "uneven"])
def test_place_and_size_of_the_picture_are_the_same_at_any_frame_rate(times: int | str) -> None:
    """For 99 frames of 100, over noisy walks, stops and approaches at every speed.

    A slower camera hears of a look up to a frame later, so a frame is compared with those that the
    quicker one shows within a frame of it. The rest is where a look more or less decided whether
    the crop moved at all: there both are right.
    """
    apart = count = 0
    for seed in range(4):
        sight = wandering(seed)
        ours = even(times, SECONDS) if isinstance(times, int) else uneven(seed, SECONDS)
        step = 1 / times if isinstance(times, int) else 0.1
        at_60 = even(60, SECONDS)
        for speed in Speed:
            wanted = DirectorSettings(aspect_ratio=Fraction(9, 16), speed=speed)
            usual = boxes(wanted, at_60, sight)
            for now, box in zip(ours, boxes(wanted, ours, sight), strict=True):
                low, high = round(60 * (now - step)) - 2, round(60 * (now + step))
                around = usual[max(low, 0) : high + 1]
                count += 1
                apart += off(box, around) > ALIKE
    assert apart <= 0.01 * count, f"{apart} of {count}"
