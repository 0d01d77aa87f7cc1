"""A viewer made of aiortc, connected over loopback to a writer of ours, in one process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from fractions import Fraction
from time import monotonic_ns
from types import ModuleType
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCRtpSender
from aiortc.mediastreams import MediaStreamError

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.webrtc import writer as own
from livetrack_vcam.webrtc.encoded import Codec, EncodedPicture
from livetrack_vcam.webrtc.packetize import payloads_of

SIZE = Size(320, 180)
ENCODERS = {Codec.H264: "libx264", Codec.VP8: "libvpx"}


class GrayEncoder:
    """Pictures of noise around a gray that counts, so that each is known again when decoded."""

    def __init__(self, codec: Codec, size: Size = SIZE) -> None:
        self.codec = codec
        self.size = size
        context = av.CodecContext.create(ENCODERS[codec], "w")
        context.width, context.height = size.width, size.height
        context.pix_fmt = "yuv420p"
        context.bit_rate = 3_000_000
        context.time_base = Fraction(1, 30)
        context.framerate = Fraction(30, 1)
        context.options = (
            {
                "preset": "ultrafast",
                "tune": "zerolatency",
                "forced-idr": "1",
                "x264-params": "keyint=9999",
            }
            if codec is Codec.H264
            else {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "threads": "1"}
        )
        self._context = context
        self._count = 0
        self._noise = np.random.default_rng(1)

    def encode(self, gray: int, keyframe: bool = False) -> EncodedPicture:
        height = self.size.height
        planes = np.full((height * 3 // 2, self.size.width), 128, np.uint8)
        planes[:height] = gray + self._noise.integers(-8, 9, (height, self.size.width))
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts = self._count
        self._count += 1
        if keyframe:
            frame.pict_type = av.video.frame.PictureType.I
        (packet,) = self._context.encode(frame)
        return EncodedPicture(
            self.codec,
            self.size,
            packet.is_keyframe,
            monotonic_ns(),
            payloads_of(self.codec, bytes(packet)),
        )


class Pair:
    """`viewer` asked for pictures and gets those that `writer` writes; `grays` are its decoded.

    `samples`: what it heard of `sound_writer`, int16 (n, 2) at 48 kHz.
    """

    def __init__(
        self, codec: Codec = Codec.H264, module: ModuleType = own, rtx: bool = True
    ) -> None:
        configuration = RTCConfiguration(iceServers=[])
        self.viewer = RTCPeerConnection(configuration)
        self.sender = RTCPeerConnection(configuration)
        self.viewer.addTransceiver("video", direction="recvonly")
        transceiver = self.sender.addTransceiver("video", direction="sendonly")
        kinds = [f"video/{codec.value}"] + ["video/rtx"] * rtx
        capabilities = RTCRtpSender.getCapabilities("video").codecs
        transceiver.setCodecPreferences([each for each in capabilities if each.mimeType in kinds])
        self.writer = module.PictureWriter(transceiver.sender)
        self.viewer.addTransceiver("audio", direction="recvonly")
        audio = self.sender.addTransceiver("audio", direction="sendonly")
        self.sound_writer = module.SoundWriter(audio.sender)
        self.encoder = GrayEncoder(codec)
        self.samples: list[npt.NDArray[np.int16]] = []
        self.grays: list[int] = []
        self.keyframes_wanted = 0
        self.connected = asyncio.Event()
        self.writer.on_keyframe_wanted = self._wanted
        self._watching: list[asyncio.Task[None]] = []
        self.viewer.on("track", self._start_watching)
        self._asked = False

    def _wanted(self) -> None:
        self.keyframes_wanted += 1
        self._asked = True
        self.connected.set()

    def _start_watching(self, track: MediaStreamTrack) -> None:
        self._watching.append(asyncio.ensure_future(self._watch(track)))

    async def _watch(self, track: MediaStreamTrack) -> None:
        while True:
            frame: Any = await track.recv()
            if track.kind == "audio":
                self.samples.append(frame.to_ndarray().reshape(-1, 2))
            else:
                self.grays.append(round(float(frame.to_ndarray()[: frame.height].mean())))

    def write(self, gray: int) -> EncodedPicture:
        """One picture, a keyframe if one was wanted since the last."""
        picture = self.encoder.encode(gray, keyframe=self._asked)
        self._asked = False
        self.writer.write(picture)
        return picture

    async def write_until(self, seen: Callable[[], bool], grays: range = range(40, 200)) -> None:
        """Count through `grays`, again and again, until `seen` or for thirty seconds."""
        for index in range(1_500):
            if seen():
                return
            self.write(grays[index % len(grays)])
            await asyncio.sleep(0.02)
        raise AssertionError("thirty seconds of pictures, and not seen")

    async def connect(self) -> None:
        await self.viewer.setLocalDescription(await self.viewer.createOffer())
        await self.sender.setRemoteDescription(self.viewer.localDescription)
        await self.sender.setLocalDescription(await self.sender.createAnswer())
        await self.viewer.setRemoteDescription(self.sender.localDescription)

    async def close(self) -> None:
        await asyncio.wait_for(self.sender.close(), 10)
        await asyncio.wait_for(self.viewer.close(), 10)
        for watching in self._watching:
            await asyncio.wait([watching], timeout=10)
            watching.cancel()
            with suppress(asyncio.CancelledError, MediaStreamError):
                await watching


@asynccontextmanager
async def connected_pair(
    codec: Codec = Codec.H264, module: ModuleType = own, rtx: bool = True
) -> AsyncIterator[Pair]:
    pair = Pair(codec, module, rtx)
    try:
        await pair.connect()
        async with asyncio.timeout(10):
            await pair.connected.wait()
        yield pair
    finally:
        await pair.close()
