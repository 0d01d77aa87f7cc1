"""The operator's preview: its size, its price, and what it shows while the camera is away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from fractions import Fraction
from queue import Queue
from threading import Event, Thread

import cv2
import numpy as np
import pytest

from livetrack_vcam.core.config import DirectorSettings
from livetrack_vcam.core.crew import Crew
from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.events import Finished, PipelineEvent
from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.live.pipeline import Pipeline
from livetrack_vcam.live.preview import Preview, preview_size, small_picture
from livetrack_vcam.media import (
    OUTPUT_COLOR,
    ColorMatrix,
    ColorRange,
    ColorSpace,
    PixelFormat,
    Plane,
)
from livetrack_vcam.sinks.mjpeg import JFIF_COLOR
from livetrack_vcam.testing import ManualClock, MemorySink, draw_frame
from tests.unhurried import Unhurried

HD = Size(1920, 1080)
SMALL = Size(320, 180)


def decoded(picture: bytes | None) -> Plane:
    assert picture is not None
    return np.asarray(cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR))


Body = Callable[[Preview, ManualClock], Awaitable[None]]


def previewing(body: Body) -> None:
    """Run `body` beside a preview at work, which is stopped afterwards."""

    async def run() -> None:
        clock = ManualClock()
        preview = Preview(clock.now_ns)
        worker = Thread(target=preview.run)
        worker.start()
        try:
            await asyncio.wait_for(body(preview, clock), 30)
        finally:
            preview.stop()
            worker.join(10)
        assert not worker.is_alive()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (HD, Size(960, 540)),
        (Size(3840, 2160), Size(960, 540)),
        (Size(1080, 1920), Size(540, 960)),
        (Size(1280, 720), Size(960, 540)),
        (Size(640, 480), Size(640, 480)),
        (Size(427, 361), Size(426, 360)),
        (Size(5000, 3), Size(960, 2)),
    ],
)
def test_the_preview_has_the_sources_shape_and_is_never_wider_than_960(
    source: Size, shown: Size
) -> None:
    assert preview_size(source) == shown
    assert small_picture(draw_frame(source, None)).size == shown


@pytest.mark.parametrize("pixel_format", PixelFormat)
@pytest.mark.parametrize("source", [HD, Size(1278, 719), Size(1080, 1920), Size(427, 240)])
def test_things_are_where_they_are_in_the_source(source: Size, pixel_format: PixelFormat) -> None:
    box = Box(source.width * 0.25, source.height * 0.5, source.width * 0.5, source.height * 0.75)
    luma, u, _ = small_picture(draw_frame(source, box, pixel_format, JFIF_COLOR)).planes
    rows, columns = luma.shape
    for plane, middle in ((luma, 130), (u, 109)):
        seen = np.abs(plane.astype(int) - int(plane[0, 0])) > abs(middle - int(plane[0, 0]))
        down, across = np.nonzero(seen)
        scale = rows / plane.shape[0]
        assert across.min() * scale == pytest.approx(columns * 0.25, abs=2)
        assert (across.max() + 1) * scale == pytest.approx(columns * 0.5, abs=2)
        assert down.min() * scale == pytest.approx(rows * 0.5, abs=2)
        assert (down.max() + 1) * scale == pytest.approx(rows * 0.75, abs=2)


@pytest.mark.parametrize(
    "color",
    [ColorSpace(ColorRange.FULL, ColorMatrix.BT601), ColorSpace(ColorRange.LIMITED), OUTPUT_COLOR],
)
def test_drawing_a_preview_leaves_the_frame_as_it_was(color: ColorSpace) -> None:
    frame = draw_frame(SMALL, Box(10, 10, 60, 60), color=color)
    before = [plane.copy() for plane in frame.planes]
    small_picture(frame)
    assert all(np.array_equal(a, b) for a, b in zip(before, frame.planes, strict=True))


def test_nothing_is_drawn_or_kept_while_nobody_watches() -> None:
    async def body(preview: Preview, _clock: ManualClock) -> None:
        for seq in range(5):
            preview.offer(draw_frame(HD, None, seq=seq))
        watcher = preview.feed.watch()
        preview.offer(draw_frame(HD, None, seq=5))
        assert decoded(await watcher.next()).shape == (540, 960, 3)
        preview.feed.leave(watcher)
        preview.offer(draw_frame(HD, None, seq=6))
        assert (preview.feed.stats.encoded, preview.dropped) == (1, 0)

    previewing(body)


def test_every_watcher_gets_the_same_jpeg_made_once() -> None:
    async def body(preview: Preview, _clock: ManualClock) -> None:
        watchers = [preview.feed.watch() for _ in range(8)]
        preview.offer(draw_frame(HD, None))
        pictures = [await watcher.next() for watcher in watchers]
        assert all(picture is pictures[0] for picture in pictures)
        assert preview.feed.stats.encoded == 1

    previewing(body)


def test_of_frames_that_come_too_fast_the_newest_is_shown() -> None:
    preview = Preview(lambda: 0)

    async def body() -> None:
        watcher = preview.feed.watch()
        preview.offer(draw_frame(SMALL, None))
        preview.offer(draw_frame(SMALL, Box(0, 0, 320, 180)))
        preview.stop()
        preview.run()
        picture = decoded(await watcher.next())
        assert picture.mean(axis=(0, 1)) == pytest.approx([149, 165, 255], abs=12)
        assert (preview.dropped, preview.feed.stats.encoded) == (1, 1)

    asyncio.run(body())


def test_while_the_camera_is_away_the_last_picture_is_dimmed_and_then_the_new_one_comes() -> None:
    async def body(preview: Preview, clock: ManualClock) -> None:
        watcher = preview.feed.watch()
        bright = draw_frame(SMALL, Box(0, 0, 320, 180))
        preview.offer(bright)
        before = decoded(await watcher.next())
        clock.advance(3)
        away = decoded(await watcher.next())
        assert away.shape == before.shape
        assert away.mean() < before.mean() / 2
        preview.offer(bright)
        while decoded(await watcher.next()).mean() < before.mean() - 1:
            pass

    previewing(body)


def test_who_comes_while_the_camera_is_away_is_told_so_too() -> None:
    async def body(preview: Preview, clock: ManualClock) -> None:
        clock.advance(60)
        watcher = preview.feed.watch()
        ticking = asyncio.create_task(tick(clock))
        slate = decoded(await watcher.next())
        ticking.cancel()
        assert slate.shape == (540, 960, 3)
        assert int(slate.max()) > 150  # the line of text

    async def tick(clock: ManualClock) -> None:
        while True:
            clock.advance(1)
            await asyncio.sleep(0.05)

    previewing(body)


def test_a_still_moment_shorter_than_a_stall_is_no_loss() -> None:
    async def body(preview: Preview, clock: ManualClock) -> None:
        watcher = preview.feed.watch()
        preview.offer(draw_frame(SMALL, None))
        await watcher.next()
        clock.advance(1.9)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(watcher.next(), 1.2)

    previewing(body)


def test_the_end_of_the_run_sends_the_watchers_home() -> None:
    async def body(preview: Preview, _clock: ManualClock) -> None:
        watcher = preview.feed.watch()
        preview.stop()
        assert await watcher.next() is None

    previewing(body)


def test_a_preview_that_hangs_takes_no_picture_from_the_outputs() -> None:
    released = Event()

    def hang() -> int:
        released.wait(30)
        return 0

    async def body() -> None:
        preview = Preview(hang)
        preview.feed.watch()
        sink = MemorySink(depth=100)
        events: Queue[PipelineEvent] = Queue()
        pipeline = rig(preview, sink, events)
        pipeline.start()
        arrived = await asyncio.to_thread(sink.wait_for_frames, 30)
        released.set()
        while not isinstance(await asyncio.to_thread(events.get, True, 10), Finished):
            pass
        assert pipeline.join() == []
        assert arrived
        assert [frame.seq for frame in sink.frames] == list(range(30))
        assert preview.dropped > 0

    asyncio.run(body())


def rig(preview: Preview, sink: MemorySink, events: Queue[PipelineEvent]) -> Pipeline:
    source = Unhurried(SMALL, frames=30)
    pipeline = Pipeline(
        source=source,
        info=source.open(),
        open_watch=None,
        detect_hz=10,
        decider=Crew(SMALL, {"main": DirectorSettings(aspect_ratio=Fraction(16, 9))}),
        shots={"main": (Canvas(SMALL, Fraction(30)), [sink])},
        report=events.put,
        clock=lambda: 0,  # however long a frame takes, no slate comes between
    )
    source.follow(pipeline)
    pipeline.show(preview)
    return pipeline
