"""WHIP in: who may be the camera, what becomes of a second one, and of nonsense."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from itertools import pairwise

import aiohttp
import ifaddr
import numpy as np
import pytest

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.media import Frame
from livetrack_vcam.sound.feed import SoundFeed
from livetrack_vcam.sources.browser import BrowserCamera
from livetrack_vcam.web.server import WebServer
from tests.publisher import SDP, GrayCamera, ToneMicrophone, publisher
from tests.web_program import TOKEN, Program

SIZE = Size(640, 360)
FRAGMENT = "a=ice-ufrag:{ufrag}\r\na=mid:0\r\na=candidate:1 1 udp 1 192.0.2.7 9 typ host\r\n"
Body = Callable[[str, aiohttp.ClientSession, BrowserCamera], Awaitable[None]]


def serving(body: Body, wanted: bool = True, sound: SoundFeed | None = None) -> None:
    """Run `body` against a server that takes a browser's camera, and `sound` its microphone."""

    async def run() -> None:
        camera = BrowserCamera(SIZE, sound)
        camera.open()
        server = WebServer(Program(), port=0, token=TOKEN, inlet=camera if wanted else None)
        await server.start()
        try:
            async with aiohttp.ClientSession() as session:
                await asyncio.wait_for(body(server.links.here(""), session, camera), 60)
        finally:
            camera.close()
            await asyncio.wait_for(server.stop(), 10)

    asyncio.run(run())


async def next_frame(camera: BrowserCamera) -> Frame:
    frame = await asyncio.to_thread(camera.read)
    assert frame is not None
    return frame


async def key_of(root: str, session: aiohttp.ClientSession) -> str:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with session.post(f"{root}/api/camera/link", headers=headers) as answer:
        return str((await answer.json())["link"]).partition("#k=")[2]


def test_a_publisher_with_the_links_key_is_the_camera() -> None:
    async def body(root: str, session: aiohttp.ClientSession, camera: BrowserCamera) -> None:
        key = await key_of(root, session)
        assert len(key) >= 20
        assert key not in TOKEN
        async with publisher(session, root, key) as phone:
            status, answer = await phone.publish(await phone.offer(GrayCamera(90)))
            assert status == 201
            assert answer.startswith("v=0")
            frames = [await next_frame(camera) for _ in range(10)]
            assert {frame.size for frame in frames} == {SIZE}
            assert float(frames[-1].planes[0].mean()) == pytest.approx(90, abs=3)
            assert all(a.pts_ns < b.pts_ns for a, b in pairwise(frames))
            assert await phone.leave() == 200
            assert await phone.leave() == 200
            assert await phone.leave(f"{root}/whip/camera/{'a' * 22}") == 404

    serving(body)


def test_the_publishers_microphone_is_heard() -> None:
    feed = SoundFeed()

    async def body(root: str, session: aiohttp.ClientSession, camera: BrowserCamera) -> None:
        async with session.get(f"{root}/api/camera") as answer:
            assert (await answer.json())["sound"] is True
        taker = feed.take_up()
        async with publisher(session, root, TOKEN) as phone:
            await phone.publish(await phone.offer(sound=ToneMicrophone()))
            blocks = [await asyncio.to_thread(taker.get, 10) for _ in range(50)]
        heard = [block for block in blocks if block is not None]
        assert len(heard) == 50
        assert all(block.samples.shape == (960, 2) for block in heard)
        steps = [b.pts_ns - a.pts_ns for a, b in pairwise(heard)]
        assert min(steps) > 0
        assert float(np.median(steps)) == pytest.approx(20_000_000, rel=0.02)
        tone = np.concatenate([block.samples[:, 0] for block in heard[10:]]).astype(float)
        spectrum = np.abs(np.fft.rfft(tone))
        assert np.argmax(spectrum) * 48_000 / len(tone) == pytest.approx(1000, abs=20)

    serving(body, sound=feed)


def test_the_answer_tells_chromium_where_its_bandwidth_begins() -> None:
    async def body(root: str, session: aiohttp.ClientSession, camera: BrowserCamera) -> None:
        async with publisher(session, root, TOKEN) as phone:
            _, answer = await phone.publish(await phone.offer())
        payloads = re.findall(r"a=rtpmap:(\d+) (?:VP8|H264)/", answer)
        assert payloads
        for payload in payloads:
            (line,) = re.findall(rf"a=fmtp:{payload} (.*)", answer)
            rates = [int(re.findall(rf"x-google-{n}-bitrate=(\d+)", line)[0]) for n in RATES]
            assert rates == sorted(rates)
            assert rates[0] >= 1000
        assert "abs-send-time" not in answer

    serving(body)


RATES = ("min", "start", "max")


def test_without_the_key_nobody_becomes_the_camera_or_ends_it() -> None:
    async def body(root: str, session: aiohttp.ClientSession, camera: BrowserCamera) -> None:
        async with publisher(session, root, TOKEN) as phone:
            await phone.publish(await phone.offer())
            for token in ("", "wrong", TOKEN[:-1], "ü"):
                headers = {"Authorization": f"Bearer {token}"} if token else {}
                async with session.post(
                    f"{root}/whip/camera", data="v=0", headers=headers | SDP
                ) as answer:
                    assert answer.status == 401
                    assert "scan the code" in (await answer.json())["error"]
                assert await phone.leave(token=token) == 401
            assert await phone.leave(f"{root}/whip/camera/{'a' * 22}") == 404
            assert (await next_frame(camera)).size == SIZE

    serving(body)


def test_a_second_camera_is_told_so_until_it_takes_over() -> None:
    async def body(root: str, session: aiohttp.ClientSession, camera: BrowserCamera) -> None:
        async with publisher(session, root, TOKEN) as one, publisher(session, root, TOKEN) as two:
            await one.publish(await one.offer(GrayCamera(60)), "?publisher=one")
            await next_frame(camera)
            offer = await two.offer(GrayCamera(200))
            status, refusal = await two.publish(offer, "?publisher=two")
            assert (status, refusal["reason"]) == (409, "taken")
            status, _ = await two.publish(offer, "?publisher=two&replace=1")
            assert status == 201
            while float((await next_frame(camera)).planes[0].mean()) < 150:
                pass
            assert await one.leave() == 200
            assert (await next_frame(camera)).size == SIZE

    serving(body)


def test_a_page_that_comes_back_takes_its_own_place() -> None:
    async def body(root: str, session: aiohttp.ClientSession, camera: BrowserCamera) -> None:
        async with publisher(session, root, TOKEN) as one, publisher(session, root, TOKEN) as two:
            await one.publish(await one.offer(GrayCamera(60)), "?publisher=phone")
            before = await next_frame(camera)
            status, _ = await two.publish(await two.offer(GrayCamera(200)), "?publisher=phone")
            assert status == 201
            while float((frame := await next_frame(camera)).planes[0].mean()) < 150:
                pass
            assert frame.pts_ns > before.pts_ns
            assert frame.seq > before.seq

    serving(body)


@pytest.mark.parametrize(
    ("offer", "status", "sentence"),
    [
        ("", 400, "sends no video"),
        ("garbage", 400, "not valid SDP"),
        ("v=0\r\nm=video\r\n", 400, "not valid SDP"),
        ("v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n", 400, "sends no video"),
        ("v=0" + "\r\na=x" * 20_000, 413, ""),
    ],
)
def test_an_offer_that_makes_no_sense_gets_a_sentence(
    offer: str, status: int, sentence: str
) -> None:
    async def body(root: str, session: aiohttp.ClientSession, camera: BrowserCamera) -> None:
        async with publisher(session, root, TOKEN) as phone:
            found, refusal = await phone.publish(offer)
            assert found == status
            assert sentence in refusal["error"]

    serving(body)


def test_an_offer_of_codecs_we_do_not_decode_names_both_sides() -> None:
    async def body(root: str, session: aiohttp.ClientSession, camera: BrowserCamera) -> None:
        async with publisher(session, root, TOKEN) as phone:
            offer = (await phone.offer()).replace("VP8/", "VP9/").replace("H264/", "AV1/")
            status, refusal = await phone.publish(offer)
            assert status == 406
            assert refusal["offered"] == ["VP9", "AV1"]
            assert refusal["ours"] == ["H264", "VP8"]

    serving(body)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("a=sendrecv", "a=recvonly"), "sends no video"),
        (("m=video", "m=audio"), "sends no video"),
        (("a=ice-ufrag", "a=nothing"), "ICE"),
        (("a=fingerprint", "a=nothing"), "DTLS"),
    ],
)
def test_an_offer_that_lacks_something_says_what(change: tuple[str, str], sentence: str) -> None:
    async def body(root: str, session: aiohttp.ClientSession, camera: BrowserCamera) -> None:
        async with publisher(session, root, TOKEN) as phone:
            status, refusal = await phone.publish((await phone.offer()).replace(*change))
            assert status == 400
            assert sentence in refusal["error"]

    serving(body)


def test_candidates_may_trickle_and_ice_may_not_restart() -> None:
    async def body(root: str, session: aiohttp.ClientSession, camera: BrowserCamera) -> None:
        async with publisher(session, root, TOKEN) as phone:
            offer = await phone.offer()
            ours = re.findall(r"a=ice-ufrag:(\S+)", offer)[0]
            await phone.publish(offer)
            good = FRAGMENT.format(ufrag=ours)
            known = {"If-Match": phone.etag}
            assert await phone.trickle(good, **known) == 204
            assert await phone.trickle(good) == 428
            assert await phone.trickle(good, **{"If-Match": '"other"'}) == 412
            restart = FRAGMENT.format(ufrag="another")
            assert await phone.trickle(restart, **{"If-Match": "*"}) == 422
            assert await phone.trickle(good.replace(" 1 udp", " x udp"), **known) == 400
            assert (await next_frame(camera)).size == SIZE

    serving(body)


def test_on_no_network_nobody_is_left_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(root: str, session: aiohttp.ClientSession, camera: BrowserCamera) -> None:
        async with publisher(session, root, TOKEN) as phone:
            offer = await phone.offer()
            monkeypatch.setattr(ifaddr, "get_adapters", list)
            status, refusal = await phone.publish(offer)
            assert status == 503
            assert "on no network" in refusal["error"]
            monkeypatch.undo()
            assert (await phone.publish(offer))[0] == 201

    serving(body)


def test_a_program_with_another_camera_says_how_to_start_it() -> None:
    async def body(root: str, session: aiohttp.ClientSession, camera: BrowserCamera) -> None:
        async with publisher(session, root, TOKEN) as phone:
            status, refusal = await phone.publish(await phone.offer())
            assert status == 404
            assert "--source browser" in refusal["error"]
        async with session.get(f"{root}/api/camera") as answer:
            assert (await answer.json())["wanted"] is False

    serving(body, wanted=False)


def test_only_the_camera_page_may_ask_for_a_camera() -> None:
    async def body(root: str, session: aiohttp.ClientSession, camera: BrowserCamera) -> None:
        for path, allowed in (("/camera", True), ("/control", False), ("/room/main", False)):
            async with session.get(root + path) as answer:
                assert answer.status == 200
                policy = answer.headers["Permissions-Policy"]
                assert ("camera=(self)" in policy) is allowed
                assert ("camera=()" in policy) is not allowed

    serving(body)
