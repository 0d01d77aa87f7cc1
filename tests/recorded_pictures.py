"""Pictures to record, and the times of those that a recording holds."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.media import OUTPUT_COLOR, Frame, PixelFormat

SIZE = Size(128, 72)
CANVAS = Canvas(SIZE, Fraction(30))
SECOND_NS = 1_000_000_000


def picture(number: int, pts_ns: int, size: Size = SIZE) -> Frame:
    """Noise that cannot be compressed away, so that the file grows."""
    dice = np.random.default_rng(number)
    luma = dice.integers(16, 235, (size.height, size.width)).astype(np.uint8)
    chroma = np.full((size.height // 2, size.width // 2), 128, np.uint8)
    return Frame((luma, chroma, chroma), PixelFormat.YUV420P, OUTPUT_COLOR, pts_ns, number)


def gray(level: int, pts_ns: int) -> Frame:
    luma = np.full((SIZE.height, SIZE.width), level, np.uint8)
    chroma = np.full((SIZE.height // 2, SIZE.width // 2), 128, np.uint8)
    return Frame((luma, chroma, chroma), PixelFormat.YUV420P, OUTPUT_COLOR, pts_ns, 0)


def times_ms(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        return [round(float(frame.time) * 1000) for frame in container.decode(video=0)]
