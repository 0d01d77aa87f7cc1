"""How often a clip is worth a look while its whole path is still to be drawn.

The best path knows what comes after, so a straight line between two looks serves it where `run`
must look again. Over 17 clips at 9:16, a look five times a second with a tenth of a core contains
the subject as often as ten looks with six tenths (68.7 and 68.8 % of the frames) and jerks less
(.45 and .56 W/s³); see docs/adr/0008-offline-path.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from livetrack_vcam.core.attention import Attention
from livetrack_vcam.core.detection import PERSON, Observation, Track
from livetrack_vcam.core.geometry import Box
from livetrack_vcam.media import Frame
from livetrack_vcam.stats import NS_PER_S

Small: TypeAlias = npt.NDArray[np.int16]

WIDTH, HEIGHT = 64, 36
POINTS = 4
"""Points of a side that are averaged for each cell of the small picture."""
CHANGED = 5
"""Code values; the mean of some points of a still picture varies by less."""
MOVED_CELLS = 2
"""Somebody far away covers more cells than this when he comes in."""
REST_S = 1.0
"""A picture in which nothing moves is looked at this often all the same."""
RATE_SHARE = 0.5
"""Looks a second, as a share of run's."""
CPU = 0.1
"""Of one core per second of the clip: what the looks may take by the schedule."""

EARLY_S = 0.02
"""Frames come when they come: a look this much too early is not put off to the next."""
LONGEST_S = 0.4
"""Between two looks at people who stay where they are; longer, and a path would know a gap."""
STAYED = 0.05
"""Of a box's larger side: no edge is further from where it was at the last look."""
FOREMOST = 2
"""So many of the largest people decide; in a crowd somebody moves all the time."""


class Pace:
    """When to look next: later while people stay where they are."""

    def __init__(self) -> None:
        self._interval_s = 0.0
        self._looked_ns: int | None = None

    def is_due(self, t_ns: int) -> bool:
        if self._looked_ns is None:
            return True
        return t_ns - self._looked_ns >= (self._interval_s - EARLY_S) * NS_PER_S

    def looked(self, t_ns: int, before: Attention, after: Sequence[Track]) -> None:
        """What the look at `t_ns` made of what was known before it."""
        self._looked_ns = t_ns
        calm = _rests(before, _foremost(after), t_ns)
        self._interval_s = LONGEST_S if calm else 0.0


def _foremost(tracks: Sequence[Track]) -> list[Track]:
    people = [track for track in tracks if track.label == PERSON]
    return sorted(people, key=lambda track: -track.box.area)[:FOREMOST]


def _rests(before: Attention, people: Sequence[Track], t_ns: int) -> bool:
    known = {track.track_id: track for track in before.tracks}
    return bool(people) and all(
        track.seen_ns == t_ns
        and track.track_id in known
        and _near(known[track.track_id].box, track.box)
        for track in people
    )


def _near(before: Box, found: Box) -> bool:
    """Whether the edges agree."""
    give = STAYED * max(found.width, found.height)
    pairs = (
        (before.x1, found.x1),
        (before.y1, found.y1),
        (before.x2, found.x2),
        (before.y2, found.y2),
    )
    return all(abs(a - b) <= give for a, b in pairs)


class Rest:
    """Tells whether a picture still is the one that was looked at last."""

    def __init__(self) -> None:
        self._looked: Small | None = None
        self._looked_ns = 0
        self._seen: Observation | None = None

    def still(self, frame: Frame, t_ns: int) -> Observation | None:
        """What was seen last, as of `t_ns`, if nothing moved since; None: look again."""
        if self._looked is None or self._seen is None:
            return None
        if t_ns - self._looked_ns >= REST_S * NS_PER_S:
            return None
        changed = np.abs(_small(frame) - self._looked) > CHANGED
        if int(np.count_nonzero(changed)) > MOVED_CELLS:
            return None
        return replace(self._seen, pts_ns=t_ns)

    def looked(self, frame: Frame, t_ns: int, seen: Observation | None) -> None:
        """What a look at this frame showed."""
        self._looked, self._looked_ns, self._seen = _small(frame), t_ns, seen


def _small(frame: Frame) -> Small:
    luma = frame.planes[0]
    rows, columns = luma.shape
    points = luma[:: max(1, rows // (POINTS * HEIGHT)), :: max(1, columns // (POINTS * WIDTH))]
    small = cv2.resize(np.ascontiguousarray(points), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return small.astype(np.int16)
