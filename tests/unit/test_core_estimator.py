"""One axis of somebody who is not seen for a while: it goes on as it went of late."""

from __future__ import annotations

from itertools import pairwise

import pytest

from livetrack_vcam.core.config import Speed
from livetrack_vcam.core.estimator import AxisEstimator
from livetrack_vcam.core.presets import PERSON, PRESETS

LOOK_S = 0.2
SPEED = 0.15
FADE_S = PRESETS[Speed.NORMAL].fade_s


def walked(*offs: float) -> tuple[AxisEstimator, int]:
    """Somebody who stood at .2 for long and then was seen walking, each time so far off."""
    axis = AxisEstimator(0.2, 1e-4, PERSON, 0)
    now = 0
    for _ in range(15):
        now += round(LOOK_S * 1e9)
        axis.update(0.2, 1e-4, PERSON, now)
    for step, off in enumerate(offs, 1):
        now += round(LOOK_S * 1e9)
        axis.update(0.2 + SPEED * LOOK_S * step + off, 1e-4, PERSON, now)
    return axis, now


def gone_in(seconds: float, axis: AxisEstimator, now: int) -> float:
    return axis.at(now + round(seconds * 1e9), FADE_S).position - axis.at(now, FADE_S).position


@pytest.mark.parametrize("looks", [2, 3, 4])
@pytest.mark.parametrize("seconds", [0.8, 1.2])
def test_who_just_set_out_goes_on_at_their_own_speed(looks: int, seconds: float) -> None:
    axis, now = walked(*[0.0] * looks)
    assert gone_in(seconds, axis, now) == pytest.approx(seconds * SPEED, rel=0.15)


def test_one_look_that_lagged_does_not_stop_who_is_not_seen_any_more() -> None:
    axis, now = walked(0, 0, 0, -0.016)
    assert axis.at(now, FADE_S).velocity < SPEED / 2
    assert gone_in(0.8, axis, now) > 0.75 * 0.8 * SPEED


def test_a_gap_gives_no_jump() -> None:
    axis, now = walked(0, 0, 0, -0.016)
    way = [gone_in(ms / 1000, axis, now) for ms in range(0, 1500, 10)]
    steps = [after - before for before, after in pairwise(way)]
    assert min(steps) >= 0
    assert max(steps) < 3 * SPEED * 0.01
