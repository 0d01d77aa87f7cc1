"""Frame and its planar pixel format; color range and matrix travel with it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from livetrack_vcam.core.geometry import Size

Plane: TypeAlias = npt.NDArray[np.uint8]


class PixelFormat(Enum):
    """Planar 8-bit YUV layouts, named as FFmpeg names them; values are chroma shifts (x, y)."""

    YUV420P = (1, 1)
    YUV422P = (1, 0)
    YUV444P = (0, 0)

    def chroma_size(self, size: Size) -> Size:
        """Size of the two chroma planes; odd picture sides round up, as in FFmpeg."""
        shift_x, shift_y = self.value
        return Size(-(-size.width >> shift_x), -(-size.height >> shift_y))


class ColorRange(Enum):
    """LIMITED: luma 16-235, chroma 16-240 ("tv"). FULL: 0-255 ("pc", JPEG cameras)."""

    LIMITED = "tv"
    FULL = "pc"


class ColorMatrix(Enum):
    """Which red and blue weights made the luma (ITU-R BT.601 or BT.709)."""

    BT601 = "bt601"
    BT709 = "bt709"


@dataclass(frozen=True, slots=True)
class ColorSpace:
    range: ColorRange = ColorRange.LIMITED
    matrix: ColorMatrix = ColorMatrix.BT601


# What every sink gets: v4l2, JPEG, VP8 and readers that are told nothing all assume BT.601, and
# virtual cameras and encoders assume the limited range.
OUTPUT_COLOR = ColorSpace(ColorRange.LIMITED, ColorMatrix.BT601)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture as three read-only uint8 planes Y, U, V, each (rows, columns), possibly strided.

    `pts_ns` is the moment of capture on the monotonic clock of the source, in nanoseconds;
    `seq` counts the source's frames from 0, so a gap is a frame somebody dropped.
    """

    planes: tuple[Plane, Plane, Plane]
    format: PixelFormat
    color: ColorSpace
    pts_ns: int
    seq: int

    @property
    def size(self) -> Size:
        height, width = self.planes[0].shape
        return Size(width, height)


def black_frame(size: Size, pts_ns: int = 0, seq: int = 0) -> Frame:
    """A black I420 picture in the output's color space."""
    chroma = PixelFormat.YUV420P.chroma_size(size)
    luma = np.full((size.height, size.width), 16, np.uint8)
    u = np.full((chroma.height, chroma.width), 128, np.uint8)
    return Frame((luma, u, u.copy()), PixelFormat.YUV420P, OUTPUT_COLOR, pts_ns, seq)
