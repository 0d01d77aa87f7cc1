"""Pointing at the preview: whoever is under the pointer is followed, whatever moves meanwhile."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.operating import Desk, Status, at_the_desk

pytestmark = pytest.mark.browser
TRIES = 100
EDGE_PX = 0.1

# Boxes as the browser shows them at the moment of the press, before the page sees the press.
LISTEN = """window.presses = []; window.sent = [];
const stage = document.getElementById('stage');
stage.addEventListener('pointerdown', event => window.presses.push({
  x: event.clientX, y: event.clientY,
  boxes: [...document.querySelectorAll('.track')].map(track => {
    const {left, top, width, height} = track.getBoundingClientRect();
    return [Number(track.dataset.key.split(' ')[1]), left, top, width, height];
  }),
}), {capture: true});
const fetchAsBefore = window.fetch;
window.fetch = (url, options) => {
  if (url === '/api/command') window.sent.push(JSON.parse(options.body));
  return fetchAsBefore(url, options);
};"""
BOXES = """[...document.querySelectorAll('.track')].map(track => {
  const {left, top, width, height} = track.getBoundingClientRect();
  return [left, top, width, height];
})"""


def under(press: dict[str, Any], slack: float) -> int | None:
    """The smallest of the boxes that contains the point, grown by `slack`."""
    inside = [
        (width * height, track_id)
        for track_id, left, top, width, height in press["boxes"]
        if left - slack <= press["x"] <= left + width + slack
        and top - slack <= press["y"] <= top + height + slack
    ]
    return min(inside)[1] if inside else None


def is_unclear(press: dict[str, Any]) -> bool:
    """On an edge to within what a browser rounds: either answer is right."""
    return under(press, EDGE_PX) != under(press, -EDGE_PX)


def follows(track_id: int | None) -> Any:
    def true(status: Status) -> bool:
        shot = status["shots"][0]
        if track_id is None:
            return not shot["locked"]
        return bool(shot["locked"] and shot["subject"] == [track_id])

    return true


async def click_somewhere(desk: Desk, chance: random.Random) -> dict[str, Any]:
    """Click near somebody, at times past the edge; the press as the browser saw it."""
    page = desk.page
    stage = "document.getElementById('stage').getBoundingClientRect()"
    x1, y1, x2, y2 = await page.run(f"(r => [r.left, r.top, r.right, r.bottom])({stage})")
    left, top, width, height = chance.choice(await page.run(BOXES))
    x = left + width * chance.uniform(-0.1, 1.1)
    y = top + height * chance.uniform(-0.1, 1.05)
    before = await page.run("window.presses.length")
    await page.click(min(max(x, x1 + 1), x2 - 1), min(max(y, y1 + 1), y2 - 1))
    await page.until(f"window.sent.length === {before + 1}")
    presses: list[dict[str, Any]] = await page.run("window.presses")
    assert len(presses) == before + 1
    return presses[-1]


def test_a_click_picks_the_one_under_the_pointer_in_100_of_100_tries(tmp_path: Path) -> None:
    chance = random.Random(5)
    picked: list[int | None] = []

    async def body(desk: Desk) -> None:
        await desk.page.run(LISTEN)
        while len(picked) < TRIES:
            press = await click_somewhere(desk, chance)
            if is_unclear(press):
                continue
            wanted = under(press, 0.0)
            lock = {"command": "lock", "track_id": wanted}
            sent = (await desk.page.run("window.sent"))[-1]
            assert sent == ({"command": "release"} if wanted is None else lock), (press, picked)
            await desk.until(f"{wanted} followed", follows(wanted))
            picked.append(wanted)
        assert len(set(picked)) == 4, "three people and nobody"

    at_the_desk(tmp_path, body)


def test_a_finger_may_miss_somebody_small_by_a_little(tmp_path: Path) -> None:
    async def body(desk: Desk) -> None:
        page = desk.page
        await page.call("Emulation.setTouchEmulationEnabled", enabled=True)
        lefts = [(box[0], box) for box in await page.run(BOXES)]
        _, (left, top, _, height) = min(lefts)
        await page.tap(left - 10, top + height / 2)
        await desk.until("somebody locked", lambda status: bool(status["shots"][0]["locked"]))
        await page.tap(40, 130)
        await desk.until("released", follows(None))

    at_the_desk(tmp_path, body, size=(768, 1000))


def test_people_are_buttons_for_the_keyboard(tmp_path: Path) -> None:
    async def body(desk: Desk) -> None:
        page = desk.page
        seen: list[int] = []
        for _ in range(12):
            await page.press("Tab")
            key = await page.run("document.activeElement.dataset.key ?? ''")
            if not key.startswith("track"):
                continue
            seen.append(int(key.split(" ")[1]))
            await page.press("Enter")
            await desk.until(f"{key} followed", follows(seen[-1]))
            words = await page.run("document.activeElement.ariaLabel")
            assert words.startswith(("Follow", "Person"))
            await page.until("document.activeElement.ariaLabel.endsWith(', locked')")
        assert len(seen) == 3

    at_the_desk(tmp_path, body)


# Source pixels to the screen.
PLACE = """(([x, y]) => {
  const shown = document.getElementById('stage').getBoundingClientRect();
  return [shown.left + x / 1280 * shown.width, shown.top + y / 720 * shown.height];
})"""


def test_a_drawn_rectangle_becomes_home_and_is_shown(tmp_path: Path) -> None:
    async def body(desk: Desk) -> None:
        page = desk.page
        start = await page.run(f"{PLACE}([100, 90])")
        end = await page.run(f"{PLACE}([740, 450])")
        await page.drag(tuple(start), tuple(end))
        status = await desk.until("a home", lambda s: s["shots"][0]["home"] is not None)
        assert status["shots"][0]["home"] == pytest.approx([100, 90, 640, 360], abs=3)
        await desk.until(
            "home shown",
            lambda s: s["shots"][0]["crop"] == pytest.approx([100, 90, 640, 360], abs=6),
        )
        assert not status["shots"][0]["locked"], "a drag is no click"

    at_the_desk(tmp_path, body)


def test_home_is_drawn_by_keys_too(tmp_path: Path) -> None:
    async def body(desk: Desk) -> None:
        page = desk.page
        await page.press("d", "KeyD")
        await page.until("document.activeElement.id === 'stage'")
        for _ in range(5):
            await page.press("ArrowLeft")
        await page.press("+", "Equal")
        await page.press("Enter")
        status = await desk.until("a home", lambda s: s["shots"][0]["home"] is not None)
        # From the middle half: five steps of 2 % to the left, and 8 % wider.
        width, height = 640 * 1.08, 360 * 1.08
        x, y = 320 - 5 * 25.6 - (width - 640) / 2, 180 - (height - 360) / 2
        assert status["shots"][0]["home"] == pytest.approx([x, y, width, height], abs=3)
        await page.press("d", "KeyD")
        await page.press("Escape")
        await page.until("document.getElementById('draw-hint').hidden")

    at_the_desk(tmp_path, body)


def test_boxes_lie_where_people_are(tmp_path: Path) -> None:
    shown = f"""(() => {{
      const stage = document.getElementById('stage').getBoundingClientRect();
      return {BOXES}.map(([x, y, w, h]) => [(x - stage.left) / stage.width * 1280,
        (y - stage.top) / stage.height * 720, w / stage.width * 1280, h / stage.height * 720]);
    }})()"""

    async def body(desk: Desk) -> None:
        before = await desk.status()
        boxes = await desk.page.run(shown)
        after = await desk.status()
        for track, box, later in zip(before["tracks"], boxes, after["tracks"], strict=True):
            assert track["id"] == later["id"]
            moved = max(abs(a - b) for a, b in zip(track["box"], later["box"], strict=True))
            # Nobody walks faster than 90 pixels a second, and a box is a fifth of a second old.
            assert box == pytest.approx(track["box"], abs=moved + 20)

    at_the_desk(tmp_path, body)
