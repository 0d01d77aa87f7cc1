"""A WHIP publisher made of aiortc, whose camera shows one gray."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction
from typing import Any

import aiohttp
import av
import numpy as np
from aiortc import (
    AudioStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
    VideoStreamTrack,
)

SDP = {"Content-Type": "application/sdp"}


class Pace:
    """Media time that keeps up with the clock, however busy the machine is."""

    def __init__(self) -> None:
        self._start_s: float | None = None

    async def wait(self, media_s: float) -> None:
        """Until it is due, counted from the first call."""
        now_s = asyncio.get_running_loop().time()
        if self._start_s is None:
            self._start_s = now_s - media_s
        await asyncio.sleep(self._start_s + media_s - now_s)


class GrayCamera(VideoStreamTrack):
    """`width` x `height`, 30 fps, all of it one `gray`."""

    def __init__(self, gray: int = 120, width: int = 320, height: int = 180) -> None:
        super().__init__()
        planes = np.full((height * 3 // 2, width), 128, np.uint8)
        planes[:height] = gray
        self._planes = planes
        self._pace = Pace()
        self._count = 0

    async def recv(self) -> av.VideoFrame:
        await self._pace.wait(self._count / 30)
        frame = av.VideoFrame.from_ndarray(self._planes, format="yuv420p")
        frame.pts, frame.time_base = self._count * 3000, Fraction(1, 90000)
        self._count += 1
        return frame


class ToneMicrophone(AudioStreamTrack):
    """A tone of 1 kHz, in stereo."""

    def __init__(self) -> None:
        super().__init__()
        self._pace = Pace()
        self._count = 0

    async def recv(self) -> av.AudioFrame:
        await self._pace.wait(self._count / 48_000)
        at = self._count + np.arange(960)
        tone = (8000 * np.sin(2 * np.pi * 1000 * at / 48_000)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(np.repeat(tone, 2)[None], format="s16", layout="stereo")
        frame.sample_rate, frame.pts = 48_000, self._count
        frame.time_base = Fraction(1, 48_000)
        self._count += 960
        return frame


class Publisher:
    """One publisher of a camera; `location` is its session once it was taken."""

    def __init__(self, session: aiohttp.ClientSession, root: str, token: str) -> None:
        self._session = session
        self._root = root
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.location = ""
        self.etag = ""

    async def offer(
        self, camera: VideoStreamTrack | None = None, sound: AudioStreamTrack | None = None
    ) -> str:
        self.connection.addTrack(camera or GrayCamera())
        if sound is not None:
            self.connection.addTrack(sound)
        await self.connection.setLocalDescription()
        return self.connection.localDescription.sdp

    async def publish(self, sdp: str, query: str = "") -> tuple[int, Any]:
        """Status, and the answer or the refusal."""
        address = f"{self._root}/whip/camera{query}"
        async with self._session.post(address, data=sdp, headers=self.headers | SDP) as answer:
            if answer.status != 201:
                return answer.status, await answer.json()
            self.location = self._root + answer.headers["Location"]
            self.etag = answer.headers["ETag"]
            text = await answer.text()
            await self.connection.setRemoteDescription(RTCSessionDescription(text, "answer"))
            return answer.status, text

    async def trickle(self, fragment: str, **headers: str) -> int:
        sent = self.headers | {"Content-Type": "application/trickle-ice-sdpfrag"} | headers
        async with self._session.patch(self.location, data=fragment, headers=sent) as answer:
            return answer.status

    async def leave(self, location: str = "", token: str | None = None) -> int:
        headers = self.headers if token is None else {"Authorization": f"Bearer {token}"}
        async with self._session.delete(location or self.location, headers=headers) as answer:
            return answer.status


@asynccontextmanager
async def publisher(
    session: aiohttp.ClientSession, root: str, token: str
) -> AsyncIterator[Publisher]:
    made = Publisher(session, root, token)
    try:
        yield made
    finally:
        await asyncio.wait_for(made.connection.close(), 10)
