"""Pictures made smaller for renditions, once a size, however many codecs want them."""

from __future__ import annotations

from threading import Lock

from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.media import Frame
from livetrack_vcam.picture.render import Renderer


class Reduction:
    """Frames of about one shape in, I420 frames of `size` out. Any number of threads share it."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self._renderer = Renderer(size)
        self._lock = Lock()
        self._last: tuple[Frame, Frame] | None = None

    def of(self, frame: Frame) -> Frame:
        """The same object again for the same frame; the frame itself where the size is right."""
        if frame.size == self.size:
            return frame
        with self._lock:  # who comes second waits for the first one's picture
            if self._last is None or self._last[0] is not frame:
                whole = Box(0, 0, frame.size.width, frame.size.height)
                self._last = (frame, self._renderer.render(frame, whole))
            return self._last[1]
