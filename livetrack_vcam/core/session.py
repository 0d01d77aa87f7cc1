"""Session log: every call made on a crew, one JSON line each; replay() makes them again.

The first line describes the session: version, source, frame size and every shot's settings. Then
come, in the order of the calls, {"observe": [...]}, {"command": {...}} and {"crop": [...]}, with
"panes" where what is shown is not the crop alone. Floats
are written so that they read back exactly (repr), so replayed crops can be compared bit for bit.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from livetrack_vcam.core.attention import Attention
from livetrack_vcam.core.command import Command
from livetrack_vcam.core.command_json import command_from_json, command_to_json
from livetrack_vcam.core.config import DirectorSettings
from livetrack_vcam.core.crew import Crew
from livetrack_vcam.core.detection import Detection, Look, Track
from livetrack_vcam.core.director import Director
from livetrack_vcam.core.geometry import Box, Crop, Point, Size
from livetrack_vcam.core.presence import State
from livetrack_vcam.core.settings_json import settings_from_json, settings_to_json

VERSION = 1


class SessionError(ValueError):
    """A session log cannot be read; the message names the line and what is wrong with it."""


class SessionMismatch(SessionError):
    """A replayed crop differs from the logged one: the log is from another version, or edited."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """One crop_at call made again, and what the director knew then."""

    shot: str
    pts_ns: int
    crop: Crop
    state: State
    subject: tuple[int, ...]
    tracks: tuple[Track, ...]
    panes: tuple[Box, ...]


class SessionRecorder:
    """A crew that writes down every call. `write` gets whole lines, each with its line feed."""

    def __init__(
        self,
        write: Callable[[str], None],
        frame: Size,
        shots: Mapping[str, DirectorSettings],
        source: str,
        notes: Mapping[str, object] | None = None,
    ) -> None:
        """`notes` are JSON values for whoever reads the log; no decision depends on them."""
        self._write = write
        self._crew = Crew(frame, shots)
        self._line(
            {
                "livetrack_session": VERSION,
                "source": source,
                "size": [frame.width, frame.height],
                "shots": {name: settings_to_json(each) for name, each in shots.items()},
                "notes": dict(notes or {}),
            }
        )

    @property
    def shots(self) -> tuple[str, ...]:
        return self._crew.shots

    @property
    def tracks(self) -> tuple[Track, ...]:
        return self._crew.tracks

    def director(self, shot: str) -> Director:
        return self._crew.director(shot)

    @property
    def attention(self) -> Attention:
        return self._crew.attention

    def observe(
        self, detections: tuple[Detection, ...], pts_ns: int, looks: tuple[Look, ...] = ()
    ) -> None:
        record: dict[str, object] = {"observe": [_detection_to_json(d) for d in detections]}
        if looks:
            record["looks"] = [_look_to_json(look) for look in looks]
        self._line({**record, "pts_ns": pts_ns})
        self._crew.observe(detections, pts_ns, looks)

    def command(self, shot: str | None, command: Command) -> None:
        """As Crew.command; a refused command changes nothing and is not logged."""
        self._crew.command(shot, command)
        self._line({"command": command_to_json(command), "shot": shot})

    def crop_at(self, shot: str, pts_ns: int) -> Crop:
        crop = self._crew.crop_at(shot, pts_ns)
        record = {"crop": _box_to_json(crop.box), **_panes_to_json(self._crew.director(shot), crop)}
        self._line({**record, "shot": shot, "pts_ns": pts_ns})
        return crop

    def _line(self, record: Mapping[str, object]) -> None:
        self._write(json.dumps(record, separators=(",", ":")) + "\n")


def replay(lines: Iterable[str], *, strict: bool = True) -> Iterator[Replayed]:
    """Make the logged calls again on a fresh crew, yielding one Replayed per crop.

    Raises SessionError for a log that is not one of this version or has a broken line, and, where
    `strict`, SessionMismatch when a crop differs. A last line cut off by a crash is ignored.
    """
    numbered = enumerate(lines, 1)
    crew: Crew | None = None
    for number, line in numbered:
        try:
            record = json.loads(line)
        except ValueError:
            if crew is not None and next(numbered, None) is None:
                return
            raise SessionError(f"line {number} of the session log is not JSON") from None
        if crew is None:
            crew = _crew_of(record, number)
            continue
        replayed = _apply(crew, record, number, strict)
        if replayed is not None:
            yield replayed
    if crew is None:
        raise SessionError("the session log is empty; give one written with --session")


def _crew_of(header: object, number: int) -> Crew:
    if not isinstance(header, Mapping) or "livetrack_session" not in header:
        raise SessionError(f"line {number} is not the head of a LiveTrack session log")
    if header["livetrack_session"] != VERSION:
        raise SessionError(
            f"line {number}: session log version {header['livetrack_session']!r} is not {VERSION}"
        )
    try:
        width, height = header["size"]
        shots = {str(name): settings_from_json(each) for name, each in header["shots"].items()}
        if not all(type(side) is int and side > 0 for side in (width, height)):
            raise ValueError(f"the frame size {width!r} x {height!r} is not two whole numbers")
        return Crew(Size(width, height), shots)
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise SessionError(
            f"line {number}: the head of the session log is broken: {error}"
        ) from None


def _apply(crew: Crew, record: object, number: int, strict: bool) -> Replayed | None:
    try:
        if not isinstance(record, Mapping):
            raise ValueError("it is not an object")
        if "observe" in record:
            found = tuple(_detection_from_json(each) for each in record["observe"])
            looks = tuple(_look_from_json(each) for each in record.get("looks", ()))
            crew.observe(found, _whole(record["pts_ns"]), looks)
            return None
        if "command" in record:
            crew.command(record["shot"], command_from_json(record["command"]))
            return None
        shot, pts_ns = str(record["shot"]), _whole(record["pts_ns"])
        logged = _box_from_json(record["crop"]), *map(_box_from_json, record.get("panes", ()))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise SessionError(f"line {number} of the session log is broken: {error}") from None
    return _compare(crew, shot, pts_ns, logged if strict else None, number)


def _compare(
    crew: Crew, shot: str, pts_ns: int, logged: tuple[Box, ...] | None, number: int
) -> Replayed:
    try:
        crop = crew.crop_at(shot, pts_ns)
    except (ValueError, OverflowError) as error:
        raise SessionError(f"line {number} of the session log is broken: {error}") from None
    director = crew.director(shot)
    made = (crop.box, *_unusual_panes(director, crop))
    if logged is not None and made != logged:
        raise SessionMismatch(
            f"line {number}: shot {shot!r} at {pts_ns} ns was {_written(logged)} in the log and is "
            f"{_written(made)} now; replay it with the version that wrote it"
        )
    seen = director.state, director.subject, director.tracks_at(pts_ns)
    return Replayed(shot, pts_ns, crop, *seen, director.panes)


def _written(boxes: tuple[Box, ...]) -> str:
    return ", ".join(str(box.xywh) for box in boxes)


def _unusual_panes(director: Director, crop: Crop) -> tuple[Box, ...]:
    """What is shown, unless it is the crop alone."""
    return () if director.panes == (crop.box,) else director.panes


def _panes_to_json(director: Director, crop: Crop) -> dict[str, object]:
    panes = _unusual_panes(director, crop)
    return {"panes": [_box_to_json(box) for box in panes]} if panes else {}


def _whole(value: object) -> int:
    if type(value) is not int:
        raise ValueError(f"{value!r} is not a whole number")
    return value


def _detection_to_json(detection: Detection) -> list[object]:
    return [
        detection.label,
        detection.score,
        _box_to_json(detection.box),
        [[point.x, point.y] for point in detection.landmarks],
        list(detection.appearance),
    ]


def _detection_from_json(data: list[object]) -> Detection:
    label, score, box, landmarks, appearance = data
    if not isinstance(landmarks, list) or not isinstance(appearance, list):
        raise ValueError(f"{data!r} is not a detection")
    if not isinstance(label, str):
        raise ValueError(f"{data!r} is not a detection")
    points = tuple(Point(_number(x), _number(y)) for x, y in landmarks)
    looks_like = tuple(_number(each) for each in appearance)
    return Detection(_box_from_json(box), _number(score), label, points, looks_like)


def _look_to_json(look: Look) -> list[object]:
    return [_box_to_json(look.region), sorted(look.labels)]


def _look_from_json(data: list[object]) -> Look:
    region, labels = data
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise ValueError(f"{data!r} is not a look")
    return Look(_box_from_json(region), frozenset(labels))


def _box_to_json(box: Box) -> list[float]:
    return [box.x1, box.y1, box.x2, box.y2]


def _box_from_json(data: object) -> Box:
    if not isinstance(data, list):
        raise ValueError(f"{data!r} is not a box")
    x1, y1, x2, y2 = (_number(edge) for edge in data)
    return Box(x1, y1, x2, y2)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{value!r} is not a number")
    return value
