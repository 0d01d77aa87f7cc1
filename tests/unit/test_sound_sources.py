"""The sound beside a picture: in time with it, only when wanted, and never at its cost."""

from __future__ import annotations

import functools
import http.server
import io
import threading
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from livetrack_vcam.errors import SourceError
from livetrack_vcam.interfaces import Source
from livetrack_vcam.mailbox import Mailbox
from livetrack_vcam.media import Frame
from livetrack_vcam.sound.feed import SoundBlock, SoundFeed
from livetrack_vcam.sources.network import NetworkStream
from livetrack_vcam.sources.video_file import VideoFile
from tests.claps import clicks, flashes, write_claps


class Played:
    """Everything that came of a source, read until it ends or breaks, or for so many frames."""

    def __init__(
        self, source: Source, taker: Mailbox[SoundBlock] | None, frames: int | None = None
    ) -> None:
        self.frames: list[Frame] = []
        self.blocks: list[SoundBlock] = []
        while frames is None or len(self.frames) < frames:
            frame = None
            with suppress(SourceError):
                frame = source.read()
            self.blocks += taker.drain() if taker else []
            if frame is None:
                return
            self.frames.append(frame)

    def offsets_ms(self) -> list[float]:
        """Of each tone from its flash."""
        heard = np.array(clicks(self.blocks))
        apart = [heard - flash for flash in flashes(self.frames)]
        return [1000 * float(each[np.abs(each).argmin()]) for each in apart]


@pytest.mark.parametrize(
    ("name", "codec", "rate_hz", "layout"),
    [
        ("claps.mp4", "aac", 44_100, "stereo"),
        ("claps.mkv", "libopus", 48_000, "stereo"),
        ("claps.mov", "pcm_s16le", 22_050, "mono"),
    ],
)
def test_a_file_is_heard_in_time_with_its_picture(
    tmp_path: Path, name: str, codec: str, rate_hz: int, layout: str
) -> None:
    path = tmp_path / name
    write_claps(path, 3, codec=codec, rate_hz=rate_hz, layout=layout)
    feed = SoundFeed()
    source = VideoFile(path, sound=feed)
    source.open()
    assert feed.offered
    played = Played(source, feed.take_up())
    source.close()
    offsets = played.offsets_ms()
    assert len(offsets) >= 2
    assert max(map(abs, offsets)) < 12
    gaps = [after.pts_ns - before.end_ns for before, after in pairwise(played.blocks)]
    assert max(map(abs, gaps)) < 2_000_000


def test_nothing_is_heard_before_somebody_listens_or_after(tmp_path: Path) -> None:
    path = tmp_path / "claps.mp4"
    write_claps(path, 4)
    feed = SoundFeed()
    source = VideoFile(path, sound=feed)
    source.open()
    before = Played(source, None, 20)
    taker = feed.take_up()
    during = Played(source, taker, 60)
    feed.leave(taker)
    after = Played(source, taker, 10)
    source.close()
    assert during.blocks[0].pts_ns > before.frames[-1].pts_ns - 50_000_000
    assert max(map(abs, during.offsets_ms())) < 12
    assert not after.blocks


def test_the_picture_is_the_same_with_sound_and_without(tmp_path: Path) -> None:
    path = tmp_path / "claps.mp4"
    write_claps(path, 2)
    times = []
    for feed in (None, SoundFeed()):
        source = VideoFile(path, sound=feed)
        source.open()
        played = Played(source, feed.take_up() if feed else None)
        source.close()
        times.append({f.seq: f.pts_ns - played.frames[0].pts_ns for f in played.frames})
    both = times[0].keys() & times[1].keys()
    assert len(both) > 40
    assert all(times[0][seq] == times[1][seq] for seq in both)


def test_a_file_that_loops_is_heard_again(tmp_path: Path) -> None:
    path = tmp_path / "claps.mp4"
    write_claps(path, 1)
    feed = SoundFeed()
    source = VideoFile(path, loop=True, sound=feed)
    source.open()
    played = Played(source, feed.take_up(), 90)
    source.close()
    offsets = played.offsets_ms()
    assert len(offsets) == 3
    assert max(map(abs, offsets)) < 12


def test_sound_that_lies_behind_all_pictures_does_not_keep_them_waiting(tmp_path: Path) -> None:
    path = tmp_path / "claps.mkv"
    write_claps(path, 2, codec="pcm_s16le", rate_hz=48_000, sound_last=True)
    feed = SoundFeed()
    source = VideoFile(path, sound=feed)
    source.open()
    played = Played(source, feed.take_up())
    source.close()
    assert source.note is None
    assert len(played.frames) > 40


def test_damaged_sound_harms_no_picture(tmp_path: Path) -> None:
    path = tmp_path / "claps.mp4"
    write_claps(path, 2)
    with av.open(str(path)) as container:
        packets = list(container.demux(container.streams.audio[0]))[10:40]
    data = bytearray(path.read_bytes())
    for packet in packets:
        assert packet.pos is not None
        data[packet.pos : packet.pos + packet.size] = b"\xff" * packet.size
    path.write_bytes(data)
    feed = SoundFeed()
    source = VideoFile(path, sound=feed)
    source.open()
    played = Played(source, feed.take_up())
    source.close()
    assert len(played.frames) > 40
    assert source.note is None


def test_what_has_no_sound_says_so(tmp_path: Path) -> None:
    path = tmp_path / "silent.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        black = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
        container.mux([*stream.encode(black), *stream.encode(None)])
    feed = SoundFeed()
    source = VideoFile(path, sound=feed)
    source.open()
    source.close()
    assert not feed.offered


class Live(http.server.BaseHTTPRequestHandler):
    """Sends a transport stream as fast as it is recorded, then hangs up."""

    data = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "video/mp2t")
        self.end_headers()
        step = len(self.data) // 100 + 1
        for first in range(0, len(self.data), step):
            self.wfile.write(self.data[first : first + step])
            self.wfile.flush()
            threading.Event().wait(0.03)

    def log_message(self, *args: object) -> None:
        pass


def test_a_live_stream_is_heard_in_time_with_its_picture() -> None:
    buffer = io.BytesIO()
    write_claps(buffer, 4, codec="aac", rate_hz=48_000, form="mpegts")
    handler = type("Claps", (Live,), {"data": buffer.getvalue()})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler)) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        feed = SoundFeed()
        source = NetworkStream(f"http://127.0.0.1:{server.server_port}/", sound=feed)
        assert source.open().live
        assert feed.offered
        played = Played(source, feed.take_up())
        source.close()
        server.shutdown()
    offsets = played.offsets_ms()
    assert len(offsets) >= 2
    assert abs(float(np.median(offsets))) < 40
