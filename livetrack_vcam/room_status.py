"""Who watches, and what is encoded for them, as programs and pages read it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ViewerStatus:
    """One viewer, by a number: names are for the operator. None: not known yet.

    `state` is W3C's RTCPeerConnectionState. `rtt_ms`, `loss_pct` and `jitter_ms` are what the
    viewer's receiver reports say; `nack` and `pli` what it asked for; `resent` packets and
    `skipped` pictures what came of it. `latency_ms`, from capture to screen, is the page's word.
    """

    number: int
    state: str
    codec: str
    width: int
    height: int
    kbps: int
    mode: str
    sound: bool
    joined_s: float
    fps: float | None
    rtt_ms: float | None
    loss_pct: float | None
    jitter_ms: float | None
    latency_ms: float | None
    nack: int
    pli: int
    resent: int
    skipped: int


@dataclass(frozen=True, slots=True)
class EncodingStatus:
    """One rendition. `encoder` is null while nobody watches it; `skipped`: pictures that came
    faster than they could be encoded."""

    codec: str
    width: int
    height: int
    kbps: int
    encoder: str | None
    viewers: int
    fps: float
    pictures: int
    keyframes: int
    skipped: int
    error: str | None


@dataclass(frozen=True, slots=True)
class RoomStatus:
    """One shot's room. `turned_away`: how many found no place."""

    shot: str
    viewers: tuple[ViewerStatus, ...]
    encodings: tuple[EncodingStatus, ...]
    upload_kbps: int
    joined: int
    turned_away: int
