"""`replay`: a session log decided again, with an optional trace of the first shot."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.core.session import Replayed, replay
from livetrack_vcam.core.settings_json import settings_from_json
from livetrack_vcam.journal import TextDraft
from livetrack_vcam.settings import default_size
from livetrack_vcam.trace import frame_line, header, to_line


def replay_session(lines: Iterable[str], trace: Path | None, overwrite: bool) -> int:
    """Replay a log; returns the number of crops, every one the same bit for bit.

    Raises SessionError for what is not a log or differs. A trace is written only when all is well.
    """
    iterator = iter(lines)
    first = next(iterator, "")
    crops = list(replay(chain([first], iterator)))
    if trace is not None:
        file = TextDraft(trace, overwrite)
        try:
            _write_trace(file, json.loads(first), crops)
        except BaseException:
            file.abort()
            raise
        file.finish()
    return len(crops)


def _write_trace(file: TextDraft, head: dict[str, Any], crops: list[Replayed]) -> None:
    frame = Size(*head["size"])
    name, settings = next(iter(head["shots"].items()))
    chosen = settings_from_json(settings)
    notes = head.get("notes", {})
    fps = Fraction(notes["fps"]) if notes.get("fps") else None
    canvases = notes.get("canvases", {})
    canvas = Size(*canvases[name]) if name in canvases else default_size(chosen.aspect_ratio)
    file.write(to_line(header(head["source"], frame, fps, chosen)))
    for line in _trace_lines([crop for crop in crops if crop.shot == name], frame, canvas):
        file.write(line)


def _trace_lines(crops: list[Replayed], frame: Size, canvas: Size) -> Iterator[str]:
    for index, made in enumerate(crops):
        yield to_line(
            frame_line(
                index,
                made.pts_ns - crops[0].pts_ns,
                made.pts_ns,
                made.crop,
                made.state,
                made.subject,
                made.tracks,
                frame,
                canvas,
            )
        )
