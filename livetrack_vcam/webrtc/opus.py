"""Opus, encoded once for everybody who listens."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext

from livetrack_vcam.sound import CHANNELS, RATE_HZ, SoundBlock, samples_to_ns
from livetrack_vcam.sound.feed import Samples
from livetrack_vcam.sound.steady import SteadySound
from livetrack_vcam.webrtc.encoded import EncodedSound

PACKET = 960
"""Samples, 20 ms: what browsers send themselves."""
KBPS = 96
OPTIONS = {"application": "audio", "frame_duration": "20", "vbr": "constrained"}
"""Discontinuous transmission stays off, FFmpeg's default: a stream that pauses cannot be told from
one that is lost."""


LONGEST_GAP_NS = 10_000_000_000
"""More silence than this is not made: the machine slept, or the program was stopped."""


class OpusEncoder:
    """20 ms of 48 kHz stereo a packet, one after the other without a gap.

    Whatever the blocks leave out becomes silence (see SteadySound), but after LONGEST_GAP_NS the
    packets begin anew. `pts_ns` of a packet is the moment of the first sample that a decoder makes
    of it: Opus gives its sound 6.5 ms late, which is taken off there.
    """

    def __init__(self, kbps: int = KBPS) -> None:
        self._kbps = kbps
        self._begin()

    def _begin(self) -> None:
        self._steady = SteadySound()
        self._codec: AudioCodecContext = av.CodecContext.create("libopus", "w")
        self._codec.bit_rate = self._kbps * 1000
        self._codec.format = "s16"
        self._codec.layout = "stereo"
        self._codec.sample_rate = RATE_HZ
        self._codec.time_base = Fraction(1, RATE_HZ)
        self._codec.options = dict(OPTIONS)
        self._waiting: Samples = np.zeros((0, CHANNELS), np.int16)
        self._start_ns: int | None = None
        self._encoded = 0

    def encode(self, samples: Samples, pts_ns: int) -> list[EncodedSound]:
        """Every packet that is full with these `samples`, int16 (n, 2), heard from `pts_ns` on."""
        self._mind_gap(pts_ns)
        return self._encode(self._steady.put(SoundBlock(samples, pts_ns)))

    def silence_until(self, pts_ns: int) -> list[EncodedSound]:
        """Every packet that is full when nothing was heard until then."""
        self._mind_gap(pts_ns)
        return self._encode(self._steady.silence_until(pts_ns))

    def _mind_gap(self, pts_ns: int) -> None:
        end_ns = self._steady.end_ns
        if end_ns is not None and pts_ns - end_ns > LONGEST_GAP_NS:
            self._begin()

    @property
    def end_ns(self) -> int | None:
        """Up to when sound or silence was put; None before the first."""
        return self._steady.end_ns

    def _encode(self, block: SoundBlock) -> list[EncodedSound]:
        if self._start_ns is None:
            self._start_ns = block.pts_ns
        waiting = np.concatenate((self._waiting, block.samples))
        whole = len(waiting) - len(waiting) % PACKET
        self._waiting = waiting[whole:]
        return [
            packet
            for first in range(0, whole, PACKET)
            for packet in self._packets(waiting[first : first + PACKET])
        ]

    def _packets(self, samples: Samples) -> list[EncodedSound]:
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate = RATE_HZ
        frame.time_base = Fraction(1, RATE_HZ)
        frame.pts = self._encoded
        self._encoded += PACKET
        return [self._packet(packet) for packet in self._codec.encode(frame)]

    def _packet(self, packet: av.Packet[av.AudioStream]) -> EncodedSound:
        assert self._start_ns is not None
        delayed = packet.pts or 0
        pts_ns = self._start_ns + delayed * 1_000_000_000 // RATE_HZ
        return EncodedSound(pts_ns, samples_to_ns(PACKET), bytes(packet))
