"""Small plays for the core: who stands where when, seen by a detector of known faults."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from livetrack_vcam.core import (
    Box,
    Crop,
    Detection,
    Director,
    DirectorSettings,
    Size,
    State,
)
from livetrack_vcam.core.detection import FACE, PERSON

FULL_HD = Size(1920, 1080)
Sight = Callable[[float], tuple[Detection, ...]]


def person(x: float, y: float = 700.0, height: float = 500.0, score: float = 0.9) -> Detection:
    """Somebody standing with the center of the box at x, y; a third as wide as tall."""
    return Detection(Box.from_cxcywh(x, y, height / 3, height), score, PERSON)


def face_of(body: Detection, score: float = 0.9) -> Detection:
    """The face of a standing person: a tenth of the height, near the top."""
    box = body.box
    size = 0.1 * box.height
    return Detection(
        Box.from_cxcywh(box.center.x, box.y1 + 0.07 * box.height, size, size), score, FACE
    )


def nobody(_: float) -> tuple[Detection, ...]:
    return ()


def standing(*xs: float) -> Sight:
    return lambda _: tuple(person(x) for x in xs)


def walking(start: float, speed: float) -> Sight:
    """Pixels and pixels per second."""
    return lambda t: (person(start + speed * t),)


def until(end_s: float, before: Sight, after: Sight = nobody) -> Sight:
    return lambda t: before(t) if t < end_s else after(t)


def noisy(sight: Sight, sigma_px: float, seed: int) -> Sight:
    """The same with boxes shifted at random, the same way for the same seed and time."""

    def look(t: float) -> tuple[Detection, ...]:
        chance = random.Random(f"{seed}/{t:.6f}")
        return tuple(
            Detection(
                d.box.shifted(chance.gauss(0, sigma_px), chance.gauss(0, sigma_px / 4)),
                d.score,
                d.label,
            )
            for d in sight(t)
        )

    return look


@dataclass
class Play:
    """A director at work: detections at `hz`, `latency_s` late, frames at `fps`."""

    settings: DirectorSettings = field(default_factory=DirectorSettings)
    frame: Size = FULL_HD
    fps: float = 30.0
    hz: float = 10.0
    latency_s: float = 0.067

    def __post_init__(self) -> None:
        self.director = Director(self.frame, self.settings)
        self.crops: list[Crop] = []
        self.states: list[State] = []
        self.subjects: list[tuple[int, ...]] = []
        self._frames = 0
        self._looked = 0
        self._pending: list[tuple[float, float, tuple[Detection, ...]]] = []

    @property
    def now(self) -> float:
        return self._frames / self.fps

    def run(self, seconds: float, sight: Sight) -> Play:
        """Go on for `seconds`; `sight` gets the time since the play began."""
        for _ in range(round(seconds * self.fps)):
            now = self.now
            while self._looked / self.hz <= now + 1e-9:
                at = self._looked / self.hz
                self._pending.append((at + self.latency_s, at, sight(at)))
                self._looked += 1
            while self._pending and self._pending[0][0] <= now + 1e-9:
                _, at, seen = self._pending.pop(0)
                self.director.observe(seen, round(at * 1e9))
            self.crops.append(self.director.crop_at(round(now * 1e9)))
            self.states.append(self.director.state)
            self.subjects.append(self.director.subject)
            self._frames += 1
        return self

    @property
    def crop(self) -> Crop:
        return self.crops[-1]

    @property
    def state(self) -> State:
        return self.states[-1]

    def track_at(self, x: float) -> int:
        """The id of the track nearest to x."""
        tracks = self.director.tracks
        return min(tracks, key=lambda t: abs(t.box.center.x - x)).track_id

    def centers(self) -> list[float]:
        return [crop.box.center.x for crop in self.crops]
