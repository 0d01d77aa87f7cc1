"""The contract of `interfaces.Sink`, run over the sinks for other programs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pytest

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.errors import SinkError
from livetrack_vcam.interfaces import Canvas, Sink
from livetrack_vcam.media import OUTPUT_COLOR, Frame, PixelFormat, black_frame
from livetrack_vcam.sinks.mjpeg import MjpegFeed, MjpegSink
from livetrack_vcam.sinks.virtual_camera import VirtualCamera

SIZES = (Size(1280, 720), Size(720, 1280), Size(64, 48), Size(2, 2))
FAKE = "fake"


class FakeBackend:
    """A pyvirtualcam back end that enforces each sentence of pyvirtualcam's own contract."""

    made: ClassVar[list[FakeBackend]] = []

    def __init__(
        self, *, width: int, height: int, fps: float, fourcc: int, device: str | None, **extra: Any
    ) -> None:
        assert not extra
        assert fps > 0
        assert fourcc == int.from_bytes(b"I420", "little")
        self.bytes = width * height * 3 // 2
        self.asked = device
        self.pictures: list[npt.NDArray[np.uint8]] = []
        self.broken = False
        self.closed = False
        FakeBackend.made.append(self)

    def close(self) -> None:
        assert not self.closed, "close is called exactly once"
        self.closed = True

    def send(self, frame: npt.NDArray[np.uint8]) -> None:
        assert not self.closed, "after close no further methods are called"
        assert frame.dtype == np.uint8
        assert frame.shape == (self.bytes,)
        assert frame.flags.c_contiguous
        if self.broken:
            raise RuntimeError("the cable was pulled")
        self.pictures.append(frame.copy())

    def device(self) -> str:
        assert not self.closed, "after close no further methods are called"
        return self.asked or "Fake Camera"

    def native_fourcc(self) -> int | None:
        return None


@pytest.fixture(autouse=True)
def fake_backend() -> Iterator[None]:
    pyvirtualcam: Any = pytest.importorskip("pyvirtualcam")
    pyvirtualcam.register_backend(FAKE, FakeBackend)
    FakeBackend.made.clear()
    yield
    del pyvirtualcam.camera.BACKENDS[FAKE]


SINKS: dict[str, Callable[[], Sink]] = {
    "virtual camera": lambda: VirtualCamera(backend=FAKE),
    "mjpeg": lambda: MjpegSink(MjpegFeed()),
}


@pytest.fixture(params=SINKS)
def sink(request: pytest.FixtureRequest) -> Sink:
    return SINKS[request.param]()


def noise(size: Size, seed: int, stride: int = 0) -> Frame:
    """A random picture, its rows `stride` bytes longer in memory than they are wide."""
    rng = np.random.default_rng(seed)

    def plane(height: int, width: int) -> npt.NDArray[np.uint8]:
        data = rng.integers(16, 236, (height, width + stride), np.uint8)
        data.flags.writeable = False
        return data[:, :width]

    chroma = (size.height // 2, size.width // 2)
    planes = (plane(size.height, size.width), plane(*chroma), plane(*chroma))
    return Frame(planes, PixelFormat.YUV420P, OUTPUT_COLOR, seed, seed)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_sink_takes_frames_of_its_canvas(sink: Sink, size: Size) -> None:
    sink.open(Canvas(size, Fraction(30000, 1001)))
    for seed in range(3):
        sink.send(noise(size, seed))
    sink.send(black_frame(size))
    sink.close()


def test_a_sink_takes_read_only_strided_planes(sink: Sink) -> None:
    size = Size(64, 48)
    sink.open(Canvas(size, Fraction(30)))
    sink.send(noise(size, 1, stride=7))
    sink.close()


def test_a_sink_may_be_closed_without_a_frame(sink: Sink) -> None:
    sink.open(Canvas(Size(64, 48), Fraction(30)))
    sink.close()


def test_a_sink_may_be_opened_again_after_close(sink: Sink) -> None:
    for size in SIZES:
        sink.open(Canvas(size, Fraction(30)))
        sink.send(black_frame(size))
        sink.close()


def test_a_sink_says_how_it_is_fed(sink: Sink) -> None:
    assert sink.name
    assert sink.depth >= 1
    assert sink.repeat_after_s is None or sink.repeat_after_s > 0


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_virtual_camera_sends_the_exact_i420_bytes(size: Size) -> None:
    camera = VirtualCamera(backend=FAKE)
    camera.open(Canvas(size, Fraction(30)))
    frames = [noise(size, seed, stride=seed) for seed in range(3)]
    for frame in frames:
        camera.send(frame)
    camera.close()
    backend = FakeBackend.made[0]
    for frame, picture in zip(frames, backend.pictures, strict=True):
        assert picture.tobytes() == b"".join(plane.tobytes() for plane in frame.planes)


def test_the_virtual_camera_asks_for_its_name_and_closes_once() -> None:
    camera = VirtualCamera("Stage Left", backend=FAKE)
    camera.open(Canvas(Size(64, 48), Fraction(30)))
    assert camera.device == "Stage Left"
    camera.close()
    assert FakeBackend.made[0].closed
    assert camera.device == ""


def test_a_lost_virtual_camera_raises_a_sink_error_and_can_still_be_closed() -> None:
    camera = VirtualCamera(backend=FAKE)
    camera.open(Canvas(Size(64, 48), Fraction(30)))
    FakeBackend.made[0].broken = True
    with pytest.raises(SinkError, match="is gone \\(the cable was pulled\\)"):
        camera.send(black_frame(Size(64, 48)))
    camera.close()
    assert FakeBackend.made[0].closed


def test_the_mjpeg_sink_delivers_what_it_was_sent_last() -> None:
    async def run() -> int:
        feed = MjpegFeed()
        sink = MjpegSink(feed)
        sink.open(Canvas(Size(64, 48), Fraction(30)))
        watcher = feed.watch()
        sink.send(black_frame(Size(64, 48)))
        sink.send(noise(Size(64, 48), 1))
        await asyncio.sleep(0)
        return len(await watcher.next() or b"")

    # Noise makes a far larger JPEG than black.
    assert asyncio.run(run()) > 2000
