"""Frame and crop in, output frame out: planar YUV all the way (docs/adr/0003)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from livetrack_vcam.core.config import Fill
from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.media import OUTPUT_COLOR, ColorRange, Frame, PixelFormat, Plane
from livetrack_vcam.picture.color import to_output_color
from livetrack_vcam.picture.resample import Axis, resample

BLUR_SHRINK = 16  # the backdrop is made this much smaller, blurred there and enlarged again
BLUR_SIGMA = 2.0  # pixels of the small backdrop
BLUR_LUMA = 0.6  # the backdrop's brightness, so that the picture stands out
DIVIDER_SHARE = 1 / 270  # of the canvas's longer side: 4 pixels between the halves of 1080 by 1920
BLACK = (16, 128, 128)

Planes = tuple[Plane, Plane, Plane]


@dataclass(frozen=True, slots=True)
class Rect:
    """Where on the canvas the picture lies; whole pixels, even, so that chroma lines up."""

    x: int
    y: int
    size: Size


def picture_rect(canvas: Size, box: Box) -> Rect:
    """The largest rectangle of the box's shape in the canvas; all of it when they agree to 2 px."""
    scale = min(canvas.width / box.width, canvas.height / box.height)
    width, height = _even(box.width * scale), _even(box.height * scale)
    if canvas.width - width <= 2:
        width = canvas.width
    if canvas.height - height <= 2:
        height = canvas.height
    x, y = (canvas.width - width) // 4 * 2, (canvas.height - height) // 4 * 2
    return Rect(x, y, Size(width, height))


def halves(canvas: Size) -> tuple[Rect, Rect]:
    """Left and right of a wide canvas, top and bottom of a tall one."""
    if canvas.width >= canvas.height:
        width = _even(canvas.width / 2)
        right = Size(canvas.width - width, canvas.height)
        return Rect(0, 0, Size(width, canvas.height)), Rect(width, 0, right)
    height = _even(canvas.height / 2)
    bottom = Size(canvas.width, canvas.height - height)
    return Rect(0, 0, Size(canvas.width, height)), Rect(0, height, bottom)


def _even(length: float) -> int:
    return max(2, 2 * round(length / 2))


class Renderer:
    """Makes pictures of one canvas size. Each is a new I420 frame in OUTPUT_COLOR.

    Its three planes lie one after the other in one buffer, so that a sink may hand the buffer on
    without a copy (`i420_buffer`). Chroma is taken as left-sited (between rows, on the column of
    the left luma sample: MPEG-2, H.264 and every encoder's default), except in full-range
    sources, where it is centered as in JPEG; the output is left-sited.
    """

    def __init__(self, canvas: Size) -> None:
        self._canvas = canvas

    def render(self, frame: Frame, box: Box, fill: Fill = Fill.CROP) -> Frame:
        """`box` of the frame, in source pixels, as large as the canvas allows.

        When its shape is not the canvas's, the rest is black, or with Fill.BLUR a blurred,
        darkened enlargement of the same box.
        """
        planes = _new_planes(self._canvas)
        rect = picture_rect(self._canvas, box)
        if rect.size == self._canvas:
            _draw(frame, box, planes)
        else:
            self._draw_backdrop(frame, box, planes, fill)
            picture = _new_planes(rect.size)
            _draw(frame, box, picture)
            _paste(picture, planes, rect)
        return _finished(planes, frame)

    def render_panes(self, frame: Frame, boxes: Sequence[Box], fill: Fill = Fill.CROP) -> Frame:
        """One box as `render` does; two in the halves of the canvas, a black line between them."""
        if len(boxes) == 1:
            return self.render(frame, boxes[0], fill)
        planes = _new_planes(self._canvas)
        rects = halves(self._canvas)
        for box, rect in zip(boxes, rects, strict=True):
            _paste(Renderer(rect.size).render(frame, box, fill).planes, planes, rect)
        _draw_divider(planes, rects[1])
        return _finished(planes, frame)

    def _draw_backdrop(self, frame: Frame, box: Box, planes: Planes, fill: Fill) -> None:
        if fill is not Fill.BLUR:
            for plane, black in zip(planes, BLACK, strict=True):
                plane.fill(black)
            return
        width, height = self._canvas.width, self._canvas.height
        small = _new_planes(Size(_even(width / BLUR_SHRINK), _even(height / BLUR_SHRINK)))
        _draw(frame, _covering(box, self._canvas), small)
        for source, plane in zip(small, planes, strict=True):
            soft = cv2.GaussianBlur(source, (0, 0), BLUR_SIGMA)
            if plane is planes[0]:
                soft = cv2.convertScaleAbs(soft, None, BLUR_LUMA, 16 * (1 - BLUR_LUMA))
            cv2.resize(soft, plane.shape[::-1], dst=plane, interpolation=cv2.INTER_LINEAR)


def i420_buffer(frame: Frame) -> Plane:
    """The whole picture as one flat I420 array; not copied when a Renderer made the frame."""
    base = frame.planes[0].base
    if isinstance(base, np.ndarray) and base.ndim == 1 and _is_i420(base, frame):
        return base
    return np.concatenate([plane.ravel() for plane in frame.planes])


def _is_i420(base: Plane, frame: Frame) -> bool:
    address = first = _address(base)
    for plane in frame.planes:
        if _address(plane) != address or not plane.flags.c_contiguous:
            return False
        address += plane.size
    return address == first + base.size


def _address(array: Plane) -> int:
    return int(array.__array_interface__["data"][0])


def _new_planes(size: Size) -> Planes:
    chroma = PixelFormat.YUV420P.chroma_size(size)
    luma_count, chroma_count = size.width * size.height, chroma.width * chroma.height
    buffer = np.empty(luma_count + 2 * chroma_count, np.uint8)
    u = buffer[luma_count : luma_count + chroma_count]
    v = buffer[luma_count + chroma_count :]
    return (
        buffer[:luma_count].reshape(size.height, size.width),
        u.reshape(chroma.height, chroma.width),
        v.reshape(chroma.height, chroma.width),
    )


def _finished(planes: Planes, source: Frame) -> Frame:
    for plane in planes:
        plane.flags.writeable = False
    return Frame(planes, PixelFormat.YUV420P, OUTPUT_COLOR, source.pts_ns, source.seq)


def _draw_divider(planes: Planes, second: Rect) -> None:
    """A line of whole chroma samples along the edge at which the second half begins."""
    longer = max(planes[0].shape)
    reach = 2 * max(1, round(longer * DIVIDER_SHARE / 4))
    for plane, black, shift in zip(planes, BLACK, (0, 1, 1), strict=True):
        if second.x:
            plane[:, (second.x - reach) >> shift : (second.x + reach) >> shift] = black
        else:
            plane[(second.y - reach) >> shift : (second.y + reach) >> shift] = black


def _paste(picture: Planes, planes: Planes, rect: Rect) -> None:
    for source, plane, shift in zip(picture, planes, (0, 1, 1), strict=True):
        y, x = rect.y >> shift, rect.x >> shift
        plane[y : y + source.shape[0], x : x + source.shape[1]] = source


def _draw(frame: Frame, box: Box, planes: Planes) -> None:
    """Fill `planes` (I420) with `box` of the frame."""
    rows, columns = planes[0].shape
    step_x, step_y = box.width / columns, box.height / rows
    shift_x, shift_y = frame.format.value
    centered = frame.color.range is ColorRange.FULL
    for source, plane, output_shift in zip(frame.planes, planes, (0, 1, 1), strict=True):
        in_x, in_y = (shift_x, shift_y) if output_shift else (0, 0)
        x = _axis(box.x1, step_x, plane.shape[1], (in_x, centered), (output_shift, False))
        y = _axis(box.y1, step_y, plane.shape[0], (in_y, True), (output_shift, True))
        plane[:] = resample(source, x, y, fine=output_shift == 0)
    to_output_color(planes, frame.color)


def _axis(
    begin: float, step: float, count: int, source: tuple[int, bool], output: tuple[int, bool]
) -> Axis:
    """Where the output's samples lie among the source's; each side as (chroma shift, centered)."""
    source_pitch, source_first = _lattice(*source)
    output_pitch, output_first = _lattice(*output)
    first = begin + step * output_first
    return Axis((first - source_first) / source_pitch, step * output_pitch / source_pitch, count)


def _lattice(shift: int, centered: bool) -> tuple[int, float]:
    """Distance of a plane's samples, and the position of its first, in luma pixels."""
    pitch = 1 << shift
    return pitch, pitch / 2 if centered else 0.5


def _covering(box: Box, canvas: Size) -> Box:
    """The largest part of the box, around its center, that has the canvas's shape."""
    scale = min(box.width / canvas.width, box.height / canvas.height)
    center = box.center
    return Box.from_cxcywh(center.x, center.y, canvas.width * scale, canvas.height * scale)
