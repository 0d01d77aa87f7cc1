"""A daemon with a crowd before its camera, a browser at its operator's page, and its status."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.e2e.chromium import Page, find_chromium, open_page
from tests.e2e.daemon import answering
from tests.waiting import free_port

ONE_SHOT = ("main=640x360",)
TWO_SHOTS = ("main=640x360", "vertical=360x640")
PATIENCE_S = 30.0
TOKEN = "livetrack-vcam/token"
Status = dict[str, Any]


@asynccontextmanager
async def crowd(home: Path, port: int, shots: tuple[str, ...]) -> AsyncIterator[str]:
    """The address of a daemon that sees three people walk about."""
    options = [word for shot in shots for word in ("--shot", shot)]
    async with answering(
        home, port, "tests.e2e.crowd", *options, path="/api/status", ready=_sees_three
    ) as root:
        yield root


async def _sees_three(response: aiohttp.ClientResponse) -> bool:
    return len((await response.json())["tracks"]) == 3


async def sign_in_url(root: str, home: Path) -> str:
    """A link that signs a browser in."""
    headers = {"Authorization": f"Bearer {token_of(home)}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{root}/api/sign-in") as response,
    ):
        return root + str((await response.json())["url"])


def token_of(home: Path) -> str:
    return (home / TOKEN).read_text().strip()


async def command(root: str, home: Path, **body: Any) -> None:
    """Give the daemon a command as a program does."""
    headers = {"Authorization": f"Bearer {token_of(home)}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{root}/api/command", json=body) as response,
    ):
        assert response.status == 200, await response.text()


@dataclass(slots=True)
class Desk:
    """The page, open in a browser, and the daemon behind it."""

    page: Page
    root: str
    home: Path
    session: aiohttp.ClientSession

    async def status(self) -> Status:
        async with self.session.get(f"{self.root}/api/status") as response:
            status: Status = await response.json()
            return status

    async def until(self, what: str, true: Callable[[Status], bool]) -> Status:
        """The first status of which it is true."""
        status = {}
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not true(status := await self.status()):
                    await asyncio.sleep(0.03)
        except TimeoutError:
            raise AssertionError(f"{what}: never so; at last {status}") from None
        return status

    async def command(self, **body: Any) -> None:
        """Give a command past the page."""
        await command(self.root, self.home, **body)

    async def click(self, selector: str) -> None:
        """Click an element as a script or a screen reader does."""
        await self.page.until(f"document.querySelector({selector!r}) !== null")
        await self.page.run(f"document.querySelector({selector!r}).click()")


READY = (
    "document.body?.hasAttribute('data-operating')"
    " && document.querySelectorAll('.track').length === 3"
    " && document.querySelectorAll('.segment').length > 10"
    " && document.querySelector('#player img')?.naturalWidth > 0"
)


@asynccontextmanager
async def operating(
    chromium: str,
    home: Path,
    shots: tuple[str, ...] = ONE_SHOT,
    size: tuple[int, int] = (1440, 1000),
) -> AsyncIterator[Desk]:
    """Signed in, with everything on the page."""
    async with (
        crowd(home, free_port(), shots) as root,
        aiohttp.ClientSession() as session,
        open_page(chromium, home / "browser") as page,
    ):
        await page.watch_requests()
        await page.open(await sign_in_url(root, home), *size)
        await page.until(READY)
        yield Desk(page, root, home, session)


def at_the_desk(
    home: Path,
    body: Callable[[Desk], Awaitable[None]],
    shots: tuple[str, ...] = ONE_SHOT,
    size: tuple[int, int] = (1440, 1000),
) -> None:
    """Run a test's body with an operator's page; it must not complain or ask anybody else."""
    chromium = needed_chromium()

    async def main() -> None:
        async with operating(chromium, home, shots, size) as desk:
            await body(desk)
            assert desk.page.console == []
            elsewhere = [url for url in desk.page.requests if not url.startswith(desk.root)]
            assert elsewhere == []

    asyncio.run(main())


def needed_chromium() -> str:
    chromium = find_chromium()
    if chromium is None:
        pytest.skip("needs Chromium: sudo apt-get install chromium")
    return chromium
