"""The encrypted listener: the same application, its own origin and its own cookie."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest

from livetrack_vcam.errors import SinkBusyError
from livetrack_vcam.web.certificate import ensure_certificate, own_hosts, server_context
from livetrack_vcam.web.listening import Https
from livetrack_vcam.web.operator import COOKIE, SECURE_COOKIE
from livetrack_vcam.web.server import WebServer
from tests.web_program import TOKEN, Program, ask

PAUSE = '{"command":"pause"}'
Body = Callable[[str, str, aiohttp.ClientSession], Awaitable[None]]


def serving(folder: Path, body: Body) -> None:
    """Run `body` with the plain address, the encrypted one, and a client that trusts us."""

    async def run() -> None:
        path = ensure_certificate(folder, own_hosts(()))
        server = WebServer(Program(), port=0, token=TOKEN, https=Https(0, server_context(path)))
        await server.start()
        trusting = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=path))
        jar = aiohttp.DummyCookieJar()
        try:
            async with aiohttp.ClientSession(connector=trusting, cookie_jar=jar) as session:
                links = server.links
                await asyncio.wait_for(body(links.here(""), links.encrypted(""), session), 60)
        finally:
            await server.stop()

    asyncio.run(run())


def test_it_serves_what_the_plain_one_does_with_the_same_headers(tmp_path: Path) -> None:
    async def body(plain: str, encrypted: str, session: aiohttp.ClientSession) -> None:
        answers = []
        for root in (plain, encrypted):
            async with session.get(f"{root}/control") as answer:
                headers = {k: v for k, v in answer.headers.items() if k != "Date"}
                answers.append((answer.status, headers, await answer.read()))
        assert answers[0] == answers[1]
        assert answers[0][0] == 200

    serving(tmp_path, body)


def test_each_listener_takes_commands_of_its_own_pages_only(tmp_path: Path) -> None:
    async def body(plain: str, encrypted: str, session: aiohttp.ClientSession) -> None:
        for root, other in ((plain, encrypted), (encrypted, plain)):
            address = f"{root}/api/command"
            assert (await ask(session, "POST", address, PAUSE, Origin=root))[0] == 200
            assert (await ask(session, "POST", address, PAUSE, Origin=other))[0] == 403

    serving(tmp_path, body)


def test_the_cookie_of_a_sign_in_over_https_never_travels_in_the_clear(tmp_path: Path) -> None:
    async def body(plain: str, encrypted: str, session: aiohttp.ClientSession) -> None:
        _, answer = await ask(session, "POST", f"{plain}/api/sign-in")
        async with session.get(encrypted + answer["url"], allow_redirects=False) as response:
            assert response.status == 303
            assert list(response.cookies) == [SECURE_COOKIE]
            cookie = response.cookies[SECURE_COOKIE]
        assert (cookie["secure"], cookie["httponly"], cookie["path"]) == (True, True, "/")
        assert cookie["domain"] == ""
        for root, name, known in (
            (encrypted, SECURE_COOKIE, True),
            (encrypted, COOKIE, False),
            (plain, SECURE_COOKIE, False),
        ):
            headers = {"Authorization": "", "Cookie": f"{name}={cookie.value}"}
            answer = await ask(session, "GET", f"{root}/api/session", **headers)
            assert answer == (200, {"operator": known})

    serving(tmp_path, body)


def test_whoever_speaks_plainly_to_it_harms_nobody(tmp_path: Path) -> None:
    async def body(plain: str, encrypted: str, session: aiohttp.ClientSession) -> None:
        port = int(encrypted.rpartition(":")[2])
        for words in (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x16\x03\x01\xff\xff"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(words)
            writer.write_eof()
            assert b"200 OK" not in await reader.read()
            writer.close()
        async with session.get(f"{encrypted}/healthz") as answer:
            assert answer.status == 200

    serving(tmp_path, body)


def test_a_port_in_use_names_the_option_and_frees_the_plain_one(tmp_path: Path) -> None:
    async def run() -> None:
        path = ensure_certificate(tmp_path, own_hosts(()))
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            server = WebServer(Program(), port=0, https=Https(port, server_context(path)))
            with pytest.raises(SinkBusyError, match=f"--https-port {port + 1}"):
                await server.start()
            assert server._listeners == []

    asyncio.run(run())
