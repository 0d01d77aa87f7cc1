"""The page that makes a phone the camera, and who is told the way to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from aiohttp import hdrs, web

from livetrack_vcam.core.crew import no_shot
from livetrack_vcam.web.addresses import Links
from livetrack_vcam.web.guard import SECURITY_HEADERS, unauthorized
from livetrack_vcam.web.operator import Operators
from livetrack_vcam.web.pages import viewer_root
from livetrack_vcam.web.qr import qr_svg
from livetrack_vcam.web.whip import CameraKey, Whip

PATH = "/camera"
_POLICY = SECURITY_HEADERS["Permissions-Policy"]
PERMISSIONS = _POLICY.replace("camera=()", "camera=(self)").replace(
    "microphone=()", "microphone=(self)"
)
"""Of this page alone: no other one may ask for a camera."""


class CameraPage:
    """GET /camera, /api/camera and /qr.svg."""

    def __init__(
        self,
        whip: Whip,
        key: CameraKey,
        operators: Operators,
        links: Callable[[], Links],
        shots: Sequence[str],
        room_secret: Callable[[str], str] = lambda _shot: "",
    ) -> None:
        """`room_secret` gives what the link of an invited room has behind its #, or nothing."""
        self._whip = whip
        self._key = key
        self._operators = operators
        self._links = links
        self._shots = shots
        self._room_secret = room_secret

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(PATH, self._page),
            web.get("/api/camera", self._camera),
            web.post("/api/camera/link", self._link),
            web.get("/qr.svg", self._qr),
        ]

    @property
    def link(self) -> str:
        """The phone's link with its secret: never logged."""
        links = self._links()
        reach = [*links.secure(PATH), *links.network(PATH), links.here(PATH)]
        return f"{reach[0]}#k={self._key.secret}"

    async def _page(self, _request: web.Request) -> web.StreamResponse:
        headers = {"Permissions-Policy": PERMISSIONS}
        return web.FileResponse(viewer_root() / "camera.html", headers=headers)

    async def _camera(self, request: web.Request) -> web.StreamResponse:
        """Whether a camera is wanted, and whether who asks may have the link."""
        operator = self._operators.may_read(request)
        return web.json_response(self._whip.status | {"operator": operator})

    async def _link(self, request: web.Request) -> web.StreamResponse:
        """The phone's link; `reachable`: it leads from a phone to here, and encrypted."""
        if not self._operators.may_change(request):
            return unauthorized()
        reachable = bool(self._links().secure(PATH))
        return web.json_response({"link": self.link, "reachable": reachable})

    async def _qr(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("camera") == "1":
            if not self._operators.may_read(request):
                return unauthorized()
            return _picture(self.link)
        shot = request.query.get("shot", self._shots[0])
        if shot not in self._shots:
            raise web.HTTPNotFound(text=no_shot(shot, self._shots))
        return self._room_qr(request, shot)

    def _room_qr(self, request: web.Request, shot: str) -> web.StreamResponse:
        network = self._links().network(f"/room/{shot}")
        if not network:
            raise web.HTTPNotFound(
                text="only this computer can open the room; start with --host 0.0.0.0"
            )
        # Whoever sees the code sees the page by one of the addresses: that one works.
        asked = f"//{request.headers.get(hdrs.HOST, '')}/"
        link = next((each for each in network if asked in each), network[0])
        secret = self._room_secret(shot) if self._operators.may_read(request) else ""
        return _picture(f"{link}#t={secret}" if secret else link)


def _picture(link: str) -> web.Response:
    return web.Response(body=qr_svg(link), content_type="image/svg+xml")
