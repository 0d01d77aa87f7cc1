"""Arcs through sightings: the physics, and how sure it is of itself."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livetrack_vcam.core.ballistics import (
    FOOTBALL_GRAVITY,
    Arc,
    Gravity,
    Kind,
    Sighting,
    fit_arc,
)
from livetrack_vcam.core.geometry import Point

DIAMETER = 50.0
NOISE = 0.05


def arc_of(
    place: Callable[[float], tuple[float, float]],
    sightings: int = 10,
    jitter: float = 0.0,
    gravity: Gravity | None = None,
    seed: int = 0,
) -> Arc:
    """Fitted to a ball seen 30 times a second; `place` and `jitter` in diameters."""
    chance = random.Random(seed)
    seen = []
    for i in range(sightings):
        x, y = (side + chance.gauss(0, jitter) for side in place(i / 30))
        seen.append(
            Sighting(round(i / 30 * 1e9), Point(x * DIAMETER, y * DIAMETER), DIAMETER, NOISE)
        )
    return fit_arc(seen, gravity or Gravity())


def thrown(
    vx: float, vy: float, g: float = FOOTBALL_GRAVITY
) -> Callable[[float], tuple[float, float]]:
    return lambda t: (10 + vx * t, 10 + vy * t + g * t * t / 2)


def test_a_parabola_without_noise_is_continued_exactly() -> None:
    place = thrown(12, -20)
    arc = arc_of(place)
    then = 9 / 30 + 0.3
    expected = place(then)
    center = arc.center(round(then * 1e9))
    assert arc.kind is Kind.FLIGHT
    assert center.x == pytest.approx(expected[0] * DIAMETER, abs=0.02 * DIAMETER)
    assert center.y == pytest.approx(expected[1] * DIAMETER, abs=0.02 * DIAMETER)
    assert arc.velocity(round(then * 1e9)).y == pytest.approx(
        (-20 + FOOTBALL_GRAVITY * then) * DIAMETER, rel=0.03
    )
    assert arc.residual < 0.01


def test_the_three_kinds_of_motion_are_told_apart() -> None:
    assert arc_of(thrown(0, 0, 0), jitter=0.02).kind is Kind.REST
    assert arc_of(thrown(4, 0, 0), 16, jitter=0.02).kind is Kind.ROLL
    assert arc_of(thrown(4, -15), jitter=0.02).kind is Kind.FLIGHT


def test_the_doubt_grows_with_the_time_and_shrinks_with_the_sightings() -> None:
    place = thrown(8, -18)
    few, many = arc_of(place, 4), arc_of(place, 12)
    late = [few.doubt(round((3 / 30 + gap) * 1e9)) for gap in (0.0, 0.1, 0.2, 0.3)]
    assert late == sorted(late)
    assert many.doubt(round((11 / 30 + 0.2) * 1e9)) < few.doubt(round((3 / 30 + 0.2) * 1e9))


def test_the_doubt_is_as_large_as_the_errors_really_are() -> None:
    """Twice its own standard deviation holds more than nine of ten errors of one axis."""
    chance = random.Random(1)
    inside = []
    for seed in range(200):
        place = thrown(chance.uniform(-15, 15), chance.uniform(-25, -5))
        arc = arc_of(place, 8, jitter=NOISE, seed=seed)
        then = 7 / 30 + 0.15
        error = arc.center(round(then * 1e9)).x / DIAMETER - place(then)[0]
        inside.append(abs(error) <= 2 * arc.doubt(round(then * 1e9)))
    assert statistics.mean(inside) > 0.9


def test_learned_gravity_makes_a_prediction_surer() -> None:
    place = thrown(5, -20, 146)
    gravity = Gravity()
    for _ in range(3):
        gravity = gravity.learned(*arc_of(place, 12).gravity)
    assert gravity.mean == pytest.approx(146, rel=0.15)
    then = round((3 / 30 + 0.15) * 1e9)
    taught, naive = arc_of(place, 4, gravity=gravity), arc_of(place, 4)
    true = place(then / 1e9)[1]
    errors = [abs(arc.center(then).y / DIAMETER - true) for arc in (taught, naive)]
    assert errors[0] < errors[1]


@given(
    scale=st.floats(0.01, 100),
    x=st.floats(-1e4, 1e4),
    count=st.integers(1, 16),
)
def test_place_and_size_in_the_frame_change_nothing(scale: float, x: float, count: int) -> None:
    place = thrown(6, -12)
    plain = arc_of(place, count)
    moved = fit_arc(
        [
            Sighting(
                round(i / 30 * 1e9),
                Point(x + place(i / 30)[0] * scale * DIAMETER, place(i / 30)[1] * scale * DIAMETER),
                scale * DIAMETER,
                NOISE,
            )
            for i in range(count)
        ],
        Gravity(),
    )
    then = round(((count - 1) / 30 + 0.1) * 1e9)
    assert moved.doubt(then) == pytest.approx(plain.doubt(then), rel=1e-3)
    assert (moved.center(then).x - x) / scale == pytest.approx(plain.center(then).x, abs=1)
    assert math.isfinite(moved.center(then).y)
