"""One receiver's peer connection, from its offer to its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from aiortc import (
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.rtcrtpparameters import RTCRtpCodecCapability

from livetrack_vcam.webrtc.aiortc_names import add_sending, gather_briefly
from livetrack_vcam.webrtc.encoded import Codec
from livetrack_vcam.webrtc.offer import MAX_CANDIDATES, NoCommonCodecError, Offer, OfferError
from livetrack_vcam.webrtc.trickle import candidates_of
from livetrack_vcam.webrtc.writers import SoundWriter, picture_writer, sound_writer


class SendingPeer:
    """Sends one picture, and sound if there is any, to whoever made an offer.

    Belongs to one asyncio loop. `on_end` is called once, when the connection failed or was closed.
    """

    def __init__(self, codec: Codec, ice_servers: Sequence[str] = ()) -> None:
        # Without a server of the user's choice nobody is asked: an answer would be waited for.
        servers = [RTCIceServer(urls=url) for url in ice_servers]
        gather_briefly()
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=servers))
        self._ended = False
        self._places_left = MAX_CANDIDATES
        self.codec = codec
        self.on_connected: Callable[[], None] = _nothing
        self.on_end: Callable[[], None] = _nothing
        picture = add_sending(self._connection, "video")
        picture.setCodecPreferences(_preferences(codec))
        self.picture = picture_writer(picture.sender)
        self.sound: SoundWriter | None = None
        self._connection.on("connectionstatechange", self._state_changed)

    @property
    def state(self) -> str:
        """As W3C's RTCPeerConnectionState."""
        return self._connection.connectionState

    async def answer(self, offer: Offer, sound: bool = False) -> str:
        """The SDP answer. Raises OfferError."""
        if sound and offer.sound:
            self.sound = sound_writer(self._connection)
        try:
            await self._connection.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
            await self._connection.setLocalDescription()
        except Exception as error:  # aiortc raises whatever it stumbles over
            await self.close()
            raise OfferError(f"the offer cannot be answered: {error}") from error
        return self._connection.localDescription.sdp

    async def add_candidates(self, fragment: str) -> None:
        """What `application/trickle-ice-sdpfrag` tells. Raises OfferError.

        Where we are behind a router, it lets the viewer in only once something of ours went there.
        Anybody may join, so no more is sent to unproven places than for an offer.
        """
        for candidate in candidates_of(fragment)[: self._places_left]:
            self._places_left -= 1
            await self._connection.addIceCandidate(candidate)

    async def close(self) -> None:
        await self._connection.close()
        self._end()

    def _state_changed(self) -> None:
        if self.state == "connected":
            self.on_connected()
        if self.state in ("failed", "closed"):
            self._end()

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            self.on_end()


def choose_codec(offer: Offer, wanted: Sequence[Codec]) -> Codec:
    """The first of the `wanted` that the other side decodes. Raises NoCommonCodecError."""
    for codec in wanted:
        if codec in offer.codecs:
            return codec
    raise NoCommonCodecError(offer.video, tuple(codec.value for codec in wanted))


def _preferences(codec: Codec) -> list[RTCRtpCodecCapability]:
    """What aiortc can do of one codec; constrained baseline, which every browser decodes, first."""
    capabilities = RTCRtpSender.getCapabilities("video").codecs
    ours = [each for each in capabilities if each.mimeType == f"video/{codec.value}"]
    ours.sort(key=lambda each: each.parameters.get("profile-level-id") != "42e01f")
    return ours + [each for each in capabilities if each.mimeType == "video/rtx"]


def _nothing() -> None:
    pass
