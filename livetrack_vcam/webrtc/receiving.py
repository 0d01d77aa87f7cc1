"""One publisher's peer connection, from its offer to its end: WHIP in."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import av
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from aiortc.rtcrtpparameters import RTCRtpCodecCapability

from livetrack_vcam.webrtc import aiortc_names
from livetrack_vcam.webrtc.encoded import Codec
from livetrack_vcam.webrtc.offer import (
    MAX_SECTIONS,
    NO_CODECS,
    NoCommonCodecError,
    OfferError,
    parse_description,
    usable_codecs,
    without_idle_candidates,
)
from livetrack_vcam.webrtc.trickle import candidates_of

log = logging.getLogger(__name__)

SENDING = ("sendonly", "sendrecv")
OURS = (Codec.H264, Codec.VP8)
ABS_SEND_TIME = "/rtp-hdrext/abs-send-time"
SOUND_HELD = 4
"""Pieces of sound that must have come before aiortc's jitter buffer gives one away."""
MAX_INTERVAL_NS = 100_000_000
LEVEL = "2a"
"""4.2 (H.264 table A-1): 1080p at 60 fps. aiortc answers 3.1, the level of 720p."""


@dataclass(frozen=True, slots=True)
class BitRates:
    """What the publisher's bandwidth estimation begins with and stays within, kbit/s.

    Chromium begins with 300 else: 1 to 4 fps, or a quarter of the picture.
    """

    start: int = 2500
    least: int = 1200
    most: int = 8000


class ReceivingPeer:
    """Takes the picture, and the sound if there is any, of whoever made an offer.

    Belongs to one asyncio loop, in which the callbacks are called: `on_picture` and `on_sound`
    with each decoded frame and about when its packets arrived (monotonic nanoseconds), `on_end`
    once, when the connection failed or was closed.
    """

    def __init__(self, ice_servers: Sequence[str] = ()) -> None:
        aiortc_names.bound_jitter()
        servers = [RTCIceServer(urls=url) for url in ice_servers]
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=servers))
        self._reading: list[asyncio.Task[None]] = []
        self._closing: asyncio.Task[None] | None = None
        self._ended = False
        self._last_media_ns = 0
        self.on_picture: Callable[[av.VideoFrame, int], None] = _ignore
        self.on_sound: Callable[[av.AudioFrame, int], None] = _ignore
        self.on_end: Callable[[], None] = _nothing
        self._connection.on("track", self._take_up)
        self._connection.on("connectionstatechange", self._state_changed)

    @property
    def state(self) -> str:
        """As W3C's RTCPeerConnectionState."""
        return self._connection.connectionState

    async def answer(self, sdp: str, rates: BitRates | None = None) -> str:
        """The SDP answer. Raises OfferError, and then is closed."""
        try:
            video = check_publication(sdp)
            sdp = without_idle_candidates(sdp)
            picture = self._connection.addTransceiver("video", direction="recvonly")
            picture.setCodecPreferences(_preferences(video))
            await self._connection.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
            await self._connection.setLocalDescription()
            if aiortc_names.available():
                aiortc_names.shield(self._connection)
        except OfferError:
            await self.close()
            raise
        except Exception as error:  # aiortc raises whatever it stumbles over
            await self.close()
            raise OfferError(f"the offer cannot be answered: {error}") from error
        return with_bit_rates(self._connection.localDescription.sdp, rates or BitRates())

    async def add_candidates(self, fragment: str) -> None:
        """What `application/trickle-ice-sdpfrag` (RFC 8840) tells. Raises OfferError."""
        for candidate in candidates_of(fragment):
            await self._connection.addIceCandidate(candidate)

    def restarts(self, fragment: str) -> bool:
        """Whether the fragment asks for an ICE restart: it has other credentials than the offer."""
        known = re.findall(r"^a=ice-ufrag:(\S+)", self._connection.remoteDescription.sdp, re.M)
        given = re.findall(r"^a=ice-ufrag:(\S+)", fragment, re.M)
        return any(each not in known for each in given)

    async def close(self) -> None:
        if self._ended:
            return
        try:
            await self._connection.close()
        except AttributeError:  # aiortc, of an offer that it took up only half
            log.debug("a connection that was never whole", exc_info=True)
        # A track that never began does not end by itself.
        for task in self._reading:
            task.cancel()
        await asyncio.gather(*self._reading, return_exceptions=True)
        self._end()

    def _take_up(self, track: MediaStreamTrack) -> None:
        video = track.kind == "video"
        give: Callable[[Any, int], None] = self._give_picture if video else self._give_sound
        self._reading.append(asyncio.ensure_future(_pass_on(track, give)))

    def _give_picture(self, frame: av.VideoFrame, now_ns: int) -> None:
        """aiortc holds a picture until the next one begins."""
        media_ns = int((frame.pts or 0) * (frame.time_base or 0) * 1_000_000_000)
        held_ns = min(max(0, media_ns - self._last_media_ns), MAX_INTERVAL_NS)
        self._last_media_ns = media_ns
        self.on_picture(frame, now_ns - held_ns)

    def _give_sound(self, frame: av.AudioFrame, now_ns: int) -> None:
        held_ns = SOUND_HELD * frame.samples * 1_000_000_000 // frame.sample_rate
        self.on_sound(frame, now_ns - held_ns)

    def _state_changed(self) -> None:
        if self.state == "failed":
            self._closing = asyncio.ensure_future(self.close())
        elif self.state == "closed":
            self._end()

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            self.on_end()


def check_publication(sdp: str) -> tuple[Codec, ...]:
    """The codecs of the offered video that we decode, the publisher's favorite first.

    Raises OfferError, NoCommonCodecError when there is none.
    """
    description = parse_description(sdp)
    if len(description.media) > MAX_SECTIONS:
        raise OfferError("the offer has too many media sections; send one video and one audio")
    videos = [m for m in description.media if m.kind == "video" and m.direction in SENDING]
    if not videos:
        raise OfferError("the offer sends no video; add a camera's track to it")
    if len(videos) > 1:
        raise OfferError("the offer sends more than one video; send one camera")
    codecs = usable_codecs(videos[0])
    if not codecs:
        names = [codec.mimeType.partition("/")[2] for codec in videos[0].rtp.codecs]
        offered = dict.fromkeys(name for name in names if name.lower() not in NO_CODECS)
        ours = tuple(codec.value for codec in OURS)
        raise NoCommonCodecError(tuple(offered), ours, "this program decodes")
    return codecs


def with_bit_rates(sdp: str, rates: BitRates) -> str:
    """The answer with Chromium's own format parameters for its bandwidth estimation.

    Other browsers ignore them. H.264 gets the level that 1080p needs. Without the header extension
    abs-send-time aiortc sends no estimate of its own (REMB): that one takes what a quiet picture
    needs for what the network can carry, and stays there. Losses still slow the publisher down,
    and delay its page.
    """
    words = (
        f"x-google-start-bitrate={rates.start};x-google-min-bitrate={rates.least};"
        f"x-google-max-bitrate={rates.most}"
    )
    video = set(re.findall(r"^a=rtpmap:(\d+) (?:H264|VP8)/", sdp, re.M | re.I))
    lines = []
    for line in sdp.splitlines():
        if ABS_SEND_TIME in line:
            continue
        found = re.match(r"a=fmtp:(\d+) (.+)", line)
        if found and found[1] in video:
            level = re.sub(r"(profile-level-id=[0-9a-f]{4})1f", rf"\g<1>{LEVEL}", line)
            lines.append(f"{level};{words}")
            continue
        lines.append(line)
        found = re.match(r"a=rtpmap:(\d+) ", line)
        if found and found[1] in video and f"a=fmtp:{found[1]} " not in sdp:
            lines.append(f"a=fmtp:{found[1]} {words}")
    return "\r\n".join(lines) + "\r\n"


async def _pass_on(track: MediaStreamTrack, give: Callable[[Any, int], None]) -> None:
    while True:
        try:
            frame = await track.recv()
        except MediaStreamError:
            return
        give(frame, time.monotonic_ns())


def _preferences(codecs: Sequence[Codec]) -> list[RTCRtpCodecCapability]:
    """What aiortc can do of these; constrained baseline, which every browser encodes, first."""
    known = RTCRtpReceiver.getCapabilities("video")
    capabilities = known.codecs if known else []
    ours = []
    for codec in codecs:
        same = [each for each in capabilities if each.mimeType == f"video/{codec.value}"]
        ours += sorted(same, key=lambda e: e.parameters.get("profile-level-id") != "42e01f")
    return ours + [each for each in capabilities if each.mimeType == "video/rtx"]


def _ignore(_frame: object, _arrived_ns: int) -> None:
    pass


def _nothing() -> None:
    pass
