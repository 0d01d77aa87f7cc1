"""MJPEG: exact colors, no work while nobody watches, the newest picture for everybody."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from fractions import Fraction
from threading import Thread

import av
import numpy as np
import pytest

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.media import OUTPUT_COLOR, Frame, PixelFormat, black_frame
from livetrack_vcam.sinks.mjpeg import FeedFullError, MjpegFeed, MjpegSink, encode_jpeg

SIZE = Size(320, 240)
CANVAS = Canvas(SIZE, Fraction(30))
# EBU color bars at 75 % plus the two ends, as 8-bit R'G'B'.
BARS = (
    (255, 255, 255),
    (191, 191, 0),
    (0, 191, 191),
    (0, 191, 0),
    (191, 0, 191),
    (191, 0, 0),
    (0, 0, 191),
    (0, 0, 0),
)


def limited_yuv(rgb: tuple[int, int, int]) -> tuple[int, int, int]:
    """ITU-R BT.601, limited range, 8 bits."""
    r, g, b = (value / 255 for value in rgb)
    luma = 0.299 * r + 0.587 * g + 0.114 * b
    cb, cr = (b - luma) / 1.772, (r - luma) / 1.402
    return round(16 + 219 * luma), round(128 + 224 * cb), round(128 + 224 * cr)


def color_bars() -> Frame:
    width = SIZE.width // len(BARS)
    y = np.empty((SIZE.height, SIZE.width), np.uint8)
    u, v = (np.empty((SIZE.height // 2, SIZE.width // 2), np.uint8) for _ in range(2))
    for index, bar in enumerate(BARS):
        luma, cb, cr = limited_yuv(bar)
        y[:, index * width : (index + 1) * width] = luma
        u[:, index * width // 2 : (index + 1) * width // 2] = cb
        v[:, index * width // 2 : (index + 1) * width // 2] = cr
    return Frame((y, u, v), PixelFormat.YUV420P, OUTPUT_COLOR, 0, 0)


def decode_rgb(jpeg: bytes) -> np.ndarray:
    """Decoded by the JFIF formulas themselves (full range, BT.601), not by a converter's habits."""
    frame = av.CodecContext.create("mjpeg", "r").decode(av.Packet(jpeg))[0]
    assert isinstance(frame, av.VideoFrame)
    y, cb, cr = (
        np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
        for plane in frame.planes
    )
    cb, cr = (np.repeat(np.repeat(p, 2, 0), 2, 1).astype(float) - 128 for p in (cb, cr))
    luma = y.astype(float)
    rgb = (luma + 1.402 * cr, luma - 0.344136 * cb - 0.714136 * cr, luma + 1.772 * cb)
    return np.clip(np.stack(rgb, axis=-1), 0, 255)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE 1976 L*a*b* of 8-bit sRGB, D65."""
    c = rgb / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    t = linear @ to_xyz.T / np.array([0.95047, 1.0, 1.08883])
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack(
        [116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1
    )


def test_color_bars_keep_their_colors() -> None:
    picture = decode_rgb(encode_jpeg(color_bars(), quality=90))
    width = SIZE.width // len(BARS)
    for index, bar in enumerate(BARS):
        middle = picture[100:140, index * width + 12 : (index + 1) * width - 12]
        difference = np.linalg.norm(lab(middle.mean((0, 1))) - lab(np.array(bar, float)))
        assert difference < 2.0, (bar, middle.mean((0, 1)))


def test_black_is_black_and_white_is_white() -> None:
    picture = decode_rgb(encode_jpeg(color_bars()))
    assert picture[120, 20].min() >= 253
    assert picture[120, 300].max() <= 2


def test_strided_planes_give_the_same_picture() -> None:
    frame = color_bars()
    wide = tuple(np.pad(plane, ((0, 0), (0, 13)))[:, :-13] for plane in frame.planes)
    strided = Frame(wide, frame.format, frame.color, 0, 0)  # type: ignore[arg-type]
    assert encode_jpeg(strided) == encode_jpeg(frame)


def watching(body: Callable[[MjpegFeed, MjpegSink], Awaitable[None]]) -> None:
    """Run an asyncio test with a feed of two places and an open sink."""

    async def run() -> None:
        feed = MjpegFeed(max_watchers=2)
        sink = MjpegSink(feed)
        sink.open(CANVAS)
        await body(feed, sink)

    asyncio.run(run())


def test_nothing_is_encoded_while_nobody_watches() -> None:
    async def body(feed: MjpegFeed, sink: MjpegSink) -> None:
        sink.send(black_frame(SIZE))
        assert feed.stats.encoded == 0
        watcher = feed.watch()
        sink.send(black_frame(SIZE))
        assert (await watcher.next() or b"")[:2] == b"\xff\xd8"
        feed.leave(watcher)
        sink.send(black_frame(SIZE))
        assert feed.stats.encoded == 1

    watching(body)


def test_a_slow_watcher_gets_the_newest_picture_and_the_others_are_counted() -> None:
    async def body(feed: MjpegFeed, _sink: MjpegSink) -> None:
        watcher = feed.watch()
        for picture in (b"1", b"2", b"3"):
            feed.put(picture)
        await asyncio.sleep(0)
        assert await watcher.next() == b"3"
        assert (feed.stats.delivered, feed.stats.dropped) == (1, 2)
        feed.leave(watcher)
        assert (feed.stats.watchers, feed.stats.delivered, feed.stats.dropped) == (0, 1, 2)

    watching(body)


def test_a_slow_watcher_costs_a_fast_one_nothing() -> None:
    async def body(feed: MjpegFeed, _sink: MjpegSink) -> None:
        slow, fast = feed.watch(), feed.watch()
        for picture in (b"1", b"2", b"3"):
            feed.put(picture)
            assert await fast.next() == picture
        assert await slow.next() == b"3"
        assert (fast.dropped, slow.dropped) == (0, 2)

    watching(body)


def test_pictures_from_another_thread_wake_the_loop() -> None:
    async def body(feed: MjpegFeed, sink: MjpegSink) -> None:
        watcher = feed.watch()
        thread = Thread(target=sink.send, args=(black_frame(SIZE),))
        thread.start()
        assert await asyncio.wait_for(watcher.next(), 5)
        thread.join()

    watching(body)


def test_a_repeated_frame_is_not_encoded_again() -> None:
    async def body(feed: MjpegFeed, sink: MjpegSink) -> None:
        watcher, frame = feed.watch(), black_frame(SIZE)
        sink.send(frame)
        first = await watcher.next()
        sink.send(frame)
        assert await watcher.next() is first

    watching(body)


def test_one_watcher_too_many_is_refused() -> None:
    async def body(feed: MjpegFeed, _sink: MjpegSink) -> None:
        first = feed.watch()
        feed.watch()
        with pytest.raises(FeedFullError):
            feed.watch()
        feed.leave(first)
        feed.watch()

    watching(body)


def test_closing_the_sink_sends_the_watchers_home() -> None:
    async def body(feed: MjpegFeed, sink: MjpegSink) -> None:
        watcher = feed.watch()
        sink.close()
        assert await asyncio.wait_for(watcher.next(), 5) is None

    watching(body)


def test_a_watcher_whose_loop_is_gone_is_forgotten() -> None:
    feed = MjpegFeed()

    async def watch_and_vanish() -> None:
        feed.watch()

    asyncio.run(watch_and_vanish())
    assert feed.wanted
    feed.put(b"1")
    assert not feed.wanted
