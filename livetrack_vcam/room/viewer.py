"""One viewer of the room: the peer, what was wished, and the rendition that is sent."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.room.page_sample import PageSample
from livetrack_vcam.room.playout import Playout
from livetrack_vcam.room.renditions import Renditions
from livetrack_vcam.room.sound_encoding import SoundEncoding
from livetrack_vcam.room.supply import Supply
from livetrack_vcam.room.wish import Wish
from livetrack_vcam.room_status import ViewerStatus
from livetrack_vcam.stats import NS_PER_MS
from livetrack_vcam.webrtc.encoded import VIDEO_CLOCK_HZ
from livetrack_vcam.webrtc.peer import SendingPeer


class Viewer:
    """Belongs to the room's asyncio loop. `id` is a secret between the viewer and us, `number`
    is what everybody else knows it by."""

    def __init__(
        self,
        number: int,
        peer: SendingPeer,
        renditions: Renditions,
        sound: SoundEncoding | None,
        wish: Wish,
        now_s: float,
        sound_delay_ns: Callable[[], int] = lambda: 0,
    ) -> None:
        self.id = secrets.token_urlsafe(16)
        self.number = number
        self.peer = peer
        self.wish = wish
        self.changes = 0
        self.sample: PageSample | None = None
        self.fps: float | None = None
        self._joined_s = now_s
        self._sound = sound
        self._sound_delay_ns = sound_delay_ns
        self._renditions = renditions
        self._supply = Supply(peer.picture, renditions, peer.codec)
        self._watching = False
        self._listening = False
        self._counted = (now_s, 0)
        self._playout = Playout()
        self._nacked = 0
        self._delay_playout()

    @property
    def kbps(self) -> int:
        """What the rendition is made for."""
        return self._supply.spec.kbps if self._supply.spec else 0

    @property
    def most_kbps(self) -> int:
        """What it takes when its network bears all that it wishes for."""
        return self._renditions.spec(self.peer.codec, self.wish.height).kbps

    @property
    def size(self) -> Size:
        return self._supply.spec.size if self._supply.spec else Size(0, 0)

    def watch(self) -> None:
        """Take the pictures that suit the wish, and the sound if it is wanted."""
        self._watching = True
        self._supply.pick(self.wish.height)
        self._listen(self.wish.sound)

    def rewish(self, wish: Wish) -> None:
        picked_anew = wish.height != self.wish.height
        self.wish = wish
        self.changes += 1
        self._delay_playout()
        if self._watching:
            if picked_anew:
                self._supply.pick(wish.height)
            self._listen(wish.sound)

    def leave(self) -> None:
        """Take nothing more."""
        self._watching = False
        self._supply.end()
        self._listen(False)

    def tick(self, now_s: float) -> None:
        """Once a second: count, and look how the network bears it."""
        self._supply.tick()
        said = self.peer.picture.stats
        self._playout.observe(said.nack - self._nacked)
        self._nacked = said.nack
        self._delay_playout()
        pictures = said.pictures
        since_s, before = self._counted
        if now_s > since_s:
            self.fps = (pictures - before) / (now_s - since_s)
        self._counted = (now_s, pictures)

    def described(self) -> Mapping[str, Any]:
        """What the viewer is sent now."""
        return {
            "codec": self.peer.codec.value,
            "width": self.size.width,
            "height": self.size.height,
            "kbps": self.kbps,
            "mode": self.wish.mode.value,
            "reduced": self._supply.reduced,
            "sound": self._listening,
        }

    def clock(self, now_ns: int) -> Mapping[str, Any] | None:
        """When an RTP timestamp was captured: at capture_ms + (timestamp - rtp) / 90."""
        last = self.peer.picture.clock
        if last is None:
            return None
        rtp, captured_ns = last
        return {
            "now_ms": now_ns / NS_PER_MS,
            "rtp": rtp,
            "capture_ms": captured_ns / NS_PER_MS,
            "rate": VIDEO_CLOCK_HZ,
        }

    def status(self, now_s: float) -> ViewerStatus:
        said = self.peer.picture.stats
        return ViewerStatus(
            number=self.number,
            state=self.peer.state,
            codec=self.peer.codec.value,
            width=self.size.width,
            height=self.size.height,
            kbps=self.kbps,
            mode=self.wish.mode.value,
            sound=self._listening,
            joined_s=now_s - self._joined_s,
            fps=self.fps,
            rtt_ms=said.rtt_ms,
            loss_pct=said.loss_pct,
            jitter_ms=said.jitter_ms,
            latency_ms=self.sample.latency_ms if self.sample else None,
            nack=said.nack,
            pli=said.pli + said.fir,
            resent=said.resent,
            skipped=said.dropped,
        )

    def _listen(self, wanted: bool) -> None:
        writer = self.peer.sound
        if self._sound is None or writer is None or wanted == self._listening:
            return
        self._listening = wanted
        if wanted:
            self._sound.join(writer.write, self._sound_delay_ns)
        else:
            self._sound.leave(writer.write)
        self._delay_playout()

    def _delay_playout(self) -> None:
        delays = self._playout.delay_ms(self.wish.mode, self._listening)
        self.peer.picture.set_playout_delay(*delays)
