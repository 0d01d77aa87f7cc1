"""WHEP: a viewer's offer is answered, changed and ended over HTTP."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import hdrs, web

from livetrack_vcam.room.room import Room, RoomFullError, TooManyJoinsError
from livetrack_vcam.room.viewer import Viewer
from livetrack_vcam.room.wish import Wish, read_wish
from livetrack_vcam.web.body import read_object
from livetrack_vcam.web.guard import error_response
from livetrack_vcam.webrtc.offer import MAX_OFFER_BYTES, NoCommonCodecError, OfferError

SDP = "application/sdp"
TRICKLE = "application/trickle-ice-sdpfrag"
RETRY_FULL_S = "10"
RETRY_BUSY_S = "1"


class Whep:
    """The endpoints of every room, by shot."""

    def __init__(self, rooms: Mapping[str, Room]) -> None:
        self._rooms = rooms

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/whep/{shot}", self._join),
            web.get("/whep/{shot}/{id}", self._look, allow_head=False),
            web.patch("/whep/{shot}/{id}", self._change),
            web.delete("/whep/{shot}/{id}", self._leave),
        ]

    async def _join(self, request: web.Request) -> web.StreamResponse:
        room = self._room(request)
        if request.content_type != SDP:
            return error_response(415, f"the body is an SDP offer; send it as {SDP}")
        if (request.content_length or 0) > MAX_OFFER_BYTES:
            return error_response(413, f"an offer has at most {MAX_OFFER_BYTES // 1024} KiB")
        try:
            wish = read_wish(request.query, Wish())
            viewer, answer = await room.join(await request.text(), wish)
        except NoCommonCodecError as error:
            body = {"error": str(error), "offered": error.offered, "ours": error.ours}
            return web.json_response(body, status=406)
        except OfferError as error:
            return error_response(400, str(error))
        except ValueError as error:
            return error_response(400, str(error))
        except RoomFullError as error:
            return _later(503, str(error), RETRY_FULL_S, "full")
        except TooManyJoinsError as error:
            return _later(429, str(error), RETRY_BUSY_S, "busy")
        headers = {hdrs.LOCATION: f"/whep/{room.shot}/{viewer.id}", hdrs.ETAG: _etag(viewer)}
        return web.Response(status=201, text=answer, content_type=SDP, headers=headers)

    async def _look(self, request: web.Request) -> web.StreamResponse:
        room = self._room(request)
        viewer = self._viewer(request)
        described = {**viewer.described(), "viewers": len(room.viewers)}
        return web.json_response(described, headers={hdrs.ETAG: _etag(viewer)})

    async def _change(self, request: web.Request) -> web.StreamResponse:
        viewer = self._viewer(request)
        if request.headers.get(hdrs.IF_MATCH, "*") not in ("*", _etag(viewer)):
            return error_response(412, "this session was changed meanwhile; read it again")
        if request.content_type == TRICKLE:
            # The browser becomes known by its first packet; its candidates add nothing.
            return web.Response(status=204)
        try:
            viewer.rewish(read_wish(await read_object(request), viewer.wish))
        except ValueError as error:
            return error_response(400, str(error))
        return web.json_response(viewer.described(), headers={hdrs.ETAG: _etag(viewer)})

    async def _leave(self, request: web.Request) -> web.StreamResponse:
        viewer = self._viewer(request)
        await self._room(request).leave(viewer.id)
        return web.json_response({"ok": True})

    def _room(self, request: web.Request) -> Room:
        shot = request.match_info["shot"]
        room = self._rooms.get(shot)
        if room is None:
            raise web.HTTPNotFound(
                text=f"shot {shot[:40]!r} has no room; start with --sink room"
                + (f", or watch {', '.join(self._rooms)}" if self._rooms else "")
            )
        return room

    def _viewer(self, request: web.Request) -> Viewer:
        try:
            return self._room(request).viewer(request.match_info["id"])
        except KeyError:
            raise web.HTTPNotFound(text="this viewer has left; join again") from None


def _etag(viewer: Viewer) -> str:
    return f'"{viewer.id[:8]}-{viewer.change}"'


def _later(status: int, sentence: str, after_s: str, reason: str) -> web.Response:
    body = {"error": sentence, "reason": reason}
    return web.json_response(body, status=status, headers={hdrs.RETRY_AFTER: after_s})
