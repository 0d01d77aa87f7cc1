"""The operator's preview of the running program, fetched as a page would."""

from __future__ import annotations

import subprocess
import time
import urllib.error
import urllib.request

import cv2
import numpy as np

from livetrack_vcam.live.preview import small_picture
from livetrack_vcam.media import Plane
from livetrack_vcam.sinks.mjpeg import encode_jpeg
from livetrack_vcam.sources.demo import draw_scene
from tests.e2e.conftest import Program
from tests.e2e.test_run import finish
from tests.waiting import free_port

CORNERS = [(slice(0, 120), slice(0, 200)), (slice(0, 120), slice(760, 960))]


def test_the_preview_is_the_whole_picture_of_the_camera_in_its_colors(program: Program) -> None:
    port = free_port()
    options = ("--aspect", "9:16", "--sink", "none", "--port", str(port), "--duration", "30")
    process = program.start("run", "--source", "demo", *options)
    try:
        shown = decoded(fetched(f"http://127.0.0.1:{port}/preview.jpg", process))
        process.terminate()
    finally:
        finish(process)
    wanted = decoded(encode_jpeg(small_picture(draw_scene(0.0)), 75))
    assert shown.shape == wanted.shape == (540, 960, 3)
    # The presenter walks, the room stays where it is: the crop would show other corners.
    for part in CORNERS:
        difference = np.abs(shown[part].astype(int) - wanted[part])
        assert difference.mean() < 2


def decoded(jpeg: bytes) -> Plane:
    return np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def fetched(url: str, process: subprocess.Popen[str]) -> bytes:
    """The answer, once the server is there and the camera runs."""
    for _ in range(300):
        assert process.poll() is None
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                picture: bytes = answer.read()
                return picture
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise AssertionError("there was no preview")
