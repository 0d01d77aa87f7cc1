"""What follows `--sink`: parsed, not yet opened."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SinkSpec:
    """One `--sink`: its kind and what follows the colon (a device name, a path), if anything."""

    kind: str
    argument: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.argument}" if self.argument else self.kind


DEFAULT_SINKS = (SinkSpec("vcam"), SinkSpec("mjpeg"), SinkSpec("room"))


def parse_sink(value: object) -> SinkSpec:
    """'vcam', 'vcam:NAME', 'file:PATH', 'mjpeg', 'room', 'none'. Raises ValueError."""
    if isinstance(value, SinkSpec):
        return value
    kind, _, argument = str(value).partition(":")
    choices = "vcam, vcam:NAME, file:PATH, mjpeg, room or none"
    if kind == "whip":
        raise ValueError(f"sink 'whip' is not in this version; try {choices}")
    if kind not in ("vcam", "file", "mjpeg", "room", "none"):
        raise ValueError(f"sink {str(value)!r} is unknown; try {choices}")
    if kind == "file" and not argument:
        raise ValueError("sink 'file' needs a path; try --sink file:recording.mp4")
    if argument and kind not in ("vcam", "file"):
        raise ValueError(f"sink {kind!r} takes nothing after the colon; try --sink {kind}")
    return SinkSpec(kind, argument)
