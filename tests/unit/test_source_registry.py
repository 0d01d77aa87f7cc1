from __future__ import annotations

from pathlib import Path

import pytest

from livetrack_vcam.errors import SourceError, SourceNotFoundError
from livetrack_vcam.sources.camera import camera_error, device_options
from livetrack_vcam.sources.cameras import CameraInfo, choose_mode, is_own
from livetrack_vcam.sources.demo import DemoSource
from livetrack_vcam.sources.network import NetworkStream, without_credentials
from livetrack_vcam.sources.registry import open_source
from livetrack_vcam.sources.video_file import VideoFile
from tests.recorded_cameras import recorded_modes


def test_the_chosen_mode_is_asked_of_the_driver() -> None:
    options = device_options(choose_mode(recorded_modes("c920")), None, None)
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
