"""Sub-pixel crop and scale of one plane, in three cheap passes that OpenCV does well.

1. A shrink by two or more starts with a box average by a whole factor on a grid fixed to the
   source, so that a moving crop never moves the averaging grid.
2. A short separable filter shifts the window by the fraction of a pixel that is left, and takes
   away what the last step would alias.
3. `cv2.resize` does the remaining scale with a phase fixed to the output.

So every output pixel is made the same way wherever the crop stands: nothing shimmers while it
moves. `cv2.warpAffine` does the same in one pass at about twice the cost (benchmarks/rendering.py)
and without the protection from aliasing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from livetrack_vcam.media import Plane

MARGIN = 2  # taps on each side of the shift filter
EXACT = 1e-4  # pixels; smaller shifts cannot change an 8-bit picture


@dataclass(frozen=True, slots=True)
class Axis:
    """Output sample i of `count` lies at source sample `start + step * i`; 0 is the first's center."""

    start: float
    step: float
    count: int


def resample(plane: Plane, x: Axis, y: Axis) -> Plane:
    """A (y.count, x.count) picture of the plane; outside it the nearest edge sample is repeated."""
    plane, x, y = _decimate(plane, x, y)
    return _scale(plane, x, y)


def _decimate(plane: Plane, x: Axis, y: Axis) -> tuple[Plane, Axis, Axis]:
    factor_x, factor_y = max(1, int(x.step)), max(1, int(y.step))
    if factor_x == 1 and factor_y == 1:
        return plane, x, y
    left, right = _span_on_grid(x, factor_x, plane.shape[1])
    top, bottom = _span_on_grid(y, factor_y, plane.shape[0])
    window = _window(plane, left, right, top, bottom)
    size = ((right - left) // factor_x, (bottom - top) // factor_y)
    small = cv2.resize(window, size, interpolation=cv2.INTER_AREA)
    return _plane(small), _on_grid(x, factor_x, left), _on_grid(y, factor_y, top)


def _span_on_grid(axis: Axis, factor: int, length: int) -> tuple[int, int]:
    """First and end source sample of the cells that the axis needs, clamped to the plane's cells."""
    margin = (MARGIN + 1) * factor
    first = max(0.0, axis.start - margin)
    last = min(float(length), axis.start + axis.step * axis.count + margin)
    begin = math.floor(min(first, length - 1) / factor) * factor
    return begin, max(begin + factor, math.ceil(last / factor) * factor)


def _on_grid(axis: Axis, factor: int, begin: int) -> Axis:
    center = begin + (factor - 1) / 2
    return Axis((axis.start - center) / factor, axis.step / factor, axis.count)


def _scale(plane: Plane, x: Axis, y: Axis) -> Plane:
    left, shift_x, width = _window_of(x)
    top, shift_y, height = _window_of(y)
    window = _shifted_window(
        plane, (left, width, _kernel(shift_x, x.step)), (top, height, _kernel(shift_y, y.step))
    )
    if x.step != 1.0 or y.step != 1.0:
        window = _plane(
            cv2.resize(
                window, None, fx=1 / x.step, fy=1 / y.step, interpolation=cv2.INTER_LINEAR
            )
        )
    return window[: y.count, : x.count]


def _window_of(axis: Axis) -> tuple[int, float, int]:
    """First sample, fraction still to shift (-0.5 to 0.5) and length of what `cv2.resize` reads.

    `cv2.resize` puts output i at (i + 0.5) * step - 0.5 of its input; the rest is ours to shift.
    """
    begin = axis.start - 0.5 * axis.step + 0.5
    first = math.floor(begin + 0.5)
    length = max(1, math.ceil(axis.count * axis.step - EXACT))
    while round(length / axis.step) < axis.count:
        length += 1
    return first, begin - first, length


_Part = tuple[int, int, npt.NDArray[np.float32] | None]
_IDENTITY = np.array([1], np.float32)


def _shifted_window(plane: Plane, x: _Part, y: _Part) -> Plane:
    (left, width, kernel_x), (top, height, kernel_y) = x, y
    if kernel_x is None and kernel_y is None:
        return _window(plane, left, left + width, top, top + height)
    rows, columns = plane.shape
    x1, x2 = _clamped(left - MARGIN, left + width + MARGIN, columns)
    y1, y2 = _clamped(top - MARGIN, top + height + MARGIN, rows)
    filtered = cv2.sepFilter2D(
        plane[y1:y2, x1:x2],
        -1,
        _IDENTITY if kernel_x is None else kernel_x,
        _IDENTITY if kernel_y is None else kernel_y,
        borderType=cv2.BORDER_REPLICATE,
    )
    left, top = left - x1, top - y1
    return _window(_plane(filtered), left, left + width, top, top + height)


def _clamped(begin: int, end: int, length: int) -> tuple[int, int]:
    begin = min(max(begin, 0), length - 1)
    return begin, max(begin + 1, min(end, length))


def _window(plane: Plane, x1: int, x2: int, y1: int, y2: int) -> Plane:
    """plane[y1:y2, x1:x2] with the edge repeated where that reaches outside."""
    rows, columns = plane.shape
    left, right = _clamped(x1, x2, columns)
    top, bottom = _clamped(y1, y2, rows)
    inside = plane[top:bottom, left:right]
    if inside.shape == (y2 - y1, x2 - x1):
        return inside
    before_x, before_y = max(0, left - x1), max(0, top - y1)
    after_x = x2 - x1 - before_x - (right - left)
    after_y = y2 - y1 - before_y - (bottom - top)
    # A window wholly outside is all edge; the single column or row it kept counts as one of it.
    return _plane(
        cv2.copyMakeBorder(
            inside, before_y, max(0, after_y), before_x, max(0, after_x), cv2.BORDER_REPLICATE
        )
    )[: y2 - y1, : x2 - x1]


def _kernel(shift: float, step: float) -> npt.NDArray[np.float32] | None:
    """Taps that move the picture by `shift` (-0.5 to 0.5) samples; None when there is nothing to do.

    Enlarging takes the Catmull-Rom cubic, which keeps the detail; shrinking goes over, between
    step 1 and 1.5, to the quadratic B-spline, whose width (variance 1/4) is the same for every
    shift. Both have unit gain and shift straight lines exactly, and so does any mix of them.
    """
    smoothing = min(max((step - 1) / 0.5, 0.0), 1.0)
    if abs(shift) < EXACT and smoothing == 0.0:
        return None
    cubic, spline = _catmull_rom(shift), _quadratic_spline(shift)
    taps = [(1 - smoothing) * c + smoothing * s for c, s in zip(cubic, spline, strict=True)]
    while len(taps) > 1 and abs(taps[0]) < 1e-7 and abs(taps[-1]) < 1e-7:
        taps = taps[1:-1]
    return np.array(taps, np.float32)


def _catmull_rom(shift: float) -> list[float]:
    """Keys (1981), a = -0.5, sampled at -2 to 2."""
    taps = []
    for tap in range(-MARGIN, MARGIN + 1):
        t = abs(tap - shift)
        if t < 1:
            taps.append(1.5 * t**3 - 2.5 * t**2 + 1)
        else:
            taps.append(-0.5 * t**3 + 2.5 * t**2 - 4 * t + 2 if t < 2 else 0.0)
    return taps


def _quadratic_spline(shift: float) -> list[float]:
    return [0.0, (0.5 - shift) ** 2 / 2, 0.75 - shift**2, (0.5 + shift) ** 2 / 2, 0.0]


def _plane(picture: npt.NDArray[np.generic]) -> Plane:
    """OpenCV's stubs do not carry the element type through."""
    return picture  # type: ignore[return-value]
