"""Pictures and events over real sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest

from livetrack_vcam.web import streams
from tests.web_program import Program, serving

JPEG_START, JPEG_END = b"\xff\xd8", b"\xff\xd9"


async def read_part(content: aiohttp.StreamReader) -> bytes:
    """One part of the multipart stream, read as its headers promise."""
    assert await content.readline() == b"--livetrack\r\n"
    assert await content.readline() == b"Content-Type: image/jpeg\r\n"
    name, _, length = (await content.readline()).partition(b": ")
    assert name == b"Content-Length"
    assert await content.readline() == b"\r\n"
    picture = await content.readexactly(int(length))
    assert await content.readline() == b"\r\n"
    return picture


def test_the_stream_is_a_multipart_of_jpegs() -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        for path in ("/stream.mjpg", "/stream/main.mjpg"):
            async with session.get(root + path) as response:
                assert response.status == 200
                kind = response.headers["Content-Type"]
                assert kind == "multipart/x-mixed-replace; boundary=livetrack"
                for _ in range(3):
                    picture = await read_part(response.content)
                    assert picture[:2] == JPEG_START
                    assert picture[-2:] == JPEG_END

    serving(body)


def test_a_client_that_leaves_is_forgotten_and_nothing_is_encoded_any_more() -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        feed = program.feeds["main"]
        response = await session.get(f"{root}/stream.mjpg")
        await read_part(response.content)
        assert feed.stats.watchers == 1
        response.close()
        while feed.wanted:
            await asyncio.sleep(0.01)
        encoded = feed.stats.encoded
        await asyncio.sleep(0.1)
        assert feed.stats.encoded == encoded

    serving(body)


def test_a_client_that_stops_reading_is_dropped_after_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streams, "STALLED_S", 0.3)

    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        feed = program.feeds["main"]
        port = int(root.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(f"GET /stream.mjpg HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        await reader.readline()
        while not feed.wanted:
            await asyncio.sleep(0.01)
        big = bytes(1_000_000)
        while feed.wanted:
            feed.put(big)
            await asyncio.sleep(0.01)
        assert feed.stats.dropped > 0
        writer.close()

    serving(body, pictures=False)


def test_the_preview_is_served_like_a_shot_and_made_only_while_watched() -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        async with session.get(f"{root}/preview.jpg") as response:
            assert (await response.read())[:2] == JPEG_START
        async with session.get(f"{root}/preview.mjpg") as response:
            assert (await read_part(response.content))[:2] == JPEG_START
            assert program.preview.stats.watchers == 1
        while program.preview.wanted:
            await asyncio.sleep(0.01)
        assert not program.feeds["main"].stats.encoded

    serving(body)


def test_one_viewer_too_many_is_told_so() -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        viewers = [await session.get(f"{root}/stream.mjpg") for _ in range(3)]
        async with session.get(f"{root}/stream.mjpg") as response:
            assert response.status == 503
            assert response.headers["Retry-After"] == "5"
            assert "too many viewers" in (await response.json())["error"]
        for viewer in viewers:
            viewer.close()

    serving(body)


def test_a_snapshot_is_one_jpeg_and_leaves_nobody_watching() -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        async with session.get(f"{root}/snapshot.jpg") as response:
            assert response.content_type == "image/jpeg"
            assert (await response.read())[:2] == JPEG_START
        assert not program.feeds["main"].wanted

    serving(body)


def test_without_a_picture_the_snapshot_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "SNAPSHOT_TIMEOUT_S", 0.05)

    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        async with session.get(f"{root}/snapshot.jpg") as response:
            assert response.status == 503
            assert "no picture yet" in (await response.json())["error"]

    serving(body, pictures=False)


def test_events_come_when_something_changed_and_at_most_15_times_a_second() -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        loop = asyncio.get_running_loop()
        async with session.get(f"{root}/api/events") as response:
            assert response.content_type == "text/event-stream"
            times = []
            for fps in range(31, 37):
                assert await response.content.readline() == b"event: status\n"
                data = (await response.content.readline()).removeprefix(b"data: ")
                assert json.loads(data)["fps"] == fps - 1
                assert await response.content.readline() == b"\n"
                times.append(loop.time())
                program.fps = float(fps)
        assert (times[-1] - times[0]) / (len(times) - 1) >= 1 / 16

    serving(body)


def test_events_may_be_asked_for_less_often() -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        loop = asyncio.get_running_loop()
        async with session.get(f"{root}/api/events?hz=4") as response:
            await response.content.readuntil(b"\n\n")
            start = loop.time()
            program.fps = 1.0
            await response.content.readuntil(b"\n\n")
            assert loop.time() - start >= 0.2
        for wrong in ("0", "16", "-1", "x", "1.5", "9" * 5000):
            async with session.get(f"{root}/api/events?hz={wrong}") as response:
                assert response.status == 400
                assert "from 1 to 15" in (await response.json())["error"]

    serving(body)


def test_many_listeners_cost_one_status() -> None:
    async def body(program: Program, root: str, session: aiohttp.ClientSession) -> None:
        asked = 0
        original = program.status

        def counted() -> Mapping[str, Any]:
            nonlocal asked
            asked += 1
            return original()

        text = streams.StatusText(counted)
        assert len({text() for _ in range(100)}) == 1
        assert asked == 1

    serving(body)
