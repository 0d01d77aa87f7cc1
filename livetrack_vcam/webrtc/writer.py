"""What one receiver is sent, packet by packet, past aiortc's own sender.

aiortc encodes for each receiver, keeps an object a packet and awaits each datagram. Here a picture
comes packetized and is shared; a receiver costs a header a picture, encryption and a system call
a packet.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from secrets import randbelow
from time import monotonic_ns

from aiortc import RTCRtpSender

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.webrtc.aiortc_names import Route, answer_playout_delay, take_over
from livetrack_vcam.webrtc.encoded import (
    AUDIO_CLOCK_HZ,
    VIDEO_CLOCK_HZ,
    EncodedPicture,
    EncodedSound,
)
from livetrack_vcam.webrtc.rtcp_reports import Feedback, KeyframeRequest, Nack, ReceiverReport, Remb
from livetrack_vcam.webrtc.rtp_stream import RtpStream
from livetrack_vcam.webrtc.srtp_link import SrtpLink
from livetrack_vcam.webrtc.terms import Link, Terms, WriterStats

# A third of a second of 2.5 Mbit/s that the system does not take: more of it would only be late.
FULL_BYTES = 100_000
DRAINED_BYTES = 25_000
# A rendition makes at most one keyframe per 300 ms, whoever asks.
_ASK_INTERVAL_NS = 300_000_000
_ASK_AGAIN_NS = 1_000_000_000
_SECOND_NS = 1_000_000_000


class PictureWriter:
    """Writes pictures to one receiver; dropped until it is connected, then from a keyframe on.

    To be made before the offer or answer of the sender's connection. Belongs to one asyncio loop.
    """

    def __init__(self, sender: RTCRtpSender, clock: Callable[[], int] = monotonic_ns) -> None:
        self.on_keyframe_wanted: Callable[[], None] = _nothing
        self._clock = clock
        self._stream: RtpStream | None = None
        self._playout_delay_ms = (0, 0)
        self._origin = randbelow(1 << 32)
        self._last: tuple[int, int] | None = None
        self._size: Size | None = None
        self._awaits_keyframe = True
        self._is_full = False
        self._asked_ns = -_ASK_AGAIN_NS
        self._pictures = self._keyframes = self._dropped = self._backed_up = 0
        self._pli = self._fir = 0
        self._remb_bps: int | None = None
        self._left: WriterStats | None = None
        answer_playout_delay()
        take_over(sender, self)

    def write(self, picture: EncodedPicture) -> None:
        """Send it, or drop it if this receiver cannot use it now. Never blocks, never raises."""
        stream = self._stream
        if stream is None:
            return
        if not self._accepts(picture, stream.link):
            self._dropped += 1
            return
        timestamp = self._timestamp(picture.pts_ns)
        self._last = (timestamp, picture.pts_ns)
        self._pictures += 1
        self._keyframes += picture.keyframe
        stream.send(picture.payloads, timestamp & 0xFFFFFFFF, picture.pts_ns)

    def switch(self) -> None:
        """Another stream follows on the same SSRC: drop what comes until its keyframe."""
        self._awaits_keyframe = True
        self._asked_ns = self._clock()

    def set_playout_delay(self, min_ms: int, max_ms: int) -> None:
        """What the receiver may hold pictures back to even out jitter; (0, 0): show at once."""
        self._playout_delay_ms = (min_ms, max_ms)
        if self._stream is not None:
            self._stream.set_playout_delay(min_ms, max_ms)

    @property
    def clock(self) -> tuple[int, int] | None:
        """(RTP timestamp, moment of capture in monotonic ns) of the last picture sent."""
        return self._last and (self._last[0] & 0xFFFFFFFF, self._last[1])

    @property
    def stats(self) -> WriterStats:
        if self._left is not None:
            return self._left
        stream = self._stream
        if stream is None:
            return WriterStats()
        return replace(
            stream.stats,
            pictures=self._pictures,
            keyframes=self._keyframes,
            dropped=self._dropped,
            backed_up=self._backed_up,
            pli=self._pli,
            fir=self._fir,
            remb_kbps=None if self._remb_bps is None else self._remb_bps / 1000,
        )

    def opened(self, route: Route, terms: Terms) -> None:
        self.start(SrtpLink(route), terms)

    def start(self, link: Link, terms: Terms) -> None:
        """The receiver can be sent to from now on."""
        self._stream = RtpStream(link, terms, self._clock)
        self._stream.set_playout_delay(*self._playout_delay_ms)
        self._ask_for_keyframe()

    def feedback(self, said: Feedback) -> None:
        stream = self._stream
        if stream is None:
            return
        if isinstance(said, ReceiverReport):
            stream.heard(said)
        elif isinstance(said, Nack):
            stream.send_again(said)
        elif isinstance(said, KeyframeRequest):
            self._fir += said.full
            self._pli += not said.full
            self._ask_for_keyframe()
        elif isinstance(said, Remb):
            self._remb_bps = said.bps

    def closed(self) -> None:
        if self._stream is not None:
            self._left = self.stats
            self._stream.close()
            self._stream = None

    def _accepts(self, picture: EncodedPicture, link: Link) -> bool:
        if not link.ready():
            self._awaits_keyframe = True
            return False
        waiting = link.waiting()
        if waiting > (DRAINED_BYTES if self._is_full else FULL_BYTES):
            self._backed_up += not self._is_full
            self._is_full = self._awaits_keyframe = True
            return False
        if self._is_full:
            self._is_full = False
            self._ask_for_keyframe()
        if picture.keyframe:
            self._awaits_keyframe = False
            self._size = picture.size
            return True
        if picture.size != self._size:
            self._awaits_keyframe = True
        if self._awaits_keyframe and self._clock() - self._asked_ns > _ASK_AGAIN_NS:
            self._ask_for_keyframe()
        return not self._awaits_keyframe

    def _ask_for_keyframe(self) -> None:
        now_ns = self._clock()
        if now_ns - self._asked_ns >= _ASK_INTERVAL_NS:
            self._asked_ns = now_ns
            self.on_keyframe_wanted()

    def _timestamp(self, pts_ns: int) -> int:
        """Not yet cut to 32 bits. A picture shown again still is a later one to its decoder."""
        timestamp = self._origin + pts_ns * VIDEO_CLOCK_HZ // _SECOND_NS
        return timestamp if self._last is None else max(timestamp, self._last[0] + 1)


class SoundWriter:
    """Writes sound to one receiver, as `PictureWriter` does pictures."""

    # More than this beside the clock is a gap or a jump, not a sound card's own idea of a second.
    JUMP_NS = 60_000_000

    def __init__(self, sender: RTCRtpSender, clock: Callable[[], int] = monotonic_ns) -> None:
        self._clock = clock
        self._stream: RtpStream | None = None
        self._origin = randbelow(1 << 32)
        self._next: tuple[int, int] | None = None
        self._left: WriterStats | None = None
        take_over(sender, self)

    def write(self, sound: EncodedSound) -> None:
        """Send it. Sounds follow each other without a gap unless the clock says there was one."""
        stream = self._stream
        if stream is None or not stream.link.ready():
            return
        timestamp, starts = self._timestamp(sound.pts_ns)
        duration = sound.duration_ns * AUDIO_CLOCK_HZ // _SECOND_NS
        self._next = (timestamp + duration, sound.pts_ns + sound.duration_ns)
        stream.send(
            (sound.payload,), timestamp & 0xFFFFFFFF, sound.pts_ns, marked=starts, keep=False
        )

    @property
    def stats(self) -> WriterStats:
        if self._left is not None:
            return self._left
        return WriterStats() if self._stream is None else self._stream.stats

    def opened(self, route: Route, terms: Terms) -> None:
        self.start(SrtpLink(route), terms)

    def start(self, link: Link, terms: Terms) -> None:
        """The receiver can be sent to from now on."""
        self._stream = RtpStream(link, terms, self._clock)

    def feedback(self, said: Feedback) -> None:
        if self._stream is not None and isinstance(said, ReceiverReport):
            self._stream.heard(said)

    def closed(self) -> None:
        if self._stream is not None:
            self._left = self.stats
            self._stream.close()
            self._stream = None

    def _timestamp(self, pts_ns: int) -> tuple[int, bool]:
        """And whether a spurt of talk starts (RFC 7587, 4.1)."""
        if self._next is not None and abs(pts_ns - self._next[1]) < self.JUMP_NS:
            return self._next[0], False
        return self._origin + pts_ns * AUDIO_CLOCK_HZ // _SECOND_NS, True


def _nothing() -> None:
    pass
