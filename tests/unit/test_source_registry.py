from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.errors import SourceError, SourceNotFoundError
from livetrack_vcam.sources.camera import camera_error, device_options
from livetrack_vcam.sources.cameras import CameraInfo, choose_mode, is_own
from livetrack_vcam.sources.demo import DemoSource
from livetrack_vcam.sources.network import NetworkStream, without_credentials
from livetrack_vcam.sources.registry import find_camera, open_source
from livetrack_vcam.sources.v4l2 import Mode
from livetrack_vcam.sources.video_file import VideoFile


def mode(name: str, width: int, height: int, fps: float) -> Mode:
    return Mode(name, Size(width, height), Fraction(fps).limit_denominator(1001))


# What v4l2-ctl --list-formats-ext prints for a Logitech C920, shortened.
C920 = (
    *(mode("YUYV", 640, 480, fps) for fps in (30, 24, 15)),
    *(mode("YUYV", 1280, 720, fps) for fps in (10, 7.5, 5)),
    mode("YUYV", 1920, 1080, 5),
    *(mode("MJPG", 640, 480, fps) for fps in (30, 15)),
    *(mode("MJPG", 1280, 720, fps) for fps in (60, 30, 15)),
    *(mode("MJPG", 1920, 1080, fps) for fps in (30, 15)),
    mode("H264", 1920, 1080, 30),
)
# A laptop's built-in camera.
LAPTOP = (
    *(mode("YUYV", 640, 480, fps) for fps in (30,)),
    *(mode("YUYV", 1280, 720, fps) for fps in (10,)),
    *(mode("MJPG", 1280, 720, fps) for fps in (30,)),
)
# A capture card: raw at every size, a rate of 1000/1001.
CARD = (
    mode("NV12", 1920, 1080, 59.94),
    mode("NV12", 1920, 1080, 29.97),
    mode("YUYV", 3840, 2160, 15),
)


@pytest.mark.parametrize(
    ("modes", "wanted", "fps", "expected"),
    [
        (C920, None, None, ("MJPG", 1920, 1080, 30)),
        (C920, Size(640, 480), None, ("YUYV", 640, 480, 30)),
        (C920, Size(1280, 720), Fraction(60), ("MJPG", 1280, 720, 60)),
        (C920, Size(1280, 720), Fraction(5), ("YUYV", 1280, 720, 5)),
        (C920, Size(3840, 2160), None, ("MJPG", 1920, 1080, 30)),
        (LAPTOP, None, None, ("MJPG", 1280, 720, 30)),
        (CARD, None, None, ("NV12", 1920, 1080, 29.97)),
        (CARD, None, Fraction(60), ("NV12", 1920, 1080, 59.94)),
        ((mode("YUYV", 640, 480, 15),), None, None, ("YUYV", 640, 480, 15)),
    ],
)
def test_the_mode_is_fast_enough_then_large_enough_then_cheap(
    modes: tuple[Mode, ...],
    wanted: Size | None,
    fps: Fraction | None,
    expected: tuple[str, int, int, float],
) -> None:
    chosen = choose_mode(modes, wanted, fps)
    assert chosen == mode(*expected)


def test_a_camera_with_no_readable_format_has_no_mode() -> None:
    assert choose_mode((mode("BA81", 640, 480, 30),)) is None
    assert choose_mode(()) is None


def test_the_chosen_mode_is_asked_of_the_driver() -> None:
    options = device_options(CameraInfo("C920", "/dev/video0", 0, C920), None, None)
    assert options["video_size"] == "1920x1080"
    assert options["framerate"] == "30/1"
    assert options.get("input_format", "mjpeg") == "mjpeg"


@pytest.mark.parametrize(
    ("code", "exit_code", "words"),
    [
        (16, 4, "another program"),
        (13, 4, "usermod -aG video"),
        (2, 3, "not there"),
        (5, 1, "cannot"),
    ],
)
def test_a_camera_that_cannot_be_opened_says_why(code: int, exit_code: int, words: str) -> None:
    error = camera_error(CameraInfo("C920", "/dev/video0", 0), OSError(code, "x"))
    assert error.exit_code == exit_code
    assert words in str(error)
    assert "C920" in str(error)


def test_a_camera_is_found_by_number_path_name_and_part_of_the_name() -> None:
    cameras = (
        CameraInfo("HD Pro Webcam C920", "/dev/video0", 0),
        CameraInfo("Integrated Camera", "/dev/video2", 2),
    )
    for spec in ("2", "/dev/video2", "Integrated Camera", "integrated"):
        assert find_camera(spec, cameras) is cameras[1]
    for spec in ("1", "cam", "", "C930"):
        assert find_camera(spec, cameras) is None


def test_our_own_camera_is_never_a_source() -> None:
    assert is_own("LiveTrack Camera")
    assert not is_own("HD Pro Webcam C920")


def test_each_kind_of_source_is_recognized(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.touch()
    assert isinstance(open_source("demo"), DemoSource)
    assert isinstance(open_source(str(clip)), VideoFile)
    for address in ("rtsp://camera/1", "http://host/a.mjpg", "https://host/a.m3u8", "udp://@:5000"):
        assert isinstance(open_source(address), NetworkStream)


@pytest.mark.parametrize("spec", ["99", "/dev/video99", "no such file.mp4", "No Such Camera", ""])
def test_what_does_not_exist_ends_with_status_3_and_names_the_next_command(spec: str) -> None:
    with pytest.raises(SourceNotFoundError, match="livetrack-vcam devices") as caught:
        open_source(spec)
    assert caught.value.exit_code == 3


def test_an_address_is_shown_without_its_secrets() -> None:
    shown = without_credentials("rtsp://admin:s3cret@10.0.0.7:554/live?token=abc")
    assert shown == "rtsp://10.0.0.7:554/live"


def test_a_server_that_is_not_there_is_named_without_its_secrets() -> None:
    with pytest.raises(SourceError, match="refuses connections") as caught:
        open_source("http://admin:s3cret@127.0.0.1:9/live?token=abc").open()
    assert "s3cret" not in str(caught.value)
    assert "abc" not in str(caught.value)
    assert caught.value.__suppress_context__
