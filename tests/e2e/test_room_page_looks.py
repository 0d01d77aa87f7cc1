"""The room's page for everybody: no rule of accessibility broken, on no screen, in no state."""

from __future__ import annotations

import asyncio
from itertools import product
from pathlib import Path

import pytest

from livetrack_vcam.core.geometry import Size
from tests.e2e.chromium import Page
from tests.e2e.looks import SCREENS, SHOTS, assert_in_reach, audit, needs_axe
from tests.e2e.room_page import (
    IS_LIVE,
    IS_MOVING,
    Program,
    at_the_room,
    before_scripts,
    join,
    shown,
    text_of,
)

pytestmark = pytest.mark.browser
THUMBNAIL = "document.getElementById('thumbnail')?.naturalWidth > 0"
MENU = "document.getElementById('quality').click()"
STATES = {
    "live": "0",
    "menu": MENU,
    "sound?": "document.getElementById('sound-note').hidden = false",
    "blocked": "document.getElementById('play').hidden = false",
    "obs": "document.querySelector('.obs').open = true",
}


@needs_axe
def test_axe_finds_nothing_on_the_card_nor_beside_the_picture(tmp_path: Path) -> None:
    async def main() -> None:
        async with at_the_room(tmp_path, Program()) as (page, room):
            for size, scheme in product(SCREENS, ("light", "dark")):
                await page.open(room, *size, scheme)
                await page.until(THUMBNAIL)
                assert await audit(page) == [], (size, scheme, "card")
                await page.run("document.getElementById('join-button').click()")
                await page.until(IS_LIVE)
                every = (size, scheme) in {(SCREENS[0], "light"), (SCREENS[-1], "dark")}
                for state, script in STATES.items() if every else [("live", "0")]:
                    await page.run(script)
                    assert await audit(page) == [], (size, scheme, state)

    asyncio.run(main())


@needs_axe
def test_axe_finds_nothing_in_the_plain_picture_and_while_the_program_is_away(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        async with at_the_room(tmp_path, Program()) as (page, room):
            for size, scheme in ((SCREENS[0], "dark"), (SCREENS[-1], "light")):
                await join(page, room)
                await page.open(f"{room}?join=1&again", *size, scheme)
                await page.until(IS_LIVE)
                await page.call("Network.enable")
                gone = {"offline": True, "latency": 0, "downloadThroughput": 0}
                await page.call("Network.emulateNetworkConditions", **gone, uploadThroughput=0)
                await page.run("document.getElementById('leave').click()")
                await page.run("document.getElementById('join-button').click()")
                await page.until(shown("notice"))
                assert await audit(page) == [], (size, scheme, "away")
                back = gone | {"offline": False, "downloadThroughput": -1}
                await page.call("Network.emulateNetworkConditions", **back, uploadThroughput=-1)
            await before_scripts(page, "delete window.RTCPeerConnection")
            await page.open(f"{room}?join=1&plain", *SCREENS[0], "light")
            await page.until(shown("plain-note"))
            assert await audit(page) == []

    asyncio.run(main())


LONG_NAME = "document.getElementById('name').value = 'W'.repeat(40)"


@pytest.mark.parametrize("size", [Size(640, 360), Size(360, 640)], ids=str)
def test_a_thumb_hits_everything_and_nothing_sticks_out(tmp_path: Path, size: Size) -> None:
    schemes = ("light", "dark") if SHOTS else ("light",)
    shape = "(r => r.width / r.height)(document.getElementById('stage').getBoundingClientRect())"

    async def check(page: Page, width: int, name: str) -> None:
        await assert_in_reach(page, width, name)
        if SHOTS:
            await page.screenshot(Path(SHOTS) / f"room-{name}-{size}.png", full_page=True)

    async def main() -> None:
        async with at_the_room(tmp_path, Program(size)) as (page, room):
            for width, scheme in product((320, 360, 768, 1080, 1440, 1920), schemes):
                await page.open(room, width, 900, scheme)
                await page.until(THUMBNAIL)
                await page.run(LONG_NAME)
                await check(page, width, f"card-{width}-{scheme}")
                await page.run("document.getElementById('join-button').click()")
                await page.until(IS_LIVE)
                assert await page.run(shape) == pytest.approx(size.width / size.height, rel=0.01)
                await page.run("document.querySelector('.obs').open = true")
                await check(page, width, f"live-{width}-{scheme}")
                await page.run(MENU)
                await check(page, width, f"menu-{width}-{scheme}")

    asyncio.run(main())


def test_the_button_that_joins_stays_under_the_thumb(tmp_path: Path) -> None:
    lowest = "document.getElementById('join-button').getBoundingClientRect().bottom"

    async def main() -> None:
        async with at_the_room(tmp_path, Program()) as (page, room):
            await page.open(room, 360, 640)
            await page.until(THUMBNAIL)
            assert await page.run(lowest) <= 640
            await page.run("scrollTo(0, 9999)")
            assert await page.run(lowest) <= 640

    asyncio.run(main())


def test_the_whole_way_goes_by_keyboard(tmp_path: Path) -> None:
    focused = "document.activeElement.id"

    async def main() -> None:
        async with at_the_room(tmp_path, Program()) as (page, room):
            await page.open(room, 1280, 800)
            await page.until(THUMBNAIL)
            for _ in range(30):
                await page.press("Tab")
                if await page.run("document.activeElement.value") == "auto":
                    break
            await page.press("ArrowRight")
            assert await page.run("document.querySelector('#join-size :checked').value") == "360"
            for _ in range(30):
                await page.press("Tab")
                if await page.run(focused) == "join-button":
                    break
            await page.press("Enter")
            await page.until(IS_LIVE)
            await page.until(IS_MOVING)
            await page.press("s")
            await page.until(f"{text_of('toast')} === 'Picture saved'")
            await page.press("f")
            await page.until("document.fullscreenElement?.id === 'stage'")
            await page.press("f")
            await page.until("document.fullscreenElement === null")
            await page.run("document.getElementById('quality').focus()")
            await page.press("Enter")
            await page.until("document.getElementById('picture-menu').matches(':popover-open')")
            await page.press("Escape")
            await page.until("!document.getElementById('picture-menu').matches(':popover-open')")
            await page.run("document.getElementById('leave').click()")
            await page.until(shown("join"))
            assert await page.run(focused) == "join-button"
            assert page.console == []

    asyncio.run(main())


def test_the_page_speaks_korean_from_the_card_to_the_figures(tmp_path: Path) -> None:
    choose = """(e => { e.value = 'ko'; e.dispatchEvent(new Event('change')) })
      (document.getElementById('language'))"""
    english = """[...document.querySelectorAll('main :is(button, h1, h2, legend, dt, .note, span)')]
      .filter(e => e.checkVisibility() && e.children.length === 0)
      .map(e => e.textContent.trim())
      .filter(words => /[a-z]{3}/i.test(words))"""
    names = {"main", "Camera", "LiveTrack", "Wi-Fi", "kbit/s", "fps", "Auto", "livetrack-vcam"}

    async def left_over(page: Page) -> list[str]:
        words = " ".join(await page.run(english))
        for name in ("http", "127.0.0.1", "--host 0.0.0.0", *names):
            words = words.replace(name, "")
        return [word for word in words.split() if word.isascii() and word.isalpha()]

    async def main() -> None:
        async with at_the_room(tmp_path, Program()) as (page, room):
            await page.open(room, 1280, 900)
            await page.until(THUMBNAIL)
            await page.run(choose)
            await page.until(f"{text_of('join-button')} === '입장'")
            assert await left_over(page) == []
            await page.run("document.getElementById('join-button').click()")
            await page.until(f"{text_of('chip-text')}?.startsWith('실시간')")
            await page.until(f"{text_of('delay-note')}.includes('ms')")
            left = [word for word in await left_over(page) if word not in {"H", "ms", "JSON"}]
            assert left == [], left
            await page.call("Page.reload")
            await page.until(f"{text_of('join-button')} === '입장'")

    asyncio.run(main())
