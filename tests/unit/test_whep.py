"""Joining a room over HTTP: good viewers see the picture, bad ones get a sentence."""

from __future__ import annotations

import asyncio
import json
import random
import select
import socket
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from fractions import Fraction
from typing import Any

import ifaddr
import pytest

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.room.wish import Limits
from livetrack_vcam.web.addresses import network_addresses
from livetrack_vcam.webrtc.encoded import Codec
from livetrack_vcam.webrtc.offer import MAX_CANDIDATES, MAX_OFFER_BYTES
from tests.room_program import CANVAS, Served, an_offer, joined, served, until
from tests.web_program import TOKEN

SDP = "application/sdp"
OPERATOR = {"Authorization": f"Bearer {TOKEN}"}
PROXIED = {"X-Forwarded-For": "192.0.2.7"}


def with_room(
    body: Callable[[Served], Awaitable[None]],
    limits: Limits | None = None,
    invited_only: bool = False,
    canvas: Canvas = CANVAS,
) -> None:
    async def run() -> None:
        async with served(limits, invited_only, canvas) as here:
            await asyncio.wait_for(body(here), 90)

    asyncio.run(run())


async def ask(
    here: Served, method: str, path: str, data: Any = None, **headers: str
) -> tuple[int, Any]:
    """Status and body; a dictionary is sent as JSON, text as SDP."""
    if isinstance(data, dict):
        data, kind = json.dumps(data), "application/json"
    else:
        kind = SDP
    address = path if path.startswith("http") else here.root + path
    named = {"Content-Type": kind} | {k.replace("_", "-"): v for k, v in headers.items()}
    async with here.session.request(method, address, data=data, headers=named) as response:
        text = await response.text()
        return response.status, json.loads(text) if text.startswith("{") else text


def test_who_joins_sees_the_picture_and_who_leaves_is_gone() -> None:
    async def body(here: Served) -> None:
        async with joined(here, "?name=Ann") as player:
            await until(lambda: len(player.sizes) >= 20)
            assert set(player.sizes) == {Size(320, 180)}
            status, told = await ask(here, "GET", player.location)
            assert status == 200
            assert (told["codec"], told["viewers"]) == ("H264", 1)
            clock = told["clock"]
            assert 0 <= clock["now_ms"] - clock["capture_ms"] < 2000
            assert (await ask(here, "DELETE", player.location))[0] == 200
            assert (await ask(here, "DELETE", player.location))[0] == 404
        assert here.room.viewers == ()

    with_room(body)


@pytest.mark.parametrize("codec", ["H264", "VP8"])
def test_a_viewer_gets_the_codec_it_asks_for(codec: str) -> None:
    async def body(here: Served) -> None:
        async with joined(here, f"?codec={codec}") as player:
            await until(lambda: len(player.sizes) >= 5)
            assert here.room.viewers[0].described()["codec"] == codec

    with_room(body)


def test_a_viewer_that_closes_its_connection_is_noticed() -> None:
    async def body(here: Served) -> None:
        async with joined(here) as player:
            await until(lambda: player.sizes)
        await until(lambda: not here.room.viewers)

    with_room(body)


def test_nonsense_is_refused_in_a_sentence() -> None:
    async def body(here: Served) -> None:
        good = await an_offer()
        audio_only = good.replace("m=video", "m=audio")
        foreign = good.replace("VP8/90000", "VP9/90000").replace("H264/90000", "AV1/90000")
        for offer, status, says in (
            ("", 400, "no video"),
            ("hello", 400, "not valid SDP"),
            (audio_only, 400, "no video"),
            (good.replace("recvonly", "sendonly"), 400, "no video"),
            (good.replace("a=ice-pwd", "a=ice-nothing"), 400, "ICE"),
            (good.replace("a=fingerprint", "a=finger"), 400, "fingerprint"),
            (foreign, 406, "VP9"),
            ("v=0\r\n" * (MAX_OFFER_BYTES // 5 + 1), 413, "65536"),
        ):
            told, answer = await ask(here, "POST", "/whep/main", offer)
            assert (told, says in answer["error"]) == (status, True), (says, answer)
        told, answer = await ask(here, "POST", "/whep/main", foreign)
        assert answer["offered"] == ["VP9", "AV1"]
        assert answer["ours"] == ["H264", "VP8"]
        assert (await ask(here, "POST", "/whep/main", {}))[0] == 415
        assert (await ask(here, "POST", "/whep/nobody", good))[0] == 404
        assert (await ask(here, "POST", "/whep/main?height=tall", good))[0] == 400
        assert here.room.viewers == ()

    with_room(body)


def test_no_broken_offer_breaks_the_room() -> None:
    chance = random.Random(6)

    async def body(here: Served) -> None:
        good = await an_offer()
        for _ in range(150):
            lines = good.splitlines()
            for _ in range(chance.randint(1, 4)):
                at = chance.randrange(len(lines))
                match chance.randrange(4):
                    case 0:
                        del lines[at]
                    case 1:
                        lines.insert(at, chance.choice(lines))
                    case 2:
                        line = lines[at]
                        cut = chance.randrange(len(line) + 1)
                        lines[at] = line[:cut] + chance.choice(["", "\x00", "99999999", "é", " "])
                    case 3:
                        lines[at] = lines[at].replace("1", "-1")
            status, told = await ask(here, "POST", "/whep/main", "\r\n".join(lines) + "\r\n")
            assert status in (201, 400, 406), (status, told, lines)
        async with joined(here) as player:
            await until(lambda: player.sizes)

    with_room(body, Limits(viewers=1000, half_open=1000, connect_s=1))


def without_candidates(offer: str) -> str:
    return "\r\n".join(line for line in offer.splitlines() if "candidate" not in line) + "\r\n"


def test_the_program_sends_first_to_where_a_viewer_says_it_is() -> None:
    """As it must where a router in front of it lets in only who was sent something."""

    async def body(here: Served) -> None:
        address = network_addresses()[0]
        with socket.socket(type=socket.SOCK_DGRAM) as viewer:
            viewer.bind((address, 0))
            viewer.settimeout(10)
            line = f"a=candidate:1 1 udp 1 {address} {viewer.getsockname()[1]} typ host\r\n"
            offer = without_candidates(await an_offer())
            assert (await ask(here, "POST", "/whep/main", offer))[0] == 201
            place = f"{here.root}/whep/main/{here.room.viewers[0].id}"
            for fragment, status in ((line.replace(" 1 udp", " x udp"), 400), (line, 204)):
                assert await trickled(here, place, fragment) == status
            first, _ = await asyncio.to_thread(viewer.recvfrom, 2048)
        assert first[:2] == b"\x00\x01", "a binding request"
        assert first[4:8] == b"\x21\x12\xa4\x42", "STUN's magic cookie"

    with_room(body)


def test_a_viewer_cannot_have_the_program_send_to_many_places() -> None:
    async def body(here: Served) -> None:
        address = network_addresses()[0]
        with ExitStack() as stack:
            places = [
                stack.enter_context(socket.socket(type=socket.SOCK_DGRAM))
                for _ in range(2 * MAX_CANDIDATES)
            ]
            for place in places:
                place.bind((address, 0))
            ports = [place.getsockname()[1] for place in places]
            offer = without_candidates(await an_offer())
            assert (await ask(here, "POST", "/whep/main", offer))[0] == 201
            viewer = f"{here.root}/whep/main/{here.room.viewers[0].id}"
            for port in ports:
                line = f"a=candidate:1 1 udp 1 {address} {port} typ host\r\n"
                assert await trickled(here, viewer, line) == 204
            await until(lambda: len(asked(places)) >= MAX_CANDIDATES)
            await asyncio.sleep(1)
            assert asked(places) == places[:MAX_CANDIDATES]

    with_room(body)


def asked(places: list[socket.socket]) -> list[socket.socket]:
    """Those that something came to."""
    return select.select(places, [], [], 0)[0]


async def trickled(here: Served, place: str, fragment: str) -> int:
    headers = {"Content-Type": "application/trickle-ice-sdpfrag"}
    async with here.session.patch(place, data=fragment, headers=headers) as response:
        return response.status


def test_a_viewer_changes_size_without_a_new_connection() -> None:
    async def body(here: Served) -> None:
        async with joined(here) as player:
            await until(lambda: player.sizes)
            small = here.room.renditions.sizes[-1]
            wish = {"height": min(small.width, small.height), "mode": "smooth"}
            status, told = await ask(here, "PATCH", player.location, wish)
            assert (status, told["width"], told["mode"]) == (200, small.width, "smooth")
            await until(lambda: player.sizes[-1] == small)

    with_room(body)


def test_a_change_of_a_session_that_changed_meanwhile_is_refused() -> None:
    async def body(here: Served) -> None:
        async with joined(here) as player:
            old = {"If_Match": '"1-0"'}
            wish = {"mode": "smooth"}
            assert (await ask(here, "PATCH", player.location, wish, **old))[0] == 200
            assert (await ask(here, "PATCH", player.location, wish, **old))[0] == 412
            for wrong in ({"height": -1}, {"codec": "VP8"}, {"name": 3}, {"x": 1}):
                assert (await ask(here, "PATCH", player.location, wrong))[0] == 400, wrong

    with_room(body)


def test_nobody_can_change_another_ones_session_without_its_address() -> None:
    async def body(here: Served) -> None:
        async with joined(here) as player:
            for method in ("DELETE", "GET", "PATCH"):
                data = {"mode": "smooth"} if method == "PATCH" else None
                assert (await ask(here, method, "/whep/main/1", data))[0] == 404
            assert len(here.room.viewers) == 1
            assert player.location.rpartition("/")[2] not in json.dumps(
                (await ask(here, "GET", "/api/room/main"))[1]
            )

    with_room(body)


def test_a_full_room_says_so_and_when_to_come_again() -> None:
    async def body(here: Served) -> None:
        async with joined(here) as player:
            await until(lambda: player.sizes)
            offer = await an_offer()
            headers = {"Content-Type": SDP}
            address = f"{here.root}/whep/main"
            async with here.session.post(address, data=offer, headers=headers) as response:
                assert response.status == 503
                assert response.headers["Retry-After"] == "10"
                assert (await response.json())["reason"] == "full"
            told = (await ask(here, "GET", "/api/room/main"))[1]
            assert (told["full"], told["viewers"], told["max_viewers"]) == (True, 1, 1)
            assert here.room.status().turned_away == 1

    with_room(body, Limits(viewers=1))


def test_on_no_network_a_viewer_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(here: Served) -> None:
        offer = await an_offer()
        monkeypatch.setattr(ifaddr, "get_adapters", list)
        status, told = await ask(here, "POST", "/whep/main", offer)
        assert (status, told["reason"]) == (503, "no_network")
        assert "on no network" in told["error"]
        assert here.room.viewers == ()

    with_room(body)


def test_who_comes_late_gets_what_the_upload_has_left() -> None:
    async def body(here: Served) -> None:
        offer = await an_offer()
        whole, half = here.room.renditions.specs(Codec.H264)
        told = [(await ask(here, "POST", "/whep/main", offer))[0] for _ in range(3)]
        assert told == [201, 201, 503]
        first, second = here.room.viewers
        assert [each.most_kbps for each in (first, second)] == [whole.kbps, half.kbps]
        assert (await ask(here, "GET", "/api/room/main"))[1]["full"]
        for height, free in (("auto", False), (540, False), (540, True)):
            if free:
                assert (await ask(here, "DELETE", f"/whep/main/{first.id}"))[0] == 200
            status, _ = await ask(here, "PATCH", f"/whep/main/{second.id}", {"height": height})
            assert (status, second.most_kbps) == (200, (whole if free else half).kbps)

    # As encoded they take 1600 and 900 kbit/s, and on the line a fifteenth more.
    with_room(body, Limits(upload_kbps=2700), canvas=Canvas(Size(960, 540), Fraction(30)))


def test_headers_count_as_upload_too() -> None:
    async def body(here: Served) -> None:
        offer = await an_offer()
        whole, half = here.room.renditions.specs(Codec.H264)
        assert whole.kbps + half.kbps <= 2600
        told = [(await ask(here, "POST", "/whep/main", offer))[0] for _ in range(2)]
        assert told == [201, 503]

    with_room(body, Limits(upload_kbps=2600), canvas=Canvas(Size(960, 540), Fraction(30)))


def test_an_upload_too_small_for_anybody_is_said_at_the_start_and_to_who_comes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def body(here: Served) -> None:
        status, told = await ask(here, "POST", "/whep/main", await an_offer())
        assert (status, told["reason"]) == (503, "full")
        for said in (told["error"], caplog.text):
            assert "takes 966 kbit/s, and --max-upload allows 900" in said

    with_room(body, Limits(upload_kbps=900), canvas=Canvas(Size(960, 540), Fraction(30)))


def test_those_who_never_connect_take_no_place_for_long() -> None:
    async def body(here: Served) -> None:
        offer = await an_offer()
        told = [(await ask(here, "POST", "/whep/main", offer))[0] for _ in range(40)]
        assert told.count(201) == 8
        assert set(told[8:]) == {429}
        await until(lambda: not here.room.viewers)
        assert (await ask(here, "POST", "/whep/main", offer))[0] == 201

    with_room(body, Limits(half_open=8, connect_s=3))


def test_an_invited_room_opens_for_its_invitation_alone() -> None:
    async def body(here: Served) -> None:
        offer = await an_offer()
        join = "/whep/main"
        assert (await ask(here, "POST", join, offer, **PROXIED))[0] == 401
        for path in ("/api/room/main", "/snapshot.jpg", "/stream.mjpg", "/preview.jpg"):
            assert (await ask(here, "GET", path, **PROXIED))[0] == 401, path
        assert (await ask(here, "POST", "/api/room/main/invitation", {}))[0] == 401
        status, made = await ask(here, "POST", "/api/room/main/invitation", {}, **OPERATOR)
        assert status == 200
        token = made["path"].partition("#t=")[2]
        invited = PROXIED | {"Authorization": f"Bearer {token}"}
        assert (await ask(here, "POST", join, offer, **invited))[0] == 201
        assert (await ask(here, "GET", "/preview.jpg", **invited))[0] == 401
        wrong = PROXIED | {"Authorization": f"Bearer 1{token}"}
        status, told = await ask(here, "POST", join, offer, **wrong)
        assert (status, told["reason"]) == (403, "invitation")

    with_room(body, invited_only=True)


def test_the_operator_sees_names_and_a_table_of_every_second() -> None:
    async def body(here: Served) -> None:
        async with joined(here, "?name=Ann") as player:
            await until(lambda: player.sizes)
            sample = {"latency_ms": 31.5, "nack": 2}
            assert (await ask(here, "POST", f"{player.location}/stats", sample))[0] == 204
            assert (await ask(here, "POST", f"{player.location}/stats", {"nack": "x"}))[0] == 400
            assert (await ask(here, "GET", "/api/room/main/viewers"))[0] == 401
            told = (await ask(here, "GET", "/api/room/main/viewers", **OPERATOR))[1]
            assert [each["name"] for each in told["viewers"]] == ["Ann"]
            assert told["viewers"][0]["latency_ms"] == 31.5
            assert "Ann" not in repr(here.room.status())
            await until(lambda: "31.5" in here.room.history.to_csv())
            status, table = await ask(here, "GET", "/api/room/main/stats.csv", **OPERATOR)
            assert status == 200
            assert "Ann" in table
            assert "31.5" in table

    with_room(body)
