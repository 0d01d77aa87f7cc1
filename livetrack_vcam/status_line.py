"""The calm line at the bottom of the terminal while the program runs."""

from __future__ import annotations

import shutil
import sys
from contextlib import suppress

from livetrack_vcam.control import ShotStatus, SinkStatus, Status
from livetrack_vcam.logs import CLEAR_LINE

SINK_MARKS = {"open": "", "opening": "…", "failed": " ✗", "closed": " ■"}


def format_status(status: Status) -> str:
    """One line: rate, latency, who is followed, zoom, outputs."""
    latency = f"{status.latency_p50_ms:.0f} ms" if status.latency_p50_ms is not None else "– ms"
    parts = [f"{status.fps:.1f} fps", latency]
    if status.source.state == "lost":
        parts.append("camera away, looking for it")
    if status.standby:
        parts.append("standby: nobody is looked for")
    elif status.detector_state != "running":
        parts.append("detector failed")
    parts += [_shot(shot, len(status.shots) > 1) for shot in status.shots]
    if status.sinks:
        several = len(status.shots) > 1
        parts.append(" ".join(dict.fromkeys(_sink(sink, several) for sink in status.sinks)))
    if status.dropped:
        parts.append(f"{status.dropped} dropped")
    return "  ·  ".join(parts)


def _sink(sink: SinkStatus, several: bool) -> str:
    """Of `several` shots' outputs those that are as they should be are named once for all."""
    mark = _mark(sink)
    return f"{sink.shot} {sink.name}{mark}" if several and mark else f"{sink.name}{mark}"


def _mark(sink: SinkStatus) -> str:
    """Of an output with a server elsewhere also that it is away."""
    away = sink.state == "open" and sink.link not in (None, "live")
    return f" {sink.link}" if away else SINK_MARKS[sink.state]


def _shot(shot: ShotStatus, named: bool) -> str:
    who = "+".join(f"#{track_id}" for track_id in shot.subject) or "nobody"
    zoom = f"{shot.zoom:.1f}×" if shot.zoom is not None else ""
    late = f"{shot.delay_ms:.0f} ms ahead" if shot.look_ahead else ""
    parts = (shot.name if named else "", shot.state, who, zoom, late)
    return " ".join(part for part in parts if part)


def show_status(status: Status) -> None:
    """Draw the line over the previous one, cut to the terminal's width."""
    width = shutil.get_terminal_size().columns
    _write(CLEAR_LINE + format_status(status)[: width - 1])


def clear_status() -> None:
    _write(CLEAR_LINE)


def _write(text: str) -> None:
    with suppress(OSError):  # a terminal that was closed must not keep the run from its end
        sys.stderr.write(text)
        sys.stderr.flush()
