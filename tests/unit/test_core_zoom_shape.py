"""The shape of a subject from boxes and faces that are sometimes wrong."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from fractions import Fraction

import pytest

from livetrack_vcam.core import DirectorSettings
from livetrack_vcam.core.config import Speed
from livetrack_vcam.core.framing import SubjectShape, wanted_height
from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.core.presets import PERSON, PRESETS
from livetrack_vcam.core.subject_estimator import ROAM_STAYS_S, WIDER, SubjectEstimator

FRAME = Size(1920, 1080)
NORMAL = PRESETS[Speed.NORMAL]
BODY = Box.from_xywh(800, 400, 200, 500)
FACE = Box.from_xywh(875, 425, 50, 50)
Look = tuple[Box, Box | None]


def shape_after(looks: Sequence[Look]) -> SubjectShape:
    """What is known of the shape after these looks, 10 a second."""
    estimator = SubjectEstimator(FRAME, *looks[0], 0.9, PERSON, 0)
    for i, (box, face) in enumerate(looks[1:], 1):
        estimator.update(box, face, 0.9, NORMAL, i * 100_000_000)
    return estimator.at((len(looks) - 1) * 100_000_000, 1.0).shape


def walking(seconds: float, stops_s: float = 0.0) -> list[Look]:
    """One and a half own widths a second, then a stop."""
    way = [BODY.shifted(30.0 * i, 0) for i in range(round(seconds * 10))]
    return [(box, None) for box in way + [way[-1]] * round(stops_s * 10)]


def raised(pixels: float) -> Box:
    return Box(BODY.x1, BODY.y1 - pixels, BODY.x2, BODY.y2)


def test_somebody_who_comes_up_into_the_picture_is_as_wide_as_the_boxes() -> None:
    low = [(Box(700, 1060 - 40.0 * i, 1150 - 15 * i, 1060), None) for i in range(3, 19)]
    slim = [(Box(700, 340, 880, 1060), None)] * 5
    boxes = [box for box, _ in low]
    shape = shape_after([*low, *slim])
    assert shape.width <= WIDER * max(box.width for box in boxes)


@pytest.mark.parametrize("at", [12, 19])
def test_one_box_around_two_people_widens_nobody(at: int) -> None:
    looks: list[Look] = [(BODY, None)] * 20
    looks[at] = (Box(400, 400, 1000, 900), None)
    assert shape_after(looks).width == pytest.approx(BODY.width, rel=0.03)


def test_arms_that_are_held_out_widen() -> None:
    wide = (Box(700, 400, 1100, 900), None)
    assert shape_after([*[(BODY, None)] * 20, *[wide] * 6]).width > 0.9 * 400


def test_raised_arms_are_above_the_top_when_a_face_tells() -> None:
    calm: list[Look] = [(BODY, FACE)] * 20
    shape = shape_after([*calm, *[(raised(120), FACE)] * 8])
    assert shape.top == pytest.approx(BODY.y1, abs=25)
    assert shape.height == pytest.approx(BODY.height, rel=0.06)


def test_a_face_low_on_a_body_that_is_as_tall_as_ever_lowers_nothing() -> None:
    chest = Box.from_xywh(870, 520, 50, 50)
    shape = shape_after([*[(BODY, None)] * 20, *[(BODY, chest)] * 8])
    assert shape.top == pytest.approx(BODY.y1, abs=1)
    assert shape.height == pytest.approx(BODY.height, rel=0.01)


def test_a_face_too_large_for_the_body_is_nobodys() -> None:
    poster = Box.from_xywh(830, 560, 160, 160)
    without = shape_after([(BODY, None)] * 20)
    assert shape_after([*[(BODY, None)] * 10, *[(BODY, poster)] * 10]) == without


def test_the_top_is_the_same_while_a_face_comes_and_goes() -> None:
    looks: list[Look] = [(BODY, FACE if i % 3 else None) for i in range(40)]
    assert shape_after(looks).top == pytest.approx(BODY.y1, abs=1)


def test_a_walker_who_stops_for_a_moment_is_still_given_room_to_walk() -> None:
    walks = shape_after(walking(2.0)).roaming
    assert walks == pytest.approx(300, rel=0.1)
    assert shape_after(walking(2.0, ROAM_STAYS_S * 0.9)).roaming == pytest.approx(walks, rel=0.1)
    assert shape_after(walking(2.0, 12.0)).roaming < 0.2 * walks


def test_who_sways_goes_nowhere() -> None:
    wide = Box.from_xywh(600, 300, 700, 700)
    sway = [(wide.shifted(60 * math.sin(i / 3), 0), None) for i in range(80)]
    assert shape_after(sway).roaming == 0


def test_a_size_seen_wrong_by_a_tenth_and_more_gets_room_and_a_sure_one_does_not() -> None:
    def noisy(sigma: float) -> SubjectShape:
        chance = random.Random(1)
        heights = [500 * math.exp(chance.gauss(0, sigma)) for _ in range(60)]
        return shape_after([(Box(800, 900 - h, 800 + 0.4 * h, 900), None) for h in heights])

    assert noisy(0.02).doubt < 0.005
    assert 0.05 < noisy(0.15).doubt <= 0.12


def test_doubt_makes_the_crop_larger_by_as_much() -> None:
    settings = DirectorSettings(aspect_ratio=Fraction(1))
    sure = SubjectShape(960, 300, 150, 500, 70)
    wide = wanted_height(sure._replace(doubt=0.1), settings, FRAME)
    assert wide == pytest.approx(wanted_height(sure, settings, FRAME) * math.exp(0.1))
