"""What one status costs, and what standby saves: CPU time, on the running program."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from functools import partial

import aiohttp

from benchmarks.control.on_air import OnAir, cpu_seconds, on_air
from benchmarks.rendering import cpu_ms
from livetrack_vcam.control import Status
from livetrack_vcam.live.capturing import BRIGHTNESS_EVERY, brightness
from livetrack_vcam.media import Frame
from livetrack_vcam.operating.monitor import Monitor
from livetrack_vcam.web.streams import MAX_EVENT_HZ

WARM_UP_S = 3.0


async def run(source: str, rounds: int, seconds: float) -> None:
    async with on_air(source) as air:
        await asyncio.sleep(WARM_UP_S)
        print_status_cost(air)
        print("\n| | frames a second | looks a second | CPU, % of a core | CPU ms a frame |")
        print("| --- | --- | --- | --- | --- |")
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {air.token}"}) as web:
            for _ in range(rounds):
                for on in (False, True):
                    body = {"command": "standby", "on": on}
                    async with web.post(f"{air.root}/api/command", json=body) as answer:
                        answer.raise_for_status()
                    await print_cpu(air, "standby" if on else "looking", seconds)


def print_status_cost(air: OnAir) -> None:
    studio = air.studio
    monitor = Monitor(air.pipeline, studio.info, studio.canvases, studio.settings.detector)
    seen: list[Frame] = []
    air.pipeline.render.onlooker = seen.append
    while not seen:
        time.sleep(0.01)
    parts: list[tuple[str, float, Callable[[], object]]] = [
        ("a status is made", MAX_EVENT_HZ, monitor.status),
        ("and written as JSON", MAX_EVENT_HZ, partial(_text, monitor.status())),
        ("the light is measured", 30 / BRIGHTNESS_EVERY, partial(brightness, seen[0])),
    ]
    print("| | µs | times a second, at most | % of a core |\n| --- | --- | --- | --- |")
    for name, hz, work in parts:
        each_ms = cpu_ms(work)
        print(f"| {name} | {1000 * each_ms:.0f} | {hz:.0f} | {each_ms * hz / 10:.2f} |")


def _text(status: Status) -> str:
    return json.dumps(status.to_json(), separators=(",", ":"))


async def print_cpu(air: OnAir, name: str, seconds: float) -> None:
    """What the program spends in so many seconds."""
    await asyncio.sleep(1)
    detect = air.pipeline.detect
    frames, looks = air.pipeline.render.flow.snapshot(0).frames, detect.flow if detect else None
    before_looks = looks.snapshot(0).frames if looks else 0
    before, begun_s = cpu_seconds()["all"], time.monotonic()
    await asyncio.sleep(seconds)
    passed_s = time.monotonic() - begun_s
    cpu_pct = 100 * (cpu_seconds()["all"] - before) / passed_s
    fps = (air.pipeline.render.flow.snapshot(0).frames - frames) / passed_s
    hz = ((looks.snapshot(0).frames if looks else 0) - before_looks) / passed_s
    print(f"| {name} | {fps:.1f} | {hz:.1f} | {cpu_pct:.1f} | {10 * cpu_pct / fps:.1f} |")
