"""Draws the pictures of the operator's page: docs/images/control-*.png, from a real daemon.

`python -m tools.make_control_pictures` needs Chromium. Other states of the page, for looking at
them: `--all FOLDER`.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.chromium import Page, find_chromium, open_page
from tests.e2e.operating import TWO_SHOTS, command, crowd, sign_in_url
from tests.waiting import free_port

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs/images"


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: its name, the screen, and what the page goes through before."""

    name: str
    width: int
    height: int
    scheme: str = "light"
    signed_in: bool = True
    language: str = "en"
    script: str = ""
    full_page: bool = False
    density: int = 1


LOCK = "document.querySelector('.track:nth-of-type(2)').click()"
SETTLE_S = 6.0
"""Lines of the last minute begin, and the picture arrives where it is sent."""
APART = """(() => {
  const [left, locked, right] = [...document.querySelectorAll('.track')]
    .map((track) => track.getBoundingClientRect())
    .sort((one, other) => one.left - other.left);
  const most = locked.width / 4;
  return left.right - locked.left < most && locked.right - right.left < most;
})()"""
"""Nobody hides much of the one in the middle, so whoever LOCK locks can be seen."""
PRESETS = ("Interview", "Keynote")
PICTURES = (
    Picture("control-desktop-light", 1440, 1080, script=LOCK),
    Picture("control-desktop-dark", 1440, 1080, "dark", script=LOCK),
    Picture("control-phone-light", 360, 780, script=LOCK, density=2),
    Picture("control-phone-dark", 360, 780, "dark", script=LOCK, density=2),
)
"""Those that the documentation shows."""

HELP = "document.getElementById('help-button').click()"
ADVANCED = "document.getElementById('advanced-group').open = true"
SCENARIOS = (
    Picture("full-360", 360, 780, full_page=True),
    Picture("full-360-dark", 360, 780, "dark", full_page=True, script=ADVANCED),
    Picture("768", 768, 1024, full_page=True),
    Picture("768-dark", 768, 1024, "dark", full_page=True),
    Picture("1440-full", 1440, 900, full_page=True, script=ADVANCED),
    Picture("1440-dark-full", 1440, 900, "dark", full_page=True, script=ADVANCED),
    Picture("signed-out", 1440, 900, signed_in=False),
    Picture("signed-out-dark", 1440, 900, "dark", signed_in=False),
    Picture("signed-out-360", 360, 780, signed_in=False),
    Picture("help", 1440, 900, script=HELP),
    Picture("help-dark", 768, 900, "dark", script=HELP),
    Picture("korean", 1440, 900, language="ko", full_page=True),
    Picture("korean-360", 360, 780, "dark", language="ko", full_page=True),
    Picture("draw", 1440, 900, script="document.getElementById('do-draw_home').click()"),
    Picture("1920", 1920, 1080, "dark", script=LOCK),
)


async def take(page: Page, picture: Picture, root: str, home: Path, folder: Path) -> None:
    """Bring the page into its state and save what it looks like."""
    await page.call("Emulation.setScrollbarsHidden", hidden=True)
    await page.call("Network.enable")
    await page.call("Network.clearBrowserCookies")
    await page.open(f"{root}/assets/icon.svg", picture.width, picture.height, picture.scheme)
    url = await sign_in_url(root, home) if picture.signed_in else f"{root}/control"
    language = f"localStorage.setItem('livetrack-language', '{picture.language}')"
    await page.until(f"location.origin === '{root}'")
    await page.run(language)
    await page.open(url, picture.width, picture.height, picture.scheme)
    await page.until("document.querySelectorAll('.track').length === 3")
    await page.until("document.querySelectorAll('.segment').length > 10")
    await page.until("document.querySelector('#player img')?.naturalWidth > 0")
    signed_in = str(picture.signed_in).lower()
    await page.until(f"document.body?.hasAttribute('data-operating') === {signed_in}")
    if picture.script:
        await page.run(picture.script)
    await page.zoom(picture.density)
    await asyncio.sleep(SETTLE_S)
    if picture.script == LOCK:
        await page.until(APART)
    await page.screenshot(folder / f"{picture.name}.png", picture.full_page)


async def draw(pictures: tuple[Picture, ...], folder: Path) -> None:
    chromium = find_chromium()
    if chromium is None:
        raise SystemExit("needs Chromium: sudo apt-get install chromium")
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        async with crowd(home, free_port(), TWO_SHOTS) as root:
            for preset in PRESETS:
                await command(root, home, command="save_preset", preset=preset)
            for picture in pictures:
                async with open_page(chromium, home / picture.name) as page:
                    await take(page, picture, root, home, folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="every state, into this folder")
    parser.add_argument("--only", help="pictures whose name has this")
    asked = parser.parse_args()
    folder = asked.all or IMAGES
    folder.mkdir(parents=True, exist_ok=True)
    pictures = PICTURES + (SCENARIOS if asked.all else ())
    chosen = tuple(each for each in pictures if (asked.only or "") in each.name)
    asyncio.run(draw(chosen, folder))


if __name__ == "__main__":
    main()
