"""Access units cut into RTP payloads, once for all viewers: RFC 6184 (mode 1) and RFC 7741."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from livetrack_vcam.webrtc.encoded import Codec

# A payload; with 12 bytes of RTP header, at most 28 of extensions, 16 of SRTP tag and 48 of IPv6
# and UDP a packet stays under the 1,280 bytes that every IPv6 path carries, and under a VPN's MTU.
PAYLOAD_BYTES = 1_200

_START_CODE = b"\x00\x00\x01"
_STAP_A = 24
_FU_A = 28
_FU_START = 0x80
_FU_END = 0x40
_VP8_START = 0x10
_VP8_EXTENDED = 0x80
_VP8_HAS_PICTURE_ID = 0x80
_PICTURE_IDS = 1 << 15


def payloads_of(
    codec: Codec, access_unit: bytes, picture_id: int | None = None
) -> tuple[bytes, ...]:
    """What follows the RTP header in each packet of one picture, at most PAYLOAD_BYTES each.

    `access_unit`: Annex B for H.264, one frame for VP8. `picture_id` counts the pictures of a VP8
    stream (taken modulo 2^15; None: not told) and means nothing for H.264. Raises ValueError where
    there is no picture in it.
    """
    if codec is Codec.H264:
        return tuple(_h264_payloads(access_unit))
    return tuple(_vp8_payloads(access_unit, picture_id))


def access_unit_of(codec: Codec, payloads: tuple[bytes, ...]) -> bytes:
    """The access unit that `payloads_of` cut up, with start codes of four bytes for H.264."""
    if codec is Codec.H264:
        return b"".join(map(_h264_bytes, payloads))
    return b"".join(payload[_vp8_descriptor_bytes(payload) :] for payload in payloads)


def nal_units(access_unit: bytes) -> Iterator[memoryview]:
    """The NAL units between the start codes, without the zeros that may trail them (B.1.1)."""
    view = memoryview(access_unit)
    start = access_unit.find(_START_CODE)
    while start >= 0:
        start += len(_START_CODE)
        following = access_unit.find(_START_CODE, start)
        end = following if following >= 0 else len(access_unit)
        while end > start and access_unit[end - 1] == 0:
            end -= 1
        if end > start:
            yield view[start:end]
        start = following


def _h264_payloads(access_unit: bytes) -> list[bytes]:
    payloads: list[bytes] = []
    gathered: list[memoryview] = []
    gathered_bytes = 1
    for unit in nal_units(access_unit):
        if gathered_bytes + 2 + len(unit) > PAYLOAD_BYTES:
            payloads += _aggregated(gathered)
            gathered, gathered_bytes = [], 1
        if len(unit) > PAYLOAD_BYTES:
            payloads += _fragments(unit)
        else:
            gathered.append(unit)
            gathered_bytes += 2 + len(unit)
    payloads += _aggregated(gathered)
    if not payloads:
        raise ValueError("The H.264 access unit holds no NAL unit.")
    return payloads


def _aggregated(units: list[memoryview]) -> list[bytes]:
    """One STAP-A (5.7.1); a NAL unit alone travels as it is."""
    if len(units) < 2:
        return [bytes(unit) for unit in units]
    # The F bit of any, the highest importance (NRI) of all.
    header = max(unit[0] & 0x60 for unit in units) | _STAP_A
    if any(unit[0] & 0x80 for unit in units):
        header |= 0x80
    parts: list[bytes | memoryview] = [bytes((header,))]
    for unit in units:
        parts += (len(unit).to_bytes(2, "big"), unit)
    return [b"".join(parts)]


def _fragments(unit: memoryview) -> list[bytes]:
    """FU-A (5.8): parts of one size, the last perhaps smaller."""
    indicator = unit[0] & 0xE0 | _FU_A
    kind = unit[0] & 0x1F
    body = unit[1:]
    step = _even_step(len(body), PAYLOAD_BYTES - 2)
    payloads = []
    for start in range(0, len(body), step):
        flags = _FU_START if start == 0 else 0
        if start + step >= len(body):
            flags |= _FU_END
        payloads.append(bytes((indicator, flags | kind)) + body[start : start + step])
    return payloads


def _vp8_payloads(frame: bytes, picture_id: int | None) -> Iterator[bytes]:
    if not frame:
        raise ValueError("The VP8 frame is empty.")
    told = b""
    flags = 0
    if picture_id is not None:
        flags = _VP8_EXTENDED
        told = bytes((_VP8_HAS_PICTURE_ID,)) + (picture_id % _PICTURE_IDS | _PICTURE_IDS).to_bytes(
            2, "big"
        )
    view = memoryview(frame)
    step = _even_step(len(frame), PAYLOAD_BYTES - 1 - len(told))
    for start in range(0, len(frame), step):
        first = _VP8_START if start == 0 else 0
        yield bytes((flags | first,)) + told + view[start : start + step]


def _even_step(length: int, most: int) -> int:
    """As few parts as possible, and those as even as can be: a burst of equals is easiest sent."""
    return ceil(length / ceil(length / most))


def _h264_bytes(payload: bytes) -> bytes:
    kind = payload[0] & 0x1F
    if kind == _FU_A:
        if not payload[1] & _FU_START:
            return payload[2:]
        header = payload[0] & 0xE0 | payload[1] & 0x1F
        return b"\0" + _START_CODE + bytes((header,)) + payload[2:]
    if kind != _STAP_A:
        return b"\0" + _START_CODE + payload
    parts = []
    at = 1
    while at < len(payload):
        length = int.from_bytes(payload[at : at + 2], "big")
        parts.append(payload[at + 2 : at + 2 + length])
        at += 2 + length
    return b"".join(b"\0" + _START_CODE + part for part in parts)


def _vp8_descriptor_bytes(payload: bytes) -> int:
    """Ours are of one byte, or of four with a picture id of two."""
    return 4 if payload[0] & _VP8_EXTENDED else 1
