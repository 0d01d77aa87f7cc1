"""The program while its camera goes away and comes back with another picture."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from livetrack_vcam.core.geometry import Size
from tests.e2e.obs_follower import Program
from tests.waiting import until

BEFORE, AFTER = Size(320, 240), Size(640, 360)
GRAY = 180
DARK = 0.5 * GRAY
INTERVAL_S = 0.04


class Server(ThreadingHTTPServer):
    """An MJPEG camera on the network that can be switched off and to another size."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Camera)
        self.size: Size | None = BEFORE
        self.address = f"http://127.0.0.1:{self.server_address[1]}/camera.mjpg"


class Camera(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        size = self.server.size
        if size is None:
            self.send_error(404)
            return
        picture = np.full((size.height, size.width, 3), GRAY, np.uint8)
        jpeg = cv2.imencode(".jpg", picture)[1].tobytes()
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=picture")
        self.end_headers()
        head = f"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
        try:
            while self.server.size == size:
                self.wfile.write(head.encode() + jpeg + b"\r\n")
                time.sleep(INTERVAL_S)
        except OSError:
            return

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.size = None
        server.shutdown()


def frames_of(path: Path) -> Iterator[tuple[float, float]]:
    """Time in seconds and mean luma of each recorded picture."""
    with av.open(str(path)) as recording:
        for frame in recording.decode(video=0):
            yield frame.time, float(frame.to_ndarray(format="gray").mean())


def so_far(path: Path) -> list[tuple[float, float]]:
    """Of a recording whose end is still being written."""
    frames: list[tuple[float, float]] = []
    with suppress(av.error.FFmpegError):
        frames.extend(frames_of(path))
    return frames


def dark_s(frames: list[tuple[float, float]]) -> float:
    """From the first picture of the slate to the last."""
    times = [time_s for time_s, luma in frames if luma < DARK]
    return times[-1] - times[0] if times else 0


def brightens(frames: list[tuple[float, float]]) -> bool:
    """Whether pictures follow the slate."""
    lumas = [luma for _, luma in frames]
    dark = min(lumas)
    return max(lumas[lumas.index(dark) :]) > dark + 60


def test_the_recording_goes_on_through_the_loss_and_the_new_picture_fits_the_old_one(
    server: Server, tmp_path: Path
) -> None:
    out = tmp_path / "out.mkv"
    words = ("--source", server.address, "--sink", f"file:{out}", "--no-web", "--size", "320x240")
    detector = ("--detector", "blazeface", "--detect-hz", "1")
    program = Program(tmp_path, "run", *words, *detector)
    try:
        until(lambda: out.exists() and out.stat().st_size > 5000, program.said)
        server.size = None
        until(lambda: "looking for it again" in program.said(), program.said)
        until(lambda: dark_s(so_far(out)) > 1, program.said)
        server.size = AFTER
        until(lambda: "the source is back" in program.said(), program.said)
        until(lambda: brightens(so_far(out)), program.said)
        program.stop()
    finally:
        program.kill()
    said = program.said()
    assert "came back with 640x360 instead of 320x240" in said
    assert "Traceback" not in said
    frames = list(frames_of(out))
    assert all(later > earlier for (earlier, _), (later, _) in pairwise(frames))
    assert frames[0][1] > 0.9 * GRAY, "the picture first"
    assert dark_s(frames) > 1, "then the slate, for as long as the camera was away"
    assert brightens(frames), "and the picture again"
