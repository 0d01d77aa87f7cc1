"""Who watches one shot: joining, leaving, and the limits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from livetrack_vcam.room.renditions import Renditions
from livetrack_vcam.room.viewer import Viewer
from livetrack_vcam.room.wish import Limits, Wish
from livetrack_vcam.sinks.room import RoomFeed
from livetrack_vcam.webrtc.encoded import Codec
from livetrack_vcam.webrtc.offer import read_offer
from livetrack_vcam.webrtc.peer import SendingPeer, choose_codec

StartThread = Callable[[Callable[[], None], str], None]
PREFERRED = (Codec.H264, Codec.VP8)


class RoomFullError(Exception):
    """As many viewers, or as much upload, as the operator allows."""


class TooManyJoinsError(Exception):
    """More viewers than usual are just about to connect."""


class Room:
    """One shot's viewers. Belongs to one asyncio loop; nothing here blocks it."""

    def __init__(
        self,
        shot: str,
        feed: RoomFeed,
        start_thread: StartThread,
        limits: Limits | None = None,
        ice_servers: Sequence[str] = (),
    ) -> None:
        self.shot = shot
        self.canvas = feed.canvas
        self.limits = limits or Limits()
        self.ice_servers = tuple(ice_servers)
        self._loop = asyncio.get_running_loop()
        self._renditions = Renditions(feed, start_thread, self._loop)
        self._viewers: dict[str, Viewer] = {}
        self._arriving: set[str] = set()
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def viewers(self) -> tuple[Viewer, ...]:
        return tuple(self._viewers.values())

    async def join(self, sdp: str, wish: Wish) -> tuple[Viewer, str]:
        """A new viewer and the answer to the offer.

        Raises OfferError, RoomFullError or TooManyJoinsError.
        """
        self._check_places()
        offer = read_offer(sdp)
        wanted = (wish.codec,) if wish.codec else PREFERRED
        peer = SendingPeer(choose_codec(offer, wanted), self.ice_servers)
        viewer = Viewer(peer, self._renditions, wish, self._loop.time())
        self._viewers[viewer.id] = viewer
        self._arriving.add(viewer.id)
        peer.on_connected = lambda: self._arrived(viewer)
        peer.on_end = lambda: self._gone(viewer)
        answer = await peer.answer(offer)
        self._loop.call_later(self.limits.connect_s, self._give_up, viewer)
        return viewer, answer

    def viewer(self, viewer_id: str) -> Viewer:
        """Raises KeyError."""
        return self._viewers[viewer_id]

    async def leave(self, viewer_id: str) -> None:
        """Raises KeyError."""
        await self._viewers[viewer_id].peer.close()

    async def close(self) -> None:
        await asyncio.gather(*(viewer.peer.close() for viewer in self.viewers))
        await asyncio.gather(*self._closing)

    def _check_places(self) -> None:
        limits = self.limits
        if len(self._viewers) >= limits.viewers:
            raise RoomFullError(f"all {limits.viewers} places of this room are taken; try later")
        upload = sum(viewer.kbps for viewer in self.viewers)
        if limits.upload_kbps is not None and upload >= limits.upload_kbps:
            raise RoomFullError("the camera's upload is used up by the viewers here; try later")
        if len(self._arriving) >= limits.half_open:
            raise TooManyJoinsError("many viewers are joining just now; try again in a moment")

    def _arrived(self, viewer: Viewer) -> None:
        self._arriving.discard(viewer.id)
        viewer.watch()

    def _gone(self, viewer: Viewer) -> None:
        self._arriving.discard(viewer.id)
        if self._viewers.pop(viewer.id, None) is not None:
            viewer.leave()
            self._close_soon(viewer)

    def _give_up(self, viewer: Viewer) -> None:
        """Who has not connected by now never will."""
        if viewer.id in self._arriving:
            self._close_soon(viewer)

    def _close_soon(self, viewer: Viewer) -> None:
        task = self._loop.create_task(viewer.peer.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
