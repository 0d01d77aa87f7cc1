"""The page for everybody: no rule of accessibility broken, on no screen, in no scheme or state."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from tests.e2e.looks import (
    CHOOSE_KOREAN,
    SCREENS,
    SHOTS,
    assert_in_reach,
    audit,
    needs_axe,
)
from tests.e2e.operating import ONE_SHOT, READY, TWO_SHOTS, Desk, at_the_desk

pytestmark = pytest.mark.browser


async def show(desk: Desk, size: tuple[int, int], scheme: str) -> None:
    await desk.page.open(f"{desk.root}/control", *size, scheme)
    await desk.page.until(READY)


@needs_axe
def test_axe_finds_nothing(tmp_path: Path) -> None:
    # What makes it so, and what shows that it is.
    states = {
        "everything open": ("byId('advanced-group').open = true", "byId('advanced-group').open"),
        "locked": (
            "document.querySelector('.track').click()",
            "document.querySelector('.track[aria-pressed=true]') !== null",
        ),
        "paused": ("byId('do-tracking').click()", "byId('do-tracking').ariaPressed === 'false'"),
        "drawing": ("byId('do-draw_home').click()", "byId('do-draw_home').ariaPressed === 'true'"),
        "keys": ("byId('help-button').click()", "byId('help').open"),
    }

    async def body(desk: Desk) -> None:
        await desk.command(command="save_preset", preset="Interview")
        await desk.command(command="assign_scene", scene="Talk", preset="Interview")
        for size, scheme in product(SCREENS, ("light", "dark")):
            await show(desk, size, scheme)
            await desk.page.run("window.byId = (id) => document.getElementById(id); 0")
            await desk.page.until("document.querySelectorAll('#scenes select').length === 1")
            # Every state once in each scheme, and the fullest one on every screen.
            every = (size, scheme) in {(SCREENS[0], "light"), (SCREENS[-1], "dark")}
            for state in states if every else ("everything open",):
                make, made = states[state]
                await desk.page.run(make)
                await desk.page.until(made)
                assert await audit(desk.page) == [], (size, scheme, state)
            await desk.command(command="resume")
            await desk.command(command="release")

    at_the_desk(tmp_path, body, TWO_SHOTS)


@needs_axe
def test_axe_finds_nothing_for_strangers_and_while_the_program_is_away(tmp_path: Path) -> None:
    async def body(desk: Desk) -> None:
        await desk.page.call("Network.clearBrowserCookies")
        for size, scheme in ((SCREENS[0], "dark"), (SCREENS[-1], "light")):
            await desk.page.open(f"{desk.root}/control", *size, scheme)
            await desk.page.until("document.querySelectorAll('.track').length === 3")
            await desk.page.until("!document.getElementById('sign-in').hidden")
            await desk.page.run("document.getElementById('banner').hidden = false")
            assert await audit(desk.page) == [], (size, scheme)

    at_the_desk(tmp_path, body, TWO_SHOTS)


@pytest.mark.parametrize("shots", [ONE_SHOT, TWO_SHOTS], ids=["one", "two"])
def test_a_thumb_hits_everything_and_nothing_sticks_out(
    tmp_path: Path, shots: tuple[str, ...]
) -> None:
    # Both schemes have the same sizes; the dark one is for whoever looks at the screenshots.
    schemes = ("light", "dark") if SHOTS else ("light",)

    async def body(desk: Desk) -> None:
        page = desk.page
        for width, scheme in product((320, 360, 768, 1080, 1440, 1920), schemes):
            await show(desk, (width, 900), scheme)
            await page.run("document.getElementById('advanced-group').open = true")
            await assert_in_reach(page, width, scheme)
            if SHOTS:
                file = f"control-{width}-{scheme}-{len(shots)}.png"
                await page.screenshot(Path(SHOTS) / file, full_page=True)

    at_the_desk(tmp_path, body, shots)


def test_the_commands_stay_under_the_thumb(tmp_path: Path) -> None:
    async def body(desk: Desk) -> None:
        page = desk.page
        await show(desk, (360, 780), "light")
        lowest = "document.getElementById('handy').getBoundingClientRect().bottom"
        top = "document.getElementById('stage').getBoundingClientRect().top"
        await page.run("scrollTo(0, 900)")
        await page.until("scrollY > 600")
        assert await page.run(lowest) == pytest.approx(780, abs=1)
        assert await page.run(top) == pytest.approx(0, abs=1), "the picture stays in view"

    at_the_desk(tmp_path, body, size=(360, 780))


def test_the_page_speaks_korean(tmp_path: Path) -> None:
    async def body(desk: Desk) -> None:
        page = desk.page
        await page.run(CHOOSE_KOREAN)
        await page.until("document.getElementById('do-next').textContent === '다음'")
        await page.until("document.querySelector('.track-name').textContent.startsWith('사람')")
        await page.call("Page.reload")
        await page.until(READY)
        english = "[...document.querySelectorAll('.segments:not([data-field=aspect]) span')]"
        assert not await page.run(f"{english}.some(e => /[a-z]/i.test(e.textContent))")
        await desk.click("#help-button")
        await page.until("document.getElementById('keys').innerText.includes('추적')")

    at_the_desk(tmp_path, body)


def test_a_screen_reader_hears_changes_and_not_every_frame(tmp_path: Path) -> None:
    watch = """window.heard = [];
    const announcer = document.getElementById('announcer');
    new MutationObserver(() => window.heard.push(announcer.textContent))
      .observe(announcer, {childList: true, characterData: true, subtree: true});"""

    async def body(desk: Desk) -> None:
        page = desk.page
        await desk.command(command="lock", track_id=(await desk.status())["tracks"][0]["id"])
        await page.until("document.getElementById('announcer').textContent.startsWith('locked')")
        await page.run(watch)
        begun = (await desk.status())["uptime_s"]
        await desk.until("three seconds later", lambda status: status["uptime_s"] > begun + 3)
        assert await page.run("window.heard.length") == 0
        await desk.click("#do-tracking")
        await page.until("window.heard.includes('Paused')")

    at_the_desk(tmp_path, body)


def test_what_could_be_better_is_said_in_the_readers_language(tmp_path: Path) -> None:
    async def body(desk: Desk) -> None:
        page = desk.page
        hint = "document.querySelector('#hints li')?.textContent"
        await page.until(f"{hint}?.includes('enlarged')")
        sentence = next(each["text"] for each in (await desk.status())["hints"])
        assert sentence.split(" enlarged ")[0] in await page.run(hint)
        assert await page.run("document.getElementById('upscale-tile').hasAttribute('data-warn')")
        await page.run(CHOOSE_KOREAN)
        await page.until(f"{hint}.startsWith('main: 화면을')")

    at_the_desk(tmp_path, body, ("main=1280x720",))


def test_the_figures_are_the_programs(tmp_path: Path) -> None:
    async def body(desk: Desk) -> None:
        page = desk.page
        for figure in ("fps", "latency", "cpu", "detect-hz", "dropped", "upscale"):
            await page.until(f"Number(document.getElementById('{figure}').textContent) >= 0")
        for part in ("capture", "render", "send", "detect"):
            words = f"document.getElementById('split-{part}-ms').textContent"
            await page.until(f"parseFloat({words}) >= 0")
        states = {"source": "Running", "detector": "Looking", "obs": "Not watched"}
        for state, words in states.items():
            await page.until(f"document.getElementById('{state}-state').textContent === '{words}'")
        line = "document.querySelector('#fps-spark path')"
        await page.until(f"{line}.getAttribute('d')?.includes('L')")

    at_the_desk(tmp_path, body)
