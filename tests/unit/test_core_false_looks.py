"""A picture at rest does not move for what only one or two looks saw."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import pytest

from livetrack_vcam.core import Box, Detection, Director, DirectorSettings, Size, Speed
from livetrack_vcam.core.detection import PERSON

FRAME = Size(1920, 1080)
FPS = 30
LOOK_FRAMES = 3
SETTLED_LOOKS = 30
RARE_LOOK_FRAMES = 6


def center_x(places: Sequence[float], speed: Speed, look_frames: int = LOOK_FRAMES) -> list[float]:
    """The crop's center, frame by frame, while the looks see somebody at these places (W)."""
    shot = DirectorSettings(aspect_ratio=Fraction(9, 16), max_zoom=1.0, speed=speed)
    director = Director(FRAME, shot)
    xs = []
    for frame in range(look_frames * len(places)):
        if frame % look_frames == 0:
            x = places[frame // look_frames] * FRAME.width
            seen = Detection(Box.from_cxcywh(x, 650.0, 230.0, 620.0), 0.9, PERSON)
            director.observe((seen,), round(frame * 1e9 / FPS))
        xs.append(director.crop_at(round(frame * 1e9 / FPS)).box.center.x)
    return xs


def moved_px(places: Sequence[float], speed: Speed, look_frames: int = LOOK_FRAMES) -> float:
    """How far the crop leaves its place for some looks between many at the middle."""
    xs = center_x([0.5] * SETTLED_LOOKS + list(places) + [0.5] * SETTLED_LOOKS, speed, look_frames)
    return max(abs(x - xs[0]) for x in xs)


@pytest.mark.parametrize("speed", list(Speed))
@pytest.mark.parametrize(
    "places", [[0.54], [0.57], [0.53, 0.5, 0.47], [0.46, 0.53], [0.58, 0.502, 0.44]]
)
def test_a_box_that_jumps_for_one_look_moves_nothing(places: list[float], speed: Speed) -> None:
    assert moved_px(places, speed) == 0.0


@pytest.mark.parametrize("speed", list(Speed))
def test_two_false_looks_at_one_place_move_nothing(speed: Speed) -> None:
    assert moved_px([0.38, 0.37], speed) == 0.0


@pytest.mark.parametrize("speed", list(Speed))
def test_somebody_who_leaves_is_followed(speed: Speed) -> None:
    xs = center_x([0.5] * SETTLED_LOOKS + [0.5 + 0.015 * k for k in range(1, 20)], speed)
    assert xs[-1] - xs[0] > 0.2 * FRAME.width


@pytest.mark.parametrize("speed", list(Speed))
@pytest.mark.parametrize(
    "places", [[0.504, 0.56], [0.496, 0.425], [0.57, 0.504], [0.2, 0.58], [0.9, 0.37]]
)
def test_rare_looks_that_are_clear_move_nothing_for_one_false_one(
    places: list[float], speed: Speed
) -> None:
    assert moved_px(places, speed, RARE_LOOK_FRAMES) == 0.0


@pytest.mark.parametrize("speed", list(Speed))
@pytest.mark.parametrize("step", [0.002, 0.005, 0.01, 0.03, 0.06])
def test_whoever_leaves_slowly_or_fast_is_followed_with_rare_looks(
    step: float, speed: Speed
) -> None:
    looks = round(0.3 / step)
    xs = center_x(
        [0.5] * SETTLED_LOOKS + [0.5 + step * k for k in range(1, looks)] + [0.8] * 10,
        speed,
        RARE_LOOK_FRAMES,
    )
    assert 0.8 * FRAME.width - xs[-1] < 0.2 * FRAME.height * 9 / 16
