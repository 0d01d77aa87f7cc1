"""Draws docs/images/camera-phone.png: the phone's page while it films, from the real program.

`python -m tools.make_camera_picture` needs Chromium; its camera is made up.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from tests.e2e.chromium import Page
from tests.e2e.phone import Program, publish, with_a_phone

IMAGE = Path(__file__).resolve().parents[1] / "docs/images/camera-phone.png"
SETTLE_S = 12.0
"""Until the browser has found how much the connection bears."""


async def take(_program: Program, page: Page) -> None:
    await page.zoom(2)
    await publish(page)
    await asyncio.sleep(SETTLE_S)
    await page.screenshot(IMAGE)


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        with_a_phone(Path(home), take)


if __name__ == "__main__":
    main()
