"""A web server with a room whose picture moves, and viewers made of aiortc alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from fractions import Fraction

import aiohttp
import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.live.pipeline import Pipeline
from livetrack_vcam.media import OUTPUT_COLOR, Frame, PixelFormat
from livetrack_vcam.room.room import Room
from livetrack_vcam.room.wish import Limits
from livetrack_vcam.sinks.room import RoomFeed
from livetrack_vcam.web.server import WebServer
from tests.web_program import TOKEN, Program

CANVAS = Canvas(Size(320, 180), Fraction(30))


def moving_frame(size: Size, seq: int) -> Frame:
    """A bright bar that wanders over blue."""
    y = np.full((size.height, size.width), 60, np.uint8)
    at = 4 * seq % (size.width - 20)
    y[:, at : at + 20] = 200
    u = np.full((size.height // 2, size.width // 2), 180, np.uint8)
    v = np.full((size.height // 2, size.width // 2), 110, np.uint8)
    planes = (y, u, v)
    return Frame(planes, PixelFormat.YUV420P, OUTPUT_COLOR, time.monotonic_ns(), seq)


@dataclass
class Served:
    """What a test talks to."""

    root: str
    room: Room
    session: aiohttp.ClientSession


@asynccontextmanager
async def served(
    limits: Limits | None = None, invited_only: bool = False, canvas: Canvas = CANVAS
) -> AsyncIterator[Served]:
    """A server on a free port with one room, "main", at thirty pictures a second."""
    feed = RoomFeed(canvas)
    room = Room("main", feed, Pipeline.start_thread, limits)
    server = WebServer(
        Program(), port=0, token=TOKEN, rooms={"main": room}, invited_only=invited_only
    )
    await server.start()
    camera = asyncio.create_task(_film(feed))
    try:
        async with aiohttp.ClientSession() as session:
            yield Served(server.urls.status.removesuffix("/api/status"), room, session)
    finally:
        camera.cancel()
        with suppress(asyncio.CancelledError):
            await camera
        await server.stop()
        await room.close()
        feed.end()


async def _film(feed: RoomFeed) -> None:
    for seq in range(1_000_000):
        feed.put(moving_frame(feed.canvas.size, seq))
        await asyncio.sleep(1 / 30)


@dataclass
class Player:
    """One viewer; `sizes` are those of the pictures it decoded, in order."""

    connection: RTCPeerConnection
    location: str = ""
    sizes: list[Size] = field(default_factory=list)

    async def play(self, track: MediaStreamTrack) -> None:
        with suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                self.sizes.append(Size(frame.width, frame.height))  # type: ignore[union-attr]


async def offered() -> tuple[RTCPeerConnection, str]:
    """A connection that wants video, and its offer."""
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    connection.addTransceiver("video", direction="recvonly")
    await connection.setLocalDescription(await connection.createOffer())
    return connection, connection.localDescription.sdp


async def an_offer() -> str:
    """Of somebody who will never connect."""
    connection, offer = await offered()
    await connection.close()
    return offer


@asynccontextmanager
async def joined(served: Served, query: str = "") -> AsyncIterator[Player]:
    connection, offer = await offered()
    player = Player(connection)
    tasks: list[asyncio.Task[None]] = []
    connection.on("track", lambda track: tasks.append(asyncio.create_task(player.play(track))))
    headers = {"Content-Type": "application/sdp"}
    address = f"{served.root}/whep/main{query}"
    try:
        async with served.session.post(address, data=offer, headers=headers) as response:
            answer = await response.text()
            assert response.status == 201, answer
            player.location = served.root + response.headers["Location"]
        await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        yield player
    finally:
        await connection.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(goal: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not goal():
            await asyncio.sleep(0.02)
