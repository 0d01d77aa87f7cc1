"""`replay`: a session log decided again, with an optional trace of the first shot."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.core.session import Replayed, SessionError, replay
from livetrack_vcam.core.settings_json import settings_from_json
from livetrack_vcam.journal import TextDraft
from livetrack_vcam.shot_settings import default_size
from livetrack_vcam.trace import frame_line, header, to_line


def replay_session(lines: Iterable[str], trace: Path | None, overwrite: bool) -> int:
    """Replay a log; returns the number of crops, every one the same bit for bit.

    Raises SessionError for what is not a log or differs. A trace is written only when all is well.
    """
    iterator = iter(lines)
    first = next(iterator, "")
    crops = list(replay(chain([first] if first else [], iterator)))
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
    fps, canvas = _rate_and_canvas(head.get("notes", {}), name, chosen.aspect_ratio)
    file.write(to_line(header(head["source"], frame, fps, chosen)))
    for line in _trace_lines([crop for crop in crops if crop.shot == name], frame, canvas):
        file.write(line)


def _rate_and_canvas(notes: Any, shot: str, ratio: Fraction) -> tuple[Fraction | None, Size]:
    """What the log's notes say of them; a log without notes gets what `run` has by default."""
    try:
        rate = notes.get("fps")
        sides = notes.get("canvases", {}).get(shot)
        canvas = default_size(ratio) if sides is None else Size(*map(int, sides))
        return None if rate is None else Fraction(rate), canvas
    except (TypeError, ValueError, AttributeError):
        raise SessionError("line 1: the notes of the session log are broken") from None


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
                made.panes,
            )
        )
