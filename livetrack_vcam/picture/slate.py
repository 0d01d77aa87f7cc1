"""The picture shown when there is none: the last one dimmed, and one line that says why."""

from __future__ import annotations

import cv2
import numpy as np

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.media import OUTPUT_COLOR, Frame, PixelFormat, Plane

BACKDROP_LUMA = (38, 24)  # top and bottom of the plain backdrop
BACKDROP_CHROMA = (134, 124)  # a little blue
DIMMED = 0.28  # of the last picture's brightness
TEXT_LUMA = 215
FONT = cv2.FONT_HERSHEY_DUPLEX
TEXT_HEIGHT = 1 / 26  # of the canvas's shorter side
TEXT_WIDTH = 0.86  # of the canvas at most


def slate(canvas: Size, line: str, last: Frame | None = None) -> Frame:
    """An I420 frame of `canvas` size with `line` in the middle, over `last` dimmed and blurred.

    `last` counts only when it has the canvas's size. Its time and number are 0 or the last's.
    """
    if last is not None and last.size == canvas and last.format is PixelFormat.YUV420P:
        planes, pts_ns, seq = _dimmed(last), last.pts_ns, last.seq
    else:
        planes, pts_ns, seq = _backdrop(canvas), 0, 0
    _write(planes[0], line)
    for plane in planes:
        plane.flags.writeable = False
    return Frame(planes, PixelFormat.YUV420P, OUTPUT_COLOR, pts_ns, seq)


def _dimmed(last: Frame) -> tuple[Plane, Plane, Plane]:
    shift = max(1, last.size.height // 90)
    luma = cv2.GaussianBlur(last.planes[0], (0, 0), shift)
    luma = cv2.convertScaleAbs(luma, None, DIMMED, 16 * (1 - DIMMED) + 6)
    u, v = (cv2.convertScaleAbs(plane, None, 0.5, 64) for plane in last.planes[1:])
    return luma, u, v  # type: ignore[return-value]


def _backdrop(canvas: Size) -> tuple[Plane, Plane, Plane]:
    top, bottom = BACKDROP_LUMA
    column = np.linspace(top, bottom, canvas.height)[:, None]
    # Half a step of ordered noise keeps the gradient from banding.
    noise = np.indices((canvas.height, canvas.width)).sum(axis=0) % 2 * 0.5
    luma = np.round(column + noise).astype(np.uint8)
    chroma = PixelFormat.YUV420P.chroma_size(canvas)
    u, v = (np.full((chroma.height, chroma.width), c, np.uint8) for c in BACKDROP_CHROMA)
    return luma, u, v


def _write(luma: Plane, line: str) -> None:
    """OpenCV's built-in font knows ASCII only; other characters are shown as '?'."""
    text = line.encode("ascii", "replace").decode()
    rows, columns = luma.shape
    (width, height), _ = cv2.getTextSize(text, FONT, 1.0, 1)
    scale = min(
        min(rows, columns) * TEXT_HEIGHT / max(1, height), columns * TEXT_WIDTH / max(1, width)
    )
    thickness = max(1, round(scale * 1.2))
    (width, height), _ = cv2.getTextSize(text, FONT, scale, thickness)
    origin = ((columns - width) // 2, (rows + height) // 2)
    cv2.putText(luma, text, origin, FONT, scale, TEXT_LUMA, thickness, cv2.LINE_AA)
