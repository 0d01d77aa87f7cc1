"""The control API: status, events, commands, settings, devices, sign-in, metrics."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import hdrs, web

from livetrack_vcam.core.crew import no_shot
from livetrack_vcam.devices import Devices, list_devices
from livetrack_vcam.web import metrics, streams
from livetrack_vcam.web.body import read_object
from livetrack_vcam.web.context import WebContext
from livetrack_vcam.web.guard import error_response, unauthorized
from livetrack_vcam.web.openapi import document
from livetrack_vcam.web.operator import Operators
from livetrack_vcam.web.streams import MAX_EVENT_HZ, Endless

MAX_EVENT_CLIENTS = 32
MAX_HZ_DIGITS = 3  # Python refuses to read a number of thousands of them


class ControlApi:
    """Everything under /api, and /metrics. Reading needs no token, changing does."""

    def __init__(self, context: WebContext, operators: Operators, endless: Endless) -> None:
        self._context = context
        self._operators = operators
        self._endless = endless
        self._event_clients = 0
        self._status_text = streams.StatusText(context.status)
        self._looking: asyncio.Task[Devices] | None = None

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/healthz", self._healthz),
            web.get("/metrics", self._metrics),
            web.get("/api/status", self._status),
            web.get("/api/stats", self._stats),
            web.get("/api/events", self._events, allow_head=False),
            web.post("/api/command", self._command),
            web.get("/api/settings", self._settings),
            web.put("/api/settings", self._change_settings),
            web.get("/api/devices", self._devices),
            web.get("/api/openapi.json", self._openapi),
            web.get("/api/session", self._session),
            web.post("/api/sign-in", self._sign_in),
        ]

    async def _healthz(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response({"ok": True})

    async def _metrics(self, _request: web.Request) -> web.StreamResponse:
        text = metrics.prometheus_text(self._context.stats())
        return web.Response(text=text, headers={hdrs.CONTENT_TYPE: metrics.CONTENT_TYPE})

    async def _status(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response(self._context.status())

    async def _stats(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response(self._context.stats())

    async def _events(self, request: web.Request) -> web.StreamResponse:
        asked = request.query.get("hz", "15")
        number = asked.isascii() and asked.isdigit() and len(asked) <= MAX_HZ_DIGITS
        if not number or not 1 <= int(asked) <= MAX_EVENT_HZ:
            return error_response(400, f"hz is a whole number from 1 to {MAX_EVENT_HZ:.0f}")
        if self._event_clients >= MAX_EVENT_CLIENTS:
            return error_response(503, "too many event streams at once; close one and try again")
        self._event_clients += 1
        try:
            events = streams.stream_events(request, self._status_text, 1 / int(asked))
            return await self._endless.respond(events)
        finally:
            self._event_clients -= 1

    async def _command(self, request: web.Request) -> web.StreamResponse:
        if not self._operators.may_change(request):
            return unauthorized()
        body = await read_object(request)
        target = body.pop("target", None)
        if target is not None and target not in self._context.shots:
            return error_response(400, no_shot(target, self._context.shots))
        try:
            return _done(await self._context.command(target, body))
        except ValueError as error:
            return error_response(400, str(error))

    async def _settings(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response(self._context.settings())

    async def _change_settings(self, request: web.Request) -> web.StreamResponse:
        if not self._operators.may_change(request):
            return unauthorized()
        body = await read_object(request)
        try:
            return _done(await self._context.change_settings(body))
        except ValueError as error:
            return error_response(400, str(error))

    async def _devices(self, _request: web.Request) -> web.StreamResponse:
        """Asking the system may block; whoever asks meanwhile gets the same answer."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(asyncio.to_thread(list_devices))
        devices = await asyncio.shield(self._looking)
        return web.json_response(devices.to_json())

    async def _openapi(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response(document())

    async def _session(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"operator": self._operators.may_read(request)})

    async def _sign_in(self, request: web.Request) -> web.StreamResponse:
        if not self._operators.has_token(request):
            return unauthorized()
        return web.json_response({"url": self._operators.sign_in_path()})


def _done(carried_out: bool) -> web.Response:
    answer: dict[str, Any] = {"ok": True} if carried_out else {"ok": True, "queued": True}
    return web.json_response(answer)
