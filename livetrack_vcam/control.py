"""Command and Status: one vocabulary for the command line, HTTP, the OBS script and the logs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from livetrack_vcam.core.command import Command
from livetrack_vcam.core.command_json import command_from_json, command_to_json

__all__ = [
    "Command",
    "ShotStatus",
    "SinkStatus",
    "SourceStatus",
    "Status",
    "command_from_json",
    "command_to_json",
]


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """`state`: running, lost (looked for again) or ended. `fps` is measured."""

    name: str
    state: str
    width: int
    height: int
    fps: float


@dataclass(frozen=True, slots=True)
class TrackStatus:
    """A track now: box xywh in source pixels."""

    id: int
    label: str
    box: tuple[float, float, float, float]
    score: float


@dataclass(frozen=True, slots=True)
class SinkStatus:
    """`state`: opening, open, failed or closed. `dropped`: frames that waited too long for it."""

    shot: str
    name: str
    state: str
    frames: int
    dropped: int
    latency_p50_ms: float | None
    latency_p99_ms: float | None


@dataclass(frozen=True, slots=True)
class ShotStatus:
    """How one shot is framed now; `crop` xywh in source pixels, `upscale` canvas over crop.

    `look_ahead`: frames by which the picture is held back, which now takes `delay_ms`; latencies
    include it.
    """

    name: str
    aspect: str
    width: int
    height: int
    shot: str
    speed: str
    subject_policy: str
    state: str
    subject: tuple[int, ...]
    crop: tuple[float, float, float, float] | None
    zoom: float | None
    upscale: float | None
    look_ahead: int = 0
    delay_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Status:
    """The whole program at one moment, as `GET /api/status` gives it.

    `detector_state`: running, waiting (failed, tried again soon) or off; `detector_error` why.
    `detect_hz`: frames looked at a second.
    """

    version: str
    uptime_s: float
    source: SourceStatus
    fps: float
    latency_p50_ms: float | None
    latency_p99_ms: float | None
    dropped: int
    detector: str
    detector_state: str
    detector_error: str | None
    detect_hz: float
    detect_latency_p50_ms: float | None
    tracks: tuple[TrackStatus, ...]
    shots: tuple[ShotStatus, ...]
    sinks: tuple[SinkStatus, ...]
    links: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
