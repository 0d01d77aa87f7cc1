"""Sound on the room's page: off at first, heard when wanted, and the camera's room is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.claps import write_claps
from tests.e2e.chromium import Page, open_page
from tests.e2e.daemon import answering
from tests.e2e.operating import needed_chromium, sign_in_url
from tests.e2e.room_page import IS_LIVE, shown
from tests.waiting import free_port

pytestmark = pytest.mark.browser
CLIP_S = 60
HEARS = """(async () => {
  const meter = await new Promise(done => {
    const context = new AudioContext();
    const node = context.createAnalyser();
    context.createMediaStreamSource(document.getElementById('video').srcObject).connect(node);
    const samples = new Float32Array(node.fftSize);
    let loudest = 0;
    const ends = performance.now() + 2500;
    (function listen() {
      node.getFloatTimeDomainData(samples);
      loudest = Math.max(loudest, ...samples.map(Math.abs));
      if (performance.now() > ends) done(loudest); else setTimeout(listen, 10);
    })();
  });
  return meter;
})()"""
"""The loudest sample of more than two claps."""


@asynccontextmanager
async def clapping(home: Path) -> AsyncIterator[str]:
    """The address of a daemon whose source claps once a second."""
    clip = home / "claps.mp4"
    write_claps(clip, CLIP_S)
    words = ("run", "--source", str(clip), "--sink", "room", "--sink", "mjpeg", "--size", "320x180")
    async with answering(
        home, free_port(), "livetrack_vcam", *words, path="/api/room/main"
    ) as root:
        yield root


async def is_muted(page: Page) -> bool:
    return bool(await page.run("document.getElementById('video').muted"))


def test_sound_is_off_until_wanted_and_whose_room_it_is_is_asked(tmp_path: Path) -> None:
    chromium = needed_chromium()

    async def main() -> None:
        async with clapping(tmp_path) as root, open_page(chromium, tmp_path / "browser") as page:
            await page.open(f"{root}/room/main", 1280, 800)
            await page.until(shown("join-same-room"))
            await page.run("document.getElementById('join-button').click()")
            await page.until(IS_LIVE)
            await page.until(shown("sound"))
            assert await is_muted(page)
            assert await page.run(HEARS) == 0, "sound comes although nobody wants it"
            await page.run("document.getElementById('sound').click()")
            await page.until(shown("sound-note"))
            assert await is_muted(page), "a loudspeaker beside the microphone would howl"
            await page.run("document.getElementById('sound-yes').click()")
            await page.until("!document.getElementById('video').muted")
            assert await page.run(HEARS) > 0.05
            await page.run("document.getElementById('sound').click()")
            assert await is_muted(page)
            await page.until(f"!{shown('sound-note')}")
            assert page.console == []

    asyncio.run(main())


def test_who_is_elsewhere_hears_from_the_beginning(tmp_path: Path) -> None:
    chromium = needed_chromium()

    async def main() -> None:
        async with clapping(tmp_path) as root, open_page(chromium, tmp_path / "browser") as page:
            await page.open(f"{root}/room/main", 1280, 800)
            await page.until(shown("join-same-room"))
            await page.run("document.querySelector('#join-same-room [value=no]').click()")
            button = "document.getElementById('join-button').getBoundingClientRect()"
            x, y = await page.run(f"(r => [r.left + r.width / 2, r.top + 9])({button})")
            await page.click(x, y)
            await page.until(IS_LIVE)
            assert not await is_muted(page)
            assert await page.run(HEARS) > 0.05

    asyncio.run(main())


def test_the_operator_gets_a_table_of_all_viewers(tmp_path: Path) -> None:
    chromium = needed_chromium()
    table = "fetch(document.getElementById('csv').href).then(answer => answer.text())"

    async def main() -> None:
        async with clapping(tmp_path) as root, open_page(chromium, tmp_path / "browser") as page:
            await page.open(f"{root}/room/main?join=1", 1280, 800)
            await page.until(IS_LIVE)
            assert not await page.run(shown("csv"))
            await page.open(await sign_in_url(root, tmp_path), 1280, 800)
            await page.until("location.pathname === '/control'")
            await page.open(f"{root}/room/main?join=1&again", 1280, 800)
            await page.until(IS_LIVE)
            await page.until(shown("csv"))
            await page.until(f"{table}.then(text => text.trim().split('\\n').length > 2)")

    asyncio.run(main())
