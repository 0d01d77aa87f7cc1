"""The web server, asked over real sockets."""

from __future__ import annotations

import asyncio
import socket
from threading import Event, get_ident
from typing import Any

import aiohttp
import pytest

from livetrack_vcam.devices import Camera, Devices
from livetrack_vcam.errors import SinkBusyError, SinkNotFoundError
from livetrack_vcam.web import api
from livetrack_vcam.web.guard import is_own_host
from livetrack_vcam.web.pages import viewer_root
from livetrack_vcam.web.server import WebServer
from tests.web_program import TOKEN, Program, ask, serving


def test_status_stats_health_and_metrics_are_served() -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        async with session.get(f"{root}/api/status") as response:
            assert (await response.json())["fps"] == 30.0
        async with session.get(f"{root}/api/stats") as response:
            assert (await response.json())["frames_total"] == 7
        async with session.get(f"{root}/healthz") as response:
            assert await response.json() == {"ok": True}
        async with session.get(f"{root}/metrics") as response:
            assert response.content_type == "text/plain"
            assert 'livetrack_shot_zoom{shot="main"} 1.5' in await response.text()

    serving(body)


def test_devices_are_looked_for_once_for_all_who_ask_and_stop_nobody_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found, looks = Event(), []

    def slow() -> Devices:
        looks.append(get_ident())
        found.wait(30)
        return Devices((Camera("Cam", "/dev/video0", 0, "640x480"),), (), ())

    monkeypatch.setattr(api, "list_devices", slow)

    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        async def ask_devices() -> Any:
            async with session.get(f"{root}/api/devices") as response:
                return await response.json()

        asked = [asyncio.ensure_future(ask_devices()) for _ in range(20)]
        while not looks:
            await asyncio.sleep(0.01)
        for _ in range(5):
            async with session.get(f"{root}/healthz") as response:
                assert response.status == 200
        assert not any(each.done() for each in asked)
        found.set()
        for answer in await asyncio.gather(*asked):
            assert answer["cameras"][0]["name"] == "Cam"
        assert len(looks) < len(asked)
        assert get_ident() not in looks

    serving(body, pictures=False)


def test_the_operators_page_is_served_with_nothing_inline_allowed() -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        async with session.get(f"{root}/control") as response:
            assert response.content_type == "text/html"
            policy = response.headers["Content-Security-Policy"]
            assert "script-src 'self';" in policy
            assert "unsafe" not in policy
            assert "Set-Cookie" not in response.headers

    serving(body, pictures=False)


async def post(
    session: aiohttp.ClientSession, root: str, body: str, **headers: str
) -> tuple[int, dict[str, Any]]:
    return await ask(session, "POST", f"{root}/api/command", body, **headers)


def test_a_command_reaches_the_shot_it_names() -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        assert await post(session, root, '{"command":"pause"}') == (200, {"ok": True})
        await post(session, root, '{"command":"pause","target":"vertical"}')
        assert program.commands == [
            (None, {"command": "pause"}),
            ("vertical", {"command": "pause"}),
        ]

    serving(body)


@pytest.mark.parametrize(
    ("text", "status", "sentence"),
    [
        ('{"command":"dance"}', 400, "'dance' is unknown; use one of: set_aspect"),
        ('{"command":"pause","target":"roof"}', 400, "no shot 'roof'; there is: main, vertical"),
        ('{"command":"pause","target":["main"]}', 400, "no shot"),
        ("{", 400, "not valid JSON"),
        ("\xff", 400, "not valid JSON"),
        ("[]", 400, "not an object"),
        ('"' + "x" * 70_000 + '"', 413, "size"),
    ],
)
def test_a_bad_command_gets_one_sentence(text: str, status: int, sentence: str) -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        got, answer = await post(session, root, text)
        assert (got, program.commands) == (status, [])
        assert sentence in answer["error"]

    serving(body)


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer é"],
)
def test_a_command_without_the_token_is_refused(authorization: str) -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        status, _ = await post(session, root, '{"command":"pause"}', Authorization=authorization)
        assert (status, program.commands) == (401, [])

    serving(body)


def test_a_command_in_a_form_that_any_page_can_send_is_refused() -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        status, _ = await post(session, root, "{}", **{"Content-Type": "text/plain"})
        assert (status, program.commands) == (415, [])

    serving(body)


def test_another_sites_page_and_a_rebound_name_are_refused() -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}):
            status, _ = await post(session, root, '{"command":"pause"}', **headers)
            assert status == 403
        for path in ("/stream.mjpg", "/api/status", "/room/main"):
            async with session.get(root + path, headers={"Host": "evil.example"}) as response:
                assert response.status == 403
        status, _ = await post(session, root, '{"command":"pause"}', Origin=root)
        assert status == 200

    serving(body)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "192.168.1.20", "localhost", "studio.lan"])
def test_addresses_and_our_own_names_are_answered(host: str) -> None:
    assert is_own_host(host, "studio.lan")


@pytest.mark.parametrize("host", ["", "evil.example", "localhost.evil.example", "127.0.0.1.nip.io"])
def test_other_names_are_not(host: str) -> None:
    assert not is_own_host(host, "127.0.0.1")


def test_every_answer_carries_the_security_headers() -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        paths = ("/room/main", "/assets/room/room.js", "/stream.mjpg", "/api/status", "/nothing")
        for path in paths:
            async with session.get(root + path) as response:
                assert "default-src 'self'" in response.headers["Content-Security-Policy"]
                assert response.headers["X-Content-Type-Options"] == "nosniff"
                assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"

    serving(body)


def test_the_front_door_leads_to_the_room_of_the_first_shot() -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        async with session.get(f"{root}/") as response:
            assert response.url.path == "/room/main"
            assert "<title>LiveTrack</title>" in await response.text()

    serving(body)


def test_an_unknown_shot_and_one_without_a_stream_are_told_apart() -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        async with session.get(f"{root}/room/roof") as response:
            assert response.status == 404
            assert "no shot 'roof'" in (await response.json())["error"]
        async with session.get(f"{root}/stream/vertical.mjpg") as response:
            assert response.status == 404
            assert "--sink mjpeg" in (await response.json())["error"]
        async with session.get(f"{root}/room/vertical") as response:
            assert response.status == 200

    serving(body)


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/room/roof", "there is no shot &#x27;roof&#x27;; there is: main, vertical"),
        ("/rooom", "there is nothing at /rooom"),
        ("/%3Cscript%3E", "there is nothing at /&lt;script&gt;"),
    ],
)
def test_whoever_follows_a_wrong_link_gets_a_page_with_the_way_to_the_room(
    path: str, sentence: str
) -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        accept = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
        async with session.get(root + path, headers=accept) as response:
            assert response.status == 404
            assert response.content_type == "text/html"
            page = await response.text()
        assert sentence in page
        assert 'href="/"' in page
        assert "<script" not in page

    serving(body)


def test_nothing_outside_the_assets_is_served() -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        port = int(root.rpartition(":")[2])
        for path in ("/assets/../room.html", "/assets/..%2f..%2fpyproject.toml", "/assets/"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
            writer.write(head.encode())
            answer = await reader.read()
            assert answer.split()[1] in (b"403", b"404"), (path, answer[:200])
            writer.close()

    serving(body)


def test_stopping_ends_streams_and_frees_the_port() -> None:
    async def run() -> None:
        program = Program()
        server = WebServer(program, port=0, token=TOKEN)
        await server.start()
        port = int(server.urls.stream.split(":")[2].split("/")[0])
        async with aiohttp.ClientSession() as session:
            events = await session.get(f"http://127.0.0.1:{port}/api/events")
            stream = await session.get(f"http://127.0.0.1:{port}/stream.mjpg")
            await asyncio.wait_for(server.stop(), 5)
            events.close()
            stream.close()
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))

    asyncio.run(run())


@pytest.mark.parametrize(
    ("host", "port", "command"),
    [
        ("127.0.0.1", 8787, "livetrack-vcam ctl open"),
        ("0.0.0.0", 8787, "livetrack-vcam ctl open"),
        ("127.0.0.1", 9000, "livetrack-vcam ctl open --port 9000"),
        ("192.168.1.5", 8787, "livetrack-vcam ctl open --host 192.168.1.5"),
    ],
)
def test_the_command_that_opens_the_page_says_no_more_than_it_must(
    host: str, port: int, command: str
) -> None:
    server = WebServer(Program(), host, port, TOKEN)
    assert server.open_command == command
    assert TOKEN not in server.sign_in_url()
    assert server.sign_in_url() != server.sign_in_url()


def test_a_busy_port_is_named_with_the_option_that_helps() -> None:
    async def run() -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            with pytest.raises(SinkBusyError, match=rf"port {port} .* in use.* --port {port + 1}"):
                await WebServer(Program(), port=port, token=TOKEN).start()

    asyncio.run(run())


def test_an_address_that_is_not_ours_is_refused_with_advice() -> None:
    async def run() -> None:
        with pytest.raises(SinkNotFoundError, match=r"'192\.0\.2\.1'.*--host 127\.0\.0\.1"):
            await WebServer(Program(), host="192.0.2.1", port=0, token=TOKEN).start()

    asyncio.run(run())


def test_the_page_asks_no_other_server_for_anything() -> None:
    root = viewer_root()
    files = [path for path in sorted(root.rglob("*")) if path.suffix in (".html", ".js", ".css")]
    assert root / "room.html" in files
    for file in files:
        text = file.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text, file
        assert "https://" not in text, file


def test_the_pages_hold_no_inline_script_or_style() -> None:
    for page in viewer_root().glob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert "style=" not in text
        assert "<style" not in text
        assert text.count("<script") == text.count('<script type="module" src=')


def test_every_word_of_the_page_is_there_in_both_languages() -> None:
    text = (viewer_root() / "assets/messages.js").read_text(encoding="utf-8")
    english, korean = text.split("  ko: {")

    def keys(part: str) -> set[str]:
        lines = (line.strip() for line in part.splitlines())
        return {line.partition(":")[0] for line in lines if line.endswith('",')}

    assert keys(english) == keys(korean)
    assert len(keys(english)) > 30
