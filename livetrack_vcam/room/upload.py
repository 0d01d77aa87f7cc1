"""How much of the camera's upload a viewer takes: what is encoded, and what carries it."""

from __future__ import annotations

from fractions import Fraction

from livetrack_vcam.sound import RATE_HZ
from livetrack_vcam.webrtc import opus
from livetrack_vcam.webrtc.packetize import PAYLOAD_BYTES

HEADER_BYTES = 66
"""Of a packet: RTP with our extensions 28, SRTP's tag 10, UDP 8, IPv4 20."""


def upload_kbps(picture_kbps: int, fps: Fraction, sound: bool) -> float:
    """What a viewer of a rendition of that bit rate takes at most, without repeats.

    The last packet of a picture is seldom full, so each picture has one more than it would fill.
    """
    packets_hz = picture_kbps * 1000 / 8 / PAYLOAD_BYTES + float(fps)
    encoded_kbps = picture_kbps
    if sound:
        packets_hz += RATE_HZ / opus.PACKET
        encoded_kbps += opus.KBPS
    return encoded_kbps + packets_hz * HEADER_BYTES * 8 / 1000
