"""From one color space to another, on I420 planes and in place."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from livetrack_vcam.media import OUTPUT_COLOR, ColorMatrix, ColorRange, ColorSpace, Plane
from livetrack_vcam.picture.resample import Axis, resample

# Red and blue weights in luma: ITU-R BT.601-7 section 2.5.1 and BT.709-6 item 3.2.
WEIGHTS = {ColorMatrix.BT601: (0.299, 0.114), ColorMatrix.BT709: (0.2126, 0.0722)}
# Luma span, chroma span and luma of black of 8-bit code values.
SPANS = {ColorRange.LIMITED: (219.0, 224.0, 16.0), ColorRange.FULL: (255.0, 255.0, 0.0)}


def rgb_to_yuv_matrix(color: ColorSpace) -> npt.NDArray[np.float64]:
    """3x3 from R'G'B' in 0..1 to code values less their offsets (black's luma, 128, 128)."""
    red, blue = WEIGHTS[color.matrix]
    luma_span, chroma_span, _ = SPANS[color.range]
    luma = np.array([red, 1 - red - blue, blue])
    u = (np.array([0, 0, 1]) - luma) / (2 * (1 - blue)) * chroma_span
    v = (np.array([1, 0, 0]) - luma) / (2 * (1 - red)) * chroma_span
    return np.stack([luma * luma_span, u, v])


@lru_cache
def _conversion(color: ColorSpace, target: ColorSpace) -> npt.NDArray[np.float64]:
    return rgb_to_yuv_matrix(target) @ np.linalg.inv(rgb_to_yuv_matrix(color))


def to_output_color(planes: tuple[Plane, Plane, Plane], color: ColorSpace) -> None:
    """Convert I420 planes of `color` to OUTPUT_COLOR in place."""
    convert(planes, color, OUTPUT_COLOR)


def convert(
    planes: tuple[Plane, Plane, Plane],
    color: ColorSpace,
    target: ColorSpace,
    centered: bool = False,
) -> None:
    """Convert I420 planes of `color` to `target` in place.

    Chroma is left-sited (see render.py), or `centered` as in JPEG, which is quicker.

    Gray stays gray under any such change, so chroma needs a 2x2 matrix on the small planes and
    luma one scale plus, between matrices, a correction made from the chroma.
    """
    if color == target:
        return
    matrix = _conversion(color, target)
    luma, u, v = planes
    luma_offset = SPANS[target.range][2] - matrix[0, 0] * SPANS[color.range][2]
    if color.matrix is target.matrix:
        cv2.convertScaleAbs(luma, luma, float(matrix[0, 0]), float(luma_offset))
        for plane, gain in ((u, matrix[1, 1]), (v, matrix[2, 2])):
            cv2.convertScaleAbs(plane, plane, float(gain), 128 * float(1 - gain))
        return
    correction = _mix(u, v, matrix[0, 1], matrix[0, 2])
    if centered:
        correction = _doubled(correction, luma.shape)
    else:
        correction = _upsampled(correction, luma.shape)
    cv2.addWeighted(luma, float(matrix[0, 0]), correction, 1.0, float(luma_offset) - 128, luma)
    u[:], v[:] = _mix(u, v, matrix[1, 1], matrix[1, 2]), _mix(u, v, matrix[2, 1], matrix[2, 2])


def _mix(u: Plane, v: Plane, of_u: float, of_v: float) -> Plane:
    """128 + of_u * (u - 128) + of_v * (v - 128)."""
    offset = 128 * float(1 - of_u - of_v)
    return cv2.addWeighted(u, float(of_u), v, float(of_v), offset)  # type: ignore[return-value]


def _doubled(chroma: Plane, shape: tuple[int, ...]) -> Plane:
    """Centered chroma at luma resolution."""
    rows, columns = shape
    return cv2.resize(chroma, (columns, rows))  # type: ignore[return-value]


def _upsampled(chroma: Plane, shape: tuple[int, ...]) -> Plane:
    """Left-sited chroma (see render.py) at luma resolution."""
    rows, columns = shape
    return resample(chroma, Axis(0.0, 0.5, columns), Axis(-0.25, 0.5, rows), fine=False)
