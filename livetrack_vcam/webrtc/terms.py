"""What offer and answer settled about one RTP stream of ours, and what its writer tells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Terms:
    """`extension_ids`: URI to id, only of those that both sides have. `rtx_*`: RFC 4588."""

    ssrc: int
    payload_type: int
    clock_hz: int
    mid: str
    cname: str
    extension_ids: Mapping[str, int]
    rtx_ssrc: int
    rtx_payload_type: int | None


@dataclass(frozen=True, slots=True)
class WriterStats:
    """Of one receiver's stream since it was joined. None: the receiver has not said.

    `nack`: packets it reported missing; `resent`: those sent again; `pli` and `fir`: how often it
    asked for a keyframe; `dropped`: pictures withheld, until a keyframe or as the socket was full;
    `backed_up`: how often that happened. `loss_pct` is that of the last second it reported on,
    `packets_lost` since the beginning; `reports`: how many came, so that silence can be told.
    """

    packets: int = 0
    octets: int = 0
    pictures: int = 0
    keyframes: int = 0
    dropped: int = 0
    backed_up: int = 0
    nack: int = 0
    resent: int = 0
    pli: int = 0
    fir: int = 0
    kbps: float = 0.0
    rtt_ms: float | None = None
    loss_pct: float | None = None
    packets_lost: int | None = None
    jitter_ms: float | None = None
    remb_kbps: float | None = None
    reports: int = 0


class Link(Protocol):
    """The encrypted way to one receiver. Belongs to one asyncio loop; nothing here blocks."""

    def ready(self) -> bool:
        """Whether a path is known and not closed; to be asked before each burst."""

    def waiting(self) -> int:
        """Bytes that the socket has not taken yet."""

    def send(self, head: bytes, sequence: int, payloads: tuple[bytes, ...], marked: bool) -> None:
        """Send packets that differ in payload and sequence number only. Marks the last of them.

        `head`: RTP header with extensions; the sequence number is filled in, and the marker.
        """

    def send_again(
        self, head: bytes, sequence: int, marked: bool, parts: tuple[bytes, ...]
    ) -> None:
        """One packet, its payload in parts."""

    def send_rtcp(self, compound: bytes) -> None: ...

    def later(self, delay_s: float, call: Callable[[], None]) -> None:
        """In the loop of this link."""
