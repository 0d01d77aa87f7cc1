"""What the picture should show at every point of an even grid, once the whole clip is known."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from livetrack_vcam.core.casting import Sighting
from livetrack_vcam.core.config import DirectorSettings, WhenLost
from livetrack_vcam.core.framing import SubjectShape, shows_whole
from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.core.smoothing import median_filter, rolling_max, smooth

GRID_S = 1 / 30
LONG_GAP_S = 4.0
"""An absence longer than this shows the whole scene meanwhile; a shorter one is bridged."""
TURN_BACK_S = 1.2
"""So long before the subject comes back the crop is already on its way."""
RUN_GAP_S = 0.6
"""Sightings no further apart than this are one run: in between the subject is where it must be."""
REACH_S = 0.1
"""A detector looks ten times a second: strides and gestures in between reach as far as around."""
BEYOND_S = 0.3
"""So long before its first and after its last sighting a subject is taken to move on."""
CHANGE_S = 0.8
CHANGE_S_PER_W = 1.0
"""Time for going from one subject to another, in which neither need be whole, and more of it for
the distance in frame widths."""
NEAR_SIDE = 0.005
"""A box this close to the frame's side (share of the width) is cut off by it."""
CUT_SHARE = 0.25
"""So much of what is left of somebody cut off may be outside: the crop comes to rest in time."""
HEAD_ROOM = 1.2
"""A shot of some heads' height keeps a square so many heads large around the head inside; of a
group everybody from side to side, down to as far under the lowest head."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted at one grid point.

    `keep` must stay inside the crop if it fits (None: nothing is known to be there); `empty`: the
    scene without a subject.
    """

    shape: SubjectShape
    keep: Box | None
    empty: bool


def wishes(
    grid: Sequence[float], sightings: Sequence[Sighting], settings: DirectorSettings, frame: Size
) -> list[Wish]:
    """One wish for each grid time (seconds, GRID_S apart); `sightings` in order, one or more."""
    shapes, empties = _shapes(grid, sightings, settings)
    keeps = _keeps(grid, sightings, settings, frame)
    return [Wish(*each) for each in zip(shapes, keeps, empties, strict=True)]


def _shapes(
    grid: Sequence[float], sightings: Sequence[Sighting], settings: DirectorSettings
) -> tuple[list[SubjectShape], list[bool]]:
    """The subject's shape: between sightings interpolated, then smoothed."""
    times = [s.pts_ns / 1e9 for s in sightings]
    empties: list[bool] = []
    people: list[int] = []
    columns: list[list[float]] = [[], [], [], [], [], []]
    for t in grid:
        after = bisect_right(times, t)
        left, right = sightings[max(after - 1, 0)], sightings[min(after, len(times) - 1)]
        empties.append(_is_empty(t, left, right, settings))
        share = _share(t, left, right)
        people.append((right if share == 1.0 else left).shape.people)
        for column, a, b in zip(columns, _numbers(left), _numbers(right), strict=True):
            column.append(a + (b - a) * share)
    x, top, width, height, head, spread = columns
    reach = round(1 / GRID_S)
    smoothed = (
        smooth(x, 0.3, GRID_S),
        smooth(top, 0.3, GRID_S),
        smooth(rolling_max(width, reach // 2), 1.0, GRID_S),
        smooth(median_filter(height, reach // 2), 1.0, GRID_S),
        smooth(median_filter(head, reach // 2), 1.0, GRID_S),
    )
    spreads = smooth(median_filter(spread, reach // 2), 1.0, GRID_S)
    alone = [SubjectShape(*numbers) for numbers in zip(*smoothed, strict=True)]
    together = zip(alone, people, spreads, strict=True)
    return [shape._replace(people=n, spread=lower) for shape, n, lower in together], empties


def _numbers(sighting: Sighting) -> tuple[float, float, float, float, float, float]:
    shape = sighting.shape
    return (shape.center_x, shape.top, shape.width, shape.height, shape.head, shape.spread)


def _share(t: float, left: Sighting, right: Sighting) -> float:
    """How far from the left to the right sighting; a change of subject or a gap steps late."""
    a, b = left.pts_ns / 1e9, right.pts_ns / 1e9
    if b <= a or t <= a:
        return 0.0
    if left.subject == right.subject and b - a <= LONG_GAP_S:
        return min((t - a) / (b - a), 1.0)
    return 1.0 if t >= b - min(TURN_BACK_S, (b - a) / 2) else 0.0


def _is_empty(t: float, left: Sighting, right: Sighting, settings: DirectorSettings) -> bool:
    """Whether the scene is shown instead of a subject that is gone for long."""
    if settings.when_lost is WhenLost.HOLD:
        return False
    a, b = left.pts_ns / 1e9, right.pts_ns / 1e9
    if right is left:
        return abs(t - a) > LONG_GAP_S
    return b - a > LONG_GAP_S and a + settings.lost_predict < t < b - TURN_BACK_S


def _keeps(
    grid: Sequence[float], sightings: Sequence[Sighting], settings: DirectorSettings, frame: Size
) -> list[Box | None]:
    """What must be inside the crop: where the subject is, and a little before and after."""
    edges: list[list[float]] = [[math.inf] * len(grid) for _ in range(4)]
    runs = list(_runs(sightings))
    for index, run in enumerate(runs):
        since, until = run[0].pts_ns / 1e9 - BEYOND_S, run[-1].pts_ns / 1e9 + BEYOND_S
        if index > 0:
            since = max(since, _leaves(runs[index - 1], run, frame)[1])
        if index + 1 < len(runs):
            until = min(until, _leaves(run, runs[index + 1], frame)[0])
        boxes = _steady([_kept(s, settings) for s in run])
        times = [s.pts_ns / 1e9 for s in run]
        for i in range(_index(since, grid), _index(until, grid)):
            box = _inside(_box_at(grid[i], times, boxes), frame)
            # All four as minima, so that one rolling extreme widens them.
            for edge, value in zip(edges, (box.x1, box.y1, -box.x2, -box.y2), strict=True):
                edge[i] = value
    reach = round(REACH_S / GRID_S)
    x1, y1, x2, y2 = ([-v for v in rolling_max([-v for v in edge], reach)] for edge in edges)
    return [
        None if math.isinf(corner[0]) else Box(corner[0], corner[1], -corner[2], -corner[3])
        for corner in zip(x1, y1, x2, y2, strict=True)
    ]


def _inside(box: Box, frame: Size) -> Box:
    """The part in the frame; of somebody whom the frame's side cuts, the better part of that."""
    part = box.clipped(frame)
    near = NEAR_SIDE * frame.width
    give = CUT_SHARE * part.width
    return Box(
        part.x1 + give if part.x1 <= near else part.x1,
        part.y1,
        part.x2 - give if part.x2 >= frame.width - near else part.x2,
        part.y2,
    )


def _index(t: float, grid: Sequence[float]) -> int:
    return min(max(math.ceil((t - grid[0]) / GRID_S), 0), len(grid))


def _runs(sightings: Sequence[Sighting]) -> Iterator[list[Sighting]]:
    run = [sightings[0]]
    for before, after in pairwise(sightings):
        if after.subject != before.subject or after.pts_ns - before.pts_ns > RUN_GAP_S * 1e9:
            yield run
            run = []
        run.append(after)
    yield run


def _leaves(
    before: Sequence[Sighting], after: Sequence[Sighting], frame: Size
) -> tuple[float, float]:
    """When the crop may leave the one run, and when it must have reached the other."""
    end, start = before[-1], after[0]
    a, b = end.pts_ns / 1e9, start.pts_ns / 1e9
    if end.subject == start.subject:
        return b, a
    way = abs(start.shape.center_x - end.shape.center_x) / frame.width
    needed = CHANGE_S + CHANGE_S_PER_W * way
    middle = (a + b) / 2
    return middle - needed / 2, middle + needed / 2


def _kept(sighting: Sighting, settings: DirectorSettings) -> Box:
    box = sighting.box
    if shows_whole(settings):
        return box
    shape = sighting.shape
    half = HEAD_ROOM * shape.head / 2
    bottom = min(box.y1 + shape.spread + 2 * half, box.y2)
    if shape.people > 1:
        return Box(box.x1, box.y1, box.x2, bottom)
    return Box(
        max(shape.center_x - half, box.x1), box.y1, min(shape.center_x + half, box.x2), bottom
    )


def _steady(boxes: Sequence[Box]) -> list[Box]:
    """Each edge as the median of three: one look gone wrong moves nothing."""
    columns = zip(*((b.x1, b.y1, b.x2, b.y2) for b in boxes), strict=True)
    filtered = [median_filter(column, 1) for column in columns]
    return [Box(*edges) for edges in zip(*filtered, strict=True)]


def _box_at(t: float, times: Sequence[float], boxes: Sequence[Box]) -> Box:
    """The box of a run at time t; beyond its ends it goes on as fast as it went."""
    after = min(max(bisect_right(times, t), 1), len(times) - 1)
    if after <= 0:
        return boxes[0]
    if times[0] <= t <= times[-1]:
        share = (t - times[after - 1]) / (times[after] - times[after - 1])
        return _between(boxes[after - 1], boxes[after], share)
    end, inner = (0, 3) if t < times[0] else (len(times) - 1, len(times) - 4)
    inner = min(max(inner, 0), len(times) - 1)
    speed = (boxes[end].center.x - boxes[inner].center.x) / (times[end] - times[inner])
    return boxes[end].shifted(speed * (t - times[end]), 0.0)


def _between(a: Box, b: Box, share: float) -> Box:
    return Box(
        a.x1 + (b.x1 - a.x1) * share,
        a.y1 + (b.y1 - a.y1) * share,
        a.x2 + (b.x2 - a.x2) * share,
        a.y2 + (b.y2 - a.y2) * share,
    )
