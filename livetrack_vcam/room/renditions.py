"""The sizes a shot is offered in, and the renditions somebody watches."""

from __future__ import annotations

import asyncio
import math

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.room.reduction import Reduction
from livetrack_vcam.room.rendition import Rendition, RenditionSpec, RenditionStatus, StartThread
from livetrack_vcam.sinks.room import RoomFeed
from livetrack_vcam.webrtc.encoded import Codec

CLASSES = (1080, 720, 540, 360)
# 2.5 Mbit/s at 720p30; fewer pixels need less, but not proportionally less.
KBPS_AT_720 = 2500
PIXELS_AT_720 = 1280 * 720
RATE_EXPONENT = 0.75


def ladder(canvas: Size) -> list[Size]:
    """The canvas, then each smaller class; a class counts the shorter side (720 is 720x1280, too).

    All sides are even, the shape is the canvas's as nearly as that allows.
    """
    shorter = min(canvas.width, canvas.height)
    smaller = [_scaled(canvas, rows / shorter) for rows in CLASSES if rows <= shorter * 0.9]
    return [Size(canvas.width & ~1, canvas.height & ~1), *smaller]


def kbps_of(size: Size) -> int:
    share = size.width * size.height / PIXELS_AT_720
    return round(KBPS_AT_720 * math.pow(share, RATE_EXPONENT) / 50) * 50


def _scaled(canvas: Size, scale: float) -> Size:
    return Size(round(canvas.width * scale / 2) * 2, round(canvas.height * scale / 2) * 2)


class Renditions:
    """Every rendition of a shot, made when first picked."""

    def __init__(
        self, feed: RoomFeed, start_thread: StartThread, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._feed = feed
        self._start_thread = start_thread
        self._loop = loop
        self.sizes = ladder(feed.canvas.size)
        self._reductions = {size: Reduction(size) for size in self.sizes}
        self._made: dict[tuple[Codec, Size], Rendition] = {}

    def pick(self, codec: Codec, height: int | None) -> Rendition:
        """The largest whose shorter side is at most `height`, else the smallest; None: largest."""
        fitting = [s for s in self.sizes if height is None or min(s.width, s.height) <= height]
        size = fitting[0] if fitting else self.sizes[-1]
        if (codec, size) not in self._made:
            spec = RenditionSpec(codec, size.width, size.height, kbps_of(size))
            self._made[codec, size] = Rendition(
                spec,
                self._feed,
                self._start_thread,
                self._loop,
                reduction=self._reductions[size],
            )
        return self._made[codec, size]

    @property
    def status(self) -> list[RenditionStatus]:
        """Of those that were picked, in the order of the picking."""
        return [rendition.status for rendition in self._made.values()]

    def close(self) -> None:
        for rendition in self._made.values():
            rendition.close()
