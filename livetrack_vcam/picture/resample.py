"""Sub-pixel crop and scale of one plane, in a few cheap passes that OpenCV does well.

`cv2.resize` is fast but only knows a fixed phase; the fraction of a pixel that is left is shifted
by a two-tap mix, on whichever side has more samples: after enlarging, before reducing. What the
mix softens, a symmetric three-tap filter sharpens again by as much, so that a picture does not
breathe while its crop moves. A shrink by two or more starts with halving, on a grid fixed to the
source. `cv2.warpAffine` does all but the last in one pass at a higher cost: both costs are printed
by benchmarks/rendering.py, both distances from the ideal asserted in test_render_quality.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from livetrack_vcam.media import Plane

EXACT = 1 / 512  # pixels; a smaller shift of an edge of full contrast changes no 8-bit value
# By step, the variance in pixels squared that the filter before reducing adds: below 0 it makes up
# for the softness of bilinear samples, above 0 it keeps a step near 2 from aliasing. Found with
# the measure of tests/unit/test_render_quality.py.
SPREADS = ((1.0, 0.0), (1.1, -0.07), (1.5, -0.05), (2.0, 0.12))


@dataclass(frozen=True, slots=True)
class Axis:
    """Output sample i of `count` lies at source sample `start + step * i`; 0 is the first one."""

    start: float
    step: float
    count: int


def resample(plane: Plane, x: Axis, y: Axis, fine: bool = True) -> Plane:
    """A (y.count, x.count) picture of the plane; outside it the nearest edge sample is repeated.

    `fine` is for luma; without it (chroma, masks) enlarging is bilinear and nothing is sharpened.
    """
    plane, x, y = _decimate(plane, x, y)
    x, y = _snapped(x), _snapped(y)
    if x.step <= 1 and y.step <= 1:
        return _enlarged(plane, x, y, fine)
    return _reduced(plane, x, y, fine)


def _snapped(axis: Axis) -> Axis:
    """Step 1 for a step so near to it that first and last sample move by less than a quarter.

    `cv2.resize` copies when the size stays the same, whatever the scale says.
    """
    if abs(axis.step - 1) * axis.count >= 0.5:
        return axis
    return Axis(axis.start + (axis.step - 1) * (axis.count - 1) / 2, 1.0, axis.count)


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


def _enlarged(plane: Plane, x: Axis, y: Axis, fine: bool) -> Plane:
    """Resize, then shift. One output sample more on each side feeds the filters."""
    (left, width, column, shift_x), (top, height, row, shift_y) = _cells(x), _cells(y)
    window = _window(plane, left, left + width, top, top + height)
    if x.step < 1 or y.step < 1:
        how = cv2.INTER_CUBIC if fine else cv2.INTER_LINEAR
        window = _plane(cv2.resize(window, None, fx=1 / x.step, fy=1 / y.step, interpolation=how))
    window = window[row : row + y.count + 3, column : column + x.count + 3]
    window = _shifted(window, shift_x, shift_y)
    if fine:
        window = _filtered(window, -shift_x * (1 - shift_x), -shift_y * (1 - shift_y))
    return window[1 : y.count + 1, 1 : x.count + 1]


def _cells(axis: Axis) -> tuple[int, int, int, float]:
    """Of one axis: the first source sample and how many to resize, then the first output sample
    that is wanted (one early) and the fraction to shift by."""
    begin = axis.start - 0.5 * axis.step + 0.5
    first = math.floor(begin) - 2
    offset = (begin - first) / axis.step - 1
    whole = math.floor(offset + EXACT)
    shift = offset - whole
    length = math.ceil((whole + axis.count + 3) * axis.step) + 1
    return first, length, whole, shift if shift > EXACT else 0.0


def _reduced(plane: Plane, x: Axis, y: Axis, fine: bool) -> Plane:
    """Shift, then resize."""
    part_x, part_y = _part_of(x, plane.shape[1]), _part_of(y, plane.shape[0])
    window = _window(plane, part_x.begin, part_x.end, part_y.begin, part_y.end)
    window = _shifted(window, part_x.shift, part_y.shift)
    spread_x = _spread(x.step) - part_x.shift * (1 - part_x.shift)
    spread_y = _spread(y.step) - part_y.shift * (1 - part_y.shift)
    if not fine:
        spread_x, spread_y = max(spread_x, 0.0), max(spread_y, 0.0)
    window = _filtered(window, spread_x, spread_y)
    left, top = part_x.first - part_x.begin, part_y.first - part_y.begin
    window = window[top : top + part_y.length, left : left + part_x.length]
    fx, fy = 1 / x.step, 1 / y.step
    window = _plane(cv2.resize(window, None, fx=fx, fy=fy, interpolation=cv2.INTER_LINEAR))
    return window[: y.count, : x.count]


@dataclass(frozen=True, slots=True)
class _Part:
    """Along one axis: `cv2.resize` reads `length` samples from `first + shift`, made out of the
    plane's samples `begin` to `end`: these, and one neighbor more where the plane has one."""

    first: int
    length: int
    shift: float
    begin: int
    end: int


def _part_of(axis: Axis, limit: int) -> _Part:
    """`cv2.resize` puts output i at (i + 0.5) * step - 0.5 of its input; the rest is the shift."""
    start = axis.start - 0.5 * axis.step + 0.5
    first = math.floor(start + EXACT)
    shift = start - first if start - first > EXACT else 0.0
    length = max(1, math.ceil(axis.count * axis.step - EXACT))
    while round(length / axis.step) < axis.count:
        length += 1
    end = first + length + (shift > 0)
    return _Part(first, length, shift, first - (first > 0), end + (end < limit))


def _spread(step: float) -> float:
    """SPREADS between its points; 0 when the axis is enlarged."""
    for (low, spread), (high, next_spread) in pairwise(SPREADS):
        if low <= step <= high:
            return spread + (step - low) / (high - low) * (next_spread - spread)
    return 0.0


def _shifted(plane: Plane, x: float, y: float) -> Plane:
    """The plane moved by `x`, `y` (0 to 1) samples; one column or row fewer where it moved."""
    plane = _mixed(plane[:, :-1], plane[:, 1:], x) if x else plane
    return _mixed(plane[:-1], plane[1:], y) if y else plane


def _mixed(before: Plane, after: Plane, share: float) -> Plane:
    return _plane(cv2.addWeighted(before, 1 - share, after, share, 0))


def _filtered(plane: Plane, spread_x: float, spread_y: float) -> Plane:
    """Add variance where the spread is above 0, take it away where it is below.

    Sharpening is twice the plane less its softened self: what softening adds, that takes away.
    """
    if max(spread_x, spread_y) > EXACT:
        plane = _softened(plane, spread_x, spread_y)
    if min(spread_x, spread_y) < -EXACT:
        soft = _softened(plane, -spread_x, -spread_y)
        plane = _plane(cv2.addWeighted(plane, 2, soft, -1, 0))
    return plane


def _softened(plane: Plane, spread_x: float, spread_y: float) -> Plane:
    taps_x, taps_y = _symmetric(spread_x), _symmetric(spread_y)
    return _plane(cv2.sepFilter2D(plane, -1, taps_x, taps_y, borderType=cv2.BORDER_REPLICATE))


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
