"""Endless responses: the MJPEG stream, one snapshot, and server-sent events."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from aiohttp import hdrs, web

from livetrack_vcam.sinks.mjpeg import FeedFullError, MjpegFeed, Watcher
from livetrack_vcam.web.guard import error_response

BOUNDARY = "livetrack"
SNAPSHOT_TIMEOUT_S = 3.0
# A client that takes nothing for so long has vanished without saying so.
STALLED_S = 15.0
# Less than a second of pictures: what waits in the kernel for a slow client is delay.
SEND_BUFFER_BYTES = 256 * 1024
MAX_EVENT_HZ = 15.0
KEEP_ALIVE_S = 10.0


class Endless:
    """Responses that end only with their client, or with us. Belongs to one asyncio loop."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[web.StreamResponse]] = set()

    async def respond(
        self, response: Coroutine[Any, Any, web.StreamResponse]
    ) -> web.StreamResponse:
        task = asyncio.ensure_future(response)
        self._tasks.add(task)
        try:
            return await task
        finally:
            self._tasks.discard(task)

    async def end(self, _app: web.Application) -> None:
        """A signal for `on_shutdown`: send everybody home."""
        for task in list(self._tasks):
            task.cancel()


async def stream_mjpeg(request: web.Request, feed: MjpegFeed) -> web.StreamResponse:
    """multipart/x-mixed-replace, one part a picture; a slow client skips to the newest."""
    try:
        watcher = feed.watch()
    except FeedFullError:
        return _too_many("viewers")
    try:
        response = web.StreamResponse(
            headers={
                hdrs.CONTENT_TYPE: f"multipart/x-mixed-replace; boundary={BOUNDARY}",
                hdrs.CONNECTION: "close",
                hdrs.PRAGMA: "no-cache",
                hdrs.CACHE_CONTROL: "no-store, no-transform",
                "X-Accel-Buffering": "no",
            }
        )
        response.force_close()
        _keep_little_in_flight(request)
        await response.prepare(request)
        await _send_pictures(request, response, watcher)
        return response
    finally:
        feed.leave(watcher)


async def _send_pictures(
    request: web.Request, response: web.StreamResponse, watcher: Watcher
) -> None:
    try:
        while (picture := await watcher.next()) is not None:
            head = (
                f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\n"
                f"Content-Length: {len(picture)}\r\n\r\n"
            )
            part = head.encode("ascii") + picture + b"\r\n"
            await _write(response, part)
    except TimeoutError:
        _drop(request)
    except ConnectionError:
        return


async def snapshot(feed: MjpegFeed) -> web.Response:
    """The next picture as one JPEG."""
    try:
        watcher = feed.watch()
    except FeedFullError:
        return _too_many("viewers")
    try:
        picture = await asyncio.wait_for(watcher.next(), SNAPSHOT_TIMEOUT_S)
    except TimeoutError:
        picture = None
    finally:
        feed.leave(watcher)
    if picture is None:
        return error_response(503, "there is no picture yet; is the camera running?")
    return web.Response(body=picture, content_type="image/jpeg")


async def stream_events(
    request: web.Request, status_text: Callable[[], str], interval_s: float
) -> web.StreamResponse:
    """Server-sent events named `status`, one an interval at most, only when something changed."""
    response = web.StreamResponse(
        headers={hdrs.CONTENT_TYPE: "text/event-stream", "X-Accel-Buffering": "no"}
    )
    await response.prepare(request)
    last, silent_s = "", 0.0
    try:
        while True:
            text = status_text()
            if text != last:
                last, silent_s = text, 0.0
                part = f"event: status\ndata: {text}\n\n".encode()
                await _write(response, part)
            elif silent_s >= KEEP_ALIVE_S:
                silent_s = 0.0
                await _write(response, b": still here\n\n")
            await asyncio.sleep(interval_s)
            silent_s += interval_s
    except TimeoutError:
        _drop(request)
    except ConnectionError:
        pass
    return response


class StatusText:
    """The status as JSON, made at most `MAX_EVENT_HZ` times a second however many clients ask.

    Tracks and crops are in it instead of in events of their own: making it all at 13 Hz takes
    0.9 % of a core, and each further client 0.06 %, so there is nothing to save.
    """

    def __init__(self, status: Callable[[], Mapping[str, Any]]) -> None:
        self._status = status
        self._text = ""
        self._stale_at_s = 0.0

    def __call__(self) -> str:
        now_s = asyncio.get_running_loop().time()
        if now_s >= self._stale_at_s:
            self._text = json.dumps(self._status(), separators=(",", ":"))
            self._stale_at_s = now_s + 1 / MAX_EVENT_HZ
        return self._text


async def _write(response: web.StreamResponse, part: bytes) -> None:
    """Raises TimeoutError. `wait_for` would make a task of every picture."""
    async with asyncio.timeout(STALLED_S):
        await response.write(part)


def _too_many(what: str) -> web.Response:
    response = error_response(503, f"too many {what} at once; close one and try again")
    response.headers[hdrs.RETRY_AFTER] = "5"
    return response


def _drop(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


def _keep_little_in_flight(request: web.Request) -> None:
    transport = request.transport
    connection = transport.get_extra_info("socket") if transport is not None else None
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
