"""The web server, given what no honest client sends."""

from __future__ import annotations

import asyncio
import gzip
import logging
from collections.abc import Awaitable, Callable, Mapping
from itertools import count
from typing import Any

import pytest

from livetrack_vcam.web import api, listening, server, streams
from livetrack_vcam.web.server import WebServer
from livetrack_vcam.web.whep import Whep
from tests.web_program import TOKEN, Program


class LargeProgram(Program):
    """A running program whose status is large and never the same twice."""

    def __init__(self) -> None:
        super().__init__()
        self._numbers = count()

    def status(self) -> Mapping[str, Any]:
        return {"number": next(self._numbers), "text": "x" * 500_000}

    def stats(self) -> Mapping[str, Any]:
        raise KeyError("a fault of ours")


def serving(body: Callable[[int], Awaitable[None]]) -> None:
    """Run `body` with the port of a server, which is stopped afterwards."""

    async def run() -> None:
        server = WebServer(LargeProgram(), port=0, token=TOKEN)
        await server.start()
        try:
            await body(int(server.urls.status.split(":")[2].split("/")[0]))
        finally:
            await server.stop()

    asyncio.run(run())


async def answer(port: int, request: bytes) -> tuple[int, bytes]:
    """Status and body of the answer to a request without its Host and its end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head, _, body = request.partition(b"\r\n\r\n")
    length = f"Content-Length: {len(body)}\r\n".encode()
    close = b"Host: localhost\r\nConnection: close\r\n"
    writer.write(head + b"\r\n" + close + length + b"\r\n" + body)
    answered = await reader.read()
    writer.close()
    head, _, body = answered.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def post(body: bytes, token: bytes = TOKEN.encode(), more: bytes = b"") -> bytes:
    head = b"POST /api/command HTTP/1.1\r\nContent-Type: application/json\r\n"
    return head + b"Authorization: Bearer " + token + more + b"\r\n\r\n" + body


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (post(b"{}", token=b"\xff\xfe"), 401),
        (post(b"{}", more=b"\r\nOrigin: http://["), 403),
        (post(b"[" * 30_000), 400),
        (post(b'{"a":' * 10_000), 400),
        (post(b"9" * 5000), 400),
        (post(b"x" * 100_000), 413),
        (b"GET /assets/..%2f..%2fpyproject.toml HTTP/1.1", 404),
        (b"GET /assets/%2e%2e/room.html HTTP/1.1", 404),
        (b"GET /room/%2e%2e%2fetc%2fpasswd HTTP/1.1", 404),
        (b"GET /api/events?hz=%C2%B2 HTTP/1.1", 400),
    ],
)
def test_garbage_is_answered_with_a_sentence(request_bytes: bytes, status: int) -> None:
    async def body(port: int) -> None:
        code, text = await answer(port, request_bytes)
        assert code == status, text
        assert text.startswith(b'{"error": "')

    serving(body)


def test_a_mistake_of_ours_is_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def body(port: int) -> None:
        status, text = await answer(port, b"GET /api/stats HTTP/1.1")
        assert (status, text[:10]) == (500, b'{"error": ')

    serving(body)
    errors = [record for record in caplog.records if record.levelname == "ERROR"]
    assert [(error.exc_info, "/api/stats" in error.getMessage()) for error in errors] == [
        (None, True)
    ]


def test_a_mistake_of_ours_logs_neither_a_viewers_secret_address_nor_a_line_he_wrote(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("a fault of ours")

    monkeypatch.setattr(Whep, "_viewer", fail)

    async def body(port: int) -> None:
        status, _ = await answer(port, b"GET /whep/main%0AERROR/a-secret HTTP/1.1")
        assert status == 500

    serving(body)
    (error,) = (each.getMessage() for each in caplog.records if each.levelname == "ERROR")
    assert "/whep/{shot}/{viewer}" in error
    assert "a-secret" not in error
    assert "\n" not in error


def test_an_event_client_that_takes_nothing_loses_its_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(api, "MAX_EVENT_CLIENTS", 1)
    monkeypatch.setattr(streams, "STALLED_S", 0.2)

    async def body(port: int) -> None:
        first, stuck = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        await ask_for_events(stuck)
        assert (await first.readline()).split()[1] == b"200"
        statuses = []
        while 200 not in statuses and len(statuses) < 100:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            await ask_for_events(writer)
            statuses.append(int((await reader.readline()).split()[1]))
            writer.transport.abort()
            await asyncio.sleep(0.1)
        stuck.transport.abort()
        assert statuses[0] == 503
        assert statuses[-1] == 200

    serving(body)


def test_who_only_sits_there_is_sent_home_and_a_crowd_takes_no_more_places_than_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listening, "MAX_CONNECTIONS", 5)
    monkeypatch.setattr(server, "IDLE_S", 1.0)

    async def body(port: int) -> None:
        crowd = [await asyncio.open_connection("127.0.0.1", port) for _ in range(8)]
        crowd[0][1].write(b"GET /healthz HT")
        ends = [asyncio.ensure_future(reader.read()) for reader, _ in crowd]
        ended: list[int] = []
        for number, end in enumerate(ends):
            end.add_done_callback(lambda _end, number=number: ended.append(number))
        async with asyncio.timeout(30):
            await asyncio.gather(*ends[5:], return_exceptions=True)
            assert await asyncio.gather(*ends[:5]) == [b""] * 5
        assert set(ended[:3]) == {5, 6, 7}, "those without a place go first"
        assert (await answer(port, b"GET /healthz HTTP/1.1\r\n\r\n"))[0] == 200
        for _, writer in crowd:
            writer.close()

    serving(body)


async def ask_for_events(writer: asyncio.StreamWriter) -> None:
    writer.write(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await writer.drain()


NO_HTTP = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 https, by mistake",
    b"GET /control?code=SECRET HTTP/9.9\r\n\r\n",
    b"GET /control?code=SECRET" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: localhost\r\nAuthorization: Bearer SECRET\r\n\r\n",
    b"POST /api/command HTTP/1.1\r\nHost: localhost\r\nContent-Length: -SECRET\r\n\r\n",
    b"POST /api/command HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
    + TOKEN.encode()
    + b"\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nSECRET\r\n",
)


@pytest.mark.parametrize("sent", NO_HTTP, ids=range(len(NO_HTTP)))
def test_what_is_no_http_leaves_no_trace_of_its_words(
    sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async def body(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        answered = await reader.readline()
        writer.close()
        assert answered.split()[1] == b"400"
        assert (await answer(port, b"GET /healthz HTTP/1.1"))[0] == 200

    with caplog.at_level(logging.DEBUG):
        serving(body)
    told = [record for record in caplog.records if record.name.startswith("livetrack_vcam")]
    assert not [record for record in told if record.levelno > logging.DEBUG or record.exc_info]
    assert not [record for record in caplog.records if "SECRET" in record.getMessage()]


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "nonsense"])
def test_a_compressed_body_is_not_unpacked(coding: str) -> None:
    bomb = gzip.compress(b" " * 10_000_000)

    async def body(port: int) -> None:
        sent = post(bomb, more=b"\r\nContent-Encoding: " + coding.encode())
        code, text = await answer(port, sent)
        assert (code, b"not compressed" in text) == (415, True)

    serving(body)
