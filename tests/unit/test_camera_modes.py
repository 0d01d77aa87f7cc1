"""Which mode of real cameras is opened, and what comes next when the driver refuses it."""

from __future__ import annotations

from fractions import Fraction

import pytest

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.sources.camera_modes import (
    FORMATS,
    bus_load,
    choose_mode,
    enough_for,
    mode_order,
    next_after,
    reason,
)
from tests.recorded_cameras import FOLDER, recorded_modes

FULL_HD, UHD = Size(1920, 1080), Size(3840, 2160)


@pytest.mark.parametrize(
    ("camera", "wanted", "fps", "expected"),
    [
        ("c920", None, None, "MJPG 1920x1080 at 30 fps"),
        ("c920", UHD, None, "MJPG 1920x1080 at 30 fps"),
        ("c920", Size(640, 480), None, "YUYV 640x480 at 30 fps"),
        ("c920", None, 5, "YUYV 1920x1080 at 5 fps"),
        ("brio", None, None, "NV12 1920x1080 at 30 fps"),
        ("brio", UHD, None, "MJPG 3840x2160 at 30 fps"),
        ("brio", None, 60, "MJPG 1920x1080 at 60 fps"),
        ("brio_usb2", UHD, None, "MJPG 1920x1080 at 30 fps"),
        ("facetime", None, None, "YUYV 1280x720 at 30 fps"),
        ("laptop", None, None, "MJPG 1280x720 at 30 fps"),
        ("cam_link_4k", None, None, "NV12 3840x2160 at 30 fps"),
        ("cam_link_pal", None, None, "NV12 1920x1080 at 25 fps"),
        ("kodak_4k", None, None, "MJPG 1280x720 at 30 fps"),
        ("kodak_4k", UHD, None, "MJPG 1280x720 at 30 fps"),
        ("yuyv_only", None, None, "YUYV 640x480 at 30 fps"),
    ],
)
def test_real_cameras_are_opened_fast_enough_and_as_large_as_that_allows(
    camera: str, wanted: Size | None, fps: int | None, expected: str
) -> None:
    rate = Fraction(fps) if fps else None
    assert str(choose_mode(recorded_modes(camera), wanted, rate)) == expected


def test_a_sensor_for_infrared_has_no_mode_for_pictures() -> None:
    assert choose_mode(recorded_modes("laptop_infrared")) is None


def test_25_pictures_a_second_are_no_reason_for_a_smaller_picture() -> None:
    small = recorded_modes("yuyv_only")
    assert str(choose_mode((*small, *recorded_modes("cam_link_pal")))) == "NV12 1920x1080 at 25 fps"


def test_the_order_of_the_drivers_list_does_not_matter() -> None:
    for record in FOLDER.glob("*.txt"):
        modes = recorded_modes(record.stem)
        assert choose_mode(modes) == choose_mode(tuple(reversed(modes)))


def test_the_order_holds_every_readable_mode_once() -> None:
    modes = recorded_modes("c920")
    order = mode_order(modes)
    assert sorted(map(str, order)) == sorted(map(str, modes))
    assert {mode.format for mode in mode_order(recorded_modes("facetime"))} <= set(FORMATS)


def test_after_a_refusal_the_next_best_is_tried() -> None:
    order = mode_order(recorded_modes("c920"))
    assert str(next_after(order[0], order, no_room=False)[0]) == "H264 1920x1080 at 30 fps"


def test_on_a_full_bus_nothing_that_needs_as_much_of_it_is_tried() -> None:
    order = mode_order(recorded_modes("brio"))
    left = next_after(order[0], order, no_room=True)
    assert str(left[0]) == "MJPG 1920x1080 at 30 fps"
    assert all(bus_load(mode) < bus_load(order[0]) for mode in left)
    last = min(order, key=bus_load)
    assert next_after(last, order, no_room=True) == ()


@pytest.mark.parametrize(
    ("camera", "wanted", "expected"),
    [
        ("c920", None, "the size we ask for; YUYV would bring 5 fps"),
        ("c920", UHD, "its largest at 30 fps; YUYV would bring 5 fps"),
        ("facetime", None, "its largest at 30 fps"),
        ("cam_link_4k", None, "its nearest to 1920x1080"),
    ],
)
def test_the_choice_is_explained(camera: str, wanted: Size | None, expected: str) -> None:
    modes = recorded_modes(camera)
    chosen = choose_mode(modes, wanted)
    assert chosen is not None
    assert reason(chosen, modes, wanted) == expected


def test_a_slow_camera_is_explained_too() -> None:
    slow = tuple(mode for mode in recorded_modes("kodak_4k") if mode.fps == 5)
    chosen = choose_mode(slow, FULL_HD)
    assert chosen is not None
    assert reason(chosen, slow, FULL_HD) == "no mode of it is faster"


@pytest.mark.parametrize(
    ("canvases", "expected"),
    [
        ([], "NV12 1920x1080 at 30 fps"),
        ([Size(640, 360)], "NV12 1920x1080 at 30 fps"),
        ([FULL_HD, Size(608, 1080)], "NV12 1920x1080 at 30 fps"),
        ([Size(720, 1280)], "MJPG 2560x1440 at 30 fps"),
        ([Size(1080, 1920)], "MJPG 3840x2160 at 30 fps"),
        ([Size(640, 360), UHD], "MJPG 3840x2160 at 30 fps"),
        ([Size(2400, 600)], "MJPG 2560x1440 at 30 fps"),
    ],
)
def test_a_larger_canvas_has_a_camera_opened_larger_that_can(
    canvases: list[Size], expected: str
) -> None:
    assert str(choose_mode(recorded_modes("brio"), enough_for(canvases))) == expected
    assert str(choose_mode(recorded_modes("c920"), enough_for(canvases))) == (
        "MJPG 1920x1080 at 30 fps"
    )
