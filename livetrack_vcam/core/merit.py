"""How much a policy wants a track: who may be the subject, and who the most."""

from __future__ import annotations

import math
from collections.abc import Sequence

from livetrack_vcam.core.config import SubjectKind, SubjectPolicy
from livetrack_vcam.core.detection import FACE, PERSON, SPORTS_BALL, Track
from livetrack_vcam.core.geometry import Size

CENTRAL = 0.15
"""Distance from the middle, in frame sizes, at which being central is worth half as much."""


def eligible(tracks: Sequence[Track], policy: SubjectPolicy) -> list[Track]:
    """Tracks the policy may choose; the ball policy takes people when there is no ball."""
    if policy.kind is SubjectKind.LABEL:
        if policy.label == FACE:
            return [t for t in tracks if t.face is not None]
        return [t for t in tracks if t.label == policy.label]
    if policy.kind is SubjectKind.BALL:
        balls = [t for t in tracks if t.label == SPORTS_BALL]
        if balls:
            return balls
    return [t for t in tracks if t.label == PERSON]


def size_of(track: Track) -> float:
    return math.sqrt(track.box.area)


def merit(track: Track, policy: SubjectPolicy, frame: Size) -> float:
    """How much the policy wants a track; greater than 0 for a box that is."""
    x = abs(track.box.center.x / frame.width - 0.5)
    y = abs(track.box.center.y / frame.height - 0.5)
    if policy.kind is SubjectKind.CENTER:
        return 1 / (CENTRAL + math.hypot(x, y))
    if policy.kind is SubjectKind.AUTO:
        return size_of(track) * track.score * (1 - x)
    return size_of(track)
