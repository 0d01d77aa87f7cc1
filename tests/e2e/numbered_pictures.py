"""Pictures that carry their number, so that what arrives can be compared with what was sent."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.media import OUTPUT_COLOR, Frame, PixelFormat
from livetrack_vcam.testing import to_bgr

SIZE = Size(640, 360)
SMALL = Size(160, 90)
"""What a browser is asked for: few enough pixels to be told as JSON."""
BITS = 16
BLOCK = SIZE.width // BITS
# Y, U, V of the four quarters.
QUARTERS = ((60, 200, 100), (150, 90, 190), (200, 120, 130), (100, 110, 60))
LIGHT, DARK = 230, 20

Pixels = npt.NDArray[np.uint8]


def picture(number: int, pts_ns: int) -> Frame:
    """Four colors, a light bar that moves, and the number as blocks along the lower edge."""
    planes = tuple(np.empty(shape, np.uint8) for shape in _shapes())
    for plane, values in zip(planes, zip(*QUARTERS, strict=True), strict=True):
        half_height, half_width = plane.shape[0] // 2, plane.shape[1] // 2
        plane[:half_height, :half_width], plane[:half_height, half_width:] = values[:2]
        plane[half_height:, :half_width], plane[half_height:, half_width:] = values[2:]
    luma, u, v = planes
    at = number * 8 % (SIZE.width - BLOCK)
    luma[BLOCK : 2 * BLOCK, at : at + BLOCK] = LIGHT
    for bit in range(BITS):
        value = LIGHT if number >> bit & 1 else DARK
        luma[-BLOCK:, bit * BLOCK : (bit + 1) * BLOCK] = value
    u[-BLOCK // 2 :], v[-BLOCK // 2 :] = 128, 128
    return Frame((luma, u, v), PixelFormat.YUV420P, OUTPUT_COLOR, pts_ns, number)


def small(frame: Frame) -> Pixels:
    """As RGB, of SMALL size."""
    reduced = cv2.resize(to_bgr(frame), (SMALL.width, SMALL.height), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(reduced[:, :, ::-1])


def number_in(pixels: Pixels) -> int:
    """The number of a picture of SMALL size."""
    step = SMALL.width // BITS
    row = pixels[-step // 2].astype(int).sum(1)
    middles = row[step // 2 :: step]
    return sum(1 << bit for bit in range(BITS) if middles[bit] > 3 * 128)


def difference(pixels: Pixels) -> float:
    """Mean difference, in levels of 255, from the picture whose number it carries."""
    expected = small(picture(number_in(pixels), 0))
    return float(np.abs(pixels.astype(int) - expected.astype(int)).mean())


def _shapes() -> tuple[tuple[int, int], ...]:
    half = (SIZE.height // 2, SIZE.width // 2)
    return (SIZE.height, SIZE.width), half, half
