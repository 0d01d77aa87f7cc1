"""A session log decided again, and the trace that comes of it."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from livetrack_vcam.core.config import DirectorSettings
from livetrack_vcam.core.geometry import Size
from livetrack_vcam.core.session import SessionError, SessionRecorder
from livetrack_vcam.replay import replay_session

UPRIGHT = {"main": DirectorSettings(aspect_ratio=Fraction(9, 16))}


def session(notes: Any) -> list[str]:
    lines: list[str] = []
    recorder = SessionRecorder(lines.append, Size(320, 180), UPRIGHT, "test", notes)
    for index in range(3):
        recorder.crop_at("main", index * 40_000_000)
    return lines


def test_the_trace_has_the_rate_and_the_canvas_of_the_run(tmp_path: Path) -> None:
    out = tmp_path / "trace.jsonl"
    notes = {"fps": "30000/1001", "canvases": {"main": [90, 160]}}
    assert replay_session(session(notes), out, overwrite=False) == 3
    head, *frames = [json.loads(line) for line in out.read_text().splitlines()]
    assert head["fps"] == pytest.approx(29.97003)
    assert {tuple(frame["size"]) for frame in frames} == {(90, 160)}


def test_a_log_without_notes_gets_the_default_canvas(tmp_path: Path) -> None:
    out = tmp_path / "trace.jsonl"
    replay_session(session(None), out, overwrite=False)
    assert json.loads(out.read_text().splitlines()[1])["size"] == [720, 1280]


@pytest.mark.parametrize("notes", [{"fps": "fast"}, {"canvases": {"main": ["a", "b"]}}])
def test_broken_notes_are_said_to_be_broken_and_leave_no_trace(
    tmp_path: Path, notes: dict[str, Any]
) -> None:
    out = tmp_path / "trace.jsonl"
    with pytest.raises(SessionError, match="notes"):
        replay_session(session(notes), out, overwrite=False)
    assert not out.exists()
