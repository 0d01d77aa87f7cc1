"""WHEP: a viewer's offer is answered, changed and ended over HTTP (draft-ietf-wish-whep)."""

from __future__ import annotations

import time
from collections.abc import Mapping

from aiohttp import hdrs, web

from livetrack_vcam.room.page_sample import read_sample
from livetrack_vcam.room.room import NoNetworkError, Room, RoomFullError, TooManyJoinsError
from livetrack_vcam.room.viewer import Viewer
from livetrack_vcam.room.wish import Wish, read_wish
from livetrack_vcam.web.admission import Admission
from livetrack_vcam.web.body import read_object, read_text
from livetrack_vcam.web.guard import error_response
from livetrack_vcam.web.sdp import SDP, TRICKLE, no_common_codec
from livetrack_vcam.webrtc.offer import NoCommonCodecError, OfferError

RETRY_FULL_S = "10"
RETRY_BUSY_S = "1"


class Whep:
    """The endpoints of every room, by shot. Who knows a viewer's address may change it."""

    def __init__(self, rooms: Mapping[str, Room], admission: Admission) -> None:
        self._rooms = rooms
        self._admission = admission

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/whep/{shot}", self._join),
            web.get("/whep/{shot}/{viewer}", self._look, allow_head=False),
            web.patch("/whep/{shot}/{viewer}", self._change),
            web.post("/whep/{shot}/{viewer}/stats", self._listen),
            web.delete("/whep/{shot}/{viewer}", self._leave),
        ]

    async def _join(self, request: web.Request) -> web.StreamResponse:
        room = find_room(self._rooms, request)
        self._admission.check(request, room.shot)
        query = {name: value for name, value in request.query.items() if name != "t"}
        try:
            wish = read_wish(query, Wish())
            viewer, answer = await room.join(await read_text(request, SDP), wish)
        except NoCommonCodecError as error:
            return no_common_codec(error)
        except (OfferError, ValueError) as error:
            return error_response(400, str(error))
        except RoomFullError as error:
            return _later(503, str(error), "full", RETRY_FULL_S)
        except TooManyJoinsError as error:
            return _later(429, str(error), "busy", RETRY_BUSY_S)
        except NoNetworkError as error:
            return error_response(503, str(error), "no_network")
        headers = {hdrs.LOCATION: f"/whep/{room.shot}/{viewer.id}", hdrs.ETAG: _etag(viewer)}
        return web.Response(status=201, text=answer, content_type=SDP, headers=headers)

    async def _look(self, request: web.Request) -> web.StreamResponse:
        viewer = self._viewer(request)
        room = find_room(self._rooms, request)
        described = {
            **viewer.described(),
            "viewers": len(room.viewers),
            "clock": viewer.clock(time.monotonic_ns()),
        }
        return web.json_response(described, headers={hdrs.ETAG: _etag(viewer)})

    async def _change(self, request: web.Request) -> web.StreamResponse:
        viewer = self._viewer(request)
        if request.headers.get(hdrs.IF_MATCH, "*") not in ("*", _etag(viewer)):
            return error_response(412, "this session was changed meanwhile; read it again")
        if request.content_type == TRICKLE:
            return await self._trickle(request, viewer)
        changes = await read_object(request)
        if "codec" in changes:
            return error_response(400, "the codec is chosen when joining; join again for another")
        try:
            wish = read_wish(changes, viewer.wish)
            find_room(self._rooms, request).rewish(viewer, wish)
        except ValueError as error:
            return error_response(400, str(error))
        return web.json_response(viewer.described(), headers={hdrs.ETAG: _etag(viewer)})

    async def _trickle(self, request: web.Request, viewer: Viewer) -> web.StreamResponse:
        try:
            await viewer.peer.add_candidates(await read_text(request, TRICKLE))
        except OfferError as error:
            return error_response(400, str(error))
        return web.Response(status=204)

    async def _listen(self, request: web.Request) -> web.StreamResponse:
        """The page's own statistics."""
        viewer = self._viewer(request)
        try:
            viewer.sample = read_sample(await read_object(request))
        except ValueError as error:
            return error_response(400, str(error))
        return web.Response(status=204)

    async def _leave(self, request: web.Request) -> web.StreamResponse:
        viewer = self._viewer(request)
        await find_room(self._rooms, request).leave(viewer.id)
        return web.json_response({"ok": True})

    def _viewer(self, request: web.Request) -> Viewer:
        try:
            return find_room(self._rooms, request).viewer(request.match_info["viewer"])
        except KeyError:
            raise web.HTTPNotFound(text="this viewer has left; join again") from None


def find_room(rooms: Mapping[str, Room], request: web.Request) -> Room:
    """The room of the shot in the address. Raises HTTPNotFound."""
    shot = request.match_info["shot"]
    room = rooms.get(shot)
    if room is None:
        others = f", or watch {', '.join(rooms)}" if rooms else ""
        raise web.HTTPNotFound(
            text=f"shot {shot[:40]!r} has no room; start with --sink room{others}"
        )
    return room


def _etag(viewer: Viewer) -> str:
    return f'"{viewer.number}-{viewer.changes}"'


def _later(status: int, sentence: str, reason: str, after_s: str) -> web.Response:
    response = error_response(status, sentence, reason)
    response.headers[hdrs.RETRY_AFTER] = after_s
    return response
