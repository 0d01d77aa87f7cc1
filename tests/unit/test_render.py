from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livetrack_vcam.core.config import Fill
from livetrack_vcam.core.geometry import Box, Point, Size, fit_inside
from livetrack_vcam.media import (
    OUTPUT_COLOR,
    ColorMatrix,
    ColorRange,
    ColorSpace,
    Frame,
    PixelFormat,
)
from livetrack_vcam.picture.overlay import draw_overlay
from livetrack_vcam.picture.render import Renderer, halves, i420_buffer, picture_rect
from livetrack_vcam.testing import FIGURE, GROUND, draw_frame

FULL_601 = ColorSpace(ColorRange.FULL, ColorMatrix.BT601)
FULL_709 = ColorSpace(ColorRange.FULL, ColorMatrix.BT709)
LIMITED_709 = ColorSpace(ColorRange.LIMITED, ColorMatrix.BT709)


def whole(size: Size) -> Box:
    return Box(0, 0, size.width, size.height)


def ramp_frame(size: Size, pixel_format: PixelFormat, color: ColorSpace, slope: float) -> Frame:
    """Chroma that rises by `slope` a luma pixel along x (U) and y (V), taken where it is sited."""
    chroma = pixel_format.chroma_size(size)
    shift_x, shift_y = pixel_format.value
    full = color.range is ColorRange.FULL
    columns = np.arange(chroma.width) * 2**shift_x + (2**shift_x / 2 if full else 0.5)
    rows = np.arange(chroma.height) * 2**shift_y + 2**shift_y / 2
    u = np.tile(40 + slope * columns, (chroma.height, 1))
    v = np.tile(40 + slope * rows[:, None], (1, chroma.width))
    luma = np.full((size.height, size.width), 120.0)
    planes = tuple(np.round(plane).astype(np.uint8) for plane in (luma, u, v))
    return Frame((planes[0], planes[1], planes[2]), pixel_format, color, 0, 0)


@pytest.mark.parametrize("color", [OUTPUT_COLOR, FULL_601])
@pytest.mark.parametrize("pixel_format", PixelFormat)
@pytest.mark.parametrize("zoom", [0.45, 0.8, 1.0, 1.7, 3.1])
def test_chroma_stays_where_it_was_in_the_scene(
    pixel_format: PixelFormat, color: ColorSpace, zoom: float
) -> None:
    slope, step = 1.571, 1 / zoom
    frame = ramp_frame(Size(120, 120), pixel_format, color, slope)
    canvas = Size(48, 48)
    box = Box.from_xywh(6.3, 4.7, canvas.width * step, canvas.height * step)
    _, u, v = Renderer(canvas).render(frame, box).planes
    gain = 224 / 255 if color is FULL_601 else 1.0
    columns = box.x1 + (np.arange(24) * 2 + 0.5) * step
    rows = box.y1 + (np.arange(24) * 2 + 1.0) * step
    expected_u = 128 + gain * (40 + slope * columns - 128)
    expected_v = 128 + gain * (40 + slope * rows - 128)
    for found, expected in ((u[12], expected_u), (v[:, 12], expected_v)):
        error = (found - expected)[3:-3]
        assert np.abs(error).max() < 2.0  # 8-bit rounding in each pass
        assert abs(error.mean()) < 0.65  # half a luma pixel off would be 0.79


@pytest.mark.parametrize("size", [Size(1, 1), Size(15, 9), Size(3, 200), Size(1921, 1081)])
@pytest.mark.parametrize("pixel_format", PixelFormat)
@pytest.mark.parametrize("color", [OUTPUT_COLOR, FULL_709])
def test_sources_of_any_size_fill_any_canvas(
    size: Size, pixel_format: PixelFormat, color: ColorSpace
) -> None:
    frame = draw_frame(size, None, pixel_format, color)
    for canvas in (Size(2, 2), Size(64, 36), Size(720, 1280), Size(37, 21)):
        result = Renderer(canvas).render(frame, whole(size), Fill.BLUR)
        assert result.size == canvas
        assert result.format is PixelFormat.YUV420P
        assert result.color == OUTPUT_COLOR
        assert [plane.shape for plane in result.planes[1:]] == [
            ((canvas.height + 1) // 2, (canvas.width + 1) // 2)
        ] * 2


@settings(max_examples=60, deadline=None)
@given(
    x=st.floats(0, 320),
    y=st.floats(0, 180),
    height=st.floats(2, 180),
    ratio=st.sampled_from([Fraction(16, 9), Fraction(9, 16), Fraction(1), Fraction(4)]),
    pixel_format=st.sampled_from(list(PixelFormat)),
)
def test_a_flat_picture_stays_flat_wherever_the_crop_lies(
    x: float, y: float, height: float, ratio: Fraction, pixel_format: PixelFormat
) -> None:
    size = Size(321, 179)
    crop = fit_inside(Point(x, y), height, ratio, size)
    canvas = Size(64, 64)
    rect = picture_rect(canvas, crop.box)
    result = Renderer(canvas).render(draw_frame(size, None, pixel_format), crop.box)
    for plane, value, shift in zip(result.planes, GROUND, (0, 1, 1), strict=True):
        inside = plane[
            rect.y >> shift : (rect.y + rect.size.height) >> shift,
            rect.x >> shift : (rect.x + rect.size.width) >> shift,
        ]
        assert np.all(inside == value)


def test_a_crop_at_the_canvas_scale_copies_the_pixels() -> None:
    pixels = np.random.default_rng(1).integers(16, 235, (90, 160)).astype(np.uint8)
    chroma = np.random.default_rng(2).integers(16, 240, (45, 80)).astype(np.uint8)
    frame = Frame((pixels, chroma, chroma), PixelFormat.YUV420P, OUTPUT_COLOR, 5, 7)
    result = Renderer(Size(64, 36)).render(frame, Box.from_xywh(20, 10, 64, 36))
    assert np.array_equal(result.planes[0], pixels[10:46, 20:84])
    assert np.array_equal(result.planes[1], chroma[5:23, 10:42])
    assert (result.pts_ns, result.seq) == (5, 7)


def test_black_and_white_of_a_full_range_camera_become_the_limited_ones() -> None:
    for luma, expected in ((0, 16), (255, 235), (128, 126)):
        planes = tuple(
            np.full(shape, value, np.uint8)
            for shape, value in (((36, 64), luma), ((18, 32), 128), ((18, 32), 128))
        )
        frame = Frame((planes[0], planes[1], planes[2]), PixelFormat.YUV420P, FULL_601, 0, 0)
        result = Renderer(Size(64, 36)).render(frame, Box(0, 0, 64, 36))
        assert np.all(result.planes[0] == expected)
        assert np.all(result.planes[1] == 128)


def test_a_box_of_another_shape_is_boxed_with_black() -> None:
    frame = draw_frame(Size(320, 180), Box(0, 0, 320, 180))
    for fill in (Fill.CROP, Fill.LETTERBOX):
        luma, u, _ = Renderer(Size(320, 180)).render(frame, Box(100, 0, 201.25, 180), fill).planes
        assert np.all(luma[:, :108] == 16)
        assert np.all(luma[:, 212:] == 16)
        assert np.all(luma[:, 110:210] == FIGURE[0])
        assert np.all(u[:, :54] == 128)


def test_a_blurred_fill_shows_the_scene_darker_and_softer_beside_the_picture() -> None:
    frame = draw_frame(Size(320, 180), Box(100, 0, 201, 180))
    luma = Renderer(Size(320, 180)).render(frame, Box(100, 0, 201.25, 180), Fill.BLUR).planes[0]
    backdrop = luma[:, :100].astype(int)
    assert 100 < backdrop.mean() < FIGURE[0] - 40
    assert np.abs(np.diff(backdrop, axis=1)).max() <= 4
    assert np.all(luma[:, 112:208] == FIGURE[0])


def test_the_boxed_picture_lies_on_even_pixels_in_the_middle() -> None:
    for width in range(2, 400, 7):
        rect = picture_rect(Size(1280, 720), Box(0, 0, width, 180))
        assert rect.x % 2 == rect.y % 2 == 0
        assert abs(rect.x - (1280 - rect.size.width) / 2) <= 2
        assert abs(rect.y - (720 - rect.size.height) / 2) <= 2
        assert rect.size.width <= 1280
        assert rect.size.height <= 720


def test_every_picture_is_a_new_read_only_buffer() -> None:
    renderer = Renderer(Size(64, 36))
    frame = draw_frame(Size(320, 180), Box(10, 10, 50, 90))
    first = renderer.render(frame, whole(frame.size))
    kept = first.planes[0].copy()
    second = renderer.render(draw_frame(Size(320, 180), None), whole(frame.size))
    assert np.array_equal(first.planes[0], kept)
    assert not np.shares_memory(first.planes[0], second.planes[0])
    with pytest.raises(ValueError, match="read-only"):
        first.planes[0][0, 0] = 0


def test_the_source_frame_is_not_changed() -> None:
    for color in (OUTPUT_COLOR, FULL_709, LIMITED_709):
        frame = draw_frame(Size(64, 36), Box(8, 8, 30, 30), color=color)
        before = [plane.copy() for plane in frame.planes]
        Renderer(Size(64, 36)).render(frame, whole(frame.size))
        assert all(np.array_equal(a, b) for a, b in zip(before, frame.planes, strict=True))


def test_strided_planes_give_the_same_picture_as_packed_ones() -> None:
    frame = draw_frame(Size(64, 36), Box(8, 8, 30, 30))
    padded = []
    for plane in frame.planes:
        wide = np.zeros((plane.shape[0], plane.shape[1] + 13), np.uint8)
        wide[:, : plane.shape[1]] = plane
        padded.append(wide[:, : plane.shape[1]])
    strided = Frame((padded[0], padded[1], padded[2]), frame.format, frame.color, 0, 0)
    box = Box(3.3, 2.2, 51.3, 29.2)
    one, other = (Renderer(Size(80, 45)).render(f, box) for f in (frame, strided))
    assert all(np.array_equal(a, b) for a, b in zip(one.planes, other.planes, strict=True))


def test_the_buffer_of_a_rendered_picture_is_i420_without_a_copy() -> None:
    frame = draw_frame(Size(64, 36), Box(8, 8, 30, 30))
    rendered = Renderer(Size(64, 36)).render(frame, Box(3.3, 2.2, 35.3, 20.2))
    buffer = i420_buffer(rendered)
    assert np.shares_memory(buffer, rendered.planes[0])
    assert np.array_equal(buffer, np.concatenate([plane.ravel() for plane in rendered.planes]))
    assert np.array_equal(
        i420_buffer(frame), np.concatenate([plane.ravel() for plane in frame.planes])
    )


@pytest.mark.parametrize("canvas", [Size(320, 180), Size(180, 320), Size(90, 90), Size(16, 9)])
def test_two_panes_take_the_halves_of_the_canvas(canvas: Size) -> None:
    first, second = halves(canvas)
    wide = canvas.width >= canvas.height
    assert (first.x, first.y) == (0, 0)
    assert (second.x, second.y) == ((first.size.width, 0) if wide else (0, first.size.height))
    assert second.x + second.size.width == canvas.width
    assert second.y + second.size.height == canvas.height
    assert second.x % 2 == second.y % 2 == 0
    assert abs(first.size.width - second.size.width) <= 2
    assert abs(first.size.height - second.size.height) <= 2


@pytest.mark.parametrize("canvas", [Size(640, 360), Size(360, 640)])
def test_each_pane_shows_its_box_and_a_black_line_parts_them(canvas: Size) -> None:
    frame = draw_frame(Size(640, 360), Box(0, 0, 320, 360))
    width = 150 if canvas.width > canvas.height else 210
    height = 150 * 360 / 320 if canvas.width > canvas.height else 210 * 320 / 360
    boxes = (Box.from_xywh(20, 60, width, height), Box.from_xywh(400, 60, width, height))
    luma, u, v = Renderer(canvas).render_panes(frame, boxes, Fill.SPLIT).planes
    along = luma if canvas.width > canvas.height else luma.T
    middle = along.shape[1] // 2
    dark = [x for x in range(along.shape[1]) if np.all(along[:, x] == 16)]
    assert 2 <= len(dark) <= 4
    assert dark[0] + dark[-1] == 2 * middle - 1, "in the middle"
    assert np.all(along[:, : dark[0]] == FIGURE[0])
    assert np.all(along[:, dark[-1] + 1 :] == GROUND[0])
    for chroma in (u, v):
        across = chroma if canvas.width > canvas.height else chroma.T
        assert np.all(across[:, middle // 2 - 1 : middle // 2 + 1] == 128)


def test_a_pane_looks_as_the_same_box_rendered_alone() -> None:
    frame = draw_frame(Size(640, 360), Box(100, 50, 300, 300))
    boxes = (Box(0, 0, 320, 360), Box(320, 0, 640, 360))
    split = Renderer(Size(640, 360)).render_panes(frame, boxes).planes
    alone = Renderer(Size(320, 360)).render(frame, boxes[0]).planes
    for plane, own in zip(split, alone, strict=True):
        width = own.shape[1] - 4
        assert np.array_equal(plane[:, :width], own[:, :width])


def test_one_pane_is_the_whole_picture() -> None:
    frame = draw_frame(Size(320, 180), Box(10, 10, 100, 100))
    box = Box(0, 0, 160, 90)
    renderer = Renderer(Size(64, 36))
    once, again = renderer.render_panes(frame, (box,)), renderer.render(frame, box)
    assert all(map(np.array_equal, once.planes, again.planes))


def test_a_picture_of_panes_is_one_i420_buffer_too() -> None:
    frame = draw_frame(Size(320, 180), None)
    boxes = (Box(0, 0, 160, 180), Box(160, 0, 320, 180))
    rendered = Renderer(Size(64, 36)).render_panes(frame, boxes)
    assert np.shares_memory(i420_buffer(rendered), rendered.planes[0])
    assert not rendered.planes[0].flags.writeable


def test_the_overlay_keeps_every_pane_bright() -> None:
    whole = Renderer(Size(320, 180)).render(
        draw_frame(Size(320, 180), Box(0, 0, 320, 180)), Box(0, 0, 320, 180)
    )
    crop = fit_inside(Point(160, 90), 90, Fraction(1), Size(320, 180))
    panes = (Box(20, 40, 80, 140), Box(220, 40, 280, 140))
    luma = draw_overlay(whole, crop, (), (), panes).planes[0]
    assert luma[90, 50] == luma[90, 250] == FIGURE[0]
    assert luma[90, 160] < FIGURE[0] - 60
    usual = draw_overlay(whole, crop, (), ()).planes[0]
    assert usual[90, 160] == FIGURE[0]
    assert usual[90, 30] < FIGURE[0] - 60
