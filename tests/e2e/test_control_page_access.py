"""Who may operate: the page read only, signed in by token, cut off and back again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.chromium import Page, open_page
from tests.e2e.operating import (
    ONE_SHOT,
    READY,
    Desk,
    at_the_desk,
    crowd,
    needed_chromium,
    sign_in_url,
    token_of,
)
from tests.waiting import PATIENCE_S, free_port

pytestmark = pytest.mark.browser
ENABLED = "document.querySelectorAll('fieldset:enabled').length"
IS_READING = "!document.getElementById('sign-in').hidden"


def as_a_stranger(home: Path, body: Callable[[Desk], Awaitable[None]]) -> None:
    """Run a test's body at a page that nobody has signed in to."""
    chromium = needed_chromium()

    async def main() -> None:
        async with (
            crowd(home, free_port(), ONE_SHOT) as root,
            aiohttp.ClientSession() as session,
            open_page(chromium, home / "browser") as page,
        ):
            await page.open(f"{root}/control", 1440, 1000)
            await page.until("document.querySelectorAll('.track').length === 3")
            await page.until(IS_READING)
            await body(Desk(page, root, home, session))

    asyncio.run(main())


async def left_alone(page: Page, home: Path, port: int) -> None:
    """Signed in, and then the program goes."""
    async with crowd(home, port, ONE_SHOT) as root:
        await page.open(await sign_in_url(root, home), 1440, 1000)
        await page.until(READY)
    await page.until("!document.getElementById('banner').hidden")


async def falls_silent(page: Page) -> None:
    """Wait until it has asked for nothing for a while; what it asked before may be told late."""
    async with asyncio.timeout(PATIENCE_S):
        asked = -1
        while len(page.requests) > asked:
            asked = len(page.requests)
            await asyncio.sleep(1.5)
            await page.run("1")


async def sign_in(page: Page, token: str) -> None:
    await page.run("document.getElementById('token').focus()")
    await page.run("document.getElementById('token').value = ''")
    await page.call("Input.insertText", text=token)
    await page.press("Enter")


def test_a_stranger_watches_and_is_told_how_to_sign_in(tmp_path: Path) -> None:
    async def body(desk: Desk) -> None:
        page = desk.page
        words = await page.run("document.getElementById('sign-in').innerText")
        assert "livetrack-vcam ctl open" in words
        assert "computer with the camera" in words
        await page.until("document.querySelector('#player img').naturalWidth > 0")
        await page.until("document.querySelectorAll('.segment').length > 10")
        operable = "[...document.querySelectorAll('.command, .track, .segment input')]"
        assert await page.run(f"{operable}.every(e => e.matches(':disabled'))")
        boxes = "document.querySelector('.track').getBoundingClientRect()"
        x, y = await page.run(f"(r => [r.left + r.width / 2, r.top + r.height / 2])({boxes})")
        await page.click(x, y)
        for key in ("n", "w", " ", "b"):
            await page.press(key)
        await asyncio.sleep(0.5)
        status = await desk.status()
        shot = status["shots"][0]
        assert (shot["locked"], shot["state"] == "paused", status["standby"]) == (False,) * 3
        assert page.console == []

    as_a_stranger(tmp_path, body)


def test_a_link_that_is_good_no_more_leads_to_the_page_which_says_so(tmp_path: Path) -> None:
    async def body(desk: Desk) -> None:
        page = desk.page
        told = "(e => e.checkVisibility() && e.innerText)(document.getElementById('link-expired'))"
        assert not await page.run(told)
        await page.open(f"{desk.root}/control?code=used", 1440, 1000)
        await page.until("document.getElementById('sign-in')?.hidden === false")
        assert "used or is a minute old" in await page.run(told)
        assert await page.run("location.pathname + location.search") == "/control"
        assert page.console == []

    as_a_stranger(tmp_path, body)


def test_the_token_signs_in_and_a_wrong_one_is_explained(tmp_path: Path) -> None:
    async def body(desk: Desk) -> None:
        page = desk.page
        await sign_in(page, "x" * 43)
        await page.until(
            "document.getElementById('token-error').textContent.includes('not the token')"
        )
        assert await page.run(IS_READING)
        await sign_in(page, f" {token_of(desk.home)} ")
        await page.until(READY)
        assert await page.run("document.getElementById('sign-in').hidden")
        assert await page.run("document.getElementById('token').value") == ""
        await desk.click("#do-standby")
        await desk.until("standby", lambda status: bool(status["standby"]))
        assert await page.run("document.cookie") == "", "scripts cannot read it"

    as_a_stranger(tmp_path, body)


def test_the_page_waits_for_the_program_and_is_still_signed_in(tmp_path: Path) -> None:
    chromium = needed_chromium()
    port = free_port()

    async def main() -> None:
        async with open_page(chromium, tmp_path / "browser") as page:
            await left_alone(page, tmp_path, port)
            await page.until(f"{ENABLED} === 0")
            words = await page.run("document.getElementById('banner').innerText")
            assert "livetrack-vcam run" in words
            assert "Next try in" in words
            assert await page.run("document.getElementById('sign-in').hidden")
            async with crowd(tmp_path, port, ONE_SHOT) as root, aiohttp.ClientSession() as session:
                await page.run("document.getElementById('retry').click()")
                await page.until("document.getElementById('banner').hidden")
                await page.until(READY)
                await page.press("n")
                desk = Desk(page, root, tmp_path, session)
                await desk.until("locked", lambda status: bool(status["shots"][0]["locked"]))

    asyncio.run(main())


def test_the_page_comes_back_without_being_told(tmp_path: Path) -> None:
    chromium = needed_chromium()
    port = free_port()

    async def main() -> None:
        async with open_page(chromium, tmp_path / "browser") as page:
            await left_alone(page, tmp_path, port)
            async with crowd(tmp_path, port, ONE_SHOT):
                await page.until("document.getElementById('banner').hidden")
                await page.until(READY)

    asyncio.run(main())


def test_a_hidden_page_asks_for_nothing(tmp_path: Path) -> None:
    hide = (
        "Object.defineProperty(document, 'hidden', {{configurable: true, value: {}}});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )

    async def body(desk: Desk) -> None:
        page = desk.page
        await page.run(hide.format("true"))
        assert not await page.run("document.querySelector('#player img').hasAttribute('src')")
        await falls_silent(page)
        await page.run(hide.format("false"))
        await page.until(READY)

    at_the_desk(tmp_path, body)


def test_the_page_asks_for_preview_and_events_and_for_outputs_when_wanted(tmp_path: Path) -> None:
    async def body(desk: Desk) -> None:
        page = desk.page
        cut = "document.querySelector('.monitor canvas')"
        await page.until(f"{cut}.width > 100")
        paper = f"{cut}.getContext('2d').getImageData(0, 0, {cut}.width, {cut}.height).data"
        await page.until(f"new Set({paper}).size > 50")
        assert not [url for url in page.requests if "/stream/" in url]
        await falls_silent(page)  # preview and events say everything
        await desk.click(".shot-foot button")
        await page.until("document.querySelector('.monitor img')?.naturalWidth === 640")
        assert [url for url in page.requests if "/stream/main.mjpg" in url]
        await desk.click(".shot-foot button")
        await page.until("document.querySelector('.monitor img') === null")

    at_the_desk(tmp_path, body)
