"""Frames for the detector tests: pictures turned into planar YUV by FFmpeg, not by our own code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt
from av.video.reformatter import Interpolation

from livetrack_vcam.media import ColorRange, ColorSpace, Frame, PixelFormat, Plane
from livetrack_vcam.picture.av_frames import AV_MATRICES, AV_RANGES, FFMPEG_NAMES, picture_of

GOLDEN = Path(__file__).parent / "golden"
FULL = ColorSpace(ColorRange.FULL)


def golden_picture() -> Plane:
    """Rear Admiral Grace Hopper: one person, one face, 400 x 469 RGB."""
    return read_rgb(GOLDEN / "grace_hopper.jpg")


def golden_numbers() -> dict[str, Any]:
    numbers: dict[str, Any] = json.loads((GOLDEN / "grace_hopper.json").read_text())
    return numbers


def read_rgb(path: Path) -> Plane:
    return np.asarray(cv2.imread(str(path), cv2.IMREAD_COLOR_RGB), np.uint8)


def frame_of(
    rgb: npt.NDArray[np.uint8],
    pixel_format: PixelFormat = PixelFormat.YUV444P,
    color: ColorSpace = FULL,
) -> Frame:
    """An RGB picture (rows, columns, 3) as a read-only frame."""
    converted = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), "rgb24").reformat(
        format=FFMPEG_NAMES[pixel_format],
        dst_colorspace=AV_MATRICES[color.matrix],
        src_color_range=AV_RANGES[ColorRange.FULL],
        dst_color_range=AV_RANGES[color.range],
        interpolation=Interpolation.BICUBIC,
    )
    return Frame(picture_of(converted).planes, pixel_format, color, 0, 0)


def resized(rgb: Plane, width: int, height: int) -> Plane:
    return np.asarray(cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def placed(rgb: Plane, width: int, height: int, x: int, y: int) -> Plane:
    """The picture at (x, y) on gray of `width` by `height`; what sticks out is cut off."""
    canvas = np.full((height, width, 3), 110, np.uint8)
    part = rgb[: height - y, : width - x]
    canvas[y : y + part.shape[0], x : x + part.shape[1]] = part
    return canvas
