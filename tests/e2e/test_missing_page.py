"""The page of a wrong link, for everybody."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.chromium import open_page
from tests.e2e.looks import SCREENS, assert_in_reach, audit, needs_axe
from tests.e2e.operating import needed_chromium
from tests.web_program import Program, serving

pytestmark = pytest.mark.browser


@needs_axe
def test_a_wrong_link_leads_on_to_the_room_on_every_screen(tmp_path: Path) -> None:
    chromium = needed_chromium()

    async def body(_program: Program, root: str, _session: aiohttp.ClientSession) -> None:
        async with open_page(chromium, tmp_path) as page:
            for size, scheme in product(SCREENS, ("light", "dark")):
                await page.open(f"{root}/room/roof", *size, scheme)
                await page.until("document.querySelector('.missing .button') !== null")
                await page.until("document.styleSheets.length === 3")
                assert await audit(page) == [], (size, scheme)
                await assert_in_reach(page, size[0], "missing")
            await page.run("document.querySelector('.missing .button').click()")
            await page.until("location.pathname === '/room/main'")

    serving(body)
