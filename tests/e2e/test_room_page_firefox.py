"""The room's page in Firefox: it plays, and the delay it tells is the pictures' true age."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.e2e.firefox import find_firefox, open_page
from tests.e2e.room_page import (
    IS_LIVE,
    WATCH_AGES,
    Program,
    Serving,
    serving,
    text_of,
    true_delay_ms,
)

pytestmark = pytest.mark.browser


def test_firefox_plays_and_tells_the_true_delay(tmp_path: Path) -> None:
    firefox = find_firefox()
    if firefox is None:
        pytest.skip("needs Firefox: sudo apt-get install firefox-esr")

    async def main() -> None:
        program = Program()
        async with (
            serving(program, Serving()) as room,
            open_page(firefox, tmp_path / "browser") as page,
        ):
            await page.open(f"{room}?join=1", 1280, 800)
            await page.until(IS_LIVE)
            await page.run(WATCH_AGES)
            await page.until("window.seen.length > 90")
            told = str(await page.run(text_of("delay")))
            true = true_delay_ms(program, await page.run("JSON.stringify(window.seen)"))
            assert float(told.removeprefix("≈")) == pytest.approx(true, abs=max(5, 0.25 * true))
            await page.until(f"{text_of('served')}.includes('VP8')")
            assert page.console == []

    asyncio.run(main())
