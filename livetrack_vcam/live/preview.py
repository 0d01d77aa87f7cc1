"""The whole source picture, small, for the operator's page: only while somebody watches."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.mailbox import Closed, Mailbox
from livetrack_vcam.media import Frame, PixelFormat, Plane
from livetrack_vcam.picture.color import convert
from livetrack_vcam.picture.slate import slate
from livetrack_vcam.sinks.mjpeg import JFIF_COLOR, MjpegFeed, encode_jpeg
from livetrack_vcam.stats import NS_PER_S

LONGEST_SIDE = 960  # half of 1080p, which OpenCV's quickest filter makes: docs/performance.md
QUALITY = 75
# As the outputs: a camera that has sent nothing for so long is away.
STALL_NS = 2 * NS_PER_S
SLATE_INTERVAL_S = 0.5
AWAY = "The camera is away."
# Of the slate for who came when the camera was away already.
SLATE_SIZE = Size(LONGEST_SIDE, LONGEST_SIDE * 9 // 16)


def preview_size(source: Size, longest_side: int = LONGEST_SIDE) -> Size:
    """The source's shape, at most so many pixels long, with even sides; never enlarged."""
    scale = min(1.0, longest_side / max(source.width, source.height))
    return Size(_even(source.width, scale), _even(source.height, scale))


def small_picture(frame: Frame, longest_side: int = LONGEST_SIDE) -> Frame:
    """The whole frame in `preview_size` as I420 in JPEG's color space.

    Chroma is taken to be centered as in JPEG; at half the size the others are an eighth of a pixel
    away from that.
    """
    size = preview_size(frame.size, longest_side)
    chroma = PixelFormat.YUV420P.chroma_size(size)
    y, u, v = frame.planes
    planes = _scaled(y, size), _scaled(u, chroma), _scaled(v, chroma)
    convert(planes, frame.color, JFIF_COLOR, centered=True)
    return Frame(planes, PixelFormat.YUV420P, JFIF_COLOR, frame.pts_ns, frame.seq)


class Preview:
    """A Companion that fills `feed` from the frames it is offered; one JPEG serves every watcher.

    `offer` is called from the render thread and never blocks: a frame that comes while another
    waits replaces it. When frames stay away, whoever watches sees the last one dimmed, so that
    nobody takes a picture that stands still for the present.
    """

    name = "preview"

    def __init__(self, clock: Callable[[], int]) -> None:
        self.feed = MjpegFeed()
        self._clock = clock
        self._frames: Mailbox[Frame] = Mailbox()
        self._last: Frame | None = None
        self._alive_ns = 0

    @property
    def dropped(self) -> int:
        """Frames that a newer one replaced before they were drawn."""
        return self._frames.dropped

    def offer(self, frame: Frame) -> None:
        if self.feed.wanted:
            self._frames.put(frame)

    def run(self) -> None:
        self._alive_ns = self._clock()
        try:
            while True:
                frame = self._frames.get(SLATE_INTERVAL_S)
                if frame is not None:
                    self._show(frame)
                else:
                    self._wait_for_the_camera()
        except Closed:
            self.feed.put(None)

    def stop(self) -> None:
        self._frames.close()

    def _show(self, frame: Frame) -> None:
        self._alive_ns = self._clock()
        self._last = small_picture(frame)
        self.feed.put(encode_jpeg(self._last, QUALITY))

    def _wait_for_the_camera(self) -> None:
        if not self.feed.wanted:
            # No frame was offered, so none is missing; and what was shown last is out of date.
            self._alive_ns, self._last = self._clock(), None
        elif self._clock() - self._alive_ns >= STALL_NS:
            self._show_slate()

    def _show_slate(self) -> None:
        size = self._last.size if self._last is not None else SLATE_SIZE
        self.feed.put(encode_jpeg(slate(size, AWAY, self._last), QUALITY))


def _even(side: int, scale: float) -> int:
    return max(2, min(2 * round(side * scale / 2), side // 2 * 2))


def _scaled(plane: Plane, size: Size) -> Plane:
    """A new plane of `size`: halved as often as it goes, the rest by linear interpolation."""
    rows, columns = plane.shape
    while columns >= 2 * size.width and rows >= 2 * size.height:
        columns, rows = columns // 2, rows // 2
        plane = _resized(plane, columns, rows, cv2.INTER_AREA)
    if (columns, rows) != (size.width, size.height):
        return _resized(plane, size.width, size.height, cv2.INTER_LINEAR)
    return plane if plane.flags.writeable else plane.copy()


def _resized(plane: Plane, columns: int, rows: int, how: int) -> Plane:
    return np.asarray(cv2.resize(plane, (columns, rows), interpolation=how), np.uint8)
