"""Rendered colors look as they did: encoded by FFmpeg, rendered, decoded by FFmpeg."""

from __future__ import annotations

import io
from fractions import Fraction

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest
from av.video.reformatter import ColorRange as AvRange
from av.video.reformatter import Colorspace as AvMatrix

from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.live.preview import small_picture
from livetrack_vcam.media import ColorMatrix, ColorRange, ColorSpace, Frame
from livetrack_vcam.picture.av_frames import picture_of, to_av
from livetrack_vcam.picture.render import Renderer
from livetrack_vcam.sinks.mjpeg import encode_jpeg

Lab = npt.NDArray[np.float64]
Rgb = npt.NDArray[np.uint8]

BAR = 32
# 100 % and 75 % bars, skin tones (the ColorChecker's two and two darker), a gray scale.
COLORS = np.array(
    [
        *((r, g, b) for r in (0, 255) for g in (0, 255) for b in (0, 255)),
        *((r, g, b) for r in (0, 191) for g in (0, 191) for b in (0, 191)),
        (115, 82, 68), (194, 150, 130), (92, 60, 46), (241, 205, 183),
        *((level, level, level) for level in range(16, 255, 20)),
    ],
    np.uint8,
)  # fmt: skip
MATRICES = {ColorMatrix.BT601: AvMatrix.ITU601, ColorMatrix.BT709: AvMatrix.ITU709}
RANGES = {ColorRange.LIMITED: AvRange.MPEG, ColorRange.FULL: AvRange.JPEG}


def bars() -> Rgb:
    return np.repeat(np.repeat(COLORS[None], BAR, axis=1), 64, axis=0)


def lab_of(rgb: Lab) -> Lab:
    """CIE L*a*b* (D65) of sRGB in 0..255, rows of three (IEC 61966-2-1, CIE 15)."""
    share = rgb / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = linear @ to_xyz.T / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack(
        [116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1
    )


def delta_e(rgb: Rgb) -> Lab:
    """CIE76 difference of each bar's middle from the color it was made of."""
    middles = (
        rgb[20:44].reshape(24, len(COLORS), -1, 3)[:, :, 10:22].astype(float).mean(axis=(0, 2))
    )
    return np.linalg.norm(lab_of(middles) - lab_of(COLORS.astype(float)), axis=1)


def encoded(color: ColorSpace, pixel_format: str, scale: int = 1) -> av.VideoFrame:
    """The bars by way of 4:4:4: FFmpeg's own RGB to full-range 4:2:0 is up to two levels off."""
    picture = bars().repeat(scale, axis=0).repeat(scale, axis=1)
    whole = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(
        format="yuv444p",
        src_color_range=AvRange.JPEG,
        dst_colorspace=MATRICES[color.matrix],
        dst_color_range=RANGES[color.range],
    )
    same = {"src_colorspace": MATRICES[color.matrix], "dst_colorspace": MATRICES[color.matrix]}
    same |= {"src_color_range": RANGES[color.range], "dst_color_range": RANGES[color.range]}
    frame = whole.reformat(format=pixel_format, **same)
    frame.colorspace = MATRICES[color.matrix]
    frame.color_range = RANGES[color.range]
    return frame


def rendered_to_rgb(frame: av.VideoFrame) -> Rgb:
    picture = picture_of(frame)
    source = Frame(picture.planes, picture.format, picture.color, 0, 0)
    size = source.size
    result = Renderer(Size(size.width, size.height)).render(
        source, Box(0, 0, size.width, size.height)
    )
    return to_av(result).to_ndarray(
        format="rgb24",
        src_colorspace=AvMatrix.ITU601,
        src_color_range=AvRange.MPEG,
        dst_color_range=AvRange.JPEG,
    )  # type: ignore[return-value]


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p", "yuv444p"])
@pytest.mark.parametrize("matrix", ColorMatrix)
@pytest.mark.parametrize("color_range", ColorRange)
def test_color_bars_keep_their_colors(
    matrix: ColorMatrix, color_range: ColorRange, pixel_format: str
) -> None:
    difference = delta_e(rendered_to_rgb(encoded(ColorSpace(color_range, matrix), pixel_format)))
    assert difference.mean() < 1.0
    assert difference.max() < 3.0


def preview_to_rgb(frame: av.VideoFrame) -> Rgb:
    """The operator's preview of bars twice as large, decoded and brought to their size."""
    picture = picture_of(frame)
    small = small_picture(Frame(picture.planes, picture.format, picture.color, 0, 0))
    assert small.size != picture.size
    jpeg = np.frombuffer(encode_jpeg(small, 95), np.uint8)
    bgr = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
    return cv2.resize(bgr, bars().shape[1::-1])[:, :, ::-1]  # type: ignore[return-value]


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p", "yuv444p"])
@pytest.mark.parametrize("matrix", ColorMatrix)
@pytest.mark.parametrize("color_range", ColorRange)
def test_the_operators_preview_has_the_colors_of_the_source(
    matrix: ColorMatrix, color_range: ColorRange, pixel_format: str
) -> None:
    frame = encoded(ColorSpace(color_range, matrix), pixel_format, scale=2)
    difference = delta_e(preview_to_rgb(frame))
    assert difference.mean() < 1.0
    assert difference.max() < 3.0


def test_the_wrong_matrix_would_be_noticed() -> None:
    frame = encoded(ColorSpace(ColorRange.LIMITED, ColorMatrix.BT709), "yuv420p")
    frame.colorspace = AvMatrix.ITU601
    assert delta_e(rendered_to_rgb(frame)).max() > 6


def test_the_wrong_range_would_be_noticed() -> None:
    frame = encoded(ColorSpace(ColorRange.FULL, ColorMatrix.BT601), "yuv420p")
    frame.color_range = AvRange.MPEG
    assert delta_e(rendered_to_rgb(frame)).mean() > 2.5


@pytest.mark.parametrize("pixel_format", ["yuvj422p", "yuvj420p"])
def test_a_full_range_jpeg_camera_is_neither_washed_out_nor_crushed(pixel_format: str) -> None:
    frame = encoded(ColorSpace(ColorRange.FULL, ColorMatrix.BT601), pixel_format)
    encoder = av.CodecContext.create("mjpeg", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, pixel_format
    encoder.time_base, encoder.color_range = Fraction(1, 30), AvRange.JPEG
    encoder.options = {"qmin": "1", "qmax": "1"}
    packets = [*encoder.encode(frame), *encoder.encode(None)]
    with av.open(io.BytesIO(b"".join(bytes(packet) for packet in packets)), format="mjpeg") as jpeg:
        decoded = next(jpeg.decode(video=0))
    difference = delta_e(rendered_to_rgb(decoded))
    assert difference.mean() < 1.5
    assert difference.max() < 4.0


@pytest.mark.parametrize(
    "pixel_format",
    ["rgb24", "bgra", "gbrp", "rgb48le", "yuv420p10le", "p010le", "nv12", "yuyv422"],
)
def test_other_pixel_formats_keep_their_colors(pixel_format: str) -> None:
    if av.VideoFormat(pixel_format).is_rgb:
        frame = av.VideoFrame.from_ndarray(bars(), format="rgb24").reformat(format=pixel_format)
    else:
        frame = encoded(ColorSpace(ColorRange.LIMITED, ColorMatrix.BT709), pixel_format)
    difference = delta_e(rendered_to_rgb(frame))
    assert difference.mean() < 1.2
    assert difference.max() < 3.5
