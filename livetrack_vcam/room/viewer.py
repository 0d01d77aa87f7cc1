"""One viewer of the room: the peer, what was wished, and the rendition that is sent."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.room.rendition import Rendition
from livetrack_vcam.room.renditions import Renditions
from livetrack_vcam.room.wish import Mode, Wish
from livetrack_vcam.webrtc.encoded import EncodedPicture
from livetrack_vcam.webrtc.peer import SendingPeer

SMOOTH_MS = (100, 400)
"""Playout delay that outlasts one retransmission on an ordinary network."""


class Viewer:
    """Belongs to the room's asyncio loop. `id` is a secret between the viewer and us."""

    def __init__(self, peer: SendingPeer, renditions: Renditions, wish: Wish, now_s: float) -> None:
        self.id = secrets.token_urlsafe(16)
        self.joined_s = now_s
        self.peer = peer
        self.wish = wish
        self.change = 1
        self._renditions = renditions
        self._rendition: Rendition | None = None
        peer.picture.on_keyframe_wanted = self._want_keyframe
        self._set_mode(wish.mode)

    @property
    def rendition(self) -> Rendition | None:
        return self._rendition

    @property
    def kbps(self) -> int:
        return self._rendition.spec.kbps if self._rendition else 0

    def watch(self) -> None:
        """Take the pictures that suit the wish."""
        chosen = self._renditions.pick(self.peer.codec, self.wish.height)
        if chosen is self._rendition:
            return
        before, self._rendition = self._rendition, chosen
        if before is not None:
            before.leave(self._take)
            self.peer.picture.switch()
        chosen.join(self._take)

    def rewish(self, wish: Wish) -> None:
        self.wish = wish
        self.change += 1
        self._set_mode(wish.mode)
        self.watch()

    def leave(self) -> None:
        """Take no more pictures."""
        if self._rendition is not None:
            self._rendition.leave(self._take)
            self._rendition = None

    def described(self) -> Mapping[str, Any]:
        """What the viewer is sent now."""
        spec = self._rendition.spec if self._rendition else None
        size = Size(spec.width, spec.height) if spec else Size(0, 0)
        return {
            "codec": self.peer.codec.value,
            "width": size.width,
            "height": size.height,
            "kbps": self.kbps,
            "mode": self.wish.mode.value,
        }

    def _take(self, picture: EncodedPicture) -> None:
        self.peer.picture.write(picture)

    def _want_keyframe(self) -> None:
        if self._rendition is not None:
            self._rendition.want_keyframe()

    def _set_mode(self, mode: Mode) -> None:
        delays = SMOOTH_MS if mode is Mode.SMOOTH else (0, 0)
        self.peer.picture.set_playout_delay(*delays)
