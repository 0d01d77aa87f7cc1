"""How large somebody is: growth is followed, gestures are not, and faces are believed."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from livetrack_vcam.core.size_estimator import (
    LASTING_S,
    REACH_STAYS_S,
    HeadEstimator,
    LowQuantile,
    Reach,
    SizeEstimator,
    Widest,
)


def ns(t: float) -> int:
    return round(t * 1e9)


def measured(
    sizes: Sequence[tuple[float, float]], hz: float = 10, sure: bool = False
) -> SizeEstimator:
    """An estimator that saw boxes of these widths and heights, one after the other."""
    estimator = SizeEstimator(*sizes[0], 0)
    for i, (width, height) in enumerate(sizes[1:], 1):
        estimator.update(width, height, sure, ns(i / hz))
    return estimator


def height_of(estimator: SizeEstimator, t: float) -> float:
    return math.exp(estimator.at(ns(t), 0.6).position)


def test_growing_in_width_and_height_is_growth_of_a_known_rate() -> None:
    rate = math.log(2) / 3
    sizes = [(100 * math.exp(rate * i / 10), 300 * math.exp(rate * i / 10)) for i in range(25)]
    motion = measured([(100.0, 300.0)] * 20 + sizes).at(ns(4.4), 0.6)
    assert motion.velocity == pytest.approx(rate, abs=0.03)
    assert motion.moving > 0.8
    assert math.exp(motion.position) == pytest.approx(sizes[-1][1], rel=0.02)


def test_a_box_that_gets_wider_only_has_not_grown() -> None:
    estimator = measured([(100, 300)] * 30 + [(180, 330)] * 12)
    assert height_of(estimator, 4.1) == pytest.approx(300, rel=0.01)
    assert estimator.slimness == pytest.approx(1 / 3, rel=0.01)


def test_a_box_that_suddenly_gets_taller_has_not_grown_until_it_lasts() -> None:
    held = round(LASTING_S * 10)
    briefly = measured([(100, 300)] * 30 + [(100, 400)] * (held // 2))
    assert height_of(briefly, 3 + LASTING_S / 2) == pytest.approx(300, rel=0.01)
    at_last = measured([(100, 300)] * 30 + [(100, 400)] * (held + 15))
    assert height_of(at_last, 4.4 + LASTING_S) == pytest.approx(400, rel=0.02)


def test_with_a_face_a_taller_box_is_believed_at_once() -> None:
    estimator = measured([(100, 300)] * 30 + [(100, 400)] * 5, sure=True)
    assert height_of(estimator, 3.4) == pytest.approx(400, rel=0.03)


def test_a_head_is_as_large_as_its_face_and_later_as_the_body_says() -> None:
    head = HeadEstimator(60.0, 40.0, 0)
    for i in range(1, 30):
        head.update(60.0, 40.0, ns(i / 10))
    body = SizeEstimator(100, 300, 0).at(ns(3), 0.6)
    assert math.exp(head.at(body, 7.5, ns(3), 0.6).position) == pytest.approx(60, rel=0.01)
    for i in range(30, 50):
        head.update(None, 40.0, ns(i / 10))
    grown = SizeEstimator(200, 600, 0).at(ns(5), 0.6)
    assert math.exp(head.at(grown, 7.5, ns(5), 0.6).position) == pytest.approx(120, rel=0.02)


def test_without_a_face_a_head_is_a_share_of_the_body() -> None:
    body = SizeEstimator(100, 300, 0).at(0, 0.6)
    head = HeadEstimator(None, 40.0, 0).at(body, 7.5, 0, 0.6)
    assert math.exp(head.position) == pytest.approx(40)


def test_a_reach_rises_at_once_and_stays() -> None:
    reach = Reach(0.3)
    for _ in range(5):
        reach.update(0.6, 0.1, False)
    risen = reach.ratio
    assert risen > 0.57
    for _ in range(90):
        reach.update(0.3, 0.1, False)
    assert reach.ratio == risen
    for _ in range(600):
        reach.update(0.3, 0.1, False)
    assert reach.ratio < 0.34


def test_a_box_cut_by_the_frame_tells_nothing_about_a_shorter_reach() -> None:
    reach = Reach(0.6)
    for _ in range(500):
        reach.update(0.2, 0.1, True)
    assert reach.ratio == 0.6


def test_a_low_quantile_forgets_what_is_old() -> None:
    quantile = LowQuantile()
    for i in range(60):
        quantile.add(1.0 if i % 2 else 2.0, ns(i / 10))
    assert quantile.add(2.0, ns(6)) == 1.0
    for i in range(61, 130):
        last = quantile.add(3.0, ns(i / 10))
    assert last == 3.0


def test_one_wide_box_alone_is_no_reach() -> None:
    reach = Reach(0.3)
    for ratio in (0.3, 1.1, 0.3, 0.3, 1.1, 0.3):
        reach.update(ratio, 0.1, False)
    assert reach.ratio == 0.3


def test_the_widest_of_late_is_forgotten_after_a_while() -> None:
    widest = Widest(100.0, 0)
    for i in range(1, round(REACH_STAYS_S * 10)):
        widest.add(50.0 + (i == 30) * 20, ns(i / 10))
    assert widest.value == 100
    widest.add(50.0, ns(REACH_STAYS_S + 0.1))
    assert widest.value == 70
    widest.add(80.0, ns(REACH_STAYS_S + 0.2))
    assert widest.value == 80


def test_growth_is_not_believed_for_long_against_what_is_seen() -> None:
    shrinking = [(100 * math.exp(-0.05 * i), 300 * math.exp(-0.05 * i)) for i in range(10)]
    estimator = measured([(100.0, 300.0)] * 10 + shrinking)
    before = estimator.at(ns(1.9), 0.6)
    assert before.velocity < -0.3
    for i in range(20, 26):
        estimator.update(100, 300, False, ns(i / 10))
    after = estimator.at(ns(2.5), 0.6)
    assert abs(after.velocity) < 0.1 * abs(before.velocity)
    assert after.moving < 0.2


def test_a_face_of_quite_another_size_is_somebody_elses_until_the_own_is_gone() -> None:
    head = HeadEstimator(100.0, 80.0, 0)
    assert not head.doubts(120)
    assert head.doubts(50)
    assert head.doubts(200)
    head.update(None, 80.0, ns(1.5))
    assert not head.doubts(50)
