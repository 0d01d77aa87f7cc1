"""A program for the web server to serve, and the server on a free port."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from fractions import Fraction
from typing import Any

import aiohttp

from livetrack_vcam.core.command_json import command_from_json, read_changes
from livetrack_vcam.core.config import DirectorSettings
from livetrack_vcam.core.fields import live_settings
from livetrack_vcam.core.geometry import Size
from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.media import black_frame
from livetrack_vcam.sinks.mjpeg import MjpegFeed, MjpegSink
from livetrack_vcam.web.server import WebServer

TOKEN = "0123456789abcdef0123456789abcdef"
SIZE = Size(64, 48)


class Program:
    """A running program with two shots, of which only the first goes to the web."""

    shots = ("main", "vertical")

    def __init__(self) -> None:
        self.feeds = {"main": MjpegFeed(max_watchers=3)}
        self.preview = MjpegFeed()
        self.commands: list[tuple[str | None, dict[str, Any]]] = []
        self.changes: list[dict[str, Any]] = []
        self.done = True
        self.gone: int | None = None
        self.fps = 30.0
        self.sinks = [MjpegSink(self.feeds["main"]), MjpegSink(self.preview)]
        for sink in self.sinks:
            sink.open(Canvas(SIZE, Fraction(30)))

    def status(self) -> Mapping[str, Any]:
        return {"fps": self.fps, "shots": [{"name": name} for name in self.shots]}

    def stats(self) -> Mapping[str, Any]:
        return {"frames_total": 7, "shots": {"main": {"zoom": 1.5}}}

    def feed(self, shot: str) -> MjpegFeed:
        return self.feeds[shot]

    async def command(self, target: str | None, body: Mapping[str, Any]) -> bool:
        command_from_json(body)
        if self.gone is not None and body.get("track_id") == self.gone:
            raise ValueError(f"track {self.gone} is gone")
        self.commands.append((target, dict(body)))
        return self.done

    def settings(self) -> Mapping[str, Any]:
        live = live_settings(DirectorSettings())
        return {"shots": dict.fromkeys(self.shots, live), "fixed": {"source": "demo"}}

    async def change_settings(self, body: Mapping[str, Any]) -> bool:
        for name, values in body["shots"].items():
            if name not in self.shots:
                raise ValueError(f"there is no shot {name!r}; there is: main, vertical")
            read_changes(values)
        self.changes.append(dict(body))
        return self.done

    async def show_pictures(self) -> None:
        """Ninety pictures a second until canceled, each a new frame."""
        while True:
            for sink in self.sinks:
                sink.send(black_frame(SIZE))
            await asyncio.sleep(1 / 90)


Body = Callable[[Program, str, aiohttp.ClientSession], Awaitable[None]]


def serving(
    body: Body,
    pictures: bool = True,
    token: str = TOKEN,
    after: Callable[[], Awaitable[object]] | None = None,
) -> None:
    """Run `body` against a server on a free port, which is stopped, and `after` that."""

    async def run() -> None:
        program = Program()
        server = WebServer(program, port=0, token=token)
        await server.start()
        root = server.urls.status.removesuffix("/api/status")
        camera = asyncio.create_task(program.show_pictures()) if pictures else None
        try:
            async with aiohttp.ClientSession() as session:
                await asyncio.wait_for(body(program, root, session), 60)
        finally:
            if camera is not None:
                camera.cancel()
                with suppress(asyncio.CancelledError):
                    await camera
            await asyncio.wait_for(server.stop(), 10)
        if after is not None:
            await asyncio.wait_for(after(), 60)

    asyncio.run(run())


async def ask(
    session: aiohttp.ClientSession,
    method: str,
    address: str,
    data: str | bytes | None = None,
    **headers: str,
) -> tuple[int, Any]:
    """Status and JSON of the answer to a request with the token; an empty header is left out."""
    sent = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json", **headers}
    sent = {name: value for name, value in sent.items() if value}
    async with session.request(
        method, address, data=data, headers=sent, allow_redirects=False
    ) as response:
        return response.status, await response.json()
