"""One peer connection of our own making, to whoever takes a publisher's offer (WHIP)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from aiortc import (
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpSender,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.sdp import SessionDescription

from livetrack_vcam.webrtc.encoded import Codec
from livetrack_vcam.webrtc.writers import SoundWriter, picture_writer, sound_writer

OFFERED = (Codec.H264, Codec.VP8)
"""Best first: nearly every server and player takes H.264, and the others take VP8."""
CONSTRAINED_BASELINE = "42e01f"


class AnswerError(ValueError):
    """The answer to our offer cannot be used; the sentence says why."""


@dataclass(frozen=True, slots=True)
class IceServer:
    """A STUN or TURN server; what it is entered with is in no repr."""

    url: str
    username: str | None = field(default=None, repr=False)
    credential: str | None = field(default=None, repr=False)


class PublishingPeer:
    """Offers one picture, and sound if wanted, and sends them once the offer was answered.

    Belongs to one asyncio loop. `on_end` is called once, when the connection failed or was closed.
    """

    def __init__(self, ice_servers: Sequence[IceServer] = (), sound: bool = False) -> None:
        servers = [
            RTCIceServer(urls=each.url, username=each.username, credential=each.credential)
            for each in ice_servers
        ]
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=servers))
        self._settled = asyncio.Event()
        self._ended = False
        self.codec = OFFERED[0]
        self.on_end: Callable[[], None] = _nothing
        picture = self._connection.addTransceiver("video", direction="sendonly")
        _prefer_ours(picture)
        self.picture = picture_writer(picture.sender)
        self.sound: SoundWriter | None = sound_writer(self._connection) if sound else None
        self._connection.on("connectionstatechange", self._state_changed)

    @property
    def state(self) -> str:
        """As W3C's RTCPeerConnectionState."""
        return self._connection.connectionState

    async def offer(self) -> str:
        """Our offer with every candidate in it: nothing is told later."""
        await self._connection.setLocalDescription()
        return self._connection.localDescription.sdp

    async def take(self, answer: str) -> None:
        """Begin to connect. Raises AnswerError."""
        self.codec = codec_of(answer)
        try:
            description = RTCSessionDescription(answer, "answer")
            await self._connection.setRemoteDescription(description)
        except Exception as error:  # aiortc raises whatever it stumbles over
            raise AnswerError(f"the answer cannot be used ({type(error).__name__})") from error

    async def connected(self, within_s: float) -> bool:
        """Whether packets can be sent, waiting for it if need be."""
        try:
            await asyncio.wait_for(self._settled.wait(), within_s)
        except TimeoutError:
            return False
        return self.state == "connected"

    async def close(self) -> None:
        await self._connection.close()
        self._end()

    def _state_changed(self) -> None:
        if self.state in ("connected", "failed", "closed"):
            self._settled.set()
        if self.state in ("failed", "closed"):
            self._end()

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            self._settled.set()
            self.on_end()


def codec_of(answer: str) -> Codec:
    """The first of ours that the other side took. Raises AnswerError."""
    try:
        media = SessionDescription.parse(answer).media
    except Exception as error:  # the parser raises whatever a broken line leads to
        raise AnswerError(f"the answer is not valid SDP ({type(error).__name__})") from None
    video = [each for each in media if each.kind == "video" and each.port]
    taken = {codec.mimeType.lower() for each in video for codec in each.rtp.codecs}
    if not all(each.dtls and each.dtls.fingerprints for each in video):
        raise AnswerError("the answer has no DTLS fingerprint")
    if not all(each.ice and each.ice.usernameFragment and each.ice.password for each in video):
        raise AnswerError("the answer has no ICE credentials")
    for codec in OFFERED:
        if f"video/{codec.value.lower()}" in taken:
            return codec
    raise AnswerError("the answer takes neither H264 nor VP8")


def _prefer_ours(transceiver: RTCRtpTransceiver) -> None:
    """One profile of H.264 and VP8, each with its retransmissions."""
    capabilities = RTCRtpSender.getCapabilities("video").codecs
    names = [f"video/{codec.value}" for codec in OFFERED] + ["video/rtx"]
    ours = [
        each
        for each in capabilities
        if each.mimeType in names
        and each.parameters.get("profile-level-id", CONSTRAINED_BASELINE) == CONSTRAINED_BASELINE
    ]
    transceiver.setCodecPreferences(sorted(ours, key=lambda each: names.index(each.mimeType)))


def _nothing() -> None:
    pass
