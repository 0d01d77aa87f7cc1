"""WHIP (RFC 9725): a browser publishes its camera, which is then the program's source."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import logging
import secrets
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import av
from aiohttp import hdrs, web

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.web.body import read_text
from livetrack_vcam.web.guard import error_response
from livetrack_vcam.web.operator import Operators
from livetrack_vcam.web.sdp import SDP, TRICKLE, no_common_codec
from livetrack_vcam.webrtc.offer import NoCommonCodecError, OfferError
from livetrack_vcam.webrtc.receiving import ReceivingPeer

log = logging.getLogger(__name__)

NAME = "camera"
CONNECT_S = 15.0
"""An offer whose sender does not connect by then was not meant."""
SILENCE_NS = 2_000_000_000
"""A publisher that has sent no picture for so long may be replaced by anybody with the key."""
MAX_PUBLISHER = 64
KEPT = 16
"""Sessions whose end is remembered: their pages may end them once more."""


class Inlet(Protocol):
    """Where the pictures go: BrowserCamera."""

    @property
    def size(self) -> Size: ...

    @property
    def takes_sound(self) -> bool: ...

    def begin(self) -> None: ...

    def put(self, frame: av.VideoFrame, arrived_ns: int) -> None: ...

    def hear(self, frame: av.AudioFrame, arrived_ns: int) -> None: ...


@dataclass(slots=True, eq=False)
class Session:
    """One publisher. `publisher` is the name that its page gives itself, "" without one.

    `newest_ns`: when its last picture came, or it began (monotonic).
    """

    peer: ReceivingPeer
    publisher: str
    id: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    newest_ns: int = field(default_factory=time.monotonic_ns)
    pictures: int = 0

    @property
    def etag(self) -> str:
        return f'"{self.id[:8]}"'

    @property
    def silent(self) -> bool:
        return time.monotonic_ns() - self.newest_ns > SILENCE_NS


class CameraKey:
    """The secret in the phone's link: derived from the control token, so it ends with that."""

    def __init__(self, token: str, operators: Operators) -> None:
        made = hmac.new(token.encode(), b"livetrack phone camera", hashlib.sha256).digest()
        self._key = base64.urlsafe_b64encode(made[:15]).decode() if token else ""
        self._operators = operators

    @property
    def secret(self) -> str:
        """Never logged."""
        return self._key

    def opens(self, request: web.Request) -> bool:
        """Whether the asker has it, or is an operator."""
        scheme, _, given = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        given = given.strip()
        alike = hmac.compare_digest(given.encode(errors="surrogateescape"), self._key.encode())
        if self._key and scheme.lower() == "bearer" and alike:
            return True
        return self._operators.may_change(request)


class Whip:
    """The endpoint, one session at most: there is one camera to be.

    A second publisher gets 409, for two pages that each come back by themselves would take the
    camera from each other for ever. It may replace the first one when that is itself (its page
    says so, after its phone slept or changed the network), when that has gone silent, or when
    it asks to (`replace=1`).
    """

    def __init__(
        self,
        inlet: Inlet | None,
        key: CameraKey,
        shots: Sequence[str] = (),
        ice_servers: Sequence[str] = (),
    ) -> None:
        self._inlet = inlet
        self._key = key
        self._names = (NAME, *shots)
        self._ice_servers = tuple(ice_servers)
        self._session: Session | None = None
        self._ended: deque[str] = deque(maxlen=KEPT)
        self._taking = asyncio.Lock()
        self._closed = False
        self._closing: set[asyncio.Task[None]] = set()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/whip/{name}", self._publish),
            web.patch("/whip/{name}/{session}", self._trickle),
            web.delete("/whip/{name}/{session}", self._leave),
        ]

    @property
    def status(self) -> dict[str, Any]:
        """What the page wants to know before it publishes."""
        session = self._session
        size = self._inlet.size if self._inlet else None
        return {
            "wanted": self._inlet is not None,
            "size": [size.width, size.height] if size else None,
            "sound": self._inlet is not None and self._inlet.takes_sound,
            "publishing": session is not None and not session.silent,
        }

    async def close(self, _app: web.Application | None = None) -> None:
        """Send the publisher home, and take no other."""
        self._closed = True
        if self._session is not None:
            await self._session.peer.close()
        await asyncio.gather(*self._closing)

    async def _publish(self, request: web.Request) -> web.StreamResponse:
        inlet = self._check_name(request)
        if not self._key.opens(request):
            return _unauthorized()
        if self._closed:
            raise web.HTTPServiceUnavailable(text="the program is ending")
        publisher = request.query.get("publisher", "")[:MAX_PUBLISHER]
        replace = request.query.get("replace") == "1"
        sdp = await read_text(request, SDP)
        async with self._taking:
            if self._session is not None and not self._gives_way(publisher, replace):
                sentence = "another phone is the camera now; stop it there, or take over"
                return web.json_response({"error": sentence, "reason": "taken"}, status=409)
            try:
                session, answer = await self._take(sdp, publisher, inlet)
            except NoCommonCodecError as error:
                return no_common_codec(error)
            except OfferError as error:
                return error_response(400, str(error))
        headers = {
            hdrs.LOCATION: f"/whip/{request.match_info['name']}/{session.id}",
            hdrs.ETAG: session.etag,
        }
        return web.Response(status=201, text=answer, content_type=SDP, headers=headers)

    def _gives_way(self, publisher: str, replace: bool) -> bool:
        """Whether the session that there is makes room for this publisher."""
        session = self._session
        assert session is not None
        return replace or session.silent or (publisher != "" and publisher == session.publisher)

    async def _take(self, sdp: str, publisher: str, inlet: Inlet) -> tuple[Session, str]:
        """A new session, once its offer has turned out good. Raises OfferError."""
        session = Session(ReceivingPeer(self._ice_servers), publisher)
        answer = await session.peer.answer(sdp)
        if self._closed:
            await session.peer.close()
            raise web.HTTPServiceUnavailable(text="the program is ending")
        if "a=candidate:" not in answer:
            await session.peer.close()
            raise web.HTTPServiceUnavailable(
                text="this computer is on no network; connect it to the phone's and try again"
            )
        before, self._session = self._session, session
        if before is not None:
            self._close_soon(before)
        inlet.begin()

        def put(frame: av.VideoFrame, arrived_ns: int) -> None:
            if self._session is session:
                session.newest_ns = arrived_ns
                session.pictures += 1
                inlet.put(frame, arrived_ns)

        def hear(frame: av.AudioFrame, arrived_ns: int) -> None:
            if self._session is session:
                inlet.hear(frame, arrived_ns)

        session.peer.on_picture = put
        session.peer.on_sound = hear
        session.peer.on_end = lambda: self._gone(session)
        asyncio.get_running_loop().call_later(CONNECT_S, self._give_up, session)
        return session, answer

    async def _trickle(self, request: web.Request) -> web.StreamResponse:
        self._check_name(request)
        if not self._key.opens(request):
            return _unauthorized()
        session = self._named_session(request)
        known = request.headers.get(hdrs.IF_MATCH)
        if known is None:
            return error_response(428, "say which session is meant with If-Match")
        fragment = await read_text(request, TRICKLE)
        if session.peer.restarts(fragment):
            return error_response(422, "ICE cannot be restarted here; publish with a new offer")
        if known not in ("*", session.etag):
            return error_response(412, "this is another session than the one meant")
        try:
            await session.peer.add_candidates(fragment)
        except OfferError as error:
            return error_response(400, str(error))
        return web.Response(status=204)

    async def _leave(self, request: web.Request) -> web.StreamResponse:
        """Ends the session; one that has ended by itself, when its connection closed, too."""
        self._check_name(request)
        if not self._key.opens(request):
            return _unauthorized()
        if request.match_info["session"] not in self._ended:
            await self._named_session(request).peer.close()
        return web.json_response({"ok": True})

    def _check_name(self, request: web.Request) -> Inlet:
        if self._inlet is None:
            raise web.HTTPNotFound(
                text="this program has another camera; start it with --source browser"
            )
        name = request.match_info["name"]
        if name not in self._names:
            raise web.HTTPNotFound(
                text=f"there is no camera {name[:40]!r}; publish to /whip/{NAME}"
            )
        return self._inlet

    def _named_session(self, request: web.Request) -> Session:
        session = self._session
        if session is None or session.id != request.match_info["session"]:
            raise web.HTTPNotFound(text="this session has ended; publish again")
        return session

    def _gone(self, session: Session) -> None:
        self._ended.append(session.id)
        if self._session is session:
            self._session = None

    def _give_up(self, session: Session) -> None:
        if self._session is session and session.peer.state in ("new", "connecting"):
            self._close_soon(session)

    def _close_soon(self, session: Session) -> None:
        task = asyncio.ensure_future(session.peer.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def _unauthorized() -> web.Response:
    response = error_response(
        401, "this link has lost its key; scan the code on the computer with LiveTrack again"
    )
    response.headers[hdrs.WWW_AUTHENTICATE] = 'Bearer realm="livetrack camera"'
    return response
