"""From a command's arrival to the first picture that shows it."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass
from threading import Lock

import aiohttp
import cv2
import numpy as np

from benchmarks.control.on_air import OnAir, on_air
from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.media import Frame, Plane
from livetrack_vcam.stats import percentile

TALL, WIDE = "9:16", "16:9"
BLACK = 24  # luma; the bars are 16, and JPEG leaves them within a few
WARM_UP_S = 3.0
PAUSE_S = (0.12, 0.28)  # so that commands fall on every moment between two frames
PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture that reached an output, and whether it had bars at its sides."""

    at_s: float
    tall: bool


class Pictures:
    """What one output showed, in order; filled by one thread or task, read by another."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._shown: list[Shown] = []

    def add(self, luma: Plane) -> None:
        """`luma` of a 16:9 picture: a tall one leaves its left and right thirds black."""
        third = luma[:, : luma.shape[1] // 4]
        with self._lock:
            self._shown.append(Shown(time.monotonic(), bool(third.max() < BLACK)))

    def since(self, moment_s: float) -> list[Shown]:
        with self._lock:
            return [shown for shown in self._shown if shown.at_s >= moment_s]


class Probe:
    """A Sink that notes when each picture came and what it showed."""

    name = "probe"
    depth = 1
    repeat_after_s: float | None = None

    def __init__(self, pictures: Pictures) -> None:
        self._pictures = pictures

    def open(self, canvas: Canvas) -> None: ...

    def send(self, frame: Frame) -> None:
        self._pictures.add(frame.planes[0])

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Delay:
    """Of one command: the pictures from its arrival on, the one that shows it included."""

    pictures: int
    ms: float


async def follow_stream(session: aiohttp.ClientSession, root: str, pictures: Pictures) -> None:
    """What a player of /stream.mjpg sees; parts are read as their headers promise."""
    async with session.get(f"{root}/stream.mjpg", timeout=aiohttp.ClientTimeout()) as response:
        stream = response.content
        while line := await stream.readline():
            if line.lower().startswith(b"content-length:"):
                await stream.readline()
                jpeg = await stream.readexactly(int(line.split(b":")[1]))
                gray = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_REDUCED_GRAYSCALE_4)
                pictures.add(np.asarray(gray, np.uint8))


async def delays(
    air: OnAir, session: aiohttp.ClientSession, outputs: list[Pictures], commands: int
) -> list[list[Delay]]:
    """Per output, the delay of each of so many changes of the aspect ratio."""
    dice = random.Random(7)
    found: list[list[Delay]] = [[] for _ in outputs]
    for number in range(commands):
        tall = number % 2 == 0
        body = {"command": "set_aspect", "aspect": TALL if tall else WIDE}
        await asyncio.sleep(dice.uniform(*PAUSE_S))
        sent_s = time.monotonic()
        async with session.post(f"{air.root}/api/command", json=body) as answer:
            answer.raise_for_status()
        for pictures, into in zip(outputs, found, strict=True):
            into.append(await _first(pictures, sent_s, tall))
    return found


async def _first(pictures: Pictures, sent_s: float, tall: bool) -> Delay:
    while time.monotonic() < sent_s + PATIENCE_S:
        shown = pictures.since(sent_s)
        for count, picture in enumerate(shown, 1):
            if picture.tall is tall:
                return Delay(count, 1000 * (picture.at_s - sent_s))
        await asyncio.sleep(0.005)
    raise RuntimeError("a command was accepted and not seen in any picture")


async def run(source: str, commands: int) -> None:
    probed, streamed = Pictures(), Pictures()
    async with on_air(source, Probe(probed), sinks=("none", "mjpeg")) as air:
        headers = {"Authorization": f"Bearer {air.token}"}
        async with aiohttp.ClientSession(headers=headers) as session:
            stream = asyncio.create_task(follow_stream(session, air.root, streamed))
            await asyncio.sleep(WARM_UP_S)
            sink, player = await delays(air, session, [probed, streamed], commands)
            stream.cancel()
        interval_ms = 1000 / float(air.studio.info.fps or 30)
    print(f"{commands} commands; a frame every {interval_ms:.1f} ms\n")
    print("| command to picture | median | 95 % | most |\n| --- | --- | --- | --- |")
    for name, found in (("in an output", sink), ("in a player of /stream.mjpg", player)):
        print_row(f"{name}, pictures", [delay.pictures for delay in found], ".0f")
        print_row(f"{name}, ms", [delay.ms for delay in found], ".1f")
        print_row(f"{name}, frames", [delay.ms / interval_ms for delay in found], ".2f")


def print_row(name: str, values: list[float] | list[int], form: str) -> None:
    shares = (0.5, 0.95, 1.0)
    print(f"| {name} |", *(f"{percentile(values, share):{form}} |" for share in shares))
