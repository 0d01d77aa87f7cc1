"""An encoded picture or sound, packetized once and sent to everybody who wants it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from livetrack_vcam.core.geometry import Size

VIDEO_CLOCK_HZ = 90_000
AUDIO_CLOCK_HZ = 48_000


class Codec(Enum):
    """Named as in SDP. For H.264 constrained baseline, packetization mode 1 is meant."""

    H264 = "H264"
    VP8 = "VP8"


@dataclass(frozen=True, slots=True)
class EncodedPicture:
    """One access unit. `pts_ns` is the frame's moment of capture on the monotonic clock.

    `payloads`: what follows the RTP header in each of its packets, in order (RFC 6184, RFC 7741).
    """

    codec: Codec
    size: Size
    keyframe: bool
    pts_ns: int
    payloads: tuple[bytes, ...]

    @property
    def bytes(self) -> int:
        return sum(map(len, self.payloads))


@dataclass(frozen=True, slots=True)
class EncodedSound:
    """One Opus packet (RFC 7587). `pts_ns` is the moment its first sample was heard."""

    pts_ns: int
    duration_ns: int
    payload: bytes
