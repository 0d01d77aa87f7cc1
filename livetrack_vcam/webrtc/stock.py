"""The writers over aiortc's own sender, with nothing but what it documents.

Stands in where `aiortc_names` does not fit the installed version. A viewer costs more, has no
playout-delay and no true latency, and its requests for a keyframe are not heard: one is made every
two seconds instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from time import monotonic_ns
from typing import Any

import av
from aiortc import (
    MediaStreamTrack,
    RTCOutboundRtpStreamStats,
    RTCRemoteInboundRtpStreamStats,
    RTCRtpSender,
)
from aiortc.mediastreams import MediaStreamError

from livetrack_vcam.webrtc.encoded import (
    AUDIO_CLOCK_HZ,
    VIDEO_CLOCK_HZ,
    EncodedPicture,
    EncodedSound,
)
from livetrack_vcam.webrtc.packetize import access_unit_of
from livetrack_vcam.webrtc.terms import WriterStats

KEYFRAME_INTERVAL_NS = 2_000_000_000
_STATS_INTERVAL_NS = 1_000_000_000
# More than this and the receiver's socket takes nothing any more.
_WAITING_MOST = 30


class PictureWriter:
    """As `writer.PictureWriter`, of which this has every public name."""

    def __init__(self, sender: RTCRtpSender, clock: Callable[[], int] = monotonic_ns) -> None:
        self.on_keyframe_wanted: Callable[[], None] = _nothing
        self._clock = clock
        self._track = _PacketTrack("video", sender, self._ask_for_keyframe)
        self._awaits_keyframe = True
        self._asked_ns = -KEYFRAME_INTERVAL_NS
        self._pictures = self._keyframes = self._dropped = self._backed_up = 0
        sender.replaceTrack(self._track)

    def write(self, picture: EncodedPicture) -> None:
        """Hand it to aiortc, or drop it if this receiver cannot use it now. Never blocks."""
        if not self._track.is_read:
            return
        self._ask_for_keyframe()
        if self._track.waiting >= _WAITING_MOST:
            self._backed_up += not self._awaits_keyframe
            self._awaits_keyframe = True
            self._dropped += 1
            return
        if picture.keyframe:
            self._awaits_keyframe = False
        if self._awaits_keyframe:
            self._dropped += 1
            return
        self._pictures += 1
        self._keyframes += picture.keyframe
        access_unit = access_unit_of(picture.codec, picture.payloads)
        self._track.put(access_unit, picture.pts_ns, VIDEO_CLOCK_HZ)

    def switch(self) -> None:
        """Another stream follows: drop what comes until its keyframe."""
        self._awaits_keyframe = True

    def set_playout_delay(self, min_ms: int, max_ms: int) -> None:
        """Not possible here; the receiver decides."""

    @property
    def clock(self) -> tuple[int, int] | None:
        """Unknown: aiortc does not tell its timestamps."""
        return None

    @property
    def stats(self) -> WriterStats:
        return replace(
            self._track.stats,
            pictures=self._pictures,
            keyframes=self._keyframes,
            dropped=self._dropped,
            backed_up=self._backed_up,
        )

    def _ask_for_keyframe(self) -> None:
        now_ns = self._clock()
        if now_ns - self._asked_ns >= KEYFRAME_INTERVAL_NS:
            self._asked_ns = now_ns
            self.on_keyframe_wanted()


class SoundWriter:
    """As `writer.SoundWriter`."""

    def __init__(self, sender: RTCRtpSender) -> None:
        self._track = _PacketTrack("audio", sender, _nothing)
        sender.replaceTrack(self._track)

    def write(self, sound: EncodedSound) -> None:
        if self._track.is_read and self._track.waiting < _WAITING_MOST:
            self._track.put(sound.payload, sound.pts_ns, AUDIO_CLOCK_HZ)

    @property
    def stats(self) -> WriterStats:
        return self._track.stats


class _PacketTrack(MediaStreamTrack):
    """A track of packets that are encoded already, which aiortc packetizes for each receiver."""

    def __init__(self, kind: str, sender: RTCRtpSender, on_first_read: Callable[[], None]) -> None:
        super().__init__()
        self.kind = kind
        self.is_read = False
        self.stats = WriterStats()
        self._sender = sender
        self._on_first_read = on_first_read
        self._packets: asyncio.Queue[av.Packet[Any]] = asyncio.Queue()
        self._stats_ns = 0
        self._reported: datetime | None = None

    @property
    def waiting(self) -> int:
        return self._packets.qsize()

    def put(self, data: bytes, pts_ns: int, clock_hz: int) -> None:
        packet: av.Packet[Any] = av.Packet(data)
        packet.pts = pts_ns * clock_hz // 1_000_000_000
        packet.time_base = Fraction(1, clock_hz)
        self._packets.put_nowait(packet)

    async def recv(self) -> av.Packet[Any]:
        if self.readyState != "live":
            raise MediaStreamError
        if not self.is_read:
            self.is_read = True
            self._on_first_read()
        now_ns = monotonic_ns()
        if now_ns - self._stats_ns >= _STATS_INTERVAL_NS:
            elapsed_s = (now_ns - self._stats_ns) / 1e9
            self._stats_ns = now_ns
            self.stats = await self._measured(elapsed_s)
        return await self._packets.get()

    async def _measured(self, elapsed_s: float) -> WriterStats:
        stats = self.stats
        for each in (await self._sender.getStats()).values():
            if isinstance(each, RTCOutboundRtpStreamStats):
                kbps = (each.bytesSent - stats.octets) * 8 / 1000 / elapsed_s
                stats = replace(stats, packets=each.packetsSent, octets=each.bytesSent, kbps=kbps)
            elif isinstance(each, RTCRemoteInboundRtpStreamStats):
                is_new = each.timestamp != self._reported
                self._reported = each.timestamp
                rtt: Any = each.roundTripTime  # None until the first round trip
                clock_hz = VIDEO_CLOCK_HZ if self.kind == "video" else AUDIO_CLOCK_HZ
                stats = replace(
                    stats,
                    reports=stats.reports + is_new,
                    rtt_ms=None if rtt is None else rtt * 1000,
                    loss_pct=each.fractionLost / 256 * 100,
                    packets_lost=each.packetsLost,
                    jitter_ms=each.jitter * 1000 / clock_hz,
                )
        return stats


def _nothing() -> None:
    pass
