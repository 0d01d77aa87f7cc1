"""A phone as the camera: Chromium's made-up camera through the camera page into the program."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest
from aiohttp import ClientSession

from livetrack_vcam.web.addresses import network_addresses
from tests.e2e.chromium import Page
from tests.e2e.operating import token_of
from tests.e2e.phone import (
    FAKE_CAMERA,
    LIVE,
    PHONE,
    PRESS_START,
    READY,
    Program,
    publish,
    with_a_phone,
)
from tests.publisher import GrayCamera, publisher
from tests.waiting import free_port

pytestmark = pytest.mark.browser
STATE = "document.getElementById('badge').dataset.state"
NOTICE = (
    "document.getElementById('notice').hidden ? '' "
    ": document.getElementById('notice-title').textContent"
)
TRACK = "document.getElementById('preview').srcObject.getVideoTracks()[0]"
# Notes every connection that the page makes, so that its statistics can be read.
KEEP_CONNECTIONS = """window.made = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...given) { super(...given); window.made.push(this); }
};"""
FIRST_SECONDS = """(async () => {
  const connection = window.made.at(-1);
  const counted = async () => {
    const all = [...(await connection.getStats()).values()];
    const sent = all.find(({type, kind}) => type === 'outbound-rtp' && kind === 'video');
    const source = all.find(({type, kind}) => type === 'media-source' && kind === 'video');
    return {sent: sent.framesSent, made: source.frames, at: sent.timestamp,
      limit: sent.qualityLimitationReason, height: sent.frameHeight};
  };
  const pause = ms => new Promise(done => setTimeout(done, ms));
  await pause(2000);
  const begin = await counted();
  await pause(1000);
  const end = await counted();
  const seconds = (end.at - begin.at) / 1000;
  return {sent: (end.sent - begin.sent) / seconds, made: (end.made - begin.made) / seconds,
    limit: end.limit, height: end.height};
})()"""


def test_in_its_third_second_a_phone_sends_what_its_camera_makes(tmp_path: Path) -> None:
    """Left to itself, and to aiortc's estimate of the bandwidth, Chromium sends a quarter of it."""

    async def body(program: Program, page: Page) -> None:
        await page.run(KEEP_CONNECTIONS)
        await publish(page)
        rates = await page.run(FIRST_SECONDS)
        assert rates["limit"] != "bandwidth", rates
        assert rates["height"] == 720 or rates["limit"] == "cpu", rates
        if rates["made"] > 27:  # else the machine is too busy to make pictures
            assert rates["sent"] >= 24, rates
        status = await program.until(
            "as many arrive", lambda status: status["source"]["fps"] >= 0.75 * rates["made"]
        )
        assert status["source"]["state"] == "running"

    with_a_phone(tmp_path, body)


MEAN_COLOR = """(() => {
  const video = document.getElementById('preview');
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [64, 36];
  const context = canvas.getContext('2d');
  context.drawImage(video, 0, 0, 64, 36);
  const data = context.getImageData(0, 0, 64, 36).data;
  const sums = [0, 0, 0];
  data.forEach((value, index) => { if (index % 4 < 3) sums[index % 4] += value; });
  return sums.map(sum => sum / 64 / 36);
})()"""


async def mean_color(session: ClientSession, root: str) -> Any:
    """Of the whole picture that the program sees."""
    import av

    async with session.get(f"{root}/preview.jpg") as answer:
        with av.open(io.BytesIO(await answer.read())) as jpeg:
            frame = next(jpeg.decode(video=0))
    return np.mean(frame.to_ndarray(format="rgb24"), axis=(0, 1))


def test_the_program_sees_what_the_phone_sees(tmp_path: Path) -> None:
    async def body(program: Program, page: Page) -> None:
        await publish(page)
        await program.until_source("running")
        seen = await mean_color(program.session, program.root)
        shown = np.array(await page.run(MEAN_COLOR))
        assert np.ptp(shown) > 20, "the made-up camera is colorful"
        assert np.abs(seen - shown).max() < 12, (seen, shown)
        await page.until("document.getElementById('sent').textContent.includes('×')")

    with_a_phone(tmp_path, body)


SWITCH_AND_STOP = """(() => {
  const devices = navigator.mediaDevices;
  const open = devices.getUserMedia.bind(devices);
  window.opened = [];
  devices.getUserMedia = async (wanted) => {
    await new Promise(done => setTimeout(done, 300));
    const stream = await open(wanted);
    setTimeout(() => window.opened.push(...stream.getTracks()), 0);
    return stream;
  };
  document.querySelector('input[name=facing]:not(:checked)').click();
  document.getElementById('start').click();
})()"""


def test_who_stops_while_the_camera_switches_is_not_filmed(tmp_path: Path) -> None:
    async def body(_program: Program, page: Page) -> None:
        await publish(page)
        await page.run(SWITCH_AND_STOP)
        await page.until("window.opened.length > 0")
        await page.until("window.opened.every(track => track.readyState === 'ended')")
        assert await page.run(STATE) == "idle"
        assert await page.run("document.getElementById('preview').srcObject === null")

    with_a_phone(tmp_path, body)


def test_a_phone_comes_back_by_itself_when_the_program_does(tmp_path: Path) -> None:
    async def body(program: Program, page: Page) -> None:
        await publish(page)
        await program.until_source("running")
        await program.end()
        await page.until(f"{STATE} !== 'live'")
        await page.until(f"({NOTICE}).includes('does not answer')")
        await program.start()
        await page.until(LIVE)
        await program.until_source("running")
        assert await page.run(NOTICE) == ""

    with_a_phone(tmp_path, body, complaints=True)


def test_a_phone_that_slept_goes_on_when_it_wakes(tmp_path: Path) -> None:
    async def body(program: Program, page: Page) -> None:
        await publish(page)
        await program.until_source("running")
        await page.run(f"{TRACK}.stop()")
        await program.until_source("lost")
        await page.run("document.dispatchEvent(new Event('visibilitychange'))")
        await program.until_source("running")
        assert "the source is back" in program.log

    with_a_phone(tmp_path, body)


KEEP_LOCKS = """window.locks = [];
const request = WakeLock.prototype.request;
WakeLock.prototype.request = async function (...given) {
  const lock = await request.apply(this, given);
  window.locks.push(lock);
  return lock;
};"""
STAYS_ON = "document.getElementById('awake').textContent.startsWith('The screen stays on')"


def test_the_screen_stays_on_while_the_phone_films_and_no_longer(tmp_path: Path) -> None:
    async def body(_program: Program, page: Page) -> None:
        await page.run(KEEP_LOCKS)
        await publish(page)
        await page.until("window.locks.length === 1 && !window.locks[0].released")
        await page.until(STAYS_ON)
        # As when the page was hidden for a moment.
        await page.run("window.locks[0].release()")
        await page.until(f"!{STAYS_ON}")
        await page.run("document.dispatchEvent(new Event('visibilitychange'))")
        await page.until("window.locks.length === 2 && !window.locks[1].released")
        await page.until(STAYS_ON)
        await page.run(PRESS_START)
        await page.until("window.locks.every(lock => lock.released)")

    with_a_phone(tmp_path, body)


def test_another_network_means_another_connection(tmp_path: Path) -> None:
    async def body(program: Program, page: Page) -> None:
        await page.run(KEEP_CONNECTIONS)
        await publish(page)
        await page.run("window.dispatchEvent(new Event('online'))")
        await page.until(f"window.made.length === 2 && {LIVE}")
        await program.until("pictures", lambda status: bool(status["source"]["fps"] > 5))

    with_a_phone(tmp_path, body)


def test_a_phone_may_take_the_place_of_another(tmp_path: Path) -> None:
    async def body(program: Program, page: Page) -> None:
        async with (
            aiohttp.ClientSession() as session,
            publisher(session, program.root, token_of(program.home)) as other,
        ):
            assert (await other.publish(await other.offer(GrayCamera())))[0] == 201
            await program.until_source("running")
            await page.run(PRESS_START)
            await page.until(f"({NOTICE}) === 'Another phone is the camera'")
            await page.run("document.getElementById('take-over').click()")
            await page.until(LIVE)
            assert await other.leave() == 200, "it has ended already"
            await program.until_source("running")

    with_a_phone(tmp_path, body, complaints=True)


def test_stop_ends_the_session_and_start_begins_another(tmp_path: Path) -> None:
    async def body(program: Program, page: Page) -> None:
        for _ in range(2):
            await publish(page)
            await program.until_source("running")
            await page.run(PRESS_START)
            await page.until(f"{STATE} === 'idle'")
            assert await page.run("document.getElementById('preview').srcObject") is None
            await program.until_source("lost")

    with_a_phone(tmp_path, body)


def test_camera_quality_and_sound_change_while_it_sends(tmp_path: Path) -> None:
    async def body(program: Program, page: Page) -> None:
        await publish(page)
        await page.run("document.querySelector('[value=\"1080p\"]').click()")
        await page.until(f"{TRACK}.getSettings().height === 1080 && {LIVE}")
        await page.run("document.querySelector('[value=user]').click()")
        await page.until("document.getElementById('player').hasAttribute('data-mirrored')")
        await page.run("document.getElementById('sound').click()")
        await page.until(
            "document.getElementById('preview').srcObject?.getAudioTracks().length === 0"
        )
        await page.until(LIVE)
        await program.until_source("running")

    with_a_phone(tmp_path, body)


@pytest.mark.parametrize(
    ("flags", "title"),
    [
        (("--use-fake-ui-for-media-stream",), "There is no camera"),
        (("--use-fake-device-for-media-stream", "--deny-permission-prompts"), "not allowed"),
    ],
    ids=["no camera", "denied"],
)
def test_a_camera_that_cannot_be_had_is_explained(
    tmp_path: Path, flags: tuple[str, ...], title: str
) -> None:
    async def body(program: Program, page: Page) -> None:
        await page.run(PRESS_START)
        await page.until(f"({NOTICE}).includes('{title}')")
        assert await page.run(f"{STATE}") == "idle"
        assert not await page.run("document.getElementById('start').disabled")

    with_a_phone(tmp_path, body, flags=flags)


def test_a_link_without_its_key_says_where_to_get_it(tmp_path: Path) -> None:
    async def body(program: Program, page: Page) -> None:
        await page.run("localStorage.clear()")
        await page.open(f"{program.root}/camera", *PHONE)
        await page.until(READY)
        await page.run(PRESS_START)
        await page.until(f"({NOTICE}) === 'This link has no key'")

    with_a_phone(tmp_path, body, complaints=True)


def test_the_key_is_not_left_in_the_address(tmp_path: Path) -> None:
    async def body(program: Program, page: Page) -> None:
        assert await page.run("location.hash") == ""
        await page.call("Page.reload")
        await page.until(READY)
        await publish(page)

    with_a_phone(tmp_path, body)


def lan_address() -> str:
    addresses = network_addresses()
    if not addresses:
        pytest.skip("needs a network interface")
    return addresses[0]


def test_a_page_without_https_says_what_to_do(tmp_path: Path) -> None:
    host = lan_address()

    async def body(program: Program, page: Page) -> None:
        await page.open(f"http://{host}:{program.port}/camera", *PHONE)
        await page.until(READY)
        assert await page.run(NOTICE) == "The camera needs https"
        assert await page.run("document.getElementById('start').disabled")

    flags = (*FAKE_CAMERA, "--ignore-certificate-errors")
    with_a_phone(tmp_path, body, ("--host", "0.0.0.0"), flags, complaints=True)


def test_a_phone_in_the_network_publishes_encrypted(tmp_path: Path) -> None:
    host, port = lan_address(), free_port()

    async def body(program: Program, page: Page) -> None:
        assert await page.run("location.origin") == f"https://{host}:{port}"
        await publish(page)
        await program.until_source("running")

    args = ("--host", "0.0.0.0", "--https", "--https-port", str(port))
    with_a_phone(tmp_path, body, args, (*FAKE_CAMERA, "--ignore-certificate-errors"))


def test_the_operator_sees_the_code_for_the_phone(tmp_path: Path) -> None:
    port = free_port()

    async def body(program: Program, page: Page) -> None:
        headers = {"Authorization": f"Bearer {token_of(program.home)}"}
        async with program.session.post(f"{program.root}/api/sign-in", headers=headers) as answer:
            path = str((await answer.json())["url"])
        assert not await page.run("document.getElementById('phone').checkVisibility()")
        await page.open(program.root + path, 1440, 900)
        await page.until("location.pathname === '/control' && document.readyState === 'complete'")
        await page.open(f"{program.root}/camera", 1440, 900)
        await page.until(READY)
        await page.until("document.getElementById('qr').naturalWidth > 0")
        assert await page.run("document.getElementById('link').value") == await program.link()

    lan_address()
    args = ("--host", "0.0.0.0", "--https", "--https-port", str(port))
    flags = (*FAKE_CAMERA, "--ignore-certificate-errors")
    with_a_phone(tmp_path, body, args, flags, complaints=True)


def test_the_whole_program_ends_while_a_phone_sends(tmp_path: Path) -> None:
    async def body(program: Program, page: Page) -> None:
        await publish(page)
        await program.until_source("running")
        assert program.process is not None
        program.process.terminate()
        assert await asyncio.wait_for(program.process.wait(), 20) == 0
        assert "Traceback" not in program.log
        assert "left behind" not in program.log

    with_a_phone(tmp_path, body, complaints=True)
