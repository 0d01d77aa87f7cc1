"""The HTTP server inside the daemon's asyncio loop: its pages and pictures, beside the API."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from livetrack_vcam.core.crew import no_shot
from livetrack_vcam.errors import LiveTrackError
from livetrack_vcam.room.invitations import Invitations
from livetrack_vcam.room.room import Room
from livetrack_vcam.sinks.mjpeg import MjpegFeed
from livetrack_vcam.web import streams
from livetrack_vcam.web.addresses import EVERY_ADDRESS, Links, network_addresses, reachable_hosts
from livetrack_vcam.web.admission import Admission
from livetrack_vcam.web.api import ControlApi
from livetrack_vcam.web.body import MAX_BODY_BYTES
from livetrack_vcam.web.camera_page import CameraPage
from livetrack_vcam.web.context import WebContext
from livetrack_vcam.web.guard import RefusedError, add_security_headers, error_response, guard
from livetrack_vcam.web.listening import Https, listen, port_of
from livetrack_vcam.web.operator import Operators
from livetrack_vcam.web.pages import missing_page, viewer_root, wants_page
from livetrack_vcam.web.protocol_log import protocol_logger
from livetrack_vcam.web.room_api import DAY_S, RoomApi
from livetrack_vcam.web.whep import Whep
from livetrack_vcam.web.whip import CameraKey, Inlet, Whip

log = logging.getLogger(__name__)

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8787
IDLE_S = 15.0
"""A connection on which nobody asks anything makes room after that."""
NOTHING_SAID = f"404: {web.HTTPNotFound().reason}"
"""What aiohttp says of an address that it does not know."""


@dataclass(frozen=True, slots=True)
class WebUrls:
    """The addresses to show the user."""

    room: str
    stream: str
    snapshot: str
    status: str
    control: str


class WebServer:
    """Serves one WebContext. `start` and `stop` are called once each, in the same asyncio loop.

    Reading needs no token; the Host check keeps other web sites out and by default only this
    machine can connect. Changing anything needs the bearer token, or the cookie it leads to.
    """

    def __init__(
        self,
        context: WebContext,
        host: str = DEFAULT_HOST,
        port: int = DEFAULT_PORT,
        token: str = "",
        rooms: Mapping[str, Room] | None = None,
        inlet: Inlet | None = None,
        invited_only: bool = False,
        https: Https | None = None,
    ) -> None:
        self._context = context
        self._https = https
        self._https_port: int | None = None
        self._host = host
        self._port = port
        self._operators = Operators(token)
        invitations = Invitations(token)
        self._admission = Admission(self._operators, invitations if invited_only else None)
        self._whep = Whep(rooms or {}, self._admission)
        self._room_api = RoomApi(
            rooms or {}, self._admission, self._operators, invitations, lambda: self.links
        )
        key = CameraKey(token, self._operators)
        self._whip = Whip(inlet, key, context.shots)
        self.camera_page = CameraPage(
            self._whip,
            key,
            self._operators,
            lambda: self.links,
            context.shots,
            (lambda shot: invitations.new(shot, DAY_S)) if invited_only else lambda _shot: "",
        )
        self._endless = streams.Endless()
        self._api = ControlApi(context, self._operators, self._endless)
        self._runner: web.AppRunner | None = None
        self._listeners: list[asyncio.Server] = []

    async def start(self) -> None:
        """Listen. Port 0 takes a free one. Raises SinkBusyError or SinkNotFoundError."""
        runner = web.AppRunner(
            self._app(),
            access_log=None,
            logger=protocol_logger(),
            auto_decompress=False,
            shutdown_timeout=1.0,
            keepalive_timeout=IDLE_S,
        )
        await runner.setup()
        self._runner = runner
        try:
            self._listeners.append(await listen(runner, self._host, self._port))
            if self._https is not None:
                https = self._https
                self._listeners.append(await listen(runner, self._host, https.port, https.context))
        except LiveTrackError:
            await self.stop()
            raise
        self._port, *encrypted = [port_of(each) for each in self._listeners]
        self._https_port = encrypted[0] if encrypted else None

    async def stop(self) -> None:
        """Send everybody home and close the ports."""
        runner, self._runner = self._runner, None
        while self._listeners:
            self._listeners.pop().close()
        if runner is not None:
            await runner.cleanup()

    @property
    def links(self) -> Links:
        """By which addresses this machine and its network reach the server now."""
        hosts = reachable_hosts(self._host, network_addresses())
        return Links(self._host, self._port, self._https_port, hosts)

    @property
    def urls(self) -> WebUrls:
        """Addresses that work from this machine, valid after `start`."""
        root = self._root
        room = f"{root}/room/{quote(self._context.shots[0], safe='')}"
        return WebUrls(
            room=room,
            stream=f"{root}/stream.mjpg",
            snapshot=f"{root}/snapshot.jpg",
            status=f"{root}/api/status",
            control=f"{root}/control",
        )

    def sign_in_url(self) -> str:
        """The operator's page with a code that signs one browser in: a secret, never logged."""
        return self._root + self._operators.sign_in_path()

    @property
    def open_command(self) -> str:
        """What to type to have the operator's page opened, signed in."""
        return self.ctl_command("open")

    def ctl_command(self, word: str) -> str:
        """How to say a word of `livetrack-vcam ctl` to this server."""
        host = "" if self._host in {DEFAULT_HOST, *EVERY_ADDRESS} else f" --host {self._host}"
        port = "" if self._port == DEFAULT_PORT else f" --port {self._port}"
        return f"livetrack-vcam ctl {word}{host}{port}"

    @property
    def _root(self) -> str:
        return Links(self._host, self._port).here("")

    def _app(self) -> web.Application:
        app = web.Application(
            middlewares=[guard(self._host), _errors_as_json], client_max_size=MAX_BODY_BYTES
        )
        app.on_response_prepare.append(add_security_headers)
        app.on_shutdown.append(self._endless.end)
        app.on_shutdown.append(self._whip.close)
        app.add_routes(
            [
                web.get("/", self._home),
                web.get("/room", self._home),
                web.get("/room/{shot}", self._room),
                web.static("/assets", viewer_root() / "assets"),
                web.get("/control", self._control, allow_head=False),
                web.get("/stream.mjpg", self._stream, allow_head=False),
                web.get("/stream/{shot}.mjpg", self._stream, allow_head=False),
                web.get("/snapshot.jpg", self._snapshot, allow_head=False),
                web.get("/snapshot/{shot}.jpg", self._snapshot, allow_head=False),
                web.get("/preview.mjpg", self._preview, allow_head=False),
                web.get("/preview.jpg", self._preview_snapshot, allow_head=False),
                *self._api.routes(),
                *self._whep.routes(),
                *self._room_api.routes(),
                *self._whip.routes(),
                *self.camera_page.routes(),
            ]
        )
        return app

    async def _home(self, _request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(f"/room/{quote(self._context.shots[0], safe='')}")

    async def _room(self, request: web.Request) -> web.StreamResponse:
        self._shot(request)
        return web.FileResponse(viewer_root() / "room.html")

    async def _control(self, request: web.Request) -> web.StreamResponse:
        """The operator's page; with the code of a sign-in link, first a cookie for it.

        A browser whose link is good no more gets the page all the same, which says so.
        """
        code = request.query.get("code")
        if code is None:
            return web.FileResponse(viewer_root() / "control.html")
        page = web.HTTPSeeOther("/control")
        if self._operators.sign_in(code, request, page) or self._operators.has_cookie(request):
            raise page
        if wants_page(request):
            raise web.HTTPSeeOther("/control?link=expired")
        return error_response(
            403, "this link was used or is a minute old; type again: livetrack-vcam ctl open"
        )

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        return await self._endless.respond(streams.stream_mjpeg(request, self._feed(request)))

    async def _snapshot(self, request: web.Request) -> web.StreamResponse:
        return await streams.snapshot(self._feed(request))

    async def _preview(self, request: web.Request) -> web.StreamResponse:
        self._admission.check_operator(request)
        return await self._endless.respond(streams.stream_mjpeg(request, self._context.preview))

    async def _preview_snapshot(self, request: web.Request) -> web.StreamResponse:
        self._admission.check_operator(request)
        return await streams.snapshot(self._context.preview)

    def _shot(self, request: web.Request) -> str:
        shot = request.match_info.get("shot", self._context.shots[0])
        if shot not in self._context.shots:
            raise web.HTTPNotFound(text=no_shot(shot, self._context.shots))
        return shot

    def _feed(self, request: web.Request) -> MjpegFeed:
        shot = self._shot(request)
        self._admission.check(request, shot)
        try:
            return self._context.feed(shot)
        except KeyError:
            raise web.HTTPNotFound(
                text=f"shot {shot!r} is not sent to the web; start with --sink mjpeg"
            ) from None


@web.middleware
async def _errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPRedirection:
        raise
    except RefusedError as error:
        return error_response(error.status, str(error), error.reason)
    except web.HTTPNotFound as error:
        known = error.text not in (None, NOTHING_SAID)
        sentence = str(error.text) if known else f"there is nothing at {request.path}"
        return missing_page(sentence) if wants_page(request) else error_response(404, sentence)
    except web.HTTPException as error:
        response = error_response(error.status, error.text or error.reason)
        if isinstance(error, web.HTTPMethodNotAllowed):
            response.headers[hdrs.ALLOW] = error.headers[hdrs.ALLOW]
        return response
    except ConnectionError:
        raise
    except Exception as error:
        log.error("the web server failed at %s: %s", _route(request), error)
        log.debug("the request that failed", exc_info=True)
        return error_response(500, "the program made a mistake; its log says more")


def _route(request: web.Request) -> str:
    """Which address was asked for, without what the client filled in.

    A viewer's and a camera's address are secrets, and %0A in one would begin a line of the log.
    """
    resource = request.match_info.route.resource
    return f"{request.method} {resource.canonical if resource is not None else 'no page'}"
