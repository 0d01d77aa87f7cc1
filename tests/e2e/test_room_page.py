"""The room in a real browser where there is no live video: the plain picture plays, the figures
come, failures are explained."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from livetrack_vcam.core.geometry import Size
from tests.e2e.chromium import Page, find_chromium, open_page
from tests.e2e.looks import SHOTS
from tests.e2e.room_page import SIZE, Program, serving
from tests.waiting import PATIENCE_S, free_port

pytestmark = pytest.mark.browser


Body = Callable[[Page, Program, str], Awaitable[None]]


@pytest.fixture
def in_browser(tmp_path: Path) -> Callable[..., None]:
    """Runs a test's body with an open browser and a served program."""
    chromium = find_chromium()
    if chromium is None:
        pytest.skip("needs Chromium: sudo apt-get install chromium")

    def run(body: Body, size: Size = SIZE, max_watchers: int = 4) -> None:
        async def main() -> None:
            program = Program(size, max_watchers)
            async with serving(program) as room, open_page(chromium, tmp_path / "p") as page:
                await body(page, program, f"{room}?join=1")

        asyncio.run(main())

    return run


IS_PLAYING = "document.querySelector('#player img')?.naturalWidth > 0"
# The color of the picture as the browser shows it, and whether it moves.
PIXELS = """(() => {
  const image = document.querySelector('#player img'), canvas = document.createElement('canvas');
  canvas.width = image.naturalWidth; canvas.height = image.naturalHeight;
  const paper = canvas.getContext('2d');
  paper.drawImage(image, 0, 0);
  return [...paper.getImageData(0, 40, canvas.width, 1).data];
})()"""


def complaints(page: Page) -> list[str]:
    """All but the one about the room that this program does not have."""
    return [each for each in page.console if "/api/room/main'" not in each]


def text_of(element: str) -> str:
    return f"document.getElementById('{element}')?.textContent"


def test_the_picture_plays_in_its_colors(in_browser: Callable[..., None]) -> None:
    async def body(page: Page, _program: Program, room: str) -> None:
        await page.open(room, 1280, 800)
        await page.until(IS_PLAYING)
        first = await page.run(PIXELS)
        async with asyncio.timeout(PATIENCE_S):  # of a picture that stands still
            while await page.run(PIXELS) == first:
                await asyncio.sleep(0.1)
        colors = np.array(first).reshape(-1, 4)[:, :3]
        # Y 70, Cb 200, Cr 100 in limited BT.601.
        ground = colors[np.argmin(colors.sum(1))]
        assert abs(ground - (18, 57, 208)).max() <= 6, ground

    in_browser(body)


def test_the_figures_are_shown_and_follow_the_program(in_browser: Callable[..., None]) -> None:
    async def body(page: Page, program: Program, room: str) -> None:
        await page.open(room, 1280, 800)
        await page.until(f"{text_of('fps')} === '30.0'")
        assert await page.run(text_of("latency")) == "9"
        assert await page.run(text_of("subject")) == "Person 3"
        assert await page.run(text_of("zoom")) == "1.50"
        assert await page.run("document.title") == "main · LiveTrack"
        address = await page.run("document.getElementById('stream-url').value")
        assert address == room.replace("/room/main?join=1", "/stream/main.mjpg")
        program.subject = [3, 4]
        await page.until(f"{text_of('subject')} === '2 people'")
        program.state, program.subject = "paused", []
        await page.until(f"{text_of('badge-text')} === 'Paused'")
        assert await page.run(text_of("subject")) == "Nobody"
        program.source = "lost"
        await page.until(f"{text_of('badge-text')} === 'Camera away'")
        assert complaints(page) == []

    in_browser(body)


@pytest.mark.parametrize("size", [SIZE, Size(360, 640)], ids=str)
def test_the_page_fits_every_screen(
    in_browser: Callable[..., None], tmp_path: Path, size: Size
) -> None:
    shape = "(r => r.width / r.height)(document.getElementById('stage').getBoundingClientRect())"

    async def body(page: Page, _program: Program, room: str) -> None:
        for width, scheme in product((320, 360, 768, 1440), ("light", "dark")):
            await page.open(room, width, 900, scheme)
            await page.until(IS_PLAYING)
            await page.until(f"{text_of('fps')} === '30.0'")
            assert await page.run("document.documentElement.scrollWidth") <= width
            assert await page.run(shape) == pytest.approx(size.width / size.height, rel=0.01)
            await page.screenshot(Path(SHOTS or tmp_path) / f"room-{width}-{scheme}-{size}.png")

    in_browser(body, size=size)


def test_the_page_speaks_korean_and_remembers_it(in_browser: Callable[..., None]) -> None:
    choose = (
        "(e => { e.value = 'ko'; e.dispatchEvent(new Event('change')) })"
        "(document.getElementById('language'))"
    )

    async def body(page: Page, _program: Program, room: str) -> None:
        await page.open(room, 800, 800)
        await page.until(f"{text_of('subject')} === 'Person 3'")
        await page.run(choose)
        await page.until(f"{text_of('subject')} === '사람 3'")
        assert await page.run("document.documentElement.lang") == "ko"
        await page.call("Page.reload")
        await page.until(f"{text_of('subject')} === '사람 3'")

    in_browser(body)


def test_every_control_has_a_name_and_a_size_a_finger_can_hit(
    in_browser: Callable[..., None],
) -> None:
    small = """[...document.querySelectorAll('button, select, input, nav a')].filter(e => {
      const box = e.getBoundingClientRect();
      return box.width && Math.min(box.width, box.height) < 32;
    }).map(e => e.id || e.textContent)"""
    nameless = """[...document.querySelectorAll('button, select, input')].filter(e =>
      !(e.textContent.trim() || e.ariaLabel || e.labels?.length)).map(e => e.id)"""

    async def body(page: Page, _program: Program, room: str) -> None:
        await page.open(room, 360, 740)
        await page.until("document.querySelectorAll('nav a').length === 2")
        assert await page.run(small) == []
        assert await page.run(nameless) == []

    in_browser(body)


def test_a_picture_is_saved_and_the_address_copied(in_browser: Callable[..., None]) -> None:
    press = "document.dispatchEvent(new KeyboardEvent('keydown', {key: 's', bubbles: true}))"

    async def body(page: Page, program: Program, room: str) -> None:
        await page.open(room, 800, 800)
        await page.until(IS_PLAYING)
        for save in ("document.getElementById('snapshot').click()", press):
            before = program.pictures.stats.delivered
            await page.run(save)
            await page.until(f"{text_of('toast')} === 'Picture saved'")
            assert program.pictures.stats.delivered > before
            await page.run(f"{text_of('toast').replace('?', '')} = ''")
        await page.run("document.getElementById('copy').click()")
        await page.until(f"{text_of('toast')} === 'Address copied'")
        assert complaints(page) == []

    in_browser(body)


def test_full_screen_shows_the_whole_picture(in_browser: Callable[..., None]) -> None:
    async def body(page: Page, _program: Program, room: str) -> None:
        await page.open(room, 800, 800)
        await page.until(IS_PLAYING)
        await page.run("document.getElementById('fullscreen').click()")
        await page.until("document.fullscreenElement?.id === 'stage'")
        await page.until("document.getElementById('fullscreen').ariaLabel === 'Leave full screen'")
        fit = "getComputedStyle(document.querySelector('#player img')).objectFit"
        assert await page.run(fit) == "contain"
        await page.run("document.getElementById('fullscreen').click()")
        await page.until("document.fullscreenElement === null")

    in_browser(body)


def test_a_hidden_tab_costs_nothing(in_browser: Callable[..., None]) -> None:
    hide = (
        "Object.defineProperty(document, 'hidden', {{configurable: true, value: {}}});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )

    async def body(page: Page, program: Program, room: str) -> None:
        await page.open(room, 800, 800)
        await page.until(IS_PLAYING)
        await page.run(hide.format("true"))
        while program.pictures.wanted:
            await asyncio.sleep(0.05)
        await page.run(hide.format("false"))
        await page.until(IS_PLAYING)

    in_browser(body)


def test_a_full_house_is_explained_and_entered_when_there_is_room(
    in_browser: Callable[..., None],
) -> None:
    async def body(page: Page, program: Program, room: str) -> None:
        taken = program.pictures.watch()
        await page.open(room, 800, 800)
        await page.until(f"{text_of('notice-text')}?.includes('too many viewers')")
        program.pictures.leave(taken)
        await page.until(IS_PLAYING)
        await page.until("document.getElementById('notice')?.hidden")

    in_browser(body, max_watchers=1)


def test_a_shot_that_is_not_sent_says_how_to_send_it(in_browser: Callable[..., None]) -> None:
    async def body(page: Page, _program: Program, room: str) -> None:
        await page.open(room.replace("main", "vertical"), 800, 800)
        await page.until(f"{text_of('notice-text')}?.includes('--sink mjpeg')")

    in_browser(body)


def test_the_page_comes_back_after_the_program_was_away(tmp_path: Path) -> None:
    chromium = find_chromium()
    if chromium is None:
        pytest.skip("needs Chromium: sudo apt-get install chromium")
    port = free_port()

    async def main() -> None:
        async with open_page(chromium, tmp_path / "p") as page:
            async with serving(Program(), port=port) as room:
                await page.open(f"{room}?join=1", 800, 800)
                await page.until(IS_PLAYING)
            await page.until(f"{text_of('badge-text')} === 'Offline'")
            assert await page.run("document.getElementById('snapshot').disabled")
            await page.until(f"{text_of('notice-title')} === 'LiveTrack does not answer'")
            await page.screenshot(Path(SHOTS or tmp_path) / "room-away.png")
            async with serving(Program(), port=port):
                await page.until(f"{text_of('badge-text')} === 'Live'")
                await page.until(IS_PLAYING)
                await page.until("document.getElementById('notice')?.hidden")

    asyncio.run(main())
