"""Golden sessions: recorded, decided again, compared."""

from __future__ import annotations

import gzip
import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from livetrack_vcam.core.command import Command
from livetrack_vcam.core.config import DirectorSettings
from livetrack_vcam.core.detection import Detection, Observation
from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.core.session import SessionRecorder, replay
from livetrack_vcam.core.settings_json import settings_to_json
from livetrack_vcam.live.look_ahead import DelayLine
from livetrack_vcam.live.opening import Opening

FOLDER = Path(__file__).parents[1] / "tests" / "golden" / "sessions"
SAME_PX = 1e-6
"""The last bits of exp() and log() are the C library's own, and differ between processors."""


@dataclass(frozen=True, slots=True)
class Script:
    """What happens in a session: frames, what becomes known when, and what is asked for when."""

    frame: Size
    shots: Mapping[str, DirectorSettings]
    times_ns: Sequence[int]
    known: Sequence[tuple[int, Observation]]
    commands: Sequence[tuple[int, str | None, Command]] = ()
    look_ahead: int = 0


@dataclass(frozen=True, slots=True)
class Moment:
    """One crop of a session as it was and as it is now, and where the subject is."""

    shot: str
    t: float
    expected: Box
    got: Box
    subject: Box | None

    @property
    def off_px(self) -> float:
        """How far an edge is off."""
        pairs = zip(self.expected.xywh, self.got.xywh, strict=True)
        return max(abs(a - b) for a, b in pairs)


def record(script: Script, source: str) -> list[str]:
    """The log of the session, as `run` would write it."""
    lines: list[str] = []
    crew = SessionRecorder(lines.append, script.frame, script.shots, source)
    known, commands = deque(script.known), deque(script.commands)
    opening: Opening[int] = Opening()
    held: DelayLine[int] = DelayLine(script.look_ahead)
    for now in script.times_ns:
        while commands and commands[0][0] <= now:
            crew.command(*commands.popleft()[1:])
        while known and known[0][0] <= now:
            seen = _rounded(known.popleft()[1])
            crew.observe(seen.detections, seen.pts_ns, seen.looks)
        for each in opening.put(now, now, bool(crew.attention.subject)):
            shown = held.put(each)
            if shown is not None:
                for shot in script.shots:
                    crew.crop_at(shot, shown)
    return lines


def _rounded(seen: Observation) -> Observation:
    """To a hundredth of a pixel: a log a third as long."""
    return replace(seen, detections=tuple(_rounded_detection(each) for each in seen.detections))


def _rounded_detection(found: Detection) -> Detection:
    box = Box(
        *(round(edge, 2) for edge in (found.box.x1, found.box.y1, found.box.x2, found.box.y2))
    )
    points = tuple(replace(p, x=round(p.x, 2), y=round(p.y, 2)) for p in found.landmarks)
    alike = tuple(round(each, 4) for each in found.appearance)
    return Detection(box, round(found.score, 3), found.label, points, alike)


def decided_again(lines: Iterable[str]) -> list[str]:
    """The same calls with the crops of today; settings that are new since have their defaults."""
    lines = with_new_settings(lines)
    crops = replay(lines, strict=False)
    return [_with_crop(line, crops) for line in lines]


def with_new_settings(lines: Iterable[str]) -> list[str]:
    """The log, where settings that are new since it was written have their defaults."""
    head, *rest = lines
    described = json.loads(head)
    usual = settings_to_json(DirectorSettings())
    shots = described["shots"].items()
    described["shots"] = {shot: usual | settings for shot, settings in shots}
    return [_line(described), *rest]


def _with_crop(line: str, crops: Iterator[Any]) -> str:
    record_ = json.loads(line)
    if "crop" not in record_:
        return line
    made = next(crops)
    panes = {} if made.panes == (made.crop.box,) else {"panes": [_edges(b) for b in made.panes]}
    return _line({"crop": _edges(made.crop.box), **panes, **_asked(record_)})


def _asked(record_: Mapping[str, object]) -> dict[str, object]:
    return {"shot": record_["shot"], "pts_ns": record_["pts_ns"]}


def _edges(box: Box) -> list[float]:
    return [box.x1, box.y1, box.x2, box.y2]


def _line(record_: Mapping[str, object]) -> str:
    return json.dumps(record_, separators=(",", ":")) + "\n"


def compared(lines: Sequence[str]) -> list[Moment]:
    """Every crop of a log beside the one decided today."""
    logged = [r for r in map(json.loads, lines) if "crop" in r]
    moments = []
    for was, made in zip(logged, replay(lines, strict=False), strict=True):
        boxes = {track.track_id: track.box for track in made.tracks}
        followed = [boxes[number] for number in made.subject if number in boxes]
        subject = followed[0] if followed else None
        expected = Box(*was["crop"])
        moments.append(Moment(made.shot, made.pts_ns / 1e9, expected, made.crop.box, subject))
    return moments


def read(path: Path) -> list[str]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return file.readlines()


def write(path: Path, lines: Iterable[str]) -> None:
    """Compressed without a date: the same log is the same file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("".join(lines).encode(), mtime=0))
