from __future__ import annotations

import errno
import struct
import sys
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

import pytest

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.device_nodes import Roots
from livetrack_vcam.sources import v4l2
from livetrack_vcam.sources.v4l2 import Answers, Mode, VideoNode
from tests.recorded_cameras import recorded_modes


def test_the_requests_have_the_numbers_of_the_kernel_headers() -> None:
    """linux/videodev2.h: VIDIOC_QUERYCAP, ENUM_FMT, ENUM_FRAMESIZES, ENUM_FRAMEINTERVALS."""
    numbers = (v4l2.QUERYCAP, v4l2.ENUM_FMT, v4l2.ENUM_FRAMESIZES, v4l2.ENUM_FRAMEINTERVALS)
    assert numbers == (0x80685600, 0xC0405602, 0xC02C564A, 0xC034564B)


def test_nodes_are_listed_by_number_with_their_names(tmp_path: Path) -> None:
    for node, name in (("video10", "LiveTrack Camera"), ("video2", "C920"), ("v4l-subdev0", "x")):
        (tmp_path / "class/video4linux" / node).mkdir(parents=True)
        (tmp_path / "class/video4linux" / node / "name").write_text(name + "\n")
    assert v4l2.device_nodes(Roots(sys=tmp_path, dev=tmp_path / "dev")) == [
        VideoNode(tmp_path / "dev/video2", "C920"),
        VideoNode(tmp_path / "dev/video10", "LiveTrack Camera"),
    ]


def test_a_system_without_cameras_has_no_nodes() -> None:
    nothing = Path("/no/such/folder")
    assert v4l2.device_nodes(Roots(nothing, nothing, nothing)) == []


@pytest.mark.skipif(sys.platform == "win32", reason="V4L2 is Linux's")
def test_what_is_no_video_device_is_no_camera_and_has_no_modes(tmp_path: Path) -> None:
    plain = tmp_path / "video0"
    plain.write_bytes(b"x")
    assert v4l2.ask(plain) == Answers(captures=False)
    assert v4l2.ask(tmp_path / "gone") == Answers(captures=False)


def test_a_range_of_sizes_gives_the_usual_ones_and_the_largest() -> None:
    sizes = list(v4l2._common_sizes(Size(640, 480), Size(2592, 1944)))
    assert sizes == [
        Size(640, 480),
        Size(1280, 720),
        Size(1920, 1080),
        Size(2560, 1440),
        Size(2592, 1944),
    ]


T = TypeVar("T")


class Driver:
    """Answers requests as a kernel driver with these modes would, and remembers which came.

    Laid out by hand from linux/videodev2.h, not by the product's structs.
    """

    def __init__(self, modes: tuple[Mode, ...], caps: int = 0x84A00001, own: int = 0x04200001):
        self._modes = modes
        self._caps, self._own = caps, own
        self.requests: list[int] = []

    def __call__(self, _device: int, request: int, data: bytearray) -> None:
        self.requests.append(request)
        if request == 0x80685600:
            names = struct.pack("16s32s32s", b"uvcvideo", b"C920", b"usb-0000:00:14.0-1.2")
            data[:] = names + struct.pack("3I12x", 0x60100, self._caps, self._own)
            return
        (index,) = struct.unpack_from("I", data)
        formats = list(dict.fromkeys(mode.format for mode in self._modes))
        if request == 0xC0405602:
            struct.pack_into("I", data, 44, _code(_item(formats, index)))
            return
        (fourcc,) = struct.unpack_from("I", data, 4)
        here = [mode for mode in self._modes if _code(mode.format) == fourcc]
        if request == 0xC02C564A:
            size = _item(list(dict.fromkeys(mode.size for mode in here)), index)
            struct.pack_into("3I", data, 8, 1, size.width, size.height)
            return
        asked = Size(*struct.unpack_from("2I", data, 8))
        fps = _item([mode.fps for mode in here if mode.size == asked], index)
        struct.pack_into("3I", data, 16, 1, fps.denominator, fps.numerator)


def _code(name: str) -> int:
    return int.from_bytes(name.ljust(4).encode(), "little")


def _item(items: list[T], index: int) -> T:
    if index >= len(items):
        raise OSError(errno.EINVAL, "no more")
    return items[index]


@pytest.mark.skipif(sys.platform != "linux", reason="V4L2 is Linux's")
class TestAskingADriver:
    @pytest.fixture
    def node(self, tmp_path: Path) -> Path:
        (tmp_path / "video0").touch()
        return tmp_path / "video0"

    @pytest.mark.parametrize("camera", ["c920", "brio", "laptop_infrared"])
    def test_every_mode_is_read_as_it_was_recorded(
        self, camera: str, node: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(v4l2.fcntl, "ioctl", Driver(recorded_modes(camera)))
        answers = v4l2.ask(node)
        assert answers == Answers(True, "uvcvideo", "usb-0000:00:14.0-1.2", recorded_modes(camera))

    def test_nothing_is_ever_set(self, node: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Exposure, focus and zoom are the user's: only QUERYCAP and the three ENUM requests."""
        driver = Driver(recorded_modes("c920"))
        monkeypatch.setattr(v4l2.fcntl, "ioctl", driver)
        v4l2.ask(node)
        assert set(driver.requests) == {0x80685600, 0xC0405602, 0xC02C564A, 0xC034564B}

    def test_a_node_for_metadata_is_asked_for_no_modes(
        self, node: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        driver = Driver((), own=0x04A00000)
        monkeypatch.setattr(v4l2.fcntl, "ioctl", driver)
        assert not v4l2.ask(node).captures
        assert driver.requests == [0x80685600]

    def test_a_driver_without_rates_is_taken_to_give_30(
        self, node: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        driver = Driver((Mode("YUYV", Size(640, 480), Fraction(30)),))

        def without_rates(device: int, request: int, data: bytearray) -> None:
            if request == 0xC034564B:
                raise OSError(errno.ENOTTY, "not here")
            driver(device, request, data)

        monkeypatch.setattr(v4l2.fcntl, "ioctl", without_rates)
        assert v4l2.ask(node).modes == (Mode("YUYV", Size(640, 480), v4l2.UNTOLD_FPS),)
