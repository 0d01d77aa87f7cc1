"""Whom of a group the crop shows: everybody if they fit, else the best first while they fit."""

from __future__ import annotations

from collections.abc import Sequence

from livetrack_vcam.core.config import DirectorSettings, Fill
from livetrack_vcam.core.detection import Track
from livetrack_vcam.core.framing import SubjectShape, height_bounds
from livetrack_vcam.core.geometry import Box, Size, union
from livetrack_vcam.core.subject_estimator import head_height

JOIN_FILL = 0.9
"""Share of the largest crop the group may take with a newcomer; members may use all of it."""


def framed_together(
    members: Sequence[Track], before: Sequence[int], settings: DirectorSettings, frame: Size
) -> list[Track]:
    """The members shown together, given best first; `before` are the ids shown until now.

    The greedy rule of the original Live Tracking project: start with the best, add others while
    the union still fits. Those already in are tried first, so nobody flickers in and out. A fill
    that shows everybody beside bars leaves nobody out.
    """
    if not members:
        return []
    if settings.fill in (Fill.LETTERBOX, Fill.BLUR):
        return list(members)
    height = height_bounds(settings, frame)[1]
    width = height * float(settings.aspect_ratio)
    chosen = [members[0]]
    rest = sorted(members[1:], key=lambda t: t.track_id not in before)
    for track in rest:
        share = 1.0 if track.track_id in before else JOIN_FILL
        box = union([*(t.box for t in chosen), track.box])
        if box.width <= share * width and box.height <= height:
            chosen.append(track)
    return chosen


def shape_of_all(shape: SubjectShape, tracks: Sequence[Track]) -> SubjectShape:
    """`shape`, made from the joint box of `tracks`, with what a close shot of them must know."""
    if len(tracks) < 2:
        return shape
    highest = min(track.box.y1 for track in tracks)
    lowest = max(track.box.y1 for track in tracks)
    head = max(head_height(track.box, track.face) for track in tracks)
    return shape._replace(head=head, people=len(tracks), spread=lowest - highest)


def joint_box(tracks: Sequence[Track]) -> Box:
    return union([track.box for track in tracks])
