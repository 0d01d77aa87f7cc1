"""Who watches one shot: joining, leaving, and the limits."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace

from livetrack_vcam.room.history import History
from livetrack_vcam.room.rendition import Encoders
from livetrack_vcam.room.renditions import Renditions
from livetrack_vcam.room.sound_encoding import SoundEncoding
from livetrack_vcam.room.upload import upload_kbps
from livetrack_vcam.room.viewer import Viewer
from livetrack_vcam.room.wish import Limits, Wish
from livetrack_vcam.room_status import EncodingStatus, RoomStatus
from livetrack_vcam.sinks.room import RoomFeed
from livetrack_vcam.webrtc.encoded import Codec
from livetrack_vcam.webrtc.offer import read_offer
from livetrack_vcam.webrtc.peer import SendingPeer, choose_codec

log = logging.getLogger(__name__)

StartThread = Callable[[Callable[[], None], str], None]
PREFERRED = (Codec.H264, Codec.VP8)
TICK_S = 1.0
PHASES = 10
"""Viewers take turns within TICK_S: a hundred at once would hold the loop for 7 ms."""


class RoomFullError(Exception):
    """As many viewers, or as much upload, as the operator allows."""


class TooManyJoinsError(Exception):
    """More viewers than usual are just about to connect."""


class NoNetworkError(Exception):
    """This computer has no address that packets could be sent to."""


class Room:
    """One shot's viewers. Belongs to one asyncio loop; nothing here blocks it."""

    def __init__(
        self,
        shot: str,
        feed: RoomFeed,
        start_thread: StartThread,
        limits: Limits | None = None,
        ice_servers: Sequence[str] = (),
        sound: SoundEncoding | None = None,
        picture_delay_ns: Callable[[], int] = lambda: 0,
        encoders: Encoders | None = None,
    ) -> None:
        """`picture_delay_ns`: by how much pictures are held back, and so must be the sound.

        `encoders`: those of all rooms, so that hardware proves itself once.
        """
        self.shot = shot
        self.canvas = feed.canvas
        self.limits = limits or Limits()
        self.ice_servers = tuple(ice_servers)
        self.history = History()
        self.sound = sound
        self._picture_delay_ns = picture_delay_ns
        self._loop = asyncio.get_running_loop()
        self.renditions = Renditions(feed, start_thread, self._loop, encoders)
        self._viewers: dict[str, Viewer] = {}
        self._arriving: set[str] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self._joined = 0
        self._turned_away = 0
        self._ticking: asyncio.TimerHandle | None = None
        self._phase = 0
        if self._least_kbps > self._upload_left():
            log.warning("nobody can watch %s: %s", shot, self._too_little)

    @property
    def viewers(self) -> tuple[Viewer, ...]:
        return tuple(self._viewers.values())

    @property
    def full(self) -> bool:
        no_place = len(self._viewers) >= self.limits.viewers
        return no_place or self._least_kbps > self._upload_left()

    async def join(self, sdp: str, wish: Wish) -> tuple[Viewer, str]:
        """A new viewer and the answer to the offer.

        Raises OfferError, RoomFullError, TooManyJoinsError or NoNetworkError.
        """
        self._check_places()
        offer = read_offer(sdp)
        wanted = (wish.codec,) if wish.codec else PREFERRED
        codec = choose_codec(offer, wanted)
        wish = self._afforded(wish, codec, self._upload_left())
        peer = SendingPeer(codec, self.ice_servers)
        self._joined += 1
        now_s = self._loop.time()
        viewer = Viewer(
            self._joined, peer, self.renditions, self.sound, wish, now_s, self._picture_delay_ns
        )
        self._viewers[viewer.id] = viewer
        self._arriving.add(viewer.id)
        peer.on_connected = lambda: self._arrived(viewer)
        peer.on_end = lambda: self._gone(viewer)
        self._loop.call_later(self.limits.connect_s, self._give_up, viewer)
        self._keep_ticking()
        answer = await peer.answer(offer, sound=self.sound is not None)
        if "a=candidate:" not in answer:
            # Browsers send nothing to the loopback address, not even on this computer.
            await peer.close()
            raise NoNetworkError("this computer is on no network, which live video (WebRTC) needs")
        return viewer, answer

    def viewer(self, viewer_id: str) -> Viewer:
        """Raises KeyError."""
        return self._viewers[viewer_id]

    def rewish(self, viewer: Viewer, wish: Wish) -> None:
        """Send it that from now on, or what of it the upload leaves to this viewer."""
        left_kbps = self._upload_left() + self._upload_of(viewer.most_kbps)
        viewer.rewish(self._afforded(wish, viewer.peer.codec, left_kbps))

    async def leave(self, viewer_id: str) -> None:
        """Raises KeyError."""
        await self._viewers[viewer_id].peer.close()

    async def close(self) -> None:
        """Send everybody home. The server that lets people in has stopped."""
        if self._ticking is not None:
            self._ticking.cancel()
        await asyncio.gather(*(viewer.peer.close() for viewer in self.viewers))
        await asyncio.gather(*self._closing)
        self.renditions.close()

    def status(self) -> RoomStatus:
        now_s = self._loop.time()
        return RoomStatus(
            self.shot,
            tuple(viewer.status(now_s) for viewer in self.viewers),
            tuple(self._encodings()),
            self._upload_kbps(),
            self._joined,
            self._turned_away,
        )

    def _encodings(self) -> list[EncodingStatus]:
        return [
            EncodingStatus(
                each.spec.codec.value,
                each.spec.width,
                each.spec.height,
                each.spec.kbps,
                each.encoder,
                each.viewers,
                each.fps,
                each.pictures,
                each.keyframes,
                each.skipped,
                each.error,
            )
            for each in self.renditions.status
        ]

    def _upload_kbps(self) -> int:
        return sum(viewer.kbps for viewer in self.viewers)

    def _upload_left(self) -> float:
        """Kilobits a second that nobody can take, even if every network bears what was picked."""
        if self.limits.upload_kbps is None:
            return math.inf
        taken = (self._upload_of(viewer.most_kbps) for viewer in self.viewers)
        return self.limits.upload_kbps - sum(taken)

    @property
    def _least_kbps(self) -> float:
        """What whoever comes takes at least."""
        return self._upload_of(self.renditions.specs(PREFERRED[0])[-1].kbps)

    @property
    def _too_little(self) -> str:
        return (
            f"its smallest picture takes {math.ceil(self._least_kbps)} kbit/s, and --max-upload "
            f"allows {self.limits.upload_kbps}"
        )

    def _upload_of(self, picture_kbps: int) -> float:
        """Who watches without sound may switch it on at any time."""
        return upload_kbps(picture_kbps, self.canvas.fps, self.sound is not None)

    def _afforded(self, wish: Wish, codec: Codec, left_kbps: float) -> Wish:
        """The wish, or a smaller picture where no more is left. The smallest always is: `full`."""
        specs = self.renditions.specs(codec)
        picked = self.renditions.spec(codec, wish.height)
        smaller = specs[specs.index(picked) :]
        fitting = (spec for spec in smaller if self._upload_of(spec.kbps) <= left_kbps)
        spec = next(fitting, specs[-1])
        return wish if spec == picked else replace(wish, height=spec.rows)

    def _check_places(self) -> None:
        limits = self.limits
        if len(self._arriving) >= limits.half_open:
            raise TooManyJoinsError("many viewers are joining just now; try again in a moment")
        if not self.full:
            return
        self._turned_away += 1
        if len(self._viewers) >= limits.viewers:
            raise RoomFullError(f"all {limits.viewers} places of this room are taken; try later")
        if not self._viewers:
            raise RoomFullError(f"nobody can watch this room: {self._too_little}")
        raise RoomFullError("the camera's upload is used up by the viewers here; try later")

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

    def _keep_ticking(self) -> None:
        if self._ticking is None:
            self._ticking = self._loop.call_later(TICK_S / PHASES, self._tick)

    def _tick(self) -> None:
        self._ticking = None
        self._phase = (self._phase + 1) % PHASES
        now_s = self._loop.time()
        for viewer in self.viewers:
            if viewer.number % PHASES == self._phase:
                viewer.tick(now_s)
                self.history.add(self._row(viewer, now_s))
        if self._viewers:
            self._keep_ticking()

    def _row(self, viewer: Viewer, now_s: float) -> dict[str, object]:
        sent = asdict(viewer.status(now_s))
        page = asdict(viewer.sample) if viewer.sample else {}
        return (
            sent
            | {f"page_{name}": value for name, value in page.items()}
            | {
                "time": round(time.time(), 1),
                "viewer": viewer.number,
                "name": viewer.wish.name,
                "target_kbps": viewer.kbps,
                "sent_kbps": viewer.peer.picture.stats.kbps,
                "sent_fps": viewer.fps,
            }
        )
