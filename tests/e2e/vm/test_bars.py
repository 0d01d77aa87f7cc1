"""What the guest's checks take for the camera's picture, and what not; needs no guest."""

from __future__ import annotations

import numpy as np
import pytest

from tests.e2e.vm.bars import ALL, COLORS, IN_1_1, IN_9_16, Picture, bars, color_difference

# BT.601 shown as if it were BT.709, as OBS does with a virtual camera.
IN_OBS = {"red": (0, 18, 191), "green": (0, 162, 0), "magenta": (191, 29, 191)}


def picture(width: int = 640, colors: dict[str, tuple[int, int, int]] = COLORS) -> Picture:
    values = np.array([colors[name] for name in ALL], np.uint8)
    columns = np.arange(width) * len(ALL) // width
    return np.broadcast_to(values[columns], (360, width, 3))


def test_each_crop_of_the_bars_is_told_from_the_others() -> None:
    whole = picture()
    assert bars(whole) == ALL
    assert bars(whole[:, 219:421]) == IN_9_16
    assert bars(whole[:, 140:500]) == IN_1_1


def test_the_colors_of_obs_are_taken_for_the_same() -> None:
    assert bars(picture(colors=COLORS | IN_OBS)) == ALL


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_picture_of_one_color_is_not_the_cameras(value: int) -> None:
    assert len(bars(np.full((320, 180, 3), value, np.uint8))) == 1


def test_a_mirrored_picture_is_another() -> None:
    assert bars(picture()[:, ::-1]) == ALL[::-1]


def test_the_colors_as_they_should_be_do_not_differ() -> None:
    assert color_difference(picture()) == pytest.approx(0, abs=1e-3)


def test_the_colors_of_obs_differ_noticeably() -> None:
    assert color_difference(picture(colors=COLORS | IN_OBS)) > 5


def test_the_difference_is_measured_in_the_units_of_lab() -> None:
    """White is 100 from black; three quarters of it by value are 77.4 of that."""
    darkened = picture(colors=COLORS | {"white": (0, 0, 0)})
    assert color_difference(darkened) == pytest.approx(77.4, abs=0.3)
