"""Draws the pictures of the viewers' page: docs/images/room-*.png, from a real daemon's demo.

`python -m tools.make_room_pictures` needs Chromium. Other states of the page, for looking at
them: `--all FOLDER`.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.e2e.chromium import Page, find_chromium, open_page
from tests.e2e.daemon import answering
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
    language: str = "en"
    path: str = "/room/main?join=1"
    """A watched room by default, else the card."""
    script: str = ""
    settle_s: float = 3.0
    full_page: bool = False
    density: int = 1


CARD = "/room/main"
WATCHED_S = 65.0
"""The lines show a minute."""
PICTURES = (
    Picture("room-card-light", 1440, 900, path=CARD),
    Picture("room-desktop-light", 1440, 960, settle_s=WATCHED_S),
    Picture("room-desktop-dark", 1440, 960, "dark", settle_s=WATCHED_S),
    Picture("room-phone-light", 360, 780, path=CARD, density=2),
    Picture("room-phone-dark", 360, 780, "dark", settle_s=WATCHED_S, density=2),
)
"""Those that the documentation shows."""

MENU = "document.getElementById('quality').click()"
NOTICE = """(() => {
  const stage = document.getElementById('stage');
  stage.dataset.phase = 'waiting';
  document.getElementById('chip').hidden = true;
  document.getElementById('notice').hidden = false;
  document.getElementById('notice-title').textContent = 'The room is full';
  document.getElementById('notice-text').textContent =
    'You get in when a place is free. Keep this page open.';
  document.getElementById('notice-next').textContent = 'Next try in 8 s.';
})()"""
PLAY = "document.getElementById('play').hidden = false"
SOUND = "document.getElementById('sound-note').hidden = false"
OLD = "delete globalThis.RTCPeerConnection"
SCENARIOS = (
    Picture("card-dark", 1440, 900, "dark", path=CARD),
    Picture("card-768", 768, 1024, path=CARD, full_page=True),
    Picture("card-360-dark-ko", 360, 780, "dark", "ko", path=CARD, density=2),
    Picture("card-1440-ko", 1440, 900, "light", "ko", path=CARD),
    Picture("live-768", 768, 1024, full_page=True),
    Picture("live-768-dark-ko", 768, 1024, "dark", "ko", full_page=True),
    Picture("live-360-ko", 360, 780, "light", "ko", full_page=True),
    Picture("live-1440-ko", 1440, 960, "light", "ko"),
    Picture("menu-1440", 1440, 900, script=MENU),
    Picture("menu-360-dark", 360, 780, "dark", script=MENU, density=2),
    Picture("notice-1440", 1440, 900, script=NOTICE),
    Picture("notice-360", 360, 780, script=NOTICE, density=2),
    Picture("play-360", 360, 780, "dark", script=PLAY, density=2),
    Picture("sound-1440", 1440, 900, script=SOUND),
    Picture("sound-360", 360, 780, script=SOUND, density=2),
    Picture("plain-1440", 1440, 900, script=OLD),
    Picture("plain-360-dark", 360, 780, "dark", script=OLD, density=2, full_page=True),
    Picture("live-1920-dark", 1920, 1080, "dark"),
)


@asynccontextmanager
async def demo(home: Path, port: int) -> AsyncIterator[str]:
    """The address of a daemon that shows the demo."""
    words = ("run", "--source", "demo", "--sink", "room", "--sink", "mjpeg", "--host", "0.0.0.0")
    async with answering(home, port, "livetrack_vcam", *words, path="/snapshot/main.jpg") as root:
        yield root


async def take(page: Page, picture: Picture, root: str, folder: Path) -> None:
    """Bring the page into its state and save what it looks like."""
    await page.call("Emulation.setScrollbarsHidden", hidden=True)
    await page.open(f"{root}/assets/icon.svg", picture.width, picture.height, picture.scheme)
    await page.until(f"location.origin === '{root}'")
    await page.run(f"localStorage.setItem('livetrack-language', '{picture.language}')")
    if picture.script == OLD:
        await page.call("Page.addScriptToEvaluateOnNewDocument", source=OLD)
    await page.open(root + picture.path, picture.width, picture.height, picture.scheme)
    await page.zoom(picture.density)
    card = picture.path == CARD
    ready = (
        "document.getElementById('thumbnail')?.naturalWidth > 0"
        if card
        else "['live', 'plain'].includes(document.getElementById('stage')?.dataset.phase)"
    )
    await page.until(ready)
    await asyncio.sleep(picture.settle_s)
    if picture.script and picture.script != OLD:
        await page.run(picture.script)
        await asyncio.sleep(0.5)
    await page.screenshot(folder / f"{picture.name}.png", picture.full_page)
    # Leave, so that the next picture does not count this viewer.
    await page.call("Page.navigate", url="about:blank")


async def draw(pictures: tuple[Picture, ...], folder: Path, longest_s: float) -> None:
    chromium = find_chromium()
    if chromium is None:
        raise SystemExit("needs Chromium: sudo apt-get install chromium")
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        async with demo(home, free_port()) as root:
            for picture in pictures:
                async with open_page(chromium, home / picture.name) as page:
                    sooner = min(picture.settle_s, longest_s)
                    await take(page, replace(picture, settle_s=sooner), root, folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="every state, into this folder")
    parser.add_argument("--only", help="pictures whose name has this")
    parser.add_argument(
        "--settle", type=float, default=WATCHED_S, metavar="S", help="wait no longer than so long"
    )
    asked = parser.parse_args()
    folder = asked.all or IMAGES
    folder.mkdir(parents=True, exist_ok=True)
    pictures = PICTURES + (SCENARIOS if asked.all else ())
    chosen = tuple(each for each in pictures if (asked.only or "") in each.name)
    asyncio.run(draw(chosen, folder, asked.settle))


if __name__ == "__main__":
    main()
