"""Live video on the room's page, in a real browser: joining, choosing, measuring, coming back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.room.wish import Limits
from tests.e2e.chromium import Page, open_page
from tests.e2e.operating import needed_chromium
from tests.e2e.room_page import (
    IS_LIVE,
    IS_MOVING,
    TOKEN,
    WATCH_AGES,
    Program,
    Serving,
    at_the_room,
    before_scripts,
    join,
    serving,
    shown,
    text_of,
    true_delay_ms,
)
from tests.waiting import free_port

pytestmark = pytest.mark.browser
# A row of the picture as the browser shows it.
ROW = """(() => {
  const video = document.getElementById('video'), canvas = document.createElement('canvas');
  canvas.width = video.videoWidth; canvas.height = video.videoHeight;
  const paper = canvas.getContext('2d');
  paper.drawImage(video, 0, 0);
  return [...paper.getImageData(0, Math.round(canvas.height / 2), canvas.width, 1).data];
})()"""


async def ground(page: Page) -> tuple[int, ...]:
    """The color of the picture's ground."""
    colors = np.array(await page.run(ROW)).reshape(-1, 4)[:, :3]
    return tuple(int(value) for value in np.median(colors, axis=0))


@pytest.mark.parametrize("codec", ["H264", "VP8"])
def test_the_card_leads_to_the_picture_in_its_colors(tmp_path: Path, codec: str) -> None:
    async def main() -> None:
        async with at_the_room(tmp_path, Program()) as (page, room):
            await page.open(room, 1280, 800)
            await page.until("document.getElementById('thumbnail')?.naturalWidth === 640")
            await page.run(f"document.querySelector('#join-codec [value={codec}]').click()")
            await page.run("document.getElementById('join-button').click()")
            await page.until(IS_LIVE)
            await page.until(f"{text_of('served')}.includes('{codec.replace('H', 'H.')}')")
            first = await page.run(ROW)
            await page.until(IS_MOVING)
            assert await page.run(ROW) != first, "the picture stands still"
            # Y 70, Cb 200, Cr 100 in limited BT.601.
            color = await ground(page)
            assert max(abs(a - b) for a, b in zip(color, (18, 57, 208), strict=True)) <= 8, color
            assert page.console == []

    asyncio.run(main())


def test_every_figure_of_the_connection_is_shown_and_the_program_hears_them(
    tmp_path: Path,
) -> None:
    figures = ["loss_pct", "nack", "rtt_ms", "kbps", "jitter_ms", "jitter_buffer_ms"]
    figures += ["keyframe_interval_s", "fps"]

    async def main() -> None:
        program = Program()
        async with at_the_room(tmp_path, program) as (page, room):
            await join(page, room)
            for figure in figures:
                await page.until(f"Number({text_of(f'stat-{figure}')}) >= 0")
            await page.until(f"Number({text_of('stat-fps')}) > 20")
            await page.until(f"Number({text_of('delay')}) > 0")
            await page.until(
                "document.querySelector('#metrics path').getAttribute('d')?.includes('L')"
            )
            # The clipboard of a headless browser is nobody's: what would be copied is caught.
            await page.run("navigator.clipboard.writeText = async words => { window.got = words }")
            await page.run("document.getElementById('copy-stats').click()")
            copied = await page.run("JSON.parse(window.got)")
            assert copied["served"]["width"] == 640
            assert copied["sample"]["frames_decoded"] > 0
            assert copied["delay"]["p50_ms"] > 0
            assert len(copied["last_minute"]["rtt_ms"]) >= 2
            assert program.served is not None
            heard = program.served.viewers[0].sample
            assert heard is not None
            assert (heard.fps or 0) > 20
            assert (heard.latency_ms or 0) > 0
            assert page.console == []

    asyncio.run(main())


def test_the_delay_that_is_shown_is_the_pictures_true_age(tmp_path: Path) -> None:
    async def main() -> None:
        program = Program()
        async with at_the_room(tmp_path, program) as (page, room):
            await join(page, room)
            await page.run(WATCH_AGES)
            await page.until("window.seen.length > 90")
            told = float(await page.run(text_of("delay")))
            true = true_delay_ms(program, await page.run("JSON.stringify(window.seen)"))
            assert told == pytest.approx(true, abs=max(5, 0.25 * true))

    asyncio.run(main())


def test_another_size_is_sent_at_once_and_remembered(tmp_path: Path) -> None:
    async def main() -> None:
        program = Program()
        async with at_the_room(tmp_path, program) as (page, room):
            await join(page, room)
            await page.run("document.getElementById('quality').click()")
            assert await page.run(
                "document.getElementById('picture-menu').matches(':popover-open')"
            )
            assert await page.run("document.querySelector('#menu-size [value=\"1080\"]').disabled")
            before = await page.run("document.getElementById('video').srcObject.id")
            await page.run("document.querySelector('#menu-size [value=\"360\"]').click()")
            await page.run("document.querySelector('#menu-mode [value=smooth]').click()")
            await page.until(f"{text_of('served')}.includes('Smooth')")
            assert await page.run("document.getElementById('video').srcObject.id") == before
            await page.call("Page.reload")
            await page.until(IS_LIVE)
            await page.until(f"{text_of('served')}.includes('Smooth')")
            assert await page.run("document.querySelector('#menu-size :checked').value") == "360"

    asyncio.run(main())


def test_a_smaller_picture_of_the_same_connection(tmp_path: Path) -> None:
    async def main() -> None:
        program = Program(Size(1280, 720))
        async with at_the_room(tmp_path, program) as (page, room):
            await join(page, room)
            await page.until("document.getElementById('video').videoHeight === 720")
            await page.run("document.querySelector('#menu-size [value=\"360\"]').click()")
            await page.until("document.getElementById('video').videoHeight === 360")
            await page.until(f"{text_of('toast')} === 'Now 640×360'")
            await page.until(f"{text_of('served')}.startsWith('640×360')")

    asyncio.run(main())


def test_without_h264_the_browser_gets_vp8_and_the_card_says_why(tmp_path: Path) -> None:
    strip = """
      const all = RTCRtpReceiver.getCapabilities.bind(RTCRtpReceiver);
      RTCRtpReceiver.getCapabilities = kind => ({
        codecs: all(kind).codecs.filter(codec => codec.mimeType !== 'video/H264')});
    """

    async def main() -> None:
        async with at_the_room(tmp_path, Program()) as (page, room):
            await before_scripts(page, strip)
            await page.open(room, 1280, 800)
            await page.until(
                f"{text_of('join-codec-note')}?.includes('This browser cannot play H.264.')"
            )
            assert await page.run("document.querySelector('#join-codec [value=H264]').disabled")
            await page.run("document.getElementById('join-button').click()")
            await page.until(IS_LIVE)
            await page.until(f"{text_of('served')}.includes('VP8')")

    asyncio.run(main())


def test_a_browser_that_wants_a_click_gets_a_button_and_plays_then(tmp_path: Path) -> None:
    block = """
      window.blocked = true;
      const play = HTMLMediaElement.prototype.play;
      HTMLMediaElement.prototype.play = function () {
        if (!window.blocked) return play.call(this);
        this.pause();
        return Promise.reject(new DOMException('a click is wanted', 'NotAllowedError'));
      };
      Object.defineProperty(HTMLMediaElement.prototype, 'autoplay', {value: false});
    """

    async def main() -> None:
        async with at_the_room(tmp_path, Program()) as (page, room):
            await before_scripts(page, block)
            await page.open(room + "?join=1", 1280, 800)
            await page.until(shown("play"))
            await page.until(f"{text_of('chip-text')}.includes('click')")
            await page.run("window.blocked = false; document.getElementById('play').click()")
            await page.until(IS_MOVING)
            assert not await page.run(shown("play"))

    asyncio.run(main())


def test_the_page_joins_again_after_the_program_was_away(tmp_path: Path) -> None:
    port = free_port()

    async def main() -> None:
        async with open_page(needed_chromium(), tmp_path / "browser") as page:
            async with serving(Program(), Serving(), port) as room:
                await join(page, room)
            await page.until(shown("notice"))
            await page.until(f"{text_of('notice-title')} === 'LiveTrack does not answer'")
            assert "livetrack-vcam" in await page.run(text_of("notice-text"))
            await page.until(f"{text_of('badge-text')} === 'Offline'")
            async with serving(Program(), Serving(), port):
                await page.until(IS_LIVE)
                await page.run("window.then = document.getElementById('video').currentTime")
                await page.until("document.getElementById('video').currentTime > window.then")
                await page.until(f"!{shown('notice')}")

    asyncio.run(main())


def test_a_picture_that_stands_still_is_noticed_and_fetched_anew(tmp_path: Path) -> None:
    async def main() -> None:
        program = Program()
        async with at_the_room(tmp_path, program) as (page, room):
            await join(page, room)
            assert program.served is not None
            # Connected, but nothing is sent any more.
            program.served.viewers[0].leave()
            await page.until(f"{text_of('chip-text')} === 'The picture stands still'")
            await page.until(f"{text_of('notice-title')} === 'The picture stood still'")
            await page.until(IS_LIVE)
            await page.until(f"!{shown('notice')}")
            assert len(program.served.viewers) == 1, "the frozen one was given back"

    asyncio.run(main())


def test_the_picture_goes_into_a_window_of_its_own_and_back(tmp_path: Path) -> None:
    async def main() -> None:
        async with at_the_room(tmp_path, Program()) as (page, room):
            await join(page, room)
            await page.until(shown("pip"))
            await page.run("document.getElementById('pip').click()")
            await page.until("document.pictureInPictureElement?.id === 'video'")
            await page.press("p")
            await page.until("document.pictureInPictureElement === null")
            await page.until(IS_MOVING)
            assert page.console == []

    asyncio.run(main())


def test_a_snapshot_is_the_live_picture_in_its_full_size(tmp_path: Path) -> None:
    catch = """HTMLAnchorElement.prototype.click = function () { window.link = this; }"""
    look = """(async () => {
      const picture = new Image();
      picture.src = window.link.href;
      await picture.decode();
      const canvas = new OffscreenCanvas(picture.width, picture.height);
      const paper = canvas.getContext('2d');
      paper.drawImage(picture, 0, 0);
      const row = [...paper.getImageData(0, picture.height / 2, picture.width, 1).data];
      return {name: window.link.download, size: [picture.width, picture.height], row};
    })()"""

    async def main() -> None:
        async with at_the_room(tmp_path, Program()) as (page, room):
            await join(page, room)
            await page.run(catch)
            await page.run("document.getElementById('snapshot').click()")
            await page.until(f"{text_of('toast')} === 'Picture saved'")
            saved = await page.run(look)
            assert saved["size"] == [640, 360]
            assert saved["name"].startswith("livetrack-main-")
            colors = np.array(saved["row"]).reshape(-1, 4)[:, :3]
            assert np.abs(np.median(colors, axis=0) - (18, 57, 208)).max() <= 8

    asyncio.run(main())


def test_the_operator_takes_every_viewers_figures_home(tmp_path: Path) -> None:
    sign_in = f"""(async () => {{
      const headers = {{Authorization: 'Bearer {TOKEN}'}};
      const {{url}} = await (await fetch('/api/sign-in', {{method: 'POST', headers}})).json();
      return (await fetch(url)).ok;
    }})()"""

    async def main() -> None:
        async with at_the_room(tmp_path, Program()) as (page, room):
            await join(page, room)
            assert not await page.run(shown("csv"))
            assert await page.run(sign_in)
            await join(page, room, "?join=1&name=operator")
            await page.until(shown("csv"))
            table = "fetch(document.getElementById('csv').href).then(answer => answer.text())"
            await page.until(f"{table}.then(text => text.trim().split('\\n').length > 2)")
            first, *lines = (await page.run(table)).split()
            assert "page_jitter_buffer_ms" in first.split(",")
            assert all(line.count(",") == first.count(",") for line in lines)

    asyncio.run(main())


@asynccontextmanager
async def with_one_inside(folder: Path, limits: Limits) -> AsyncIterator[tuple[Page, Page]]:
    """A page of somebody who comes to the room, and that of somebody who watches already."""
    async with (
        at_the_room(folder, Program(), Serving(limits=limits)) as (page, room),
        open_page(needed_chromium(), folder / "other") as other,
    ):
        await join(other, room)
        await page.open(room, 800, 800)
        yield page, other


def test_a_full_room_says_so_and_lets_in_when_a_place_is_free(tmp_path: Path) -> None:
    async def main() -> None:
        async with with_one_inside(tmp_path, Limits(viewers=1)) as (page, other):
            await page.until(f"{text_of('join-obstacle')}?.includes('All 1 places are taken')")
            await page.run("document.getElementById('join-button').click()")
            await page.until(f"{text_of('notice-title')} === 'The room is full'")
            await page.until(f"{text_of('notice-next')}.includes('Next try in')")
            await other.run("document.getElementById('leave').click()")
            await page.run("document.getElementById('retry').click()")
            await page.until(IS_LIVE)

    asyncio.run(main())


def test_an_upload_that_is_used_up_is_not_called_places(tmp_path: Path) -> None:
    async def main() -> None:
        async with with_one_inside(tmp_path, Limits(upload_kbps=1000)) as (page, other):
            await page.until(f"{text_of('join-obstacle')}?.includes('upload is used up')")
            await other.run("document.getElementById('leave').click()")
            await page.until(f"{text_of('join-obstacle')} === ''")

    asyncio.run(main())


def test_closing_the_tab_gives_the_place_back(tmp_path: Path) -> None:
    async def main() -> None:
        how = Serving(limits=Limits(viewers=1))
        async with (
            at_the_room(tmp_path, Program(), how) as (page, room),
            open_page(needed_chromium(), tmp_path / "other") as other,
        ):
            await join(page, room)
            await page.call("Page.navigate", url="about:blank")
            await join(other, room)

    asyncio.run(main())


def test_a_browser_that_plays_only_without_sound_plays_without(tmp_path: Path) -> None:
    quiet = """
      localStorage.setItem('livetrack-room', '{"same_room": false}');
      const play = HTMLMediaElement.prototype.play;
      HTMLMediaElement.prototype.play = function () {
        if (this.muted) return play.call(this);
        window.refused = true;
        return Promise.reject(new DOMException('only without sound', 'NotAllowedError'));
      };
    """

    async def main() -> None:
        async with at_the_room(tmp_path, Program()) as (page, room):
            await before_scripts(page, quiet)
            await page.open(room, 1280, 800)
            await page.until("document.getElementById('thumbnail')?.naturalWidth === 640")
            await page.run("document.getElementById('join-button').click()")
            await page.until(IS_LIVE)
            await page.until(IS_MOVING)
            assert await page.run("window.refused"), "with sound was not tried"
            assert await page.run("document.getElementById('video').muted")
            assert not await page.run(shown("play"))

    asyncio.run(main())
