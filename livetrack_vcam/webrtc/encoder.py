"""Encodes pictures for WebRTC: one codec, one size, one bit rate, without delay."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
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
from livetrack_vcam.stats import NS_PER_S
from livetrack_vcam.webrtc.encoded import VIDEO_CLOCK_HZ, Codec, EncodedPicture
from livetrack_vcam.webrtc.packetize import payloads_of

# Who joins or lost something asks for a keyframe; this one is for those whose asking gets lost.
KEYFRAME_S = 10
# Above this, x264 cuts a picture in two: 1080p takes two thirds of the time. libvpx's threads wait
# for each other by spinning; on two busy cores a second one makes a frame cost nine times as much.
ONE_THREAD_PIXELS = 1280 * 720
LIMITED_RANGE = 1  # AVCOL_RANGE_MPEG
BT601_MATRIX = 6  # AVCOL_SPC_SMPTE170M
# Cameras and screens have sRGB's primaries and nearly its curve: told so, a browser has nothing to
# convert, and shows every color within 2 levels.
SRGB_LIKE = 1  # AVCOL_PRI_BT709 and AVCOL_TRC_BT709

SOFTWARE = {Codec.H264: "libx264", Codec.VP8: "libvpx"}
# Chosen with `python -m benchmarks.room.encoders --all`, on filmed clips under a crop that moves.
OPTIONS: dict[str, dict[str, str]] = {
    "libx264": {
        # 2 to 5 dB above ultrafast, which has neither sub-pixel motion nor a deblocking filter,
        # for half as much time again; veryfast takes twice as long for nothing more.
        "preset": "superfast",
        "tune": "zerolatency",
        "profile": "baseline",
        "forced-idr": "1",
        "sc_threshold": "0",  # no keyframes that nobody asked for, however much the picture moves
    },
    "libvpx": {
        "deadline": "realtime",
        # Below 0 the speed is fixed, above 0 it hunts after what the machine has left. -12 takes
        # a fifth less time and loses up to 2 dB.
        "cpu-used": "-8",
        "lag-in-frames": "0",
        "auto-alt-ref": "0",
        "error-resilient": "default",
        "max-intra-rate": "400",  # percent of a frame's share: what a keyframe may take
        "qmax": "56",
    },
    "h264_nvenc": {
        "preset": "p3",
        "tune": "ull",
        "profile": "baseline",
        "rc": "cbr",
        "zerolatency": "1",
        "delay": "0",
        "forced-idr": "1",
    },
    "h264_videotoolbox": {"profile": "constrained_baseline", "realtime": "1", "allow_sw": "0"},
    "h264_qsv": {
        "preset": "veryfast",
        "profile": "baseline",
        "async_depth": "1",
        "forced_idr": "1",
    },
    "h264_v4l2m2m": {"profile": "baseline"},
}


class EncoderError(LiveTrackError):
    """No encoder could be opened, or one failed while it ran."""


class VideoEncoder(Protocol):
    """Used from one thread only; after `close` no further methods are called.

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
    """The encoder in software, which every installation has. Raises EncoderError.

    `encoder_choice.EncoderChoice` opens hardware where there is some.
    """
    return AvEncoder(SOFTWARE[codec], codec, size, kbps, fps)


class AvEncoder:
    """FFmpeg's encoder of this name, with OPTIONS unless given others. Raises EncoderError.

    H.264 carries its parameter sets before every IDR picture, and both are tagged with the color
    space of the output (VP8 knows no other).
    """

    def __init__(
        self,
        name: str,
        codec: Codec,
        size: Size,
        kbps: int,
        fps: Fraction,
        options: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self._codec = codec
        self._size = size
        self._last_pts = -1
        self._times: deque[tuple[int, int]] = deque()  # of what is inside: its pts, its pts_ns
        self._finished: deque[av.Packet[VideoStream]] = deque()
        try:
            self._context = _context(name, size, kbps, fps)
            self._context.options |= OPTIONS.get(name, {}) if options is None else options
            self._context.open()
        except av.codec.codec.UnknownCodecError:
            raise EncoderError(f"{name} is not part of this installation's FFmpeg") from None
        except (av.error.FFmpegError, ValueError) as error:
            raise EncoderError(f"{name} cannot encode {size}: {_reason(error)}") from None

    def encode(self, frame: Frame, keyframe: bool) -> EncodedPicture | None:
        picture = to_av(frame)
        if picture.format.name != self._context.pix_fmt:
            picture = picture.reformat(format=self._context.pix_fmt)
        self._last_pts = max(frame.pts_ns * VIDEO_CLOCK_HZ // NS_PER_S, self._last_pts + 1)
        picture.pts, picture.time_base = self._last_pts, self._context.time_base
        picture.pict_type = PictureType.I if keyframe else PictureType.NONE
        self._times.append((self._last_pts, frame.pts_ns))
        try:
            self._finished.extend(self._context.encode(picture))
        except (av.error.FFmpegError, ValueError) as error:
            raise EncoderError(f"{self.name} failed at {self._size}: {_reason(error)}") from None
        return self.take()

    def take(self) -> EncodedPicture | None:
        if not self._finished:
            return None
        packet = self._finished.popleft()
        pts_ns = self._time_of(packet.pts)
        try:
            payloads = payloads_of(self._codec, bytes(packet))
        except ValueError as error:
            raise EncoderError(f"{self.name} failed at {self._size}: {error}") from None
        return EncodedPicture(self._codec, self._size, packet.is_keyframe, pts_ns, payloads)

    def close(self) -> None:
        del self._context

    def _time_of(self, pts: int | None) -> int:
        """Pictures come out in the order they went in; those before this one were left out."""
        at, pts_ns = self._times.popleft()
        while self._times and pts is not None and at < pts:
            at, pts_ns = self._times.popleft()
        return pts_ns


def _reason(error: Exception) -> str:
    """FFmpeg's word for it, without the call and all its options."""
    told = error.strerror if isinstance(error, av.error.FFmpegError) else None
    return told or str(error)


def _context(name: str, size: Size, kbps: int, fps: Fraction) -> VideoCodecContext:
    context = av.CodecContext.create(name, "w")
    if not isinstance(context, VideoCodecContext):
        raise ValueError("it encodes no video")
    formats = [each.name for each in context.codec.video_formats or []]
    context.pix_fmt = "yuv420p" if "yuv420p" in formats or not formats else "nv12"
    context.width, context.height = size.width, size.height
    context.framerate = fps
    context.time_base = Fraction(1, VIDEO_CLOCK_HZ)
    context.gop_size = max(1, round(fps * KEYFRAME_S))
    context.max_b_frames = 0
    large = size.width * size.height > ONE_THREAD_PIXELS
    context.thread_count = 2 if large and name != SOFTWARE[Codec.VP8] else 1
    context.bit_rate = kbps * 1000
    context.color_range, context.colorspace = LIMITED_RANGE, BT601_MATRIX
    context.color_primaries, context.color_trc = SRGB_LIKE, SRGB_LIKE
    # Half a second's worth: a keyframe may burst so far and no further. libvpx, which encodes
    # nothing twice, only aims at it.
    context.options = {"maxrate": str(kbps * 1000), "bufsize": str(kbps * 500)}
    return context
