from __future__ import annotations

import sys
from pathlib import Path

import pytest

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.sources import v4l2


def test_the_requests_have_the_numbers_of_the_kernel_headers() -> None:
    """linux/videodev2.h: VIDIOC_QUERYCAP, ENUM_FMT, ENUM_FRAMESIZES, ENUM_FRAMEINTERVALS."""
    numbers = (v4l2.QUERYCAP, v4l2.ENUM_FMT, v4l2.ENUM_FRAMESIZES, v4l2.ENUM_FRAMEINTERVALS)
    assert numbers == (0x80685600, 0xC0405602, 0xC02C564A, 0xC034564B)


def test_nodes_are_listed_by_number_with_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for node, name in (("video10", "LiveTrack Camera"), ("video2", "C920"), ("v4l-subdev0", "x")):
        (tmp_path / node).mkdir()
        (tmp_path / node / "name").write_text(name + "\n")
    monkeypatch.setattr(v4l2, "SYSFS", tmp_path)
    assert v4l2.device_nodes() == [
        (Path("/dev/video2"), "C920"),
        (Path("/dev/video10"), "LiveTrack Camera"),
    ]


def test_a_system_without_cameras_has_no_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(v4l2, "SYSFS", Path("/no/such/folder"))
    assert v4l2.device_nodes() == []


@pytest.mark.skipif(sys.platform == "win32", reason="V4L2 is Linux's")
def test_what_is_no_video_device_is_no_camera_and_has_no_modes(tmp_path: Path) -> None:
    plain = tmp_path / "video0"
    plain.write_bytes(b"x")
    assert not v4l2.is_camera(plain)
    assert v4l2.modes(plain) == ()
    assert not v4l2.is_camera(tmp_path / "gone")


def test_a_range_of_sizes_gives_the_usual_ones_and_the_largest() -> None:
    sizes = list(v4l2._common_sizes(Size(640, 480), Size(2592, 1944)))
    assert sizes == [Size(640, 480), Size(1280, 720), Size(1920, 1080), Size(2592, 1944)]
