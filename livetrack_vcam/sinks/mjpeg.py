"""MJPEG: pictures become JPEG only while somebody watches; each watcher gets the newest."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from threading import Lock

import cv2
import numpy as np
import simplejpeg

from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.media import ColorMatrix, ColorRange, ColorSpace, Frame, Plane

# JFIF (ITU-T T.871) is full-range BT.601; our pictures are limited-range BT.601.
JFIF_COLOR = ColorSpace(ColorRange.FULL, ColorMatrix.BT601)
_LEVELS = np.arange(256, dtype=np.float64)
_FULL_LUMA = np.clip(np.rint((_LEVELS - 16) * 255 / 219), 0, 255).astype(np.uint8)
_FULL_CHROMA = np.clip(np.rint((_LEVELS - 128) * 255 / 224 + 128), 0, 255).astype(np.uint8)


class FeedFullError(Exception):
    """As many watchers as the feed allows are there already."""


@dataclass(frozen=True, slots=True)
class FeedStats:
    """Watchers now; pictures encoded and handed out since the start; those replaced unseen."""

    watchers: int
    encoded: int
    delivered: int
    dropped: int


class Watcher:
    """One client's place in a feed: holds at most one picture. Belongs to one asyncio loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.delivered = 0
        self.dropped = 0
        self._newest: bytes | None = None
        self._ended = False
        self._changed = asyncio.Event()

    async def next(self) -> bytes | None:
        """The newest JPEG not yet seen, waiting for one if need be; None when the feed ended."""
        while self._newest is None and not self._ended:
            self._changed.clear()
            await self._changed.wait()
        picture, self._newest = self._newest, None
        if picture is not None:
            self.delivered += 1
        return picture

    def offer(self, picture: bytes | None) -> None:
        """Called in the loop: replace what waits; None ends the feed."""
        if picture is None:
            self._ended = True
        else:
            self.dropped += self._newest is not None
            self._newest = picture
        self._changed.set()


class MjpegFeed:
    """Hands JPEGs from the sink's thread to any number of asyncio clients, without polling.

    `put` and `wanted` may be called from any thread; `watch` and `leave` from the client's loop.
    """

    def __init__(self, max_watchers: int = 16) -> None:
        self._max_watchers = max_watchers
        self._lock = Lock()
        self._watchers: set[Watcher] = set()
        self._encoded = 0
        self._delivered = 0
        self._dropped = 0

    @property
    def wanted(self) -> bool:
        """Whether anybody watches: only then is a picture worth its JPEG."""
        return bool(self._watchers)

    def put(self, picture: bytes | None) -> None:
        """Offer a JPEG to every watcher; None sends them home. Never blocks."""
        with self._lock:
            self._encoded += picture is not None
            watchers = list(self._watchers)
        for watcher in watchers:
            try:
                watcher.loop.call_soon_threadsafe(watcher.offer, picture)
            except RuntimeError:  # its loop is closed: nobody is left to read
                self.leave(watcher)

    def watch(self) -> Watcher:
        """A new watcher of the running loop; end it with `leave`. Raises FeedFullError."""
        watcher = Watcher(asyncio.get_running_loop())
        with self._lock:
            if len(self._watchers) >= self._max_watchers:
                raise FeedFullError
            self._watchers.add(watcher)
        return watcher

    def leave(self, watcher: Watcher) -> None:
        with self._lock:
            if watcher in self._watchers:
                self._watchers.remove(watcher)
                self._delivered += watcher.delivered
                self._dropped += watcher.dropped

    @property
    def stats(self) -> FeedStats:
        with self._lock:
            return FeedStats(
                watchers=len(self._watchers),
                encoded=self._encoded,
                delivered=self._delivered + sum(w.delivered for w in self._watchers),
                dropped=self._dropped + sum(w.dropped for w in self._watchers),
            )


class MjpegSink:
    """A Sink that fills a feed. `quality` is libjpeg's, 1 to 100."""

    name = "mjpeg"
    depth = 1
    # A player that joins while the camera is lost must still get a picture soon.
    repeat_after_s: float | None = 0.25

    def __init__(self, feed: MjpegFeed, quality: int = 85) -> None:
        self._feed = feed
        self._quality = quality
        self._last: tuple[Frame, bytes] | None = None

    def open(self, canvas: Canvas) -> None:
        """Always succeeds: the feed is memory."""

    def send(self, frame: Frame) -> None:
        if not self._feed.wanted:
            return
        if self._last is None or self._last[0] is not frame:
            self._last = (frame, encode_jpeg(frame, self._quality))
        self._feed.put(self._last[1])

    def close(self) -> None:
        self._last = None
        self._feed.put(None)


def encode_jpeg(frame: Frame, quality: int = 85) -> bytes:
    """A JFIF picture of an I420 frame, without a detour through RGB.

    The frame is in the output color space or, which costs less, in JFIF_COLOR.
    """
    y, u, v = frame.planes
    if frame.color != JFIF_COLOR:
        y, u, v = _mapped(y, _FULL_LUMA), _mapped(u, _FULL_CHROMA), _mapped(v, _FULL_CHROMA)
    picture: bytes = simplejpeg.encode_jpeg_yuv_planes(y, u, v, quality)
    return picture


def _mapped(plane: Plane, table: Plane) -> Plane:
    return np.asarray(cv2.LUT(plane, table), np.uint8)
