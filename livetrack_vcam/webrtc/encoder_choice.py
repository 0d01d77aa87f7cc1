"""Hardware that encodes, where it is proven to; software everywhere else."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from fractions import Fraction
from threading import Lock

import av
import cv2
import numpy as np
from av.video.codeccontext import VideoCodecContext

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.media import OUTPUT_COLOR, Frame, PixelFormat
from livetrack_vcam.picture.av_frames import picture_of
from livetrack_vcam.stats import NS_PER_S
from livetrack_vcam.webrtc.encoded import Codec, EncodedPicture
from livetrack_vcam.webrtc.encoder import (
    SOFTWARE,
    AvEncoder,
    EncoderError,
    VideoEncoder,
)
from livetrack_vcam.webrtc.packetize import access_unit_of, nal_units

log = logging.getLogger(__name__)

# In this order: the first that proves itself is used. Nobody's hardware encodes VP8 well enough.
HARDWARE: Mapping[Codec, Sequence[str]] = {
    Codec.H264: ("h264_nvenc", "h264_videotoolbox", "h264_qsv", "h264_v4l2m2m"),
}
TRIAL_LIMIT_S = 3.0
# Two pictures must come out; hardware may hold one back, and finishes in its own time.
TRIAL_FRAMES = 4
MAX_DEVIATION = 24  # mean luma levels, far above what any encoder loses of a smooth picture
DECODERS = {Codec.H264: "h264", Codec.VP8: "vp8"}
SPS, PPS, IDR = 7, 8, 5  # nal_unit_type, H.264 table 7-1

StartThread = Callable[[Callable[[], None], str], None]
OpenNamed = Callable[[str, Codec, Size, int, Fraction], VideoEncoder]


class EncoderChoice:
    """Opens the best encoder there is; what failed once is not tried again by this program.

    `rejected` says why, by name. Methods may be called from several threads. A trial that does
    not end is left behind in its thread, after `limit_s`.
    """

    def __init__(
        self,
        start_thread: StartThread,
        hardware: Mapping[Codec, Sequence[str]] = HARDWARE,
        limit_s: float = TRIAL_LIMIT_S,
        opener: OpenNamed = AvEncoder,
    ) -> None:
        self.rejected: dict[str, str] = {}
        self._start_thread = start_thread
        self._hardware = hardware
        self._limit_s = limit_s
        self._opener = opener
        self._proven: set[str] = set()
        self._lock = Lock()

    def open(self, codec: Codec, size: Size, kbps: int, fps: Fraction) -> VideoEncoder:
        """Raises EncoderError when not even software can do it."""
        for name in self._hardware.get(codec, ()):
            with self._lock:  # two renditions that start at once try each only once
                usable = self._is_usable(name, codec, size, kbps, fps)
            if usable:
                try:
                    return self._opener(name, codec, size, kbps, fps)
                except EncoderError as error:
                    self._reject(name, str(error))
        return self._opener(SOFTWARE[codec], codec, size, kbps, fps)

    def give_up(self, name: str, why: str) -> bool:
        """It failed while it ran: whether another will be opened instead of it from now on."""
        if name in SOFTWARE.values():
            return False
        self._reject(name, why)
        return True

    def _is_usable(self, name: str, codec: Codec, size: Size, kbps: int, fps: Fraction) -> bool:
        if name in self._proven or name in self.rejected:
            return name in self._proven
        why = self._trial(name, codec, size, kbps, fps)
        if why is None:
            self._proven.add(name)
            return True
        self._reject(name, why)
        return False

    def _trial(self, name: str, codec: Codec, size: Size, kbps: int, fps: Fraction) -> str | None:
        """Why it is not to be used, if so."""
        outcome: Future[str | None] = Future()

        def run() -> None:
            try:
                encoder = self._opener(name, codec, size, kbps, fps)
                try:
                    outcome.set_result(flaw_of(encoder, size, fps))
                finally:
                    encoder.close()
            except Exception as error:  # whatever a driver makes of it, software is there
                outcome.set_result(str(error) or type(error).__name__)

        self._start_thread(run, f"trial-{name}")
        try:
            return outcome.result(self._limit_s)
        except TimeoutError:
            return f"it did not answer within {self._limit_s:g} s"

    def _reject(self, name: str, why: str) -> None:
        self._proven.discard(name)
        if name not in self.rejected:
            self.rejected[name] = why
            log.debug("%s is not used: %s", name, why)


def flaw_of(encoder: VideoEncoder, size: Size, fps: Fraction) -> str | None:
    """Why a browser could not show what this encoder makes, found by encoding a few frames."""
    frames = [_test_frame(size, i, fps) for i in range(TRIAL_FRAMES)]
    pictures: list[EncodedPicture] = []
    for frame in frames:
        picture = encoder.encode(frame, keyframe=True)
        while picture is not None:
            pictures.append(picture)
            picture = encoder.take()
        if len(pictures) >= 2:
            break
        time.sleep(float(1 / fps))
    if len(pictures) < 2:
        return f"it made {len(pictures)} pictures of {TRIAL_FRAMES}"
    if not all(picture.keyframe and _can_begin(picture) for picture in pictures[:2]):
        return "it makes no keyframe with its parameter sets when told to"
    return _deviation(pictures[0], frames[0])


def _test_frame(size: Size, index: int, fps: Fraction) -> Frame:
    """A ramp from dark to bright, which no wrong plane, stride or range leaves as it is."""
    chroma = PixelFormat.YUV420P.chroma_size(size)
    ramp = np.linspace(40, 200, size.width, dtype=np.uint8)
    luma = np.repeat(ramp[None], size.height, axis=0)
    u = np.full((chroma.height, chroma.width), 128, np.uint8)
    pts_ns = int(index * NS_PER_S / fps)
    return Frame((luma, u, u), PixelFormat.YUV420P, OUTPUT_COLOR, pts_ns, index)


def _can_begin(picture: EncodedPicture) -> bool:
    if picture.codec is not Codec.H264:
        return True
    unit = access_unit_of(picture.codec, picture.payloads)
    return {SPS, PPS, IDR} <= {nal[0] & 0x1F for nal in nal_units(unit)}


def _deviation(picture: EncodedPicture, frame: Frame) -> str | None:
    decoder = av.CodecContext.create(DECODERS[picture.codec], "r")
    assert isinstance(decoder, VideoCodecContext)
    packet = av.Packet(access_unit_of(picture.codec, picture.payloads))
    decoded = [*decoder.decode(packet), *decoder.decode(None)]
    if not decoded or picture_of(decoded[0]).size != frame.size:
        return "its picture has another size"
    luma = picture_of(decoded[0]).planes[0]
    if float(np.mean(cv2.absdiff(luma, frame.planes[0]))) > MAX_DEVIATION:
        return "its picture is not the one it was given"
    return None
