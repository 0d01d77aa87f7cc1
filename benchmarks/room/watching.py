"""A browser's page that watches a room and reads off how late each picture is."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

from benchmarks.room.barcode import PAGE_SCRIPT
from benchmarks.room.report import share_of
from tests.e2e import chromium, firefox

PROBE = Path(__file__).with_name("probe.js")
SCREEN = (1280, 800)


class Page(Protocol):
    """What both browsers' drivers offer."""

    console: list[str]

    async def open(self, url: str, width: int, height: int) -> None: ...

    async def run(self, script: str) -> Any: ...


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture on the page: ms on the page's clock, and ms since its capture.

    `presented_ms`: until the browser handed it to its compositor; `seen_ms`: until a script
    could read it.
    """

    at: float
    captured: int
    presented_ms: float
    seen_ms: float
    width: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """What was shown in a stretch of time; `unread` had no barcode that checks."""

    shown: tuple[Shown, ...]
    unread: int
    freezes: int

    def latency_ms(self, share: float) -> float:
        return share_of([each.presented_ms for each in self.shown], share)

    @property
    def longest_gap_ms(self) -> float:
        return max(after.at - before.at for before, after in pairwise(self.shown))


class Watcher:
    """The probe in a page; only one room at a time."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._freezes = 0

    async def join(self, root: str, codec: str, path: str = "/whep/main", plain: str = "/") -> None:
        """Open a page of that origin which does nothing itself, and join from there."""
        await self.page.open(root + plain, *SCREEN)
        script = f"(() => {{ {PAGE_SCRIPT} {PROBE.read_text()}; return true; }})()"
        await self.page.run(script)
        await self.page.run(f"probe.join('{root}{path}', '{codec}')")

    async def first_ms(self) -> float:
        """From the wish to join to the first picture on the screen."""
        return float(await self._when("probe.firstMs"))

    async def watch(self, seconds: float) -> Stretch:
        """What is shown from now on, for so long."""
        await self.take()
        await asyncio.sleep(seconds)
        return await self.take()

    async def take(self) -> Stretch:
        """What was shown since the last call."""
        taken = await self.page.run("probe.take()")
        inbound = await self.page.run("probe.inbound()")
        before, self._freezes = self._freezes, int(inbound.get("freezeCount", 0))
        return Stretch(
            tuple(
                Shown(s["at"], s["captured"], s["presentedMs"], s["seenMs"], s["width"])
                for s in taken["shown"]
            ),
            int(taken["unread"]),
            self._freezes - before,
        )

    async def wish(self, **wish: Any) -> float:
        """Change what is sent; the page's time at which that was asked for."""
        return float(await self.page.run(f"probe.wish({json.dumps(wish)})"))

    async def leave(self) -> None:
        await self.page.run("probe.leave()")

    async def _when(self, expression: str) -> Any:
        async with asyncio.timeout(30):
            while (value := await self.page.run(expression)) is None:
                await asyncio.sleep(0.02)
        return value


@asynccontextmanager
async def chromium_page(*flags: str) -> AsyncIterator[chromium.Page]:
    program = chromium.find_chromium()
    if program is None:
        raise RuntimeError("needs Chromium: sudo apt-get install chromium")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with chromium.open_page(program, Path(folder), *flags) as page:
            yield page


@asynccontextmanager
async def firefox_page() -> AsyncIterator[firefox.Page]:
    program = firefox.find_firefox()
    if program is None:
        raise RuntimeError("needs Firefox: sudo apt-get install firefox-esr")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with firefox.open_page(program, Path(folder)) as page:
            yield page
