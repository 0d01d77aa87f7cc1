"""Encodes pictures for WebRTC: one codec, one size, one bit rate, without delay."""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from typing import Protocol

import av
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from av.video.stream import VideoStream

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.errors import LiveTrackError
from livetrack_vcam.media import Frame
from livetrack_vcam.picture.av_frames import to_av
from livetrack_vcam.webrtc.encoded import VIDEO_CLOCK_HZ, Codec, EncodedPicture
from livetrack_vcam.webrtc.packetize import payloads_of

NS_PER_S = 1_000_000_000
# Who joins or lost something asks for a keyframe; this one is for those whose asking gets lost.
KEYFRAME_S = 10
TAG_LIMITED = 1  # AVCOL_RANGE_MPEG
TAG_BT601 = 6  # AVCOL_SPC_SMPTE170M
# Cameras and screens have sRGB's primaries and, nearly, its transfer curve; a browser told
# anything else converts, and the colors shift.
TAG_BT709 = 1  # AVCOL_PRI_BT709, AVCOL_TRC_BT709

OPTIONS: dict[str, dict[str, str]] = {
    "libx264": {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "profile": "baseline",
        "forced-idr": "1",
    },
    "libvpx": {
        "deadline": "realtime",
        "cpu-used": "8",
        "lag-in-frames": "0",
        "error-resilient": "default",
        "auto-alt-ref": "0",
        "static-thresh": "1",
        "max-intra-rate": "400",
        "undershoot-pct": "95",
        "qmin": "2",
        "qmax": "56",
    },
}
SOFTWARE = {Codec.H264: "libx264", Codec.VP8: "libvpx"}


class EncoderError(LiveTrackError):
    """No encoder could be opened, or one failed while it ran."""


class VideoEncoder(Protocol):
    """Used from one thread only; `close` ends it, afterwards nothing more is called.

    `name` is FFmpeg's name of it ("libx264", "h264_nvenc").
    """

    @property
    def name(self) -> str: ...

    def encode(self, frame: Frame, keyframe: bool) -> EncodedPicture | None:
        """One picture in, one out; None when it is not finished, or the encoder left it out.

        The frame has the encoder's size and is I420. Raises EncoderError.
        """
        ...

    def take(self) -> EncodedPicture | None:
        """Another picture that is finished by now: some hardware hands out two at once."""
        ...

    def close(self) -> None: ...


def open_encoder(codec: Codec, size: Size, kbps: int, fps: Fraction) -> VideoEncoder:
    """An encoder that really encodes; raises EncoderError."""
    return AvEncoder(SOFTWARE[codec], codec, size, kbps, fps)


class AvEncoder:
    """One of FFmpeg's encoders. Raises EncoderError when it cannot be had."""

    def __init__(self, name: str, codec: Codec, size: Size, kbps: int, fps: Fraction) -> None:
        self.name = name
        self._codec = codec
        self._size = size
        self._last_pts = -1
        self._times: dict[int, int] = {}
        self._finished: deque[av.Packet[VideoStream]] = deque()
        try:
            self._context = _context(name, size, kbps, fps)
            self._context.open()
        except (av.error.FFmpegError, ValueError) as error:
            raise EncoderError(f"{name} cannot encode {size} at {kbps} kbit/s: {error}") from None

    def encode(self, frame: Frame, keyframe: bool) -> EncodedPicture | None:
        picture = to_av(frame)
        self._last_pts = max(frame.pts_ns * VIDEO_CLOCK_HZ // NS_PER_S, self._last_pts + 1)
        picture.pts, picture.time_base = self._last_pts, Fraction(1, VIDEO_CLOCK_HZ)
        picture.pict_type = PictureType.I if keyframe else PictureType.NONE
        self._times[self._last_pts] = frame.pts_ns
        try:
            self._finished.extend(self._context.encode(picture))
        except (av.error.FFmpegError, ValueError) as error:
            raise EncoderError(f"{self.name} failed at {self._size}: {error}") from None
        return self.take()

    def take(self) -> EncodedPicture | None:
        if not self._finished:
            return None
        packet = self._finished.popleft()
        pts_ns = self._times.pop(packet.pts or 0)
        payloads = payloads_of(self._codec, bytes(packet))
        return EncodedPicture(self._codec, self._size, packet.is_keyframe, pts_ns, payloads)

    def close(self) -> None:
        del self._context


def _context(name: str, size: Size, kbps: int, fps: Fraction) -> VideoCodecContext:
    context = av.CodecContext.create(name, "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height, context.pix_fmt = size.width, size.height, "yuv420p"
    context.framerate = fps
    context.time_base = Fraction(1, VIDEO_CLOCK_HZ)
    context.gop_size = max(1, round(fps * KEYFRAME_S))
    context.max_b_frames = 0
    context.thread_count = 1 if size.width * size.height <= 1280 * 720 else 2
    context.bit_rate = kbps * 1000
    context.color_range, context.colorspace = TAG_LIMITED, TAG_BT601
    context.color_primaries, context.color_trc = TAG_BT709, TAG_BT709
    # Half a second's worth: a keyframe may burst so far and no further.
    rate = {"maxrate": str(kbps * 1000), "bufsize": str(kbps * 500)}
    context.options = OPTIONS.get(name, {}) | rate
    return context
