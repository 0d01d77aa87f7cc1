"""Who came back: a newcomer compared with everybody who left."""

from __future__ import annotations

import math
from collections.abc import Sequence

from livetrack_vcam.core.appearance import OTHER, SAME, likeness
from livetrack_vcam.core.geometry import Size
from livetrack_vcam.core.tracked import TrackedThing

SAME_SIZE = 0.35
"""Change of the height, as a logarithm, of somebody who comes back within seconds."""
ANY_SIZE = 0.9
"""The same for somebody known by the looks: nearer or farther, but not a child for an adult."""
LIKELY = 0.7
"""Likeness that is enough within RECENT_S; 4 % of the pairs of one person are below, 5 % of the
pairs of two are above (see `appearance.SAME`)."""
RECENT_S = 30.0
AHEAD = 0.07
"""By so much the one must be more alike than everybody else who was ever seen."""


def returned(
    newcomer: TrackedThing,
    gone: Sequence[TrackedThing],
    others: Sequence[TrackedThing],
    now: int,
    remember_s: float,
    frame: Size,
) -> TrackedThing | None:
    """The one of `gone` who came back as `newcomer`; `others` are there and are not the one.

    Within `remember_s` place and size are enough when the looks do not speak against it; later
    only the looks count, if nobody else looks so.
    """
    near = [
        (cost, thing.track_id, thing)
        for thing in gone
        if thing.unseen_s(now) <= remember_s
        and (cost := _distance(newcomer, thing, now, frame)) is not None
    ]
    if near:
        return min(near)[2]
    return _by_looks(newcomer, gone, others, now)


def _distance(newcomer: TrackedThing, before: TrackedThing, now: int, frame: Size) -> float | None:
    """How far place, size and looks are from the last sighting; None when it is somebody else."""
    if newcomer.label != before.label or before.last.box.height <= 0:
        return None
    growth = abs(math.log(newcomer.visible.height / before.last.box.height))
    then, here = before.last.box.center, newcomer.visible.center
    distance = math.hypot(then.x - here.x, then.y - here.y) / frame.width
    if growth > SAME_SIZE or distance > 0.15 + 0.2 * before.unseen_s(now):
        return None
    alike = likeness(newcomer.memory.mean, before.memory.mean)
    if alike is None:
        return distance + growth
    return distance + growth + SAME - alike if alike >= OTHER else None


def _by_looks(
    newcomer: TrackedThing,
    gone: Sequence[TrackedThing],
    others: Sequence[TrackedThing],
    now: int,
) -> TrackedThing | None:
    ranked = sorted(
        (
            (alike, -thing.track_id, thing)
            for thing in gone
            if thing.label == newcomer.label
            and thing.memory.sure
            and (alike := likeness(newcomer.memory.mean, thing.memory.mean)) is not None
        ),
        key=lambda entry: entry[:2],
        reverse=True,
    )
    if not ranked:
        return None
    best, _, candidate = ranked[0]
    if best < (LIKELY if candidate.unseen_s(now) <= RECENT_S else SAME):
        return None
    rivals = [alike for alike, _, _ in ranked[1:]] + [
        likeness(newcomer.memory.mean, thing.memory.mean) or 0.0 for thing in others
    ]
    size = newcomer.visible.height / max(candidate.last.box.height, 1e-9)
    plausible = size > 0 and abs(math.log(size)) <= ANY_SIZE
    return candidate if plausible and best - max(rivals, default=0.0) >= AHEAD else None
