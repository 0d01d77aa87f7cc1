"""What the worker threads report to the main thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from livetrack_vcam.errors import LiveTrackError, SourceError


@dataclass(frozen=True, slots=True)
class SourceLost:
    """The source failed; it is tried again until it comes back. `stuck`: it did not even fail, and
    all there is to do is to wait."""

    error: SourceError
    stuck: bool = False


@dataclass(frozen=True, slots=True)
class SourceBack:
    """The source delivers again; `note` says what is not as before."""

    note: str | None = None


@dataclass(frozen=True, slots=True)
class DetectorFailed:
    """Nobody looks at the moment; tried again after `retry_s`, or no more (None)."""

    error: str
    retry_s: float | None


@dataclass(frozen=True, slots=True)
class DetectorBack:
    """Somebody looks again."""


@dataclass(frozen=True, slots=True)
class SinkFailed:
    """An output could not be opened, or was lost while running. `retrying`: it is tried again."""

    shot: str
    sink: str
    error: LiveTrackError
    opening: bool
    retrying: bool = False


@dataclass(frozen=True, slots=True)
class SinkBack:
    """An output that had failed is open now."""

    shot: str
    sink: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The run cannot go on."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class Finished:
    """Every thread has ended, or was given up: see `Pipeline.stop`."""


PipelineEvent = (
    SourceLost
    | SourceBack
    | DetectorFailed
    | DetectorBack
    | SinkFailed
    | SinkBack
    | Failed
    | Finished
)
Report = Callable[[PipelineEvent], None]
