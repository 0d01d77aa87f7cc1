"""A program that shows a moving bar, its room, and a browser at the room's page."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from statistics import median
from threading import Thread
from typing import Any

import numpy as np

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.media import OUTPUT_COLOR, Frame, PixelFormat
from livetrack_vcam.room.room import Room
from livetrack_vcam.room.wish import Limits
from livetrack_vcam.sinks.mjpeg import MjpegFeed, MjpegSink
from livetrack_vcam.sinks.room import RoomFeed
from livetrack_vcam.web.server import WebServer
from tests.e2e.chromium import Page, open_page
from tests.e2e.operating import needed_chromium

SIZE = Size(640, 360)
TOKEN = "t" * 43
BAR, GROUND = 200, 70
BITS = 16
"""Of the picture's number, in blocks along the upper edge."""
WATCH_AGES = f"""(() => {{
  const video = document.getElementById('video'), canvas = document.createElement('canvas');
  canvas.width = 640; canvas.height = 8;
  const paper = canvas.getContext('2d', {{willReadFrequently: true}});
  window.seen = [];
  video.requestVideoFrameCallback(function look(_now, frame) {{
    paper.drawImage(video, 0, 0, 640, 8, 0, 0, 640, 8);
    const row = paper.getImageData(0, 4, 640, 1).data;
    let seq = 0;
    for (let bit = 0; bit < {BITS}; bit++) {{
      if (row[4 * Math.round(640 * (bit + 0.5) / {BITS})] > 100) seq |= 1 << bit;
    }}
    window.seen.push([seq, performance.timeOrigin + frame.expectedDisplayTime]);
    video.requestVideoFrameCallback(look);
  }});
}})()"""
"""Collects the number of each picture and when it was shown, in ms of the wall clock."""
IS_LIVE = "document.getElementById('stage')?.dataset.phase === 'live'"
IS_MOVING = "document.getElementById('video').currentTime > 0.5"


class Program:
    """Shows a moving bar on a blue ground; `served` is its room while it has one."""

    shots = ("main", "vertical")

    def __init__(self, size: Size = SIZE, max_watchers: int = 4) -> None:
        self.size = size
        self.pictures = MjpegFeed(max_watchers)
        self.preview = MjpegFeed()
        self.sink = MjpegSink(self.pictures)
        self.canvas = Canvas(size, Fraction(30))
        self.sink.open(self.canvas)
        self.room = RoomFeed(self.canvas)
        self.served: Room | None = None
        self.state = "follow"
        self.subject = [3]
        self.source = "running"
        self.captured: dict[int, float] = {}
        """The wall-clock time of the last pictures, s, by their number."""

    def status(self) -> Mapping[str, Any]:
        size = {"width": self.size.width, "height": self.size.height}
        shot = {"state": self.state, "subject": self.subject, "zoom": 1.5, **size}
        return {
            "fps": 29.97,
            "latency_p50_ms": 6.4,
            "source": {"name": "Camera", "state": self.source, "width": 1920, "height": 1080},
            "tracks": [{"id": 3, "label": "person"}, {"id": 4, "label": "sports ball"}],
            "shots": [{"name": name, **shot} for name in self.shots],
            "sinks": [{"shot": "main", "name": "mjpeg", "latency_p50_ms": 8.6}],
        }

    def stats(self) -> Mapping[str, Any]:
        return {}

    async def command(self, target: str | None, body: Mapping[str, Any]) -> bool:
        raise ValueError("this program takes no commands")

    def settings(self) -> Mapping[str, Any]:
        return {"shots": {}, "fixed": {}}

    async def change_settings(self, body: Mapping[str, Any]) -> bool:
        raise ValueError("this program takes no settings")

    def feed(self, shot: str) -> MjpegFeed:
        return {"main": self.pictures}[shot]

    async def show(self) -> None:
        """Thirty pictures a second until canceled."""
        for seq in range(1_000_000):
            frame = self._picture(seq)
            self.captured[seq % 2**BITS] = time.time()
            self.sink.send(frame)
            self.room.put(frame)
            await asyncio.sleep(1 / 30)

    def _picture(self, seq: int) -> Frame:
        width, height = self.size.width, self.size.height
        u = np.full((height // 2, width // 2), 200, np.uint8)
        v = np.full((height // 2, width // 2), 100, np.uint8)
        y = np.full((height, width), GROUND, np.uint8)
        at = 4 * seq % width
        y[:, at : at + 40] = BAR
        for bit in range(BITS):
            light = BAR if seq >> bit & 1 else GROUND
            y[:8, width * bit // BITS : width * (bit + 1) // BITS] = light
        for plane in (y, u, v):
            plane.flags.writeable = False
        return Frame(
            (y, u, v), PixelFormat.YUV420P, OUTPUT_COLOR, pts_ns=time.monotonic_ns(), seq=seq
        )


@dataclass(frozen=True, slots=True)
class Serving:
    """How the program is served."""

    live_video: bool = True
    limits: Limits = field(default_factory=Limits)
    invited_only: bool = False


PLAIN = Serving(live_video=False)


@asynccontextmanager
async def serving(program: Program, how: Serving = PLAIN, port: int = 0) -> AsyncIterator[str]:
    """The address of the program's room."""
    room = program.served = Room("main", program.room, start_thread, how.limits)
    rooms = {"main": room} if how.live_video else {}
    server = WebServer(program, port=port, token=TOKEN, rooms=rooms, invited_only=how.invited_only)
    await server.start()
    camera = asyncio.create_task(program.show())
    try:
        yield server.urls.room
    finally:
        camera.cancel()
        await room.close()
        await server.stop()
        program.room.end()


def start_thread(run: Any, name: str) -> None:
    Thread(target=run, name=name, daemon=True).start()


@asynccontextmanager
async def at_the_room(
    folder: Path, program: Program, how: Serving | None = None
) -> AsyncIterator[tuple[Page, str]]:
    """A browser, not yet at the page, and the page's address."""
    chromium = needed_chromium()
    async with (
        serving(program, how or Serving()) as room,
        open_page(chromium, folder / "browser") as page,
    ):
        yield page, room


def text_of(element: str) -> str:
    return f"document.getElementById('{element}')?.textContent"


def shown(element: str) -> str:
    return f"document.getElementById('{element}')?.checkVisibility()"


async def before_scripts(page: Page, script: str) -> None:
    """Run a script in every page that is opened, before its own."""
    await page.call("Page.enable")
    await page.call("Page.addScriptToEvaluateOnNewDocument", source=script)


async def join(page: Page, room: str, query: str = "?join=1") -> None:
    await page.open(room + query, 1280, 800)
    await page.until(IS_LIVE)
    await page.until(IS_MOVING)


def true_delay_ms(program: Program, seen: str) -> float:
    """The median age of the last three seconds' pictures, by the clock of this machine.

    `seen` is what WATCH_AGES collected. The page tells the median of the same time.
    """
    last = json.loads(seen)[-90:]
    return median(shown_ms - 1000 * program.captured[seq] for seq, shown_ms in last)
