"""The virtual cameras of Windows and macOS, over stand-ins that keep pyvirtualcam 0.15's rules.

The stand-ins are registered where the real back ends are (`pyvirtualcam.register_backend`), so that
pyvirtualcam's own checks run. What they refuse, and in which words, is read from its C++ sources:
native_windows_unity_capture, native_windows_obs and native_macos_obs_cmioextension.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pytest

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.errors import SinkBusyError, SinkError, SinkNotFoundError
from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.media import OUTPUT_COLOR, Frame, PixelFormat
from livetrack_vcam.sinks.virtual_camera import OBS_BACKEND, UNITY_BACKEND, VirtualCamera

pyvirtualcam: Any = pytest.importorskip("pyvirtualcam")

CANVAS = Canvas(Size(64, 48), Fraction(30))
I420 = int.from_bytes(b"I420", "little")


@dataclass
class Driver:
    """What the system knows: names that are registered, and who feeds the one camera of OBS."""

    names: tuple[str, ...] = ()
    fed: bool = False
    busy_for: int = 0
    opened: list[dict[str, Any]] = field(default_factory=list)
    sent: list[npt.NDArray[np.uint8]] = field(default_factory=list)
    closed: int = 0


class StandIn:
    """The part that all back ends share: C++ takes these arguments by keyword, and converts."""

    driver: ClassVar[Driver]
    formats: ClassVar[set[int]] = {I420}

    def __init__(
        self, *, width: int, height: int, fps: float, fourcc: int, device: str | None
    ) -> None:
        assert isinstance(fps, float)
        assert width % 2 == height % 2 == 0, "the C++ code halves both without a look"
        self.open(device)
        if fourcc not in self.formats:
            raise RuntimeError("Unsupported image format.")
        self.size = width * height * 3 // 2
        self.driver.opened.append({"size": (width, height), "fps": fps, "device": device})

    def open(self, device: str | None) -> None:
        raise NotImplementedError

    def send(self, frame: npt.NDArray[np.uint8]) -> None:
        assert frame.flags.c_contiguous
        assert frame.shape == (self.size,)
        self.driver.sent.append(frame.copy())

    def close(self) -> None:
        self.driver.closed += 1
        self.driver.fed = False

    def native_fourcc(self) -> int | None:
        return None


class UnityCapture(StandIn):
    """Any number of cameras, by the names in the registry; nobody else can be in the way."""

    def open(self, device: str | None) -> None:
        if device not in self.driver.names:
            raise RuntimeError("No camera registered with this name.")
        self.name = device

    def device(self) -> str:
        return self.name or ""


class ObsWindows(StandIn):
    """One camera; refused while its queue exists, which readers keep for a moment."""

    def open(self, device: str | None) -> None:
        assert device is None, "0.15 refuses every name but its own"
        if not self.driver.names:
            raise RuntimeError("OBS Virtual Camera device not found! Did you install OBS?")
        if self.driver.fed or self.driver.busy_for > 0:
            self.driver.busy_for -= 1
            raise RuntimeError("virtual camera output could not be started")
        self.driver.fed = True

    def device(self) -> str:
        return "OBS Virtual Camera"


class ObsMac(ObsWindows):
    """One camera for each process, in OBS's extension."""

    def open(self, device: str | None) -> None:
        assert device is None
        if self.driver.fed:
            raise RuntimeError("Multiple cameras are not supported by this backend.")
        if not self.driver.names:
            raise RuntimeError(
                "OBS Virtual Camera is not installed in your system. Use the Virtual Camera "
                "function in OBS 30.0 or later to trigger the installation and activate the "
                "System Extension in System Settings. [Device not found]"
            )
        self.driver.fed = True


@pytest.fixture
def table() -> Iterator[dict[str, type]]:
    """pyvirtualcam's own table of back ends, put back afterwards."""
    backends: dict[str, type] = pyvirtualcam.camera.BACKENDS
    before = dict(backends)
    yield backends
    backends.clear()
    backends.update(before)


def registered(name: str, kind: type[StandIn], driver: Driver) -> Driver:
    kind.driver = driver
    pyvirtualcam.register_backend(name, kind)
    return driver


def picture() -> Frame:
    luma = np.arange(48 * 64, dtype=np.uint8).reshape(48, 64)
    u, v = np.full((24, 32), 90, np.uint8), np.full((24, 32), 200, np.uint8)
    return Frame((luma, u, v), PixelFormat.YUV420P, OUTPUT_COLOR, 0, 0)


SYSTEMS = [
    pytest.param(UNITY_BACKEND, UnityCapture, "LiveTrack Camera", id="windows-unity"),
    pytest.param(OBS_BACKEND, ObsWindows, "OBS Virtual Camera", id="windows-obs"),
    pytest.param(OBS_BACKEND, ObsMac, "OBS Virtual Camera", id="macos-obs"),
]


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize(("backend", "kind", "name"), SYSTEMS)
class TestEverySystem:
    def test_a_picture_arrives_as_one_i420_buffer_of_its_three_planes(
        self, backend: str, kind: type[StandIn], name: str
    ) -> None:
        driver = registered(backend, kind, Driver((name,)))
        camera = VirtualCamera(name, backend)
        camera.open(CANVAS)
        camera.send(picture())
        planes = [plane.ravel() for plane in picture().planes]
        np.testing.assert_array_equal(driver.sent[0], np.concatenate(planes))
        assert camera.device == name
        camera.close()

    def test_size_and_rate_are_the_canvas_ones(
        self, backend: str, kind: type[StandIn], name: str
    ) -> None:
        driver = registered(backend, kind, Driver((name,)))
        camera = VirtualCamera(name, backend)
        camera.open(Canvas(Size(1080, 1920), Fraction(30000, 1001)))
        camera.close()
        (opened,) = driver.opened
        assert opened["size"] == (1080, 1920)
        assert opened["fps"] == pytest.approx(29.97, abs=0.01)

    def test_odd_sides_never_reach_the_driver(
        self, backend: str, kind: type[StandIn], name: str
    ) -> None:
        driver = registered(backend, kind, Driver((name,)))
        with pytest.raises(SinkError, match="even sides"):
            VirtualCamera(name, backend).open(Canvas(Size(63, 48), Fraction(30)))
        assert driver.opened == []

    def test_it_is_closed_once_and_can_be_opened_again(
        self, backend: str, kind: type[StandIn], name: str
    ) -> None:
        driver = registered(backend, kind, Driver((name,)))
        camera = VirtualCamera(name, backend)
        for _ in range(3):
            camera.open(CANVAS)
            camera.send(picture())
            camera.close()
            camera.close()
        assert (len(driver.opened), len(driver.sent), driver.closed) == (3, 3, 3)
        assert camera.device == ""

    def test_a_driver_that_fails_under_way_is_reported_as_gone(
        self, backend: str, kind: type[StandIn], name: str
    ) -> None:
        class Failing(kind):  # type: ignore[misc, valid-type]
            def send(self, _frame: npt.NDArray[np.uint8]) -> None:
                raise RuntimeError("Stream does not exist.")

        registered(backend, Failing, Driver((name,)))
        camera = VirtualCamera(name, backend)
        camera.open(CANVAS)
        with pytest.raises(SinkError, match=r"is gone \(Stream does not exist.*doctor"):
            camera.send(picture())
        camera.close()

    def test_a_driver_that_is_missing_is_named_with_what_to_install(
        self, backend: str, kind: type[StandIn], name: str
    ) -> None:
        registered(backend, kind, Driver())
        with pytest.raises(SinkNotFoundError, match=r"docs/windows-and-macos\.md"):
            VirtualCamera(name, backend).open(CANVAS)


@pytest.mark.usefixtures("table")
class TestOneCameraOnly:
    def test_obs_or_another_of_ours_feeding_it_is_named(self) -> None:
        driver = registered(OBS_BACKEND, ObsWindows, Driver(("OBS Virtual Camera",), fed=True))
        with pytest.raises(SinkBusyError, match="press Stop Virtual Camera in OBS"):
            VirtualCamera("OBS Virtual Camera", OBS_BACKEND).open(CANVAS)
        assert driver.opened == []

    def test_a_program_that_shows_it_frees_it_a_moment_after_we_ended(self) -> None:
        driver = Driver(("OBS Virtual Camera",), busy_for=2)
        registered(OBS_BACKEND, ObsWindows, driver)
        camera = VirtualCamera("OBS Virtual Camera", OBS_BACKEND)
        camera.open(CANVAS)
        camera.close()
        assert len(driver.opened) == 1

    def test_a_second_shot_on_a_mac_is_told_that_there_is_one_camera(self) -> None:
        registered(OBS_BACKEND, ObsMac, Driver(("OBS Virtual Camera",)))
        first, second = VirtualCamera(backend=OBS_BACKEND), VirtualCamera(backend=OBS_BACKEND)
        first.open(CANVAS)
        with pytest.raises(SinkBusyError, match="one OBS virtual camera"):
            second.open(CANVAS)
        first.close()

    def test_two_shots_have_a_unity_camera_each(self) -> None:
        names = ("LiveTrack Camera", "LiveTrack Camera #2")
        driver = registered(UNITY_BACKEND, UnityCapture, Driver(names))
        cameras = [VirtualCamera(name, UNITY_BACKEND) for name in names]
        for camera in cameras:
            camera.open(CANVAS)
        assert [each["device"] for each in driver.opened] == list(names)
        for camera in cameras:
            camera.close()
