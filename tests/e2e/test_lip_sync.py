"""Whoever claps is heard when their hands are seen to meet, in a real browser."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.claps import write_claps
from tests.e2e.chromium import Page, open_page
from tests.e2e.conftest import Program
from tests.e2e.operating import needed_chromium
from tests.waiting import free_port

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SCRIPT = Path(__file__).with_name("lip_sync.js").read_text(encoding="utf-8")
CLIP_S = 120
COUNTED = 21
"""Claps one after the other. Browsers close a gap by 80 ms a second at most, after each time that a
busy machine let them starve, too."""
MOST_APART_MS = 40


async def reach(page: Page, url: str) -> None:
    """Load the page once the server is there."""
    # The listener is a script of the test's, which the page's own policy forbids.
    await page.call("Page.setBypassCSP", enabled=True)
    while True:
        await page.open(url, 640, 480)
        await asyncio.sleep(0.5)
        if await page.run("location.protocol === 'http:' && document.readyState === 'complete'"):
            return


async def heard_after_seen(page: Page) -> list[float]:
    """Of each clap that was noted, in ms."""
    noted = await page.run("({flashes: lipSync.flashes, clicks: lipSync.clicks})")
    if not noted["clicks"]:
        return []
    apart = [np.array(noted["clicks"]) - flash for flash in noted["flashes"]]
    return [float(each[np.abs(each).argmin()]) for each in apart]


async def watched(port: int, profile: Path) -> list[float]:
    """The same for the first claps in a row that are in time, for the last ones when none are."""
    root = f"http://127.0.0.1:{port}"
    apart: list[float] = []
    async with open_page(needed_chromium(), profile) as page:
        await reach(page, f"{root}/room/main")
        await page.run(f"({SCRIPT})('/whep/main?sound=1')")
        for _ in range(CLIP_S - 20):
            await asyncio.sleep(1)
            apart = (await heard_after_seen(page))[-COUNTED - 1 : -1]
            if len(apart) == COUNTED and abs(float(np.median(apart))) <= MOST_APART_MS:
                break
    return apart


@pytest.mark.parametrize("options", [(), ("--look-ahead", "10")], ids=["at once", "look-ahead"])
def test_a_clap_is_heard_when_it_is_seen(
    program: Program, tmp_path: Path, options: tuple[str, ...]
) -> None:
    clip, port = tmp_path / "claps.mp4", free_port()
    write_claps(clip, CLIP_S)
    sight = ("--size", "320x180", "--detect-hz", "1", "--sink", "room", "--port", str(port))
    process = program.start("run", "--source", str(clip), *sight, *options)
    try:
        apart = asyncio.run(watched(port, tmp_path / "profile"))
    finally:
        process.terminate()
        _, log = process.communicate(timeout=60)
    assert len(apart) == COUNTED, log
    sys.stdout.write(f"heard after seen, ms: {np.round(apart)}, median {np.median(apart):.0f}\n")
    assert abs(float(np.median(apart))) <= MOST_APART_MS, log
