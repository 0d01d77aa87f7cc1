"""`--sink whip:URL` into a real media server, and out of it again into a real browser."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.room.upload_rate import UploadRate
from livetrack_vcam.sinks.whip import Rate, WhipSink
from livetrack_vcam.sinks.whip_endpoint import WhipEndpoint, WhipError
from tests.e2e.chromium import Page, find_chromium, open_page
from tests.e2e.numbered_pictures import SIZE, SMALL, Pixels, difference, number_in, picture
from tests.e2e.sfu import Sfu, light_viewers, sfu
from tests.waiting import PATIENCE_S, free_port

CANVAS = Canvas(SIZE, Fraction(30))
KBPS = 1500
# What a browser makes of a picture that is there: H.264's and VP8's noise, and rounded colors.
SAME_PICTURE = 6.0
JOIN = """
  const video = document.querySelector('video');
  let connection = null;
  async function join() {
    connection?.close();
    connection = new RTCPeerConnection();
    connection.ontrack = ({streams, track}) => { video.srcObject = new MediaStream([track]); };
    connection.addTransceiver('video', {direction: 'recvonly'});
    await connection.setLocalDescription();
    const answer = await fetch('/whep', {method: 'POST', body: connection.localDescription.sdp,
      headers: {'Content-Type': 'application/sdp'}});
    if (answer.status !== 201) throw new Error(await answer.text());
    await connection.setRemoteDescription({type: 'answer', sdp: await answer.text()});
  }
  join()
"""
PIXELS = f"""(() => {{
  const video = document.querySelector('video'), canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [{SMALL.width}, {SMALL.height}];
  const paper = canvas.getContext('2d');
  paper.drawImage(video, 0, 0, canvas.width, canvas.height);
  return [...paper.getImageData(0, 0, canvas.width, canvas.height).data];
}})()"""
PLAYS = f"document.querySelector('video').videoWidth === {SIZE.width}"


class Camera:
    """Sends numbered pictures to a sink in a thread of its own, as the pipeline does."""

    def __init__(self, sink: WhipSink) -> None:
        self.sink = sink
        self.sent = 0
        self.error: Exception | None = None
        self.opened = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.sink.open(CANVAS)
        except Exception as error:
            self.error = error
            self.opened.set()
            return
        self.opened.set()
        try:
            while not self._stop.wait(1 / 30):
                self.sink.send(picture(self.sent, time.monotonic_ns()))
                self.sent += 1
        finally:
            self.sink.close()

    async def stop(self) -> None:
        self._stop.set()
        await asyncio.to_thread(self._thread.join, PATIENCE_S)
        assert not self._thread.is_alive()

    async def until_sent(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while self.sent < count:
                await asyncio.sleep(0.02)

    async def until_link(self, state: str) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while self.sink.link.state != state:
                await asyncio.sleep(0.05)


@asynccontextmanager
async def publishing(url: str, token: str = "", rate: Rate | None = None) -> AsyncIterator[Camera]:
    """A camera whose pictures go to that endpoint. Raises what its sink raises at the opening."""
    endpoint, loop = WhipEndpoint(url, token), asyncio.get_running_loop()
    camera = Camera(WhipSink(endpoint, rate or UploadRate(KBPS), loop))
    await asyncio.to_thread(camera.opened.wait, PATIENCE_S)
    if camera.error is not None:
        raise camera.error
    try:
        yield camera
    finally:
        await camera.stop()


def run(body: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await body()

    asyncio.run(main())


def chromium() -> str:
    path = find_chromium()
    if path is None:
        pytest.skip("needs Chromium: sudo apt-get install chromium")
    return path


async def shown(page: Page) -> Pixels:
    data = np.array(await page.run(PIXELS), np.uint8)
    return data.reshape(SMALL.height, SMALL.width, 4)[:, :, :3]


async def assert_the_picture_moves(page: Page, server: Sfu) -> None:
    """What is on the screen is what was sent under its number, and the number grows."""
    await page.open(server.root, 800, 600)
    await page.until("document.title === 'viewer'")
    await page.run(JOIN)
    await page.until(PLAYS)
    first = await shown(page)
    async with asyncio.timeout(PATIENCE_S):
        while True:
            second = await shown(page)
            if number_in(second) > number_in(first) + 10:
                break
    assert difference(second) < SAME_PICTURE


@pytest.mark.browser
@pytest.mark.parametrize("codec", ["H264", "VP8"])
def test_a_browser_sees_the_picture_through_a_media_server(tmp_path: Path, codec: str) -> None:
    async def body() -> None:
        async with sfu("-codecs", codec) as server, publishing(server.whip):
            state = await server.until("pictures", 5, "video")
            assert state["codec"] == f"video/{codec}"
            async with open_page(chromium(), tmp_path / "p") as page:
                await assert_the_picture_moves(page, server)

    run(body)


class ChosenRate(UploadRate):
    """One that the test chooses, whatever the connection is like."""

    chosen_kbps = KBPS

    @property
    def kbps(self) -> int:
        return self.chosen_kbps


@pytest.mark.browser
def test_the_picture_goes_on_when_the_upload_bears_less(tmp_path: Path) -> None:
    async def body() -> None:
        rate = ChosenRate(KBPS)
        async with sfu() as server, publishing(server.whip, rate=rate) as camera:
            before = await server.until("pictures", 5, "video")
            assert camera.sink.link.reason is None
            rate.chosen_kbps = 200
            assert camera.sink.link.reason == "the upload bears 200 of 1500 kbit/s"
            await server.until("keyframes", before["video"]["keyframes"] + 1, "video")
            async with open_page(chromium(), tmp_path / "p") as page:
                await assert_the_picture_moves(page, server)
            assert (await server.state())["publishers"] == 1

    run(body)


def test_the_publication_is_taken_back_when_the_sink_is_closed() -> None:
    async def body() -> None:
        async with sfu() as server:
            async with publishing(server.whip):
                assert (await server.until("pictures", 3, "video"))["deleted"] == 0
            state = await server.state()
            assert (state["publishers"], state["deleted"]) == (1, 1)

    run(body)


@pytest.mark.slow
def test_twenty_viewers_get_every_picture_of_one_upload() -> None:
    pictures = 150

    async def body() -> None:
        async with sfu() as server, publishing(server.whip) as camera:
            await server.until("pictures", 1, "video")
            async with light_viewers(server, 20) as viewers:
                before, sent = await viewers.pictures(), camera.sent
                await camera.until_sent(sent + pictures)
                after, sent = await viewers.pictures(), camera.sent - sent
            got = [later - earlier for later, earlier in zip(after, before, strict=True)]
            assert len(got) == 20
            assert min(got) >= sent * 29 / 30 - 2  # two may be on their way

    run(body)


def test_wishes_for_a_keyframe_are_granted_but_one_in_300_ms() -> None:
    async def body() -> None:
        async with sfu() as server, publishing(server.whip):
            before = await server.until("keyframes", 1, "video")
            began = time.monotonic()
            for _ in range(20):
                await server.pli(3)
                await asyncio.sleep(0.05)
            state = await server.state()
            granted = state["video"]["keyframes"] - before["video"]["keyframes"]
            assert state["plis"] == 60
            assert 2 <= granted <= (time.monotonic() - began) / 0.3 + 2

    run(body)


@pytest.mark.browser
@pytest.mark.slow
def test_the_picture_comes_back_after_the_server_was_killed(tmp_path: Path) -> None:
    port = free_port()

    async def body() -> None:
        async with (
            open_page(chromium(), tmp_path / "p") as page,
            sfu(port=port) as server,
            publishing(server.whip) as camera,
        ):
            # Long enough for the server to have reported: then its silence is noticed.
            await server.until("pictures", 60, "video")
            await server.kill()
            await camera.until_link("retrying")
            dropped = camera.sink.link.dropped
            async with sfu(port=port) as again:
                await camera.until_link("live")
                assert camera.sink.link.reason is None
                assert camera.sink.link.dropped > dropped
                await again.until("pictures", 3, "video")
                await assert_the_picture_moves(page, again)

    run(body)


def test_a_publisher_that_is_sent_away_comes_back() -> None:
    async def body() -> None:
        async with sfu() as server, publishing(server.whip) as camera:
            await server.until("pictures", 3, "video")
            await server.end()
            await camera.until_link("retrying")
            assert camera.sink.link.reason == f"{server.root} ended the connection"
            await camera.until_link("live")
            await server.until("keyframes", 1, "video")
            assert (await server.state())["publishers"] == 2

    run(body)


def test_a_sink_leaves_nothing_behind() -> None:
    async def body() -> None:
        async with sfu() as server:
            async with publishing(server.whip):
                await server.until("pictures", 3, "video")
            await asyncio.sleep(0)
            tasks, threads = len(asyncio.all_tasks()), threading.active_count()
            for _ in range(8):
                async with publishing(server.whip):
                    await server.until("pictures", 3, "video")
                await refused(f"{server.root}/nowhere")
            async with asyncio.timeout(PATIENCE_S):
                while len(asyncio.all_tasks()) > tasks:
                    await asyncio.sleep(0.05)
            # The pool that looks up names keeps its threads, and has no more than these.
            assert threading.active_count() <= threads + 4

    run(body)


async def refused(url: str, token: str = "") -> str:
    """The sentence with which the sink fails to open."""
    with pytest.raises(WhipError) as raised:
        async with publishing(url, token):
            pass
    assert token == "" or token not in str(raised.value)
    return str(raised.value)


def test_the_right_token_is_let_in_and_follows_a_redirect_and_others_are_told() -> None:
    async def body() -> None:
        async with sfu("-token", "right") as server:
            assert "wants a token" in await refused(server.whip)
            assert "does not accept the token" in await refused(server.whip, "wr0ng")
            assert (await server.state())["refused"] == 2
            async with publishing(f"{server.root}/moved", "right"):
                await server.until("pictures", 3, "video")
            assert (await server.state())["deleted"] == 1

    run(body)


def test_a_wrong_path_and_a_server_that_is_not_there_are_told_apart() -> None:
    async def body() -> None:
        async with sfu() as server:
            assert "has no WHIP endpoint at that path" in await refused(f"{server.root}/nowhere")
        assert "cannot be reached" in await refused(server.whip)

    run(body)
