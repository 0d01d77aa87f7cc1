"""RTP header extensions (RFC 8285) that receivers of ours ask for.

No abs-capture-time: Chromium 156 does not offer it, and sender reports tell the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
ABS_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
PLAYOUT_DELAY = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"

_ONE_BYTE_PROFILE = b"\xbe\xde"
_TWO_BYTE_PROFILE = b"\x10\x00"
_PLAYOUT_DELAY_UNIT_MS = 10
_PLAYOUT_DELAY_MOST = 0xFFF


@dataclass(frozen=True, slots=True)
class ExtensionBlock:
    """What stands between RTP header and payload; empty if nothing was negotiated.

    `abs_send_time_at` is the offset in it of that extension's three bytes, None if it has none.
    """

    data: bytes
    abs_send_time_at: int | None


def extension_block(
    ids: Mapping[str, int], mid: str, playout_delay_ms: tuple[int, int] | None
) -> ExtensionBlock:
    """`ids`: URI to id as negotiated. The send time is left zero, to be filled in each picture."""
    values: list[tuple[str, bytes]] = []
    if mid:
        values.append((MID, mid.encode()))
    values.append((ABS_SEND_TIME, bytes(3)))
    if playout_delay_ms is not None:
        values.append((PLAYOUT_DELAY, playout_delay(*playout_delay_ms)))
    present = [(uri, ids[uri], value) for uri, value in values if uri in ids]
    if not present:
        return ExtensionBlock(b"", None)
    one_byte = all(number < 15 and len(value) <= 16 for _, number, value in present)
    block = bytearray(4)
    send_time_at = None
    for uri, number, value in present:
        block += _element_head(number, len(value), one_byte)
        if uri == ABS_SEND_TIME:
            send_time_at = len(block)
        block += value
    block += bytes(-len(block) % 4)
    block[:2] = _ONE_BYTE_PROFILE if one_byte else _TWO_BYTE_PROFILE
    block[2:4] = (len(block) // 4 - 1).to_bytes(2, "big")
    return ExtensionBlock(bytes(block), send_time_at)


def playout_delay(min_ms: int, max_ms: int) -> bytes:
    """Two limits of 12 bits in steps of 10 ms, of what a receiver may wait before it shows."""
    least, most = (
        min(max(delay // _PLAYOUT_DELAY_UNIT_MS, 0), _PLAYOUT_DELAY_MOST)
        for delay in (min_ms, max_ms)
    )
    return (least << 12 | max(least, most)).to_bytes(3, "big")


def abs_send_time(unix_ns: int) -> bytes:
    """Seconds modulo 64 with 18 bits of fraction."""
    return ((unix_ns << 18) // 1_000_000_000 & 0xFFFFFF).to_bytes(3, "big")


def _element_head(number: int, length: int, one_byte: bool) -> bytes:
    if one_byte:
        return bytes((number << 4 | length - 1,))
    return bytes((number, length))
