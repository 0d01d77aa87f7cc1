"""What was sent of late, for a receiver that lost some of it, and how much may be sent again."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

RING_PACKETS = 512


@dataclass(frozen=True, slots=True)
class SentPacket:
    """`head`: RTP header and extensions as they were sent, but for sequence number and marker."""

    head: bytes
    sequence: int
    marked: bool
    payload: bytes


class NackRing:
    """The pictures that the last `RING_PACKETS` packets carried.

    Payloads are those that all receivers share: a ring holds references, not copies.
    """

    def __init__(self) -> None:
        self._pictures: deque[tuple[int, bytes, tuple[bytes, ...], bool]] = deque()
        self._packets = 0

    def keep(self, sequence: int, head: bytes, payloads: tuple[bytes, ...], marked: bool) -> None:
        """`sequence`: that of the first of the payloads; `marked`: whether the last was."""
        pictures = self._pictures
        pictures.append((sequence, head, payloads, marked))
        self._packets += len(payloads)
        while self._packets > RING_PACKETS and len(pictures) > 1:
            self._packets -= len(pictures.popleft()[2])

    def find(self, sequence: int) -> SentPacket | None:
        for first, head, payloads, marked in reversed(self._pictures):
            place = sequence - first & 0xFFFF
            if place < len(payloads):
                is_last = place == len(payloads) - 1
                return SentPacket(head, sequence, marked and is_last, payloads[place])
        return None


class ResendBudget:
    """At most a share of the stream's own bit rate is sent again, and no packet again at once."""

    SHARE = 1.0
    """Where packets overtake each other Chromium asks for half of all, of which few are lost: with
    .5 those few found the budget empty, and the picture stood still seven times in twenty seconds
    instead of once."""
    LEAST_BYTES_A_SECOND = 30_000
    BURST_S = 0.5
    LOOKS_A_SECOND = 1_000

    def __init__(self) -> None:
        self._bytes = float(self.LEAST_BYTES_A_SECOND)
        self._filled_ns = 0
        self._sent_ns: dict[int, int] = {}
        self._looks = 0
        self._looks_since_ns = 0

    def may_look(self, now_ns: int) -> bool:
        """Whether another request is worth looking at: a flood of them is only counted."""
        if now_ns - self._looks_since_ns >= 1_000_000_000:
            self._looks, self._looks_since_ns = 0, now_ns
        self._looks += 1
        return self._looks <= self.LOOKS_A_SECOND

    def allows(
        self, sequence: int, size: int, now_ns: int, stream_bytes_a_second: float, again_ms: float
    ) -> bool:
        """Whether a packet of `size` bytes may be sent again now; if so, it is charged.

        `again_ms`: for so long the last time it was sent again may still be under way.
        """
        rate = max(stream_bytes_a_second * self.SHARE, self.LEAST_BYTES_A_SECOND)
        most = max(rate * self.BURST_S, self.LEAST_BYTES_A_SECOND)
        filled = rate * (now_ns - self._filled_ns) / 1e9
        self._bytes = min(self._bytes + filled, most)
        self._filled_ns = now_ns
        last = self._sent_ns.get(sequence)
        if last is not None and now_ns - last < again_ms * 1e6:
            return False
        if self._bytes < size:
            return False
        self._bytes -= size
        self._remember(sequence, now_ns)
        return True

    def spares(self, size: int) -> bool:
        """Whether so much was saved up that a second copy is no loss; if so, it is charged."""
        if self._bytes < self.LEAST_BYTES_A_SECOND / 2:
            return False
        self._bytes -= size
        return True

    def _remember(self, sequence: int, now_ns: int) -> None:
        if len(self._sent_ns) >= RING_PACKETS:
            self._sent_ns.clear()
        self._sent_ns[sequence] = now_ns
