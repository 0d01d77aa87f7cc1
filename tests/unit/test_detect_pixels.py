"""The network's input shows the right pixels in the right colors, and boxes find their way back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.detectors.pixels import letterbox, whole
from livetrack_vcam.media import ColorMatrix, ColorRange, ColorSpace, Frame, PixelFormat
from tests.detect_pictures import FULL, frame_of

SPACES = [ColorSpace(r, m) for r in ColorRange for m in ColorMatrix]
PATCHES = np.array(
    [[[255, 255, 255], [0, 0, 0], [255, 0, 0]], [[0, 255, 0], [0, 0, 255], [200, 120, 40]]],
    np.uint8,
)


def blank(width: int, height: int, pixel_format: PixelFormat = PixelFormat.YUV420P) -> Frame:
    chroma = pixel_format.chroma_size(Size(width, height))
    luma = np.full((height, width), 90, np.uint8)
    planes = (luma, *(np.full((chroma.height, chroma.width), 128, np.uint8) for _ in range(2)))
    return Frame(planes, pixel_format, FULL, 0, 0)


@pytest.mark.parametrize("color", SPACES, ids=lambda c: f"{c.range.value}-{c.matrix.value}")
@pytest.mark.parametrize("pixel_format", PixelFormat, ids=lambda f: f.name)
def test_colors_survive_every_format_range_and_matrix(
    pixel_format: PixelFormat, color: ColorSpace
) -> None:
    picture = np.kron(PATCHES, np.ones((40, 40, 1), np.uint8))
    frame = frame_of(picture, pixel_format, color)
    rgb, _ = letterbox(frame, whole(frame), Size(120, 80), 0, centered=False)
    centers = rgb[20::40, 20::40].astype(int)
    assert np.abs(centers - PATCHES).max() <= 3


def test_padding_is_right_and_below_or_on_both_sides() -> None:
    frame = blank(200, 100)
    corner, placed = letterbox(frame, whole(frame), Size(64, 64), 7, centered=False)
    assert (corner[32:] == 7).all()
    assert (corner[:32] == 90).all()
    assert (placed.left, placed.top) == (0, 0)
    middle, placed = letterbox(frame, whole(frame), Size(64, 64), 7, centered=True)
    assert (middle[:16] == 7).all()
    assert (middle[48:] == 7).all()
    assert (middle[16:48] == 90).all()
    assert (placed.left, placed.top) == (0, 16)


@given(
    st.integers(1, 400),
    st.integers(1, 400),
    st.sampled_from(list(PixelFormat)),
    st.booleans(),
)
def test_the_corners_of_any_frame_come_back_where_they_were(
    width: int, height: int, pixel_format: PixelFormat, centered: bool
) -> None:
    frame = blank(width, height, pixel_format)
    rgb, placed = letterbox(frame, whole(frame), Size(96, 64), 0, centered)
    assert rgb.shape == (64, 96, 3)
    inner = placed.inner
    left, top = placed.left, placed.top
    corners = np.array([[left, top], [left + inner.width, top + inner.height]])
    assert placed.to_frame(corners) == pytest.approx(np.array([[0, 0], [width, height]]))


def test_a_mark_in_a_region_is_found_at_its_place_in_the_frame() -> None:
    picture = np.zeros((480, 640, 3), np.uint8)
    picture[300:310, 401:411] = 255
    frame = frame_of(picture, PixelFormat.YUV420P)
    rgb, placed = letterbox(frame, Box(333.3, 255.5, 500.9, 400.1), Size(256, 256), 0, True)
    rows, columns = np.nonzero(rgb[..., 1] > 128)
    center = np.array([columns.mean() + 0.5, rows.mean() + 0.5])
    assert placed.to_frame(center) == pytest.approx([406, 305], abs=0.5)


def test_a_region_outside_the_frame_is_brought_inside() -> None:
    frame = blank(101, 51)
    _, placed = letterbox(frame, Box(-40, -30, 20, 20), Size(64, 64), 0, centered=True)
    assert placed.region == Box(0, 0, 20, 20)
    _, placed = letterbox(frame, Box(500, 500, 600, 600), Size(64, 64), 0, centered=True)
    assert whole(frame).contains(placed.region)


def test_strided_planes_give_the_same_input_as_packed_ones() -> None:
    rng = np.random.default_rng(1)
    memory = rng.integers(0, 256, (60, 256), np.uint8)
    strided = Frame((memory[:, :100], memory[:30, :50], memory[30:, :50]), PixelFormat.YUV420P,
                    FULL, 0, 0)  # fmt: skip
    packed = Frame(tuple(p.copy() for p in strided.planes), PixelFormat.YUV420P, FULL, 0, 0)
    for region in (whole(strided), Box(11, 7, 80, 50)):
        inputs = [letterbox(f, region, Size(64, 64), 0, True)[0] for f in (strided, packed)]
        assert np.array_equal(*inputs)


def test_a_picture_of_nearly_the_inputs_shape_fills_it_where_that_is_allowed() -> None:
    frame = blank(1920, 1080)
    exact, placed = letterbox(frame, whole(frame), Size(416, 224), 7, centered=False)
    assert placed.inner == Size(398, 224)
    assert (exact[:, 398:] == 7).all()
    filled, placed = letterbox(frame, whole(frame), Size(416, 224), 7, False, max_distortion=1.06)
    assert (filled == 90).all()
    assert placed.to_frame(np.array([416.0, 224.0])) == pytest.approx([1920, 1080])


def test_a_picture_of_another_shape_is_not_distorted() -> None:
    frame = blank(640, 480)
    _, placed = letterbox(frame, whole(frame), Size(416, 224), 7, False, max_distortion=1.06)
    assert placed.inner == Size(299, 224)
