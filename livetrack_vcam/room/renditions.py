"""The sizes a shot is offered in, and the renditions somebody watches."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from fractions import Fraction

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.room.reduction import Reduction
from livetrack_vcam.room.rendition import Encoders, Rendition, RenditionSpec, RenditionStatus
from livetrack_vcam.sinks.room import RoomFeed
from livetrack_vcam.webrtc.encoded import Codec
from livetrack_vcam.webrtc.encoder_choice import EncoderChoice

# Rows of a picture that lies, columns of one that stands: 720 is 1280x720 and 720x1280.
CLASSES = (1440, 1080, 720, 540, 360)
# A class this near to the whole picture would save nobody anything.
NEXT_STEP = 0.8
# 2.5 Mbit/s keep a picture of 720p30 that pans at 38 dB in either codec (benchmarks/room/
# encoders.py). Larger pictures have more alike in them, so they need less a pixel.
KBPS_AT_720P30 = 2500
PIXELS_AT_720P30 = 1280 * 720
RATE_BY_PIXELS = 0.75
RATE_BY_FPS = math.log2(1.5)  # half as much again for twice the frames: they differ less
MIN_KBPS = 150


def ladder(canvas: Size) -> tuple[Size, ...]:
    """The whole canvas, then each class well below it, largest first.

    A class counts the shorter side. All sides are even, and the shape is the canvas's as nearly
    as that allows; a canvas of fewer than 450 rows is offered in one size.
    """
    shorter = min(canvas.width, canvas.height)
    scales = [rows / shorter for rows in CLASSES if rows <= shorter * NEXT_STEP]
    return (
        Size(canvas.width // 2 * 2, canvas.height // 2 * 2),
        *(Size(_even(canvas.width * scale), _even(canvas.height * scale)) for scale in scales),
    )


def kbps_of(size: Size, fps: Fraction) -> int:
    """What a rendition of this size is encoded with, in steps of 50 kbit/s."""
    by_pixels = math.pow(size.width * size.height / PIXELS_AT_720P30, RATE_BY_PIXELS)
    by_fps = math.pow(fps / 30, RATE_BY_FPS)
    return max(MIN_KBPS, round(KBPS_AT_720P30 * by_pixels * by_fps / 50) * 50)


def _even(length: float) -> int:
    return max(2, round(length / 2) * 2)


class Renditions:
    """Every rendition of a shot, made when first picked. Used in the loop, as they are."""

    def __init__(
        self,
        feed: RoomFeed,
        start_thread: Callable[[Callable[[], None], str], None],
        loop: asyncio.AbstractEventLoop,
        encoders: Encoders | None = None,
    ) -> None:
        self._feed = feed
        self._start_thread = start_thread
        self._loop = loop
        self._encoders = encoders or EncoderChoice(start_thread)
        self.sizes = ladder(feed.canvas.size)
        self._reductions = {size: Reduction(size) for size in self.sizes}
        self._made: dict[tuple[Codec, Size], Rendition] = {}

    def specs(self, codec: Codec) -> tuple[RenditionSpec, ...]:
        """What `pick` chooses among, largest first."""
        fps = self._feed.canvas.fps
        return tuple(
            RenditionSpec(codec, size.width, size.height, kbps_of(size, fps)) for size in self.sizes
        )

    def spec(self, codec: Codec, height: int | None) -> RenditionSpec:
        """The largest whose shorter side is at most `height`, or else the smallest.

        None means the largest of all.
        """
        specs = self.specs(codec)
        fitting = (spec for spec in specs if height is None or spec.rows <= height)
        return next(fitting, specs[-1])

    def pick(self, codec: Codec, height: int | None) -> Rendition:
        """What `spec` chooses, ready to be joined."""
        spec = self.spec(codec, height)
        made = self._made.get((codec, spec.size))
        if made is None:
            made = self._made[codec, spec.size] = Rendition(
                spec,
                self._feed,
                self._start_thread,
                self._loop,
                self._encoders,
                reduction=self._reductions[spec.size],
            )
        return made

    @property
    def status(self) -> tuple[RenditionStatus, ...]:
        """Of those that were picked so far, in that order."""
        return tuple(rendition.status for rendition in self._made.values())

    def close(self) -> None:
        """Ends every thread soon."""
        for rendition in self._made.values():
            rendition.close()
