"""The vocabulary of live control; every caller (CLI, HTTP, OBS script, session log) speaks it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from livetrack_vcam.core.config import Fill, Shot, Speed, SubjectPolicy, WhenLost
from livetrack_vcam.core.geometry import Box


@dataclass(frozen=True, slots=True)
class SetAspectRatio:
    aspect_ratio: Fraction


@dataclass(frozen=True, slots=True)
class SetShot:
    shot: Shot


@dataclass(frozen=True, slots=True)
class SetSpeed:
    speed: Speed


@dataclass(frozen=True, slots=True)
class SetWhenLost:
    when_lost: WhenLost


@dataclass(frozen=True, slots=True)
class SetFill:
    fill: Fill


@dataclass(frozen=True, slots=True)
class SetHeadroom:
    """Share of the crop's height above the head; unset, the shot size's own."""

    headroom: float | None


@dataclass(frozen=True, slots=True)
class SetMaxZoom:
    max_zoom: float


@dataclass(frozen=True, slots=True)
class SetDeadZone:
    """Share of the crop; unset, the speed preset's own."""

    dead_zone: float | None


@dataclass(frozen=True, slots=True)
class SelectSubject:
    subject: SubjectPolicy


@dataclass(frozen=True, slots=True)
class LockTrack:
    """Follow this track and nobody else until released."""

    track_id: int


@dataclass(frozen=True, slots=True)
class ReleaseTrack:
    """Back to the subject policy."""


@dataclass(frozen=True, slots=True)
class NextSubject:
    """Lock the next visible track, left to right."""


@dataclass(frozen=True, slots=True)
class PreviousSubject:
    """Lock the previous visible track, right to left."""


@dataclass(frozen=True, slots=True)
class Recenter:
    """Glide to the ideal framing now, dead zone or not; then go on as before ("reframe once")."""


Changes: TypeAlias = tuple[tuple[str, object], ...]
"""Attributes of DirectorSettings with their new values."""


@dataclass(frozen=True, slots=True)
class Configure:
    """Several settings at once, all or none."""

    changes: Changes


@dataclass(frozen=True, slots=True)
class SetHome:
    """Remember a box in source pixels as the home framing; without it the present crop."""

    box: Box | None = None


@dataclass(frozen=True, slots=True)
class GoHome:
    """Glide to the home framing and stay there until another subject command."""


@dataclass(frozen=True, slots=True)
class ShowWide:
    """Glide to the whole picture and stay there until another subject command."""


@dataclass(frozen=True, slots=True)
class Toggle:
    """Pause, or follow again after Pause; of several shots that differ, pause all."""


@dataclass(frozen=True, slots=True)
class Pause:
    """The picture rests where it is; tracking goes on."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Follow again after Pause."""


Command: TypeAlias = (
    SetAspectRatio
    | SetShot
    | SetSpeed
    | SetWhenLost
    | SetFill
    | SetHeadroom
    | SetMaxZoom
    | SetDeadZone
    | SelectSubject
    | LockTrack
    | ReleaseTrack
    | NextSubject
    | PreviousSubject
    | Configure
    | Recenter
    | SetHome
    | GoHome
    | ShowWide
    | Toggle
    | Pause
    | Resume
)
