"""Pictures made smaller for renditions, once a size, however many codecs want them."""

from __future__ import annotations

from threading import Lock

import cv2

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.media import Frame, Plane


class Reduction:
    """Frames of any size in, I420 frames of `size` out. Any number of threads may share it."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self._lock = Lock()
        self._last: tuple[Frame, Frame] | None = None

    def of(self, frame: Frame) -> Frame:
        if frame.size == self.size:
            return frame
        with self._lock:
            if self._last is None or self._last[0] is not frame:
                self._last = (frame, self._reduced(frame))
            return self._last[1]

    def _reduced(self, frame: Frame) -> Frame:
        chroma = frame.format.chroma_size(self.size)
        y, u, v = (
            _scaled(plane, size)
            for plane, size in zip(frame.planes, (self.size, chroma, chroma), strict=True)
        )
        return Frame((y, u, v), frame.format, frame.color, frame.pts_ns, frame.seq)


def _scaled(plane: Plane, size: Size) -> Plane:
    result = cv2.resize(plane, (size.width, size.height), interpolation=cv2.INTER_AREA)
    result.flags.writeable = False
    return result  # type: ignore[return-value]
