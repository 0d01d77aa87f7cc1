"""A crowd at the preview and the events takes nothing from the outputs: counted, not timed."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from queue import Queue
from urllib.parse import urlsplit

import aiohttp
import numpy as np

from livetrack_vcam.core.config import DirectorSettings
from livetrack_vcam.core.crew import Crew
from livetrack_vcam.core.geometry import Size
from livetrack_vcam.events import Finished, PipelineEvent
from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.live.pipeline import Pipeline
from livetrack_vcam.live.preview import Preview
from livetrack_vcam.media import Frame
from livetrack_vcam.operating.controls import Controls
from livetrack_vcam.operating.monitor import Monitor
from livetrack_vcam.operating.preset_store import PresetStore
from livetrack_vcam.testing import MemorySink
from livetrack_vcam.web.server import WebServer
from tests.unhurried import Unhurried

FRAME, CANVAS = Size(320, 180), Canvas(Size(160, 90), Fraction(30))
WATCHERS = 8
ENOUGH = {"/preview.mjpg": 1_000_000, "/api/events": 3_000}  # bytes


class Noise(Unhurried):
    """Pictures of fifty kilobytes, so that who does not read them soon keeps them waiting."""

    def read(self) -> Frame | None:
        frame = super().read()
        if frame is None:
            return None
        dice = np.random.default_rng(frame.seq)
        y, u, v = (dice.integers(0, 256, plane.shape, np.uint8) for plane in frame.planes)
        return replace(frame, planes=(y, u, v))


class Studio:
    """A pipeline with a preview and a web server, and everything its one output was sent."""

    def __init__(self, folder: Path) -> None:
        self.events: Queue[PipelineEvent] = Queue()
        self.sink = MemorySink(depth=1000)
        self.preview = Preview(lambda: 0)
        source = Noise(FRAME, frames=None)
        info = source.open()
        self.pipeline = Pipeline(
            source=source,
            info=info,
            open_watch=None,
            detect_hz=10,
            decider=Crew(FRAME, {"main": DirectorSettings()}),
            shots={"main": (CANVAS, [self.sink])},
            report=self.events.put,
            clock=lambda: 0,  # however long a frame takes, no slate comes between
        )
        source.follow(self.pipeline)
        self.pipeline.show(self.preview)
        store = PresetStore(folder)
        monitor = Monitor(self.pipeline, info, {"main": CANVAS}, "off", lambda: 0, store)
        feed = self.preview.feed
        controls = Controls(self.pipeline, monitor, store, lambda: None, {}, feed, {})
        self.server = WebServer(controls, port=0, token="t" * 32)

    @property
    def address(self) -> str:
        return self.server.urls.status.removesuffix("/api/status")

    async def end(self) -> None:
        self.pipeline.stop()
        while not isinstance(await asyncio.to_thread(self.events.get, True, 10), Finished):
            pass
        await self.server.stop()
        assert self.pipeline.join() == []


async def read_some(session: aiohttp.ClientSession, root: str, path: str) -> None:
    """Read a good many pictures, or a few events."""
    async with session.get(root + path) as response:
        assert response.status == 200
        await response.content.readexactly(ENOUGH[path])


def stall(address: str) -> socket.socket:
    """A client that asks for the preview and never reads."""
    parts = urlsplit(address)
    connection = socket.create_connection((parts.hostname or "", parts.port or 80))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.sendall(f"GET /preview.mjpg HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
    return connection


def test_eight_watchers_and_one_that_never_reads_take_no_picture_from_the_output(
    tmp_path: Path,
) -> None:
    async def body() -> None:
        studio = Studio(tmp_path)
        await studio.server.start()
        with stall(studio.address):
            studio.pipeline.start()
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
                paths = [*ENOUGH] * WATCHERS
                reading = [read_some(session, studio.address, path) for path in paths]
                await asyncio.wait_for(asyncio.gather(*reading), 60)
            watched = studio.preview.feed.stats
            await studio.end()
        numbers = [frame.seq for frame in studio.sink.frames]
        assert numbers == list(range(len(numbers)))
        assert (studio.pipeline.outlets[0].dropped, studio.pipeline.render.frames.dropped) == (0, 0)
        assert watched.dropped > 0  # the one that never reads held nobody up

    asyncio.run(body())
