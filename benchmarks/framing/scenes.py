"""What happens in front of the camera: actors whose true boxes are functions of time.

The camera is 1920x1080 at 30 frames a second. A scene begins with two seconds of warm-up, in which
everything is as at time 0 unless the scene has begun; scored time starts at 0. Lengths are given in
W, the frame's width.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from livetrack_vcam.core import Box, DirectorSettings, Size
from livetrack_vcam.core.detection import PERSON

FRAME = Size(1920, 1080)
FPS = 30
WARM_UP_FRAMES = 2 * FPS

BoxAt = Callable[[float], Box]
Missing = Callable[[float, random.Random], bool]


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody or something. `box_at` is its true box (a body without its waving arms).

    `seen_at` is the box a perfect detector would report, when that is another; `face` adds the
    face of a person.
    """

    box_at: BoxAt
    label: str = PERSON
    seen_at: BoxAt | None = None
    face: bool = False


def never_missing(_t: float, _chance: random.Random) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Scene:
    """Actors, the shot they are framed in, and what the detector gets wrong.

    Actors are ordered from back to front: one who is mostly covered by a later one is not seen.
    `subject` are the indices of the actors to be shown. With `before`, that actor is followed
    during the warm-up and the first of `subject` is commanded at time 0. `missing` says whether a
    look finds nothing; a share `false_share` of the looks finds something elsewhere instead.
    `size_sigma` is the range of the relative noise of width and height, drawn for each seed.
    What has `begun` moves during the warm-up, too.
    """

    name: str
    seconds: float
    actors: tuple[Actor, ...]
    shot: DirectorSettings
    subject: tuple[int, ...] = (0,)
    before: int | None = None
    missing: Missing = never_missing
    false_share: float = 0.0
    size_sigma: tuple[float, float] = (0.01, 0.01)
    begun: bool = False

    def moment(self, frame: int) -> float:
        """Scene time in seconds at which the actors are in a frame of the run."""
        return time_of(frame) if self.begun else max(time_of(frame), 0.0)

    @property
    def frames(self) -> int:
        """Scored frames."""
        return round(self.seconds * FPS)


NARROW = DirectorSettings(aspect_ratio=Fraction(9, 16), max_zoom=1.0)
"""A 9:16 crop of the frame's full height: only pan can move."""


def time_of(frame: int) -> float:
    """Scene time in seconds of a frame of the run, warm-up included."""
    return (frame - WARM_UP_FRAMES) / FPS


def pts_of(frame: int) -> int:
    """Presentation time of a frame in nanoseconds."""
    return round(frame * 1e9 / FPS)
