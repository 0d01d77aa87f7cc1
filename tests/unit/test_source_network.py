from __future__ import annotations

import http.server
import io
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.errors import SourceError, SourceNotFoundError
from livetrack_vcam.sources.network import NetworkStream
from livetrack_vcam.sources.video_file import VideoFile
from tests.waiting import reading


def transport_stream(frames: int) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mpegts") as container:
        stream = container.add_stream("libx264", rate=25, options={"tune": "zerolatency", "g": "5"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        dice = np.random.default_rng(1)
        for _ in range(frames):
            pixels = dice.integers(0, 255, (48, 64, 3)).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    return buffer.getvalue()


class Camera(http.server.BaseHTTPRequestHandler):
    """/live hangs up in the middle of a stream, /silent stays on the line, /login wants one."""

    data = transport_stream(60)
    release = threading.Event()

    def do_GET(self) -> None:
        if self.path == "/login":
            self.send_error(401)
            return
        if self.path not in ("/live", "/silent"):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "video/mp2t")
        self.end_headers()
        self.wfile.write(self.data)
        self.wfile.flush()
        if self.path == "/silent":
            self.release.wait(30)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Camera) as running:
        running.daemon_threads = True
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"admin:s3cret@127.0.0.1:{running.server_port}"
        Camera.release.set()
        running.shutdown()
        thread.join()


def read_times(source: NetworkStream, times: list[int]) -> None:
    while (frame := source.read()) is not None:
        times.append(frame.pts_ns)


def test_a_live_stream_is_stamped_with_its_arrival_and_its_end_is_an_error(server: str) -> None:
    source = NetworkStream(f"http://{server}/live")
    before = time.monotonic_ns()
    info = source.open()
    assert info.live
    assert info.size == Size(64, 48)
    assert "s3cret" not in info.name
    times: list[int] = []
    with pytest.raises(SourceError, match="broke off") as caught:
        read_times(source, times)
    assert "s3cret" not in str(caught.value)
    assert len(times) > 40
    assert times == sorted(set(times))
    assert times[0] >= before
    source.close()


def test_a_source_may_be_opened_again_after_it_broke(server: str) -> None:
    source = NetworkStream(f"http://{server}/live")
    for _ in range(2):
        source.open()
        frame = source.read()
        assert frame is not None
        assert frame.seq == 0
        source.close()


def test_close_does_not_wait_for_a_silent_network(server: str) -> None:
    source = NetworkStream(f"http://{server}/silent")
    source.open()
    with reading(source.read) as ended:
        begin = time.monotonic()
        source.close()
        assert time.monotonic() - begin < 5
        Camera.release.set()
        assert ended.wait(15)


@pytest.mark.parametrize(
    ("path", "error", "words"),
    [("/nothing", SourceNotFoundError, "does not exist"), ("/login", SourceError, "login")],
)
def test_what_the_server_says_is_passed_on(
    server: str, path: str, error: type[SourceError], words: str
) -> None:
    with pytest.raises(error, match=words) as caught:
        NetworkStream(f"http://{server}{path}").open()
    assert "s3cret" not in str(caught.value)


def test_a_reader_that_was_late_goes_on_with_what_is_due_now(tmp_path: Path) -> None:
    path = tmp_path / "clip.ts"
    path.write_bytes(transport_stream(100))
    source = VideoFile(path)
    info = source.open()
    assert info.fps == Fraction(25)
    first = source.read()
    assert first is not None
    time.sleep(0.5)
    late = source.read()
    assert late is not None
    assert late.pts_ns - first.pts_ns > 300_000_000
    assert late.seq > 5
    assert late.pts_ns - first.pts_ns == pytest.approx(late.seq * 40e6, abs=2e6)
    source.close()
