"""PyAV's frames to ours and back; the planes are shared, not copied, where the layouts agree."""

from __future__ import annotations

from dataclasses import dataclass

import av
import cv2
import numpy as np
import numpy.typing as npt
from av.container import InputContainer
from av.stream import Disposition
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange as AvRange
from av.video.reformatter import Colorspace as AvMatrix
from av.video.stream import VideoStream

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.media import (
    OUTPUT_COLOR,
    ColorMatrix,
    ColorRange,
    ColorSpace,
    Frame,
    PixelFormat,
    Plane,
)

DIRECT = {
    "yuv420p": PixelFormat.YUV420P,
    "yuvj420p": PixelFormat.YUV420P,
    "yuv422p": PixelFormat.YUV422P,
    "yuvj422p": PixelFormat.YUV422P,
    "yuv444p": PixelFormat.YUV444P,
    "yuvj444p": PixelFormat.YUV444P,
}
FFMPEG_NAMES = {
    PixelFormat.YUV420P: "yuv420p",
    PixelFormat.YUV422P: "yuv422p",
    PixelFormat.YUV444P: "yuv444p",
}
# AVColorSpace numbers (ISO/IEC 23091-2); the ones left out are rare and read as BT.601 or BT.709
# by the size of the picture, like the untagged.
MATRICES = {1: ColorMatrix.BT709, 4: ColorMatrix.BT601, 5: ColorMatrix.BT601, 6: ColorMatrix.BT601}
BT2020_MATRICES = (9, 10)
AV_MATRICES = {ColorMatrix.BT601: AvMatrix.ITU601, ColorMatrix.BT709: AvMatrix.ITU709}
TURNS = {
    90: cv2.ROTATE_90_COUNTERCLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_CLOCKWISE,
}
AV_RANGES = {ColorRange.LIMITED: AvRange.MPEG, ColorRange.FULL: AvRange.JPEG}


@dataclass(frozen=True, slots=True)
class Picture:
    """Three planes and what they mean: a frame that has no time yet."""

    planes: tuple[Plane, Plane, Plane]
    format: PixelFormat
    color: ColorSpace

    @property
    def size(self) -> Size:
        height, width = self.planes[0].shape
        return Size(width, height)


def main_video(container: InputContainer) -> VideoStream | None:
    """The largest video stream that is not a cover picture."""
    streams = [
        stream
        for stream in container.streams.video
        if not stream.disposition & Disposition.attached_pic and stream.codec_context is not None
    ]
    return max(streams, key=lambda stream: stream.width * stream.height, default=None)


def picture_of(
    frame: av.VideoFrame, size: Size | None = None, rotation: int = 0, camera: bool = False
) -> Picture:
    """The frame as 8-bit planar YUV, scaled to `size` when asked, then turned upright.

    `rotation` is a display matrix's angle, counter-clockwise: the nearest quarter turn counts.
    A `camera`'s planes are never the frame's own memory, which the driver takes back, and its
    untagged colors are BT.601 (the default of USB cameras: UVC 1.5 section 3.9.2.6).
    """
    color = color_of(frame, ColorMatrix.BT601 if camera else None)
    turn = round(rotation / 90) % 4 * 90
    original = frame
    frame = _planar(frame, color, size, whole_chroma=turn in (90, 270))
    pixel_format = DIRECT[frame.format.name]
    y, u, v = (_plane_view(plane) for plane in frame.planes)
    if turn:
        y, u, v = (_turned(plane, turn) for plane in (y, u, v))
    elif camera and frame is original:
        y, u, v = (plane.copy() for plane in (y, u, v))
    for plane in (y, u, v):
        plane.flags.writeable = False
    return Picture((y, u, v), pixel_format, color)


def color_of(frame: av.VideoFrame, untagged: ColorMatrix | None = None) -> ColorSpace:
    """What the planes mean after `picture_of`: as tagged, else what players assume.

    RGB becomes BT.601 limited, JPEG is BT.601 full; other untagged YUV is `untagged`, or BT.709
    from 720 rows on and BT.601 below (the rule of mpv and VLC).
    """
    name = frame.format.name
    if frame.format.is_rgb or name.startswith(("gray", "mono", "pal")):
        return OUTPUT_COLOR
    full = name.startswith("yuvj") or frame.color_range == AvRange.JPEG
    if frame.colorspace in BT2020_MATRICES:
        matrix = ColorMatrix.BT709
    elif name.startswith("yuvj") and frame.colorspace not in MATRICES:
        matrix = ColorMatrix.BT601
    else:
        hd = frame.height >= 720 or frame.width >= 1280
        by_size = ColorMatrix.BT709 if hd else ColorMatrix.BT601
        matrix = MATRICES.get(frame.colorspace, untagged or by_size)
    return ColorSpace(ColorRange.FULL if full else ColorRange.LIMITED, matrix)


def _planar(
    frame: av.VideoFrame, color: ColorSpace, size: Size | None, whole_chroma: bool
) -> av.VideoFrame:
    """One of the DIRECT formats; 4:2:0 or 4:4:4 when the picture will lie on its side."""
    name = frame.format.name
    scaled = size is not None and (frame.width, frame.height) != (size.width, size.height)
    target = _target_format(frame.format, whole_chroma)
    if name in DIRECT and DIRECT[name] is target and not scaled:
        return frame
    from_2020 = frame.colorspace in BT2020_MATRICES
    return frame.reformat(
        width=size.width if size else None,
        height=size.height if size else None,
        format=FFMPEG_NAMES[target],
        src_colorspace=AvMatrix.BT2020 if from_2020 else AV_MATRICES[color.matrix],
        dst_colorspace=AV_MATRICES[color.matrix],
        src_color_range=AvRange.JPEG if frame.format.is_rgb else AV_RANGES[color.range],
        dst_color_range=AV_RANGES[color.range],
        interpolation="BICUBIC",
    )


def _target_format(source: av.VideoFormat, whole_chroma: bool) -> PixelFormat:
    if source.name in DIRECT and not (whole_chroma and DIRECT[source.name].value == (1, 0)):
        return DIRECT[source.name]
    if source.is_rgb or whole_chroma or len(source.components) < 3:
        return PixelFormat.YUV420P
    shifts = (source.chroma_width(8) < 8, source.chroma_height(8) < 8)
    return {(True, False): PixelFormat.YUV422P, (False, False): PixelFormat.YUV444P}.get(
        shifts, PixelFormat.YUV420P
    )


def _plane_view(plane: VideoPlane) -> Plane:
    return _rows(plane)[: plane.height, : plane.width]


def _rows(plane: VideoPlane) -> Plane:
    """The plane's memory with the padding at the end of its rows; keeps the frame alive."""
    memory: npt.NDArray[np.uint8] = np.frombuffer(plane, np.uint8)  # type: ignore[call-overload]
    return memory.reshape(-1, plane.line_size)


def _turned(plane: Plane, turn: int) -> Plane:
    return cv2.rotate(plane, TURNS[turn])  # type: ignore[return-value]


def to_av(frame: Frame) -> av.VideoFrame:
    """A copy for an encoder, tagged with the frame's range and matrix."""
    size = frame.size
    result = av.VideoFrame(size.width, size.height, FFMPEG_NAMES[frame.format])
    for source, plane in zip(frame.planes, result.planes, strict=True):
        _rows(plane)[: source.shape[0], : source.shape[1]] = source
    result.colorspace = AV_MATRICES[frame.color.matrix]
    result.color_range = AV_RANGES[frame.color.range]
    return result
