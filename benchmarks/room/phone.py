"""A browser's made-up camera through the camera page: how soon the program gets its pictures."""

from __future__ import annotations

import asyncio
import time

import aiohttp

from benchmarks.room.programs import Program, real_program
from benchmarks.room.report import Report, middle
from benchmarks.room.watching import chromium_page
from tests.e2e.phone import FAKE_CAMERA, LIVE, PHONE, PRESS_START, READY

FIRST_S, THEN_S = 3.0, 5.0


async def link(program: Program) -> str:
    headers = {"Authorization": f"Bearer {program.token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{program.root}/api/camera/link") as answer,
    ):
        return str((await answer.json())["link"])


async def publish(program: Program) -> tuple[float, float, float]:
    """Seconds until the page is live; fps of the source three seconds after it, and later."""
    async with chromium_page(*FAKE_CAMERA) as page:
        await page.open(await link(program), *PHONE)
        await page.until(READY)
        began = time.monotonic()
        await page.run(PRESS_START)
        await page.until(LIVE)
        live_s = time.monotonic() - began
        await asyncio.sleep(FIRST_S)
        first = (await program.status())["source"]["fps"]
        await asyncio.sleep(THEN_S)
        return live_s, first, (await program.status())["source"]["fps"]


async def run(rounds: int) -> Report:
    report = Report("phone")
    found = []
    for _ in range(rounds):
        async with real_program("--source", "browser", "--sink", "room") as program:
            found.append(await publish(program))
    live_s, first, later = (middle(values) for values in zip(*found, strict=True))
    report.add("from the press to the picture's way", 1000 * live_s, "ms")
    report.add(f"{FIRST_S:g} s later, the last 2 s", first, "fps", "≥ 24")
    report.add(f"{THEN_S:g} s after that", later, "fps")
    return report
