"""One RTP stream to one receiver: headers, reports, what is sent again. Knows no codec."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from secrets import randbelow
from struct import pack
from time import monotonic_ns, time_ns

from livetrack_vcam.webrtc.nack_ring import NackRing, ResendBudget, SentPacket
from livetrack_vcam.webrtc.rtcp_reports import (
    Nack,
    ReceiverReport,
    bye,
    ntp_of,
    sender_report,
    source_description,
)
from livetrack_vcam.webrtc.rtp_extensions import ExtensionBlock, abs_send_time, extension_block
from livetrack_vcam.webrtc.terms import Link, Terms, WriterStats

WALL_OFFSET_NS = time_ns() - monotonic_ns()
"""One for the whole run: sound and picture are told on one clock, which no NTP step tears."""
# A keyframe in one go overflows the 64 KiB that a browser gives its socket: 85 packets at once lost
# a quarter of themselves on loopback, 24 every 1.5 ms none.
BURST_PACKETS = 24
BURST_INTERVAL_S = 0.002
_REPORT_INTERVAL_NS = 1_000_000_000
_RATE_WINDOW_NS = 1_000_000_000
_LOSS_WINDOW_NS = 900_000_000
# As libwebrtc: a packet sent again needs a round trip until nobody asks for it any more.
_AGAIN_MS = 20.0
SECOND_COPY_S = 0.012
"""After this a packet that was asked for is sent once more: were the first copy lost as well,
Chromium would ask again only 100 ms later, and the picture would stand still."""
_RTT_SMOOTHING = 0.7


class RtpStream:
    """Open between `__init__` and `close`; every method belongs to the loop of its link."""

    def __init__(self, link: Link, terms: Terms, clock: Callable[[], int] = monotonic_ns) -> None:
        self.link = link
        self.terms = terms
        self._clock = clock
        # In the lower half, as a wrap before the first packet arrives breaks SRTP's counter.
        self._sequence = randbelow(1 << 15)
        self._rtx_sequence = randbelow(1 << 15)
        self._playout_delay_ms: tuple[int, int] | None = None
        self._extensions = extension_block(terms.extension_ids, terms.mid, None)
        self._ring = NackRing()
        self._budget = ResendBudget()
        self._paced: deque[tuple[tuple[bytes, ...], int, bool, bool]] = deque()
        self._reported_ns = 0
        self._rate_since_ns = clock()
        self._rate_octets = 0
        self._rate = 0.0
        self._closed = False
        self.packets = 0
        self.octets = 0
        self.nacked = 0
        self.resent = 0
        self.report: ReceiverReport | None = None
        self.reports = 0
        self.rtt_ms: float | None = None
        self.loss_pct: float | None = None
        self._loss_window = (self._rate_since_ns, 0, 0)

    def set_playout_delay(self, min_ms: int, max_ms: int) -> None:
        if (min_ms, max_ms) == self._playout_delay_ms:
            return
        self._playout_delay_ms = (min_ms, max_ms)
        terms = self.terms
        self._extensions = extension_block(terms.extension_ids, terms.mid, (min_ms, max_ms))

    @property
    def kbps(self) -> float:
        """Of the payloads, over the last second or so; 0 if nothing was sent for two."""
        if self._clock() - self._rate_since_ns > 2 * _RATE_WINDOW_NS:
            return 0.0
        return self._rate * 8 / 1000

    @property
    def stats(self) -> WriterStats:
        report = self.report
        return WriterStats(
            packets=self.packets,
            octets=self.octets,
            nack=self.nacked,
            resent=self.resent,
            kbps=self.kbps,
            rtt_ms=self.rtt_ms,
            loss_pct=self.loss_pct,
            packets_lost=report.packets_lost if report else None,
            jitter_ms=report.jitter * 1000 / self.terms.clock_hz if report else None,
            reports=self.reports,
        )

    def send(
        self,
        payloads: tuple[bytes, ...],
        timestamp: int,
        pts_ns: int,
        *,
        marked: bool = True,
        keep: bool = True,
    ) -> None:
        """One picture or sound, of which `timestamp` is the stream's clock at `pts_ns`.

        `keep`: so that it can be sent again; `marked`: see RTP's marker. The link is ready.
        """
        now_ns = self._clock()
        if len(payloads) <= BURST_PACKETS and not self._paced:
            self._send_now(payloads, timestamp, marked, keep, now_ns)
        else:
            self._pace(payloads, timestamp, marked, keep)
        if now_ns - self._rate_since_ns >= _RATE_WINDOW_NS:
            self._rate = self._rate_octets * 1e9 / (now_ns - self._rate_since_ns)
            self._rate_octets, self._rate_since_ns = 0, now_ns
        if now_ns - self._reported_ns >= _REPORT_INTERVAL_NS:
            self._reported_ns = now_ns
            self._send_report(timestamp, pts_ns, now_ns)

    def _send_now(
        self, payloads: tuple[bytes, ...], timestamp: int, marked: bool, keep: bool, now_ns: int
    ) -> None:
        terms = self.terms
        head = _head(
            terms.payload_type, timestamp, terms.ssrc, self._extensions, now_ns + WALL_OFFSET_NS
        )
        sequence = self._sequence
        self.link.send(head, sequence, payloads, marked)
        self._sequence = sequence + len(payloads) & 0xFFFF
        if keep:
            self._ring.keep(sequence, head, payloads, marked)
        octets = sum(map(len, payloads))
        self.packets += len(payloads)
        self.octets += octets
        self._rate_octets += octets

    def _pace(self, payloads: tuple[bytes, ...], timestamp: int, marked: bool, keep: bool) -> None:
        idle = not self._paced
        for start in range(0, len(payloads), BURST_PACKETS):
            burst = payloads[start : start + BURST_PACKETS]
            is_last = start + BURST_PACKETS >= len(payloads)
            self._paced.append((burst, timestamp, marked and is_last, keep))
        if idle:
            self._send_paced()

    def _send_paced(self) -> None:
        if not self._paced:
            return
        if not self.link.ready():
            self._paced.clear()
            return
        # Left in its place while it is sent: what comes meanwhile queues behind it.
        self._send_now(*self._paced[0], self._clock())
        self._paced.popleft()
        if self._paced:
            self.link.later(BURST_INTERVAL_S, self._send_paced)

    def _send_report(self, timestamp: int, pts_ns: int, now_ns: int) -> None:
        """Now, and what the stream's clock shows now if it showed `timestamp` at `pts_ns`."""
        terms = self.terms
        ahead = (now_ns - pts_ns) * terms.clock_hz // 1_000_000_000
        self.link.send_rtcp(
            sender_report(
                terms.ssrc,
                ntp_of(now_ns + WALL_OFFSET_NS),
                timestamp + ahead & 0xFFFFFFFF,
                self.packets,
                self.octets,
            )
            + source_description(terms.ssrc, terms.cname)
        )

    def heard(self, report: ReceiverReport) -> None:
        self.report = report
        self.reports += 1
        self._count_lost(report.packets_lost)
        if report.lsr:
            now = ntp_of(self._clock() + WALL_OFFSET_NS) >> 16 & 0xFFFFFFFF
            turns = now - report.lsr - report.dlsr & 0xFFFFFFFF
            # Half the range and more is a negative time: a clock that runs fast, or garbage.
            if turns < 1 << 31 and turns < 60 << 16:
                rtt_ms = turns * 1000 / 65536
                before = rtt_ms if self.rtt_ms is None else self.rtt_ms
                self.rtt_ms = _RTT_SMOOTHING * before + (1 - _RTT_SMOOTHING) * rtt_ms

    def _count_lost(self, lost: int) -> None:
        """Over a second or more: a browser reports with every NACK, of a few packets only."""
        now_ns = self._clock()
        since_ns, lost_then, sent_then = self._loss_window
        if now_ns - since_ns >= _LOSS_WINDOW_NS and self.packets > sent_then:
            share = (lost - lost_then) / (self.packets - sent_then)
            self.loss_pct = 100 * min(max(share, 0.0), 1.0)
            self._loss_window = (now_ns, lost, self.packets)

    def send_again(self, nack: Nack) -> None:
        """What of it is still there, as far as the budget goes."""
        self.nacked += len(nack.lost)
        if not self.link.ready():
            return
        now_ns = self._clock()
        again_ms = max(_AGAIN_MS, self.rtt_ms or 0.0)
        for sequence in nack.lost:
            if not self._budget.may_look(now_ns):
                break
            sent = self._ring.find(sequence)
            if sent is None or not self._budget.allows(
                sequence, len(sent.payload), now_ns, self._rate, again_ms
            ):
                continue
            self.resent += 1
            self._resend(sent, sequence)
            if self._budget.spares(len(sent.payload)):
                self.link.later(SECOND_COPY_S, partial(self._send_copy, sent, sequence))

    def _send_copy(self, sent: SentPacket, sequence: int) -> None:
        if not self._closed and self.link.ready():
            self._resend(sent, sequence)

    def _resend(self, sent: SentPacket, sequence: int) -> None:
        if self.terms.rtx_payload_type is None:
            self.link.send_again(sent.head, sequence, sent.marked, (sent.payload,))
        else:
            self._send_rtx(sent.head, sequence, sent.marked, sent.payload)

    def _send_rtx(self, head: bytes, sequence: int, marked: bool, payload: bytes) -> None:
        kind = self.terms.rtx_payload_type or 0
        rtx_head = head[:1] + bytes((kind,)) + head[2:8] + pack("!L", self.terms.rtx_ssrc)
        parts = (sequence.to_bytes(2, "big"), payload)
        self.link.send_again(rtx_head + head[12:], self._rtx_sequence, marked, parts)
        self._rtx_sequence = self._rtx_sequence + 1 & 0xFFFF

    def close(self) -> None:
        """Say goodbye, if there is still a way."""
        self._closed = True
        self._paced.clear()
        if self.link.ready():
            self.link.send_rtcp(bye(self.terms.ssrc))


def _head(kind: int, timestamp: int, ssrc: int, extensions: ExtensionBlock, unix_ns: int) -> bytes:
    block = extensions.data
    first = 0x90 if block else 0x80
    head = pack("!BBHLL", first, kind, 0, timestamp, ssrc)
    at = extensions.abs_send_time_at
    if at is None:
        return head + block
    return head + block[:at] + abs_send_time(unix_ns) + block[at + 3 :]
