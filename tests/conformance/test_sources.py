"""Every Source keeps the contract of interfaces.py."""

from __future__ import annotations

import functools
import http.server
import threading
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.interfaces import Source
from livetrack_vcam.media import Frame
from livetrack_vcam.sources.demo import DemoSource
from livetrack_vcam.sources.network import NetworkStream
from livetrack_vcam.sources.video_file import VideoFile
from livetrack_vcam.testing import ManualClock, SyntheticSource
from tests.waiting import reading

Make = Callable[[], Source]
UNPACED = ("file", "demo", "network", "synthetic")
PACED = ("file paced", "demo paced", "network paced")


def write_clip(path: Path, frames: int = 20, fps: int = 25) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(frames):
            pixels = np.full((48, 64, 3), number * 10, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    return path


class QuietFiles(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def makers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Make]]:
    folder = tmp_path_factory.mktemp("clips")
    clip = write_clip(folder / "clip.mkv")
    handler = functools.partial(QuietFiles, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/clip.mkv"
        yield {
            "file": lambda: VideoFile(clip, paced=False),
            "file paced": lambda: VideoFile(clip),
            "demo": lambda: DemoSource(paced=False),
            "demo paced": DemoSource,
            "network": lambda: NetworkStream(url, paced=False),
            "network paced": lambda: NetworkStream(url),
            "synthetic": lambda: SyntheticSource(Size(33, 17), Fraction(15), 20),
        }
        server.shutdown()
        thread.join()


@pytest.fixture
def source(request: pytest.FixtureRequest, makers: dict[str, Make]) -> Iterator[Source]:
    made = makers[request.param]()
    yield made
    made.close()


def some_frames(source: Source, count: int) -> list[Frame]:
    frames = []
    while len(frames) < count and (frame := source.read()) is not None:
        frames.append(frame)
    return frames


@pytest.mark.parametrize("source", [*UNPACED, *PACED], indirect=True)
def test_open_tells_the_size_of_every_frame(source: Source) -> None:
    info = source.open()
    frames = some_frames(source, 8)
    assert len(frames) == 8
    assert {frame.size for frame in frames} == {info.size}
    for frame in frames:
        chroma = frame.format.chroma_size(info.size)
        assert [plane.shape for plane in frame.planes[1:]] == [(chroma.height, chroma.width)] * 2


@pytest.mark.parametrize("source", [*UNPACED, *PACED], indirect=True)
def test_times_and_numbers_strictly_increase(source: Source) -> None:
    source.open()
    frames = some_frames(source, 12)
    assert frames[0].seq == 0
    for before, after in pairwise(frames):
        assert after.pts_ns > before.pts_ns
        assert after.seq > before.seq


@pytest.mark.parametrize("source", [*UNPACED, *PACED], indirect=True)
def test_frames_are_read_only(source: Source) -> None:
    source.open()
    for frame in some_frames(source, 3):
        for plane in frame.planes:
            with pytest.raises(ValueError, match="read-only"):
                plane[0, 0] = 1


@pytest.mark.parametrize("source", UNPACED, indirect=True)
def test_an_unpaced_source_gives_every_frame_in_media_time_and_then_none(source: Source) -> None:
    info = source.open()
    assert info.fps is not None
    count = 0
    while (frame := source.read()) is not None:
        assert frame.seq == count
        assert frame.pts_ns == pytest.approx(count * 1e9 / info.fps, abs=1e6)
        count += 1
    assert count >= 20
    assert source.read() is None


@pytest.mark.parametrize("source", PACED, indirect=True)
def test_a_paced_source_stamps_the_monotonic_clock_and_never_gives_a_frame_early(
    source: Source,
) -> None:
    source.open()
    before = time.monotonic_ns()
    frames = []
    for _ in range(6):
        frame = source.read()
        assert frame is not None
        assert frame.pts_ns <= time.monotonic_ns()
        frames.append(frame)
    assert frames[0].pts_ns >= before


@pytest.mark.parametrize("source", [*UNPACED, *PACED], indirect=True)
def test_after_close_read_gives_none_and_close_may_be_repeated(source: Source) -> None:
    source.open()
    assert source.read() is not None
    source.close()
    source.close()
    assert source.read() is None


@pytest.mark.parametrize("source", PACED, indirect=True)
def test_close_from_another_thread_ends_a_reading_loop(source: Source) -> None:
    source.open()
    with reading(source.read) as ended:
        source.close()
        assert ended.wait(10)


def test_close_wakes_a_read_that_waits_for_a_clock_which_never_moves() -> None:
    source = SyntheticSource(clock=ManualClock())
    source.open()
    assert source.read() is not None
    found: list[Frame | None] = []
    reader = threading.Thread(target=lambda: found.append(source.read()))
    reader.start()
    source.close()
    reader.join(10)
    assert found == [None]
