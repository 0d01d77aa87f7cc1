"""Sub-pixel crop and scale of one plane, in a few cheap passes that OpenCV does well.

1. A shrink by two or more starts with halving, on a grid fixed to the source, so that a moving
   crop never moves the grid.
2. The fraction of a pixel that is left is shifted by a two-tap mix; a symmetric three-tap filter
   then makes the result equally sharp for every fraction, and takes away what step 3 would alias.
3. `cv2.resize` does the remaining scale, with a phase fixed to the output.

So every output pixel is made the same way wherever the crop stands: nothing shimmers while it
moves. `cv2.warpAffine` does it in one pass, at more than the cost (benchmarks/rendering.py),
with a sharpness that changes with the fraction and without protection from aliasing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from livetrack_vcam.media import Plane

EXACT = 1 / 512  # pixels; a smaller shift of an edge of full contrast changes no 8-bit value
SPREAD = 0.25  # variance, in pixels squared, of the filter when shrinking (see _spread)


@dataclass(frozen=True, slots=True)
class Axis:
    """Output sample i of `count` lies at source sample `start + step * i`; 0 is the first one."""

    start: float
    step: float
    count: int


def resample(plane: Plane, x: Axis, y: Axis) -> Plane:
    """A (y.count, x.count) picture of the plane; outside it the nearest edge sample is repeated."""
    plane, x, y = _decimate(plane, x, y)
    return _scale(plane, x, y)


def _decimate(plane: Plane, x: Axis, y: Axis) -> tuple[Plane, Axis, Axis]:
    """Halve until both steps are below 2."""
    factor_x, factor_y = _power_of_two(x.step), _power_of_two(y.step)
    if factor_x == 1 and factor_y == 1:
        return plane, x, y
    left, right = _span_on_grid(x, factor_x, plane.shape[1])
    top, bottom = _span_on_grid(y, factor_y, plane.shape[0])
    x, y = _on_grid(x, factor_x, left), _on_grid(y, factor_y, top)
    plane = _window(plane, left, right, top, bottom)
    while factor_x > 1 or factor_y > 1:
        plane = _halved(plane, factor_x > 1, factor_y > 1)
        factor_x, factor_y = max(1, factor_x // 2), max(1, factor_y // 2)
    return plane, x, y


def _power_of_two(step: float) -> int:
    """The largest that is not over `step`, at least 1."""
    return 1 << max(0, math.floor(math.log2(step)))


def _halved(plane: Plane, across: bool, down: bool) -> Plane:
    if down and not across:
        return _mixed(plane[::2], plane[1::2], 0.5)
    rows, columns = plane.shape
    size = (columns // 2, rows // 2 if down else rows)
    return _plane(cv2.resize(plane, size, interpolation=cv2.INTER_AREA))


def _span_on_grid(axis: Axis, factor: int, length: int) -> tuple[int, int]:
    """First and end source sample of the grid cells that the axis needs inside the plane."""
    margin = 3 * factor
    first = max(0.0, axis.start - margin)
    last = min(float(length), axis.start + axis.step * axis.count + margin)
    begin = math.floor(min(first, length - 1) / factor) * factor
    return begin, max(begin + factor, math.ceil(last / factor) * factor)


def _on_grid(axis: Axis, factor: int, begin: int) -> Axis:
    center = begin + (factor - 1) / 2
    return Axis((axis.start - center) / factor, axis.step / factor, axis.count)


def _scale(plane: Plane, x: Axis, y: Axis) -> Plane:
    window = _shifted(plane, _part_of(x), _part_of(y))
    if x.step != 1.0 or y.step != 1.0:
        fx, fy = 1 / x.step, 1 / y.step
        window = _plane(cv2.resize(window, None, fx=fx, fy=fy, interpolation=cv2.INTER_LINEAR))
    return window[: y.count, : x.count]


@dataclass(frozen=True, slots=True)
class _Part:
    """What `cv2.resize` reads along one axis: samples `first + shift` to `first + shift + length`.

    `shift` is 0 to 1. `spread` is the variance still to be added (or, below 0, taken away).
    """

    first: int
    length: int
    shift: float
    spread: float

    def span(self, limit: int) -> tuple[int, int]:
        """The samples to take: one neighbor more for each filter, where the plane has one."""
        begin = self.first - 1 if self.first > 0 else self.first
        end = self.first + self.length + (self.shift > 0)
        return begin, end + 1 if end < limit else end


def _part_of(axis: Axis) -> _Part:
    """`cv2.resize` puts output i at (i + 0.5) * step - 0.5 of its input; the rest is the shift."""
    begin = axis.start - 0.5 * axis.step + 0.5
    first = math.floor(begin + EXACT)
    shift = begin - first if begin - first > EXACT else 0.0
    length = max(1, math.ceil(axis.count * axis.step - EXACT))
    while round(length / axis.step) < axis.count:
        length += 1
    return _Part(first, length, shift, _spread(axis.step) - shift * (1 - shift))


def _spread(step: float) -> float:
    """Variance of the whole filter: 0 (sharp) up to step 1, from there to SPREAD at step 1.5.

    The two-tap mix at `shift` has the variance shift * (1 - shift), at most 1/4; a three-tap
    filter adds the difference. With 0 the two together are a cubic interpolation (exact for
    parabolas, like that of Keys 1981); SPREAD is what a quadratic B-spline has.
    """
    return SPREAD * min(max((step - 1) / 0.5, 0.0), 1.0)


def _shifted(plane: Plane, x: _Part, y: _Part) -> Plane:
    rows, columns = plane.shape
    (left, right), (top, bottom) = x.span(columns), y.span(rows)
    window = _window(plane, left, right, top, bottom)
    if x.shift:
        window = _mixed(window[:, :-1], window[:, 1:], x.shift)
    if y.shift:
        window = _mixed(window[:-1], window[1:], y.shift)
    window = _sharpened(_softened(window, x.spread, y.spread), -x.spread, -y.spread)
    dx, dy = x.first - left, y.first - top
    return window[dy : dy + y.length, dx : dx + x.length]


def _mixed(before: Plane, after: Plane, share: float) -> Plane:
    return _plane(cv2.addWeighted(before, 1 - share, after, share, 0))


def _softened(plane: Plane, spread_x: float, spread_y: float) -> Plane:
    if max(spread_x, spread_y) < EXACT:
        return plane
    taps_x, taps_y = _symmetric(spread_x), _symmetric(spread_y)
    return _plane(cv2.sepFilter2D(plane, -1, taps_x, taps_y, borderType=cv2.BORDER_REPLICATE))


def _sharpened(plane: Plane, spread_x: float, spread_y: float) -> Plane:
    """Twice the plane less its softened self: the variance goes down by what softening adds."""
    if max(spread_x, spread_y) < EXACT:
        return plane
    return _plane(cv2.addWeighted(plane, 2, _softened(plane, spread_x, spread_y), -1, 0))


def _symmetric(spread: float) -> npt.NDArray[np.float32]:
    side = max(spread, 0.0) / 2
    return np.array([side, 1 - 2 * side, side], np.float32)


def _window(plane: Plane, x1: int, x2: int, y1: int, y2: int) -> Plane:
    """plane[y1:y2, x1:x2] with the edge repeated where that reaches outside."""
    rows, columns = plane.shape
    left, right = _clamped(x1, x2, columns)
    top, bottom = _clamped(y1, y2, rows)
    inside = plane[top:bottom, left:right]
    if inside.shape == (y2 - y1, x2 - x1):
        return inside
    # A window wholly outside keeps one row or column, which stands for one of those wanted.
    before_x, before_y = max(0, left - x1), max(0, top - y1)
    after_x, after_y = max(0, x2 - right), max(0, y2 - bottom)
    padded = cv2.copyMakeBorder(inside, before_y, after_y, before_x, after_x, cv2.BORDER_REPLICATE)
    return _plane(padded)[: y2 - y1, : x2 - x1]


def _clamped(begin: int, end: int, length: int) -> tuple[int, int]:
    begin = min(max(begin, 0), length - 1)
    return begin, max(begin + 1, min(end, length))


def _plane(picture: npt.NDArray[np.generic]) -> Plane:
    """OpenCV's stubs do not carry the element type through."""
    return picture  # type: ignore[return-value]
