"""What there is to know of a room before one joins it, and what its operator wants to know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from aiohttp import hdrs, web

from livetrack_vcam.room.invitations import Invitations
from livetrack_vcam.room.renditions import kbps_of
from livetrack_vcam.room.room import Room
from livetrack_vcam.web.addresses import Links
from livetrack_vcam.web.admission import Admission
from livetrack_vcam.web.body import read_object
from livetrack_vcam.web.guard import error_response, unauthorized
from livetrack_vcam.web.operator import Operators
from livetrack_vcam.web.whep import find_room
from livetrack_vcam.webrtc.encoded import Codec

DAY_S = 24 * 3600.0
LONGEST_S = 366 * DAY_S
SHORTEST_S = 60.0


class RoomApi:
    """Everything under /api/room. Names of viewers, and invitations, are for the operator."""

    def __init__(
        self,
        rooms: Mapping[str, Room],
        admission: Admission,
        operators: Operators,
        invitations: Invitations,
        links: Callable[[], Links],
    ) -> None:
        self._rooms = rooms
        self._admission = admission
        self._operators = operators
        self._invitations = invitations
        self._links = links

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/room/{shot}", self._describe),
            web.get("/api/room/{shot}/viewers", self._viewers),
            web.get("/api/room/{shot}/stats.csv", self._stats),
            web.post("/api/room/{shot}/invitation", self._invite),
        ]

    async def _describe(self, request: web.Request) -> web.StreamResponse:
        room = find_room(self._rooms, request)
        self._admission.check(request, room.shot)
        links, path = self._links(), f"/room/{room.shot}"
        here = links.here(path)
        return web.json_response(
            {
                **describe(room),
                "invited_only": self._admission.invited_only,
                "links": {"here": here, "network": [*links.secure(path), *links.network(path)]},
            }
        )

    async def _viewers(self, request: web.Request) -> web.StreamResponse:
        room = find_room(self._rooms, request)
        if not self._operators.may_read(request):
            return unauthorized()
        names = {viewer.number: viewer.wish.name for viewer in room.viewers}
        viewers = [
            asdict(viewer) | {"name": names.get(viewer.number, "")}
            for viewer in room.status().viewers
        ]
        return web.json_response({"viewers": viewers})

    async def _stats(self, request: web.Request) -> web.StreamResponse:
        room = find_room(self._rooms, request)
        if not self._operators.may_read(request):
            return unauthorized()
        name = f'attachment; filename="livetrack-{room.shot}-viewers.csv"'
        return web.Response(
            text=room.history.to_csv(),
            content_type="text/csv",
            headers={hdrs.CONTENT_DISPOSITION: name},
        )

    async def _invite(self, request: web.Request) -> web.StreamResponse:
        """A link that is good for {"for_s": seconds}, a day if nothing is said."""
        room = find_room(self._rooms, request)
        if not self._operators.may_change(request):
            return unauthorized()
        lifetime_s = (await read_object(request)).get("for_s", DAY_S)
        number = isinstance(lifetime_s, int | float) and not isinstance(lifetime_s, bool)
        if not number or not SHORTEST_S <= lifetime_s <= LONGEST_S:
            return error_response(400, "for_s is a number of seconds, from a minute to a year")
        links = self._links()
        path = f"/room/{room.shot}#t={self._invitations.new(room.shot, lifetime_s)}"
        network = [*links.secure(path), *links.network(path)]
        return web.json_response({"path": path, "urls": network or [links.here(path)]})


def describe(room: Room) -> dict[str, Any]:
    """What the page shows before one joins."""
    size = room.canvas.size
    return {
        "shot": room.shot,
        "size": [size.width, size.height],
        "fps": float(room.canvas.fps),
        "codecs": [codec.value for codec in Codec],
        "renditions": [
            {"width": each.width, "height": each.height, "kbps": kbps_of(each, room.canvas.fps)}
            for each in room.renditions.sizes
        ],
        "viewers": len(room.viewers),
        "max_viewers": room.limits.viewers,
        "full": room.full,
        "sound": room.sound is not None,
        "ice_servers": [{"urls": url} for url in room.ice_servers],
    }
