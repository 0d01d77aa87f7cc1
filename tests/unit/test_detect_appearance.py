"""A person's colors in few numbers: the same for the same clothes, whatever the light."""

from __future__ import annotations

import math

import numpy as np
import pytest

from livetrack_vcam.core.appearance import OTHER, SAME, likeness
from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.detectors.appearance import describe
from livetrack_vcam.media import OUTPUT_COLOR, Frame, PixelFormat, black_frame

SIZE = Size(640, 360)
PERSON = Box(300, 60, 380, 300)
Color = tuple[int, int, int]
RED, BLUE, GRAY, DARK = (80, 110, 200), (70, 200, 110), (150, 128, 128), (40, 128, 128)


def frame_of(shirt: Color, trousers: Color, gain: float = 1.0, noise: float = 4.0) -> Frame:
    """A person in two colors before a gray wall, with a camera's noise."""
    chance = np.random.default_rng(1)
    planes = []
    for index, (top, bottom, wall) in enumerate(zip(shirt, trousers, (120, 128, 128), strict=True)):
        plane = np.full((SIZE.height, SIZE.width), wall, np.float64)
        plane[60:180, 300:380] = top
        plane[180:300, 300:380] = bottom
        plane += chance.normal(0, noise, plane.shape)
        plane = (plane - 16) * gain + 16 if index == 0 else plane
        step = 2 if index else 1
        planes.append(np.clip(plane[::step, ::step], 0, 255).astype(np.uint8))
    return Frame((planes[0], planes[1], planes[2]), PixelFormat.YUV420P, OUTPUT_COLOR, 0, 0)


def alike(a: Frame, b: Frame, box_a: Box = PERSON, box_b: Box = PERSON) -> float:
    found = likeness(describe(a, box_a), describe(b, box_b))
    assert found is not None
    return found


def test_a_description_is_a_short_unit_vector_of_four_digits() -> None:
    numbers = describe(frame_of(RED, DARK), PERSON)
    assert 0 < len(numbers) <= 64
    assert math.hypot(*numbers) == pytest.approx(1, abs=0.01)
    assert all(number == round(number, 4) for number in numbers)


def test_the_same_frame_and_box_give_the_same_numbers() -> None:
    assert describe(frame_of(RED, DARK), PERSON) == describe(frame_of(RED, DARK), PERSON)


def test_the_same_clothes_are_alike_in_another_light_and_a_shifted_box() -> None:
    usual = frame_of(RED, DARK)
    assert alike(usual, frame_of(RED, DARK, gain=0.7)) > SAME
    assert alike(usual, usual, PERSON, Box(306, 70, 384, 306)) > SAME


@pytest.mark.parametrize(
    ("shirt", "trousers"), [(BLUE, DARK), (GRAY, DARK), (DARK, RED), (RED, GRAY)]
)
def test_other_clothes_are_not_alike(shirt: Color, trousers: Color) -> None:
    assert alike(frame_of(RED, DARK), frame_of(shirt, trousers)) < SAME


def test_clothes_in_other_colors_all_over_are_clearly_somebody_else() -> None:
    assert alike(frame_of(RED, DARK), frame_of(BLUE, GRAY)) < OTHER


@pytest.mark.parametrize(
    "box", [Box(10, 10, 12, 200), Box(-50, -50, 2, 2), Box(900, 10, 1000, 200)]
)
def test_a_box_that_shows_too_little_has_no_description(box: Box) -> None:
    assert describe(frame_of(RED, DARK), box) == ()


@pytest.mark.parametrize("format_", list(PixelFormat))
def test_every_pixel_format_and_odd_size_is_read(format_: PixelFormat) -> None:
    size = Size(61, 47)
    chroma = format_.chroma_size(size)
    luma = np.full((size.height, size.width), 90, np.uint8)
    color = np.full((chroma.height, chroma.width), 140, np.uint8)
    frame = Frame((luma, color, color), format_, OUTPUT_COLOR, 0, 0)
    assert math.hypot(*describe(frame, Box(50.5, 3.2, 61, 47))) == pytest.approx(1, abs=0.01)


def test_a_black_frame_has_a_description_too() -> None:
    assert all(math.isfinite(number) for number in describe(black_frame(SIZE), PERSON))
