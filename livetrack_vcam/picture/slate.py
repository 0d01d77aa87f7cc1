"""The picture shown when there is none: the last one dimmed, and one sentence that says why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.media import OUTPUT_COLOR, Frame, PixelFormat, Plane
from livetrack_vcam.picture.lettering import Mask, lettering

BACKDROP_LUMA = (38, 24)  # top and bottom of the plain backdrop
BACKDROP_CHROMA = (134, 124)  # a little blue
DIMMED = 0.28  # of the last picture's brightness
TEXT_LUMA = 215
SHADOW = 0.45  # how much darker it is right around the letters
GRAY = 128  # no color, of letters
BLACK = 16

Planes = tuple[Plane, Plane, Plane]
Pixels = npt.NDArray[Any]


def slate(canvas: Size, line: str, last: Frame | None = None) -> Frame:
    """An I420 frame of `canvas` size with `line` in the middle, over `last` dimmed and blurred.

    `last` counts only when it has the canvas's size. Its time and number are 0 or the last's.
    """
    if last is not None and last.size == canvas and last.format is PixelFormat.YUV420P:
        planes, pts_ns, seq = _dimmed(last), last.pts_ns, last.seq
    else:
        planes, pts_ns, seq = _backdrop(canvas), 0, 0
    _lettered(planes, lettering(canvas, line))
    for plane in planes:
        plane.flags.writeable = False
    return Frame(planes, PixelFormat.YUV420P, OUTPUT_COLOR, pts_ns, seq)


def covered(picture: Frame, cover: Frame, share: float) -> Frame:
    """The picture with so much of the cover over it, 0 to 1; both I420 of one size.

    Time and number are the picture's.
    """
    if share <= 0:
        return picture
    if share >= 1:
        return replace(cover, pts_ns=picture.pts_ns, seq=picture.seq)
    y, u, v = (
        np.asarray(cv2.addWeighted(below, 1 - share, above, share, 0), np.uint8)
        for below, above in zip(picture.planes, cover.planes, strict=True)
    )
    planes = (y, u, v)
    for plane in planes:
        plane.flags.writeable = False
    return replace(picture, planes=planes)


def _dimmed(last: Frame) -> Planes:
    soft = _softened(last.planes[0], max(1.0, last.size.height / 90))
    luma = cv2.convertScaleAbs(soft, None, DIMMED, BLACK * (1 - DIMMED) + 6)
    u, v = (cv2.convertScaleAbs(plane, None, 0.5, 64) for plane in last.planes[1:])
    return luma, u, v  # type: ignore[return-value]


def _softened(plane: Pixels, reach: float) -> Pixels:
    """Blurred by a Gaussian of `reach` pixels; made small for it, for the whole would take a 4K
    picture seconds."""
    rows, columns = plane.shape
    shrink = max(1, int(reach / 2))
    small = cv2.resize(
        plane, (-(-columns // shrink), -(-rows // shrink)), interpolation=cv2.INTER_AREA
    )
    small = cv2.GaussianBlur(small, (0, 0), reach / shrink)
    soft: Pixels = cv2.resize(small, (columns, rows), interpolation=cv2.INTER_LINEAR)
    return soft


def _backdrop(canvas: Size) -> Planes:
    top, bottom = BACKDROP_LUMA
    column = np.linspace(top, bottom, canvas.height)[:, None]
    # Half a step of ordered noise keeps the gradient from banding.
    noise = np.indices((canvas.height, canvas.width)).sum(axis=0) % 2 * 0.5
    luma = np.round(column + noise).astype(np.uint8)
    chroma = PixelFormat.YUV420P.chroma_size(canvas)
    u, v = (np.full((chroma.height, chroma.width), c, np.uint8) for c in BACKDROP_CHROMA)
    return luma, u, v


def _lettered(planes: Planes, mask: Mask) -> None:
    """Write colorless letters, and around them a shadow that sets them off a bright picture."""
    filled = np.flatnonzero(mask.any(axis=1))
    if not filled.size:
        return
    reach = max(1.0, min(mask.shape) / 90)
    margin = round(3 * reach)
    # Even, so that the chroma of these rows is theirs alone.
    begin = max(0, int(filled[0]) - margin) // 2 * 2
    end = min(mask.shape[0], int(filled[-1]) + margin) // 2 * 2 + 2
    luma, u, v = planes
    letters = mask[begin:end]
    shadow = _softened(letters, reach)
    shade = 1 - SHADOW * shadow / max(float(shadow.max()), 1e-6)
    dark = BLACK + (luma[begin:end] - float(BLACK)) * shade
    luma[begin:end] = _toward(dark, TEXT_LUMA, letters)
    for plane in (u, v):
        part = plane[begin // 2 : end // 2]
        small = cv2.resize(letters, part.shape[::-1], interpolation=cv2.INTER_AREA)
        part[:] = _toward(part, GRAY, small)


def _toward(plane: Pixels, value: int, mask: Pixels) -> Plane:
    mixed: Plane = np.round(plane + (value - plane.astype(np.float32)) * mask).astype(np.uint8)
    return mixed
