"""A camera as FFmpeg opens it: real pictures from FFmpeg's own generator, a driver that is played.

The driver's part is what av.open answers: refusals with the kernel's numbers, or pictures of the
size that was asked for.
"""

from __future__ import annotations

import errno
import gc
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import pytest

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.errors import SourceBusyError, SourceError, SourceNotFoundError
from livetrack_vcam.sources import camera as camera_module
from livetrack_vcam.sources.camera import MOST_TRIES, Camera
from livetrack_vcam.sources.first_camera import FirstCamera
from tests.recorded_cameras import RecordedMachine

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the driver's part is Linux's")

really_open = av.open
Options = dict[str, str]
Refuse = Callable[[str, Options], int | None]


class Driver:
    """Refuses what `refuse` gives an errno for; `silent_after` pictures it sends no more."""

    def __init__(self) -> None:
        self.refuse: Refuse = lambda _path, _options: None
        self.silent_after: int | None = None
        self.tried: list[str] = []

    def open(self, path: str, *, options: Options, **kind: str) -> Any:
        assert kind == {"format": "v4l2"}
        self.tried.append(f"{options.get('input_format')} {options['video_size']}")
        code = self.refuse(path, options)
        if code is not None:
            raise OSError(code, os.strerror(code), path)
        pictures = f"testsrc=size={options['video_size']}:rate={options['framerate']}"
        container = really_open(pictures, format="lavfi")
        return container if self.silent_after is None else Silent(container, self.silent_after)


class Silent:
    """A container whose driver has nothing more to give, without an error."""

    def __init__(self, container: Any, after: int) -> None:
        self._container = container
        self._left = after

    def demux(self, streams: object) -> Iterator[object]:
        for packet in self._container.demux(streams):
            if self._left == 0:
                raise av.error.BlockingIOError(errno.EAGAIN, "nothing yet")
            self._left -= 1
            yield packet
        raise av.error.BlockingIOError(errno.EAGAIN, "nothing yet")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container, name)


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Driver:
    driver = Driver()
    monkeypatch.setattr(camera_module.av, "open", driver.open)
    return driver


@pytest.fixture
def machine(tmp_path: Path) -> RecordedMachine:
    machine = RecordedMachine(tmp_path)
    machine.plug_in(0, "c920", "usb-046d_HD_Pro_Webcam_C920_A0A0A0A0")
    return machine


def first_of(machine: RecordedMachine, wanted: Size | None = None) -> Camera:
    found = machine.cameras()
    return Camera(found[0], wanted, None, found, look=machine.cameras)


def test_the_best_mode_is_opened_and_its_pictures_come(
    driver: Driver, machine: RecordedMachine
) -> None:
    camera = first_of(machine)
    info = camera.open()
    assert (info.size, info.fps, info.live) == (Size(1920, 1080), 30, True)
    first, second = camera.read(), camera.read()
    assert first is not None
    assert second is not None
    assert second.pts_ns > first.pts_ns
    camera.close()
    assert driver.tried == ["mjpeg 1920x1080"]
    assert camera.note is None


@pytest.mark.parametrize("code", [errno.EINVAL, errno.EIO])
def test_a_mode_that_the_driver_refuses_gives_way_to_the_next(
    driver: Driver, machine: RecordedMachine, code: int
) -> None:
    driver.refuse = lambda _, options: code if options["input_format"] == "mjpeg" else None
    camera = first_of(machine)
    assert camera.open().size == Size(1920, 1080)
    camera.close()
    assert driver.tried == ["mjpeg 1920x1080", "h264 1920x1080"]
    assert camera.note is not None
    assert "refuses MJPG 1920x1080 at 30 fps, so it runs in H264" in camera.note


def test_a_camera_that_is_closed_while_it_opens_is_not_waited_for(
    driver: Driver, machine: RecordedMachine
) -> None:
    camera = first_of(machine)
    driver.refuse = lambda _path, _options: camera.close()
    with pytest.raises(SourceError, match="was closed; open it again"):
        camera.open()
    driver.refuse = lambda _path, _options: None
    assert camera.open().live
    camera.close()


def test_on_a_full_usb_bus_something_smaller_is_opened_and_said(
    driver: Driver, machine: RecordedMachine
) -> None:
    def refuse(_path: str, options: Options) -> int | None:
        return None if options["video_size"] == "640x480" else errno.ENOSPC

    driver.refuse = refuse
    camera = first_of(machine)
    assert camera.open().size.width < 1920
    camera.close()
    assert len(driver.tried) <= MOST_TRIES
    assert camera.note is not None
    assert "no room left" in camera.note
    assert "another port" in camera.note


def test_when_every_mode_is_refused_the_error_is_the_best_ones(
    driver: Driver, machine: RecordedMachine
) -> None:
    driver.refuse = lambda _path, _options: errno.EINVAL
    with pytest.raises(SourceError, match="unplug it and plug it in again"):
        first_of(machine).open()
    assert len(driver.tried) == MOST_TRIES


@pytest.mark.parametrize("code", [errno.EBUSY, errno.EACCES])
def test_who_may_not_have_the_camera_tries_no_other_mode(
    driver: Driver, machine: RecordedMachine, code: int
) -> None:
    driver.refuse = lambda _path, _options: code
    with pytest.raises(SourceBusyError):
        first_of(machine).open()
    assert len(driver.tried) == 1


def test_plugged_in_again_it_is_opened_at_its_new_number_in_the_same_mode(
    driver: Driver, machine: RecordedMachine
) -> None:
    driver.refuse = lambda _, options: errno.EIO if options["input_format"] == "mjpeg" else None
    opened: list[str] = []
    camera = first_of(machine)
    camera.open()
    camera.close()
    machine.unplug(0)
    with pytest.raises(SourceNotFoundError, match="'HD Pro Webcam C920' is not there"):
        camera.open()
    machine.plug_in(3, "c920", "usb-046d_HD_Pro_Webcam_C920_A0A0A0A0", port="4")

    def remember(path: str, _options: Options) -> None:
        opened.append(Path(path).name)

    driver.refuse = remember
    driver.tried.clear()
    assert camera.open().size == Size(1920, 1080)
    camera.close()
    assert opened == ["video3"]
    assert driver.tried == ["h264 1920x1080"]


def test_a_camera_that_is_not_open_to_the_user_yet_is_waited_for(
    driver: Driver, machine: RecordedMachine
) -> None:
    camera = first_of(machine)
    camera.open()
    camera.close()
    machine.unplug(0)
    machine.plug_in(0, "c920", "usb-046d_HD_Pro_Webcam_C920_A0A0A0A0", modes=())
    with pytest.raises(SourceBusyError, match="is not ready"):
        camera.open()
    assert len(driver.tried) == 1


def test_the_error_of_a_camera_that_froze_keeps_none_of_its_memory(
    driver: Driver, machine: RecordedMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A packet lies in memory that goes with the container; freed later, it takes us along."""
    monkeypatch.setattr(camera_module, "SILENT_S", 0.01)
    driver.silent_after = 2
    camera = first_of(machine)
    camera.open()
    camera.read()
    camera.read()
    with pytest.raises(SourceError) as frozen:
        camera.read()
    assert frozen.value.__traceback__ is not None
    gc.collect()
    assert not [each for each in gc.get_objects() if isinstance(each, av.Packet)]
    camera.close()


def test_a_camera_that_sends_no_new_frame_counts_as_lost(
    driver: Driver, machine: RecordedMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera_module, "SILENT_S", 0.05)
    driver.silent_after = 3
    camera = first_of(machine)
    camera.open()
    for _ in range(3):
        assert camera.read() is not None
    with pytest.raises(SourceError, match="has sent no picture for"):
        camera.read()
    camera.close()
    driver.silent_after = None
    camera.open()
    assert camera.read() is not None
    camera.close()


def test_the_first_picture_may_take_longer(
    driver: Driver, machine: RecordedMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert camera_module.FIRST_PICTURE_S > camera_module.SILENT_S == 2.0
    monkeypatch.setattr(camera_module, "FIRST_PICTURE_S", 0.1)
    driver.silent_after = 0
    with pytest.raises(SourceError, match="has sent no picture for"):
        first_of(machine).open()


class TestTheFirstOfSeveral:
    def test_a_busy_camera_is_passed_over_and_named(
        self, driver: Driver, machine: RecordedMachine
    ) -> None:
        machine.plug_in(2, "laptop", port="9")
        driver.refuse = lambda path, _: errno.EBUSY if path.endswith("video0") else None
        found = machine.cameras()
        source = FirstCamera([Camera(each, None, None, found, machine.cameras) for each in found])
        assert source.open().size == Size(1280, 720)
        assert source.note is not None
        assert "'HD Pro Webcam C920'" in source.note
        assert source.read() is not None
        source.close()

    def test_it_stays_with_the_one_it_took(self, driver: Driver, machine: RecordedMachine) -> None:
        machine.plug_in(2, "laptop", port="9")
        found = machine.cameras()
        source = FirstCamera([Camera(each, None, None, found, machine.cameras) for each in found])
        source.open()
        source.close()
        machine.unplug(0)
        with pytest.raises(SourceNotFoundError):
            source.open()

    def test_when_none_opens_the_best_ones_error_is_told(
        self, driver: Driver, machine: RecordedMachine
    ) -> None:
        driver.refuse = lambda _path, _options: errno.EBUSY
        found = machine.cameras()
        source = FirstCamera([Camera(each, None, None, found, machine.cameras) for each in found])
        with pytest.raises(SourceBusyError, match="held by another program"):
            source.open()
