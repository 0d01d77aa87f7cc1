"""The HTTP server inside the daemon's asyncio loop: room page, streams, control API, metrics."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from aiohttp import web
from aiohttp.typedefs import Handler

from livetrack_vcam.errors import SinkBusyError, SinkError, SinkNotFoundError
from livetrack_vcam.sinks.mjpeg import MjpegFeed
from livetrack_vcam.web import metrics, streams
from livetrack_vcam.web.context import WebContext
from livetrack_vcam.web.guard import add_security_headers, error_response, guard, has_token
from livetrack_vcam.web.pages import viewer_root
from livetrack_vcam.web.streams import MAX_EVENT_HZ

log = logging.getLogger(__name__)

DEFAULT_PORT = 8787
MAX_BODY_BYTES = 64 * 1024
MAX_EVENT_CLIENTS = 32
_EVERY_ADDRESS = {"", "0.0.0.0", "::"}  # noqa: S104 - compared with, not bound to


@dataclass(frozen=True, slots=True)
class WebUrls:
    """The addresses to show the user."""

    room: str
    stream: str
    snapshot: str
    status: str


class WebServer:
    """Serves one WebContext. `start` and `stop` are called once each, in the same asyncio loop.

    Reading needs no token; the Host check keeps other web sites out and by default only this
    machine can connect. Commands need the bearer token.
    """

    def __init__(
        self,
        context: WebContext,
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        token: str = "",
    ) -> None:
        self._context = context
        self._host = host
        self._port = port
        self._token = token
        self._runner: web.AppRunner | None = None
        self._endless: set[asyncio.Task[web.StreamResponse]] = set()
        self._event_clients = 0
        self._status_text = streams.StatusText(context.status)

    async def start(self) -> None:
        """Listen. Port 0 takes a free one. Raises SinkBusyError or SinkNotFoundError."""
        runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._host, self._port).start()
        except OSError as error:
            await runner.cleanup()
            raise self._refused(error) from error
        self._runner = runner
        self._port = int(runner.addresses[0][1])

    async def stop(self) -> None:
        """Send everybody home and close the port."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    @property
    def urls(self) -> WebUrls:
        """Addresses that work from this machine, valid after `start`."""
        host = "127.0.0.1" if self._host in _EVERY_ADDRESS else self._host
        host = f"[{host}]" if ":" in host else host
        root = f"http://{host}:{self._port}"
        room = f"{root}/room/{quote(self._context.shots[0], safe='')}"
        return WebUrls(room, f"{root}/stream.mjpg", f"{root}/snapshot.jpg", f"{root}/api/status")

    def _app(self) -> web.Application:
        app = web.Application(
            middlewares=[guard(self._host), _errors_as_json], client_max_size=MAX_BODY_BYTES
        )
        app.on_response_prepare.append(add_security_headers)
        app.on_shutdown.append(self._end_streams)
        app.add_routes(
            [
                web.get("/", self._home),
                web.get("/room", self._home),
                web.get("/room/{shot}", self._room),
                web.static("/assets", viewer_root() / "assets"),
                web.get("/healthz", self._healthz),
                web.get("/stream.mjpg", self._stream, allow_head=False),
                web.get("/stream/{shot}.mjpg", self._stream, allow_head=False),
                web.get("/snapshot.jpg", self._snapshot, allow_head=False),
                web.get("/snapshot/{shot}.jpg", self._snapshot, allow_head=False),
                web.get("/api/status", self._status),
                web.get("/api/stats", self._stats),
                web.get("/api/events", self._events, allow_head=False),
                web.post("/api/command", self._command),
                web.get("/metrics", self._metrics),
            ]
        )
        return app

    async def _home(self, _request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(f"/room/{quote(self._context.shots[0], safe='')}")

    async def _room(self, request: web.Request) -> web.StreamResponse:
        self._shot(request)
        return web.FileResponse(viewer_root() / "room.html")

    async def _healthz(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response({"ok": True})

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        return await self._endlessly(streams.stream_mjpeg(request, self._feed(request)))

    async def _snapshot(self, request: web.Request) -> web.StreamResponse:
        return await streams.snapshot(self._feed(request))

    async def _status(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response(self._context.status())

    async def _stats(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response(self._context.stats())

    async def _events(self, request: web.Request) -> web.StreamResponse:
        asked = request.query.get("hz", "15")
        if not asked.isascii() or not asked.isdigit() or not 1 <= int(asked) <= MAX_EVENT_HZ:
            return error_response(400, f"hz is a whole number from 1 to {MAX_EVENT_HZ:.0f}")
        if self._event_clients >= MAX_EVENT_CLIENTS:
            return error_response(503, "too many event streams at once; close one and try again")
        self._event_clients += 1
        try:
            events = streams.stream_events(request, self._status_text, 1 / int(asked))
            return await self._endlessly(events)
        finally:
            self._event_clients -= 1

    async def _metrics(self, _request: web.Request) -> web.StreamResponse:
        text = metrics.prometheus_text(self._context.stats())
        return web.Response(text=text, headers={"Content-Type": metrics.CONTENT_TYPE})

    async def _command(self, request: web.Request) -> web.StreamResponse:
        if not has_token(request, self._token):
            response = error_response(401, "commands need the bearer token of this machine")
            response.headers["WWW-Authenticate"] = 'Bearer realm="livetrack"'
            return response
        if request.content_type != "application/json":
            return error_response(415, "send the command as application/json")
        try:
            body = json.loads(await request.read())
        except (ValueError, RecursionError):
            return error_response(400, "the command is not valid JSON")
        if not isinstance(body, dict):
            return error_response(400, 'the command is not an object like {"command":"pause"}')
        shot = body.pop("target", None)
        if shot is not None and shot not in self._context.shots:
            names = ", ".join(self._context.shots)
            return error_response(400, f"there is no shot {shot!r}; there is: {names}")
        try:
            self._context.command(shot, body)
        except ValueError as error:
            return error_response(400, str(error))
        return web.json_response({"ok": True})

    def _shot(self, request: web.Request) -> str:
        shot = request.match_info.get("shot", self._context.shots[0])
        if shot not in self._context.shots:
            names = ", ".join(self._context.shots)
            raise web.HTTPNotFound(text=f"there is no shot {shot!r}; there is: {names}")
        return shot

    def _feed(self, request: web.Request) -> MjpegFeed:
        shot = self._shot(request)
        try:
            return self._context.feed(shot)
        except KeyError:
            raise web.HTTPNotFound(
                text=f"shot {shot!r} is not sent to the web; start with --sink mjpeg"
            ) from None

    async def _endlessly(
        self, response: Coroutine[Any, Any, web.StreamResponse]
    ) -> web.StreamResponse:
        """Await a response that ends only with its client, or with us."""
        task = asyncio.ensure_future(response)
        self._endless.add(task)
        try:
            return await task
        finally:
            self._endless.discard(task)

    async def _end_streams(self, _app: web.Application) -> None:
        for task in list(self._endless):
            task.cancel()

    def _refused(self, error: OSError) -> SinkError:
        place = f"port {self._port} on {self._host}"
        if error.errno == errno.EADDRINUSE:
            return SinkBusyError(
                f"{place} is in use, perhaps by another livetrack-vcam; choose another: "
                f"--port {self._port + 1 if self._port < 65535 else DEFAULT_PORT}"
            )
        if error.errno in (errno.EACCES, errno.EPERM):
            return SinkBusyError(f"this user may not open {place}; choose another: --port 8787")
        return SinkNotFoundError(
            f"this machine has no address {self._host!r} ({error.strerror or error}); "
            "use --host 127.0.0.1 for this machine only, or --host 0.0.0.0 for the network"
        )


@web.middleware
async def _errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPRedirection:
        raise
    except web.HTTPException as error:
        return error_response(error.status, error.text or error.reason)
    except ConnectionError:
        raise
    except Exception as error:
        log.error("the web server failed at %s: %s", request.path, error)
        log.debug("the request that failed", exc_info=True)
        return error_response(500, "the program made a mistake; its log says more")
