"""RTCP (RFC 3550, 4585, 5104) as a sender of pictures needs it: reports out, feedback in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from struct import error as StructError  # noqa: N812
from struct import pack, unpack_from

_SR, _RR, _SDES, _BYE, _RTPFB, _PSFB = 200, 201, 202, 203, 205, 206
_NACK = 1
_PLI, _FIR, _APPLICATION = 1, 4, 15
_CNAME = 1
_REPORT_BYTES = 24
_UNIX_TO_NTP_S = 2_208_988_800
# Nobody who asks for more than we keep asks for anything sensible.
_NACKS_A_DATAGRAM = 512


@dataclass(frozen=True, slots=True)
class ReceiverReport:
    """How `ssrc` arrives. `fraction_lost` since the last report; `jitter` in units of its clock.

    `lsr`: middle 32 bits of the NTP time of the sender report it last saw, 0 if none, `dlsr`:
    how long it has held it, in 1/65,536 s.
    """

    ssrc: int
    fraction_lost: float
    packets_lost: int
    jitter: int
    lsr: int
    dlsr: int


@dataclass(frozen=True, slots=True)
class Nack:
    """Sequence numbers that did not arrive."""

    ssrc: int
    lost: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeyframeRequest:
    """A PLI or, if `full`, a FIR."""

    ssrc: int
    full: bool


@dataclass(frozen=True, slots=True)
class Remb:
    """The receiver's estimate of what its path carries (draft-alvestrand-rmcat-remb-03)."""

    ssrc: int
    bps: int


Feedback = ReceiverReport | Nack | KeyframeRequest | Remb


def feedback_in(datagram: bytes) -> list[Feedback]:
    """What a decrypted compound packet says. Garbage is passed over, never raised."""
    found: list[Feedback] = []
    at = 0
    while at + 4 <= len(datagram):
        first, kind, words = unpack_from("!BBH", datagram, at)
        end = at + 4 + 4 * words
        if first >> 6 != 2 or end > len(datagram):
            break
        try:
            found += _feedback(kind, first & 0x1F, datagram[at + 4 : end])
        except StructError:
            break
        at = end
    return found


def _feedback(kind: int, count: int, body: bytes) -> Iterator[Feedback]:
    if kind == _RR:
        yield from _reports(body, 4, count)
    elif kind == _SR:
        yield from _reports(body, 24, count)
    elif kind == _RTPFB and count == _NACK:
        yield _nack(body)
    elif kind == _PSFB:
        yield from _about_pictures(count, body)


def _reports(body: bytes, at: int, count: int) -> Iterator[ReceiverReport]:
    for start in range(at, at + count * _REPORT_BYTES, _REPORT_BYTES):
        ssrc, loss, _, jitter, lsr, dlsr = unpack_from("!6L", body, start)
        lost = (loss & 0xFFFFFF ^ 0x800000) - 0x800000  # 24 bits with a sign
        yield ReceiverReport(ssrc, (loss >> 24) / 256, lost, jitter, lsr, dlsr)


def _nack(body: bytes) -> Nack:
    (ssrc,) = unpack_from("!L", body, 4)
    lost: list[int] = []
    for at in range(8, len(body) - 3, 4):
        first, following = unpack_from("!HH", body, at)
        lost.append(first)
        lost += [first + bit + 1 & 0xFFFF for bit in range(16) if following >> bit & 1]
        if len(lost) >= _NACKS_A_DATAGRAM:
            break
    return Nack(ssrc, tuple(lost[:_NACKS_A_DATAGRAM]))


def _about_pictures(form: int, body: bytes) -> Iterator[Feedback]:
    (media_ssrc,) = unpack_from("!L", body, 4)
    if form == _PLI:
        yield KeyframeRequest(media_ssrc, full=False)
    elif form == _FIR:
        # Whom it is about stands in the entries; the media source may be 0 (RFC 5104, 4.3.1.2).
        for at in range(8, len(body) - 7, 8):
            yield KeyframeRequest(unpack_from("!L", body, at)[0], full=True)
    elif form == _APPLICATION and body[8:12] == b"REMB":
        count, exponent, mantissa = unpack_from("!BBH", body, 12)
        bps = ((exponent & 3) << 16 | mantissa) << (exponent >> 2)
        for at in range(16, 16 + 4 * count, 4):
            yield Remb(unpack_from("!L", body, at)[0], bps)


def ntp_of(unix_ns: int) -> int:
    """Seconds since 1900 in 32.32 bits."""
    seconds, rest = divmod(unix_ns, 1_000_000_000)
    return (seconds + _UNIX_TO_NTP_S & 0xFFFFFFFF) << 32 | (rest << 32) // 1_000_000_000


def sender_report(ssrc: int, ntp: int, rtp_timestamp: int, packets: int, octets: int) -> bytes:
    """Says that `rtp_timestamp` on this stream's clock was the moment `ntp`."""
    return pack(
        "!BBHLQLLL",
        0x80,
        _SR,
        6,
        ssrc,
        ntp,
        rtp_timestamp,
        packets & 0xFFFFFFFF,
        octets & 0xFFFFFFFF,
    )


def source_description(ssrc: int, cname: str) -> bytes:
    name = cname.encode()[:255]
    chunk = pack("!LBB", ssrc, _CNAME, len(name)) + name + b"\0"
    chunk += bytes(-len(chunk) % 4)
    return pack("!BBH", 0x81, _SDES, len(chunk) // 4) + chunk


def bye(ssrc: int) -> bytes:
    return pack("!BBHL", 0x81, _BYE, 1, ssrc)
