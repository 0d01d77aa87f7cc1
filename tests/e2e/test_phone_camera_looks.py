"""The camera page for everybody: on every screen, in both languages, with a thumb and without."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.chromium import Page
from tests.e2e.looks import CHOOSE_KOREAN, SHOTS, assert_in_reach, audit, needs_axe
from tests.e2e.operating import token_of
from tests.e2e.phone import FAKE_CAMERA, LIVE, READY, Program, publish, with_a_phone

pytestmark = pytest.mark.browser
SCREENS = ((360, 780), (390, 844), (844, 390), (768, 1024), (1440, 900))
TROUBLES = ("denied", "taken", "insecure", "waiting")
NETWORK = ("--host", "0.0.0.0", "--https", "--https-port", "0")


async def sign_in(program: Program, page: Page) -> None:
    headers = {"Authorization": f"Bearer {token_of(program.home)}"}
    async with program.session.post(f"{program.root}/api/sign-in", headers=headers) as answer:
        path = str((await answer.json())["url"])
    await page.run(f"fetch({path!r}).then(() => true)")


async def show(program: Program, page: Page, size: tuple[int, int], scheme: str) -> None:
    await page.open(f"{program.root}/camera", *size, scheme)
    await page.until(READY)


def on_this_computer(home: Path, body: Any) -> None:
    """With the page that an operator sees, code and all, by the unencrypted address."""

    async def signed_in(program: Program, page: Page) -> None:
        await page.open(f"{program.root}/camera", 390, 844)
        await page.until(READY)
        await sign_in(program, page)
        await body(program, page)

    flags = (*FAKE_CAMERA, "--ignore-certificate-errors")
    with_a_phone(home, signed_in, NETWORK, flags, complaints=True)


@needs_axe
def test_axe_finds_nothing_on_the_camera_page(tmp_path: Path) -> None:
    async def body(program: Program, page: Page) -> None:
        for size, scheme in product((SCREENS[0], SCREENS[-1]), ("light", "dark")):
            await show(program, page, size, scheme)
            assert await audit(page) == [], (size, scheme)
            await publish(page)
            assert await audit(page) == [], (size, scheme, "live")
            await page.run("document.getElementById('start').click()")

    on_this_computer(tmp_path, body)


def test_a_thumb_hits_everything_and_nothing_sticks_out_of_the_camera_page(tmp_path: Path) -> None:
    async def body(program: Program, page: Page) -> None:
        schemes = ("light", "dark") if SHOTS else ("light",)
        for (width, height), scheme in product(((320, 640), *SCREENS), schemes):
            await show(program, page, (width, height), scheme)
            await publish(page)
            await assert_in_reach(page, width, scheme)
            if SHOTS:
                await page.until("document.getElementById('kbps').textContent !== '–'")
                file = f"camera-{width}-{scheme}.png"
                await page.screenshot(Path(SHOTS) / file, full_page=True)
            await page.run("document.getElementById('start').click()")
            if SHOTS:
                await page.screenshot(Path(SHOTS) / f"camera-{width}-{scheme}-idle.png")

    on_this_computer(tmp_path, body)


def test_the_button_is_in_reach_without_scrolling(tmp_path: Path) -> None:
    async def body(program: Program, page: Page) -> None:
        for width, height in ((360, 640), (390, 844), (844, 390), (1440, 900)):
            await show(program, page, (width, height), "light")
            await publish(page)
            lowest = "document.getElementById('start').getBoundingClientRect().bottom"
            assert await page.run(lowest) <= height, (width, height)
            await page.run("document.getElementById('start').click()")

    on_this_computer(tmp_path, body)


def test_the_camera_page_speaks_korean(tmp_path: Path) -> None:
    async def body(program: Program, page: Page) -> None:
        await page.run(CHOOSE_KOREAN)
        await page.until("document.getElementById('start').textContent === '카메라 시작'")
        await page.run("document.getElementById('start').click()")
        await page.until(LIVE)
        words = "[...document.querySelectorAll('[data-text], #badge-text, #awake')]"
        latin = r"/[a-z]{3,}/i.test(e.textContent.replace(/LiveTrack|English/g, ''))"
        assert await page.run(f"{words}.filter(e => {latin}).map(e => e.textContent)") == []
        assert await page.run("document.documentElement.lang") == "ko"

    with_a_phone(tmp_path, body)


def test_every_reason_has_its_words_in_both_languages(tmp_path: Path) -> None:
    script = """Promise.all([import('/assets/camera/camera_messages.js'),
      import('/assets/messages.js')]).then(([{WORDS}, {text, setLanguage}]) => {
        setLanguage('en');
        const missing = Object.keys(WORDS.en).filter(key => !(key in WORDS.ko));
        const unknown = Object.keys(WORDS.ko).filter(key => !(key in WORDS.en));
        const used = [...document.querySelectorAll('[data-text]')].map(e => e.dataset.text);
        return [missing, unknown, used.filter(key => text(key) === key)];
      })"""

    async def body(program: Program, page: Page) -> None:
        assert await page.run(script) == [[], [], []]

    with_a_phone(tmp_path, body)
