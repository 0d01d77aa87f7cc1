"""The best path when the whole clip is known: no lag, no surprise, as few moves as possible.

The subject's path is smoothed both ways, gaps are bridged, and the crop takes the shortest path
that keeps the subject in the dead zone (taut_string), first in size, then across and down. A
short symmetric window at the end rounds the corners, so that moves start and stop gently.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from livetrack_vcam.core.axis import GUARDED_SPARE
from livetrack_vcam.core.casting import Cast, Sighting, cast
from livetrack_vcam.core.config import DirectorSettings, Speed, WhenLost
from livetrack_vcam.core.detection import Observation, Track
from livetrack_vcam.core.framing import (
    SubjectShape,
    height_bounds,
    wanted_center,
    wanted_height,
)
from livetrack_vcam.core.geometry import Crop, Point, Size, fit_inside
from livetrack_vcam.core.presence import PREDICT_S, State
from livetrack_vcam.core.presets import PRESETS
from livetrack_vcam.core.rests import with_rests
from livetrack_vcam.core.rig import SWAY_SHARE, TILT_SHARE
from livetrack_vcam.core.smoothing import interpolate, median_filter, rolling_max, smooth
from livetrack_vcam.core.taut_string import taut_string

GRID_S = 1 / 30
EASE_S: dict[Speed, float] = {
    Speed.CALM: 1.1,
    Speed.NORMAL: 0.7,
    Speed.FAST: 0.5,
    Speed.SPORT: 0.3,
    Speed.CINEMA: 1.3,
}
"""Length of the window that rounds the corners of the path."""
LONG_GAP_S = 4.0
"""An absence longer than this shows the whole scene meanwhile; a shorter one is bridged."""
TURN_BACK_S = 1.2
"""So long before the subject comes back the crop is already on its way."""
SIZE_TUBE = (0.05, 0.10)
"""How much smaller and larger than wanted the crop may be, on a logarithmic scale."""
LEAST_REST = round(1.8 / GRID_S)
"""A rest is at least this many grid points long."""
STILL_PX = 0.05


@dataclass(frozen=True, slots=True)
class PathPoint:
    """The crop of one frame, and what it is about, as the trace tells it."""

    crop: Crop
    state: State
    subject: tuple[int, ...]
    tracks: tuple[Track, ...]


@dataclass(frozen=True, slots=True)
class _Wish:
    """Where the crop should be at one grid point; `empty`: the scene without a subject."""

    shape: SubjectShape
    empty: bool


def best_path(
    frame: Size,
    settings: DirectorSettings,
    observations: Sequence[Observation],
    frame_times_ns: Sequence[int],
) -> list[PathPoint]:
    """One PathPoint per frame time (increasing). Time grows linearly with the clip."""
    if not frame_times_ns:
        return []
    cast_list = cast(frame, settings, observations)
    if not cast_list.sightings:
        crop = fit_inside(_middle(frame), math.inf, settings.aspect_ratio, frame)
        crops = [crop] * len(frame_times_ns)
    else:
        crops = _crops(frame, settings, cast_list.sightings, frame_times_ns)
    return _annotated(crops, cast_list, frame_times_ns)


def _middle(frame: Size) -> Point:
    return Point(frame.width / 2, frame.height / 2)


def _crops(
    frame: Size,
    settings: DirectorSettings,
    sightings: Sequence[Sighting],
    frame_times_ns: Sequence[int],
) -> list[Crop]:
    start, end = frame_times_ns[0] / 1e9, frame_times_ns[-1] / 1e9
    grid = [start + i * GRID_S for i in range(math.ceil((end - start) / GRID_S) + 1)]
    wishes = _wishes(grid, sightings, settings)
    ease = EASE_S[settings.speed]
    heights = _height_path(frame, settings, wishes, ease)
    xs, ys = _center_paths(frame, settings, wishes, heights, ease)
    smallest, _ = height_bounds(settings, frame)
    crops = []
    for pts_ns in frame_times_ns:
        place = (pts_ns / 1e9 - start) / GRID_S
        center = Point(interpolate(xs, place), interpolate(ys, place))
        height = interpolate(heights, place)
        crops.append(fit_inside(center, height, settings.aspect_ratio, frame, smallest))
    return crops


def _wishes(
    grid: Sequence[float], sightings: Sequence[Sighting], settings: DirectorSettings
) -> list[_Wish]:
    """The subject's shape at every grid point: between sightings interpolated, then smoothed."""
    times = [s.pts_ns / 1e9 for s in sightings]
    empties: list[bool] = []
    columns: list[list[float]] = [[], [], [], [], []]
    for t in grid:
        after = bisect_right(times, t)
        left, right = sightings[max(after - 1, 0)], sightings[min(after, len(times) - 1)]
        empties.append(_is_empty(t, left, right, settings))
        share = _share(t, left, right)
        for column, a, b in zip(columns, _numbers(left), _numbers(right), strict=True):
            column.append(a + (b - a) * share)
    x, top, width, height, head = columns
    reach = round(1 / GRID_S)
    smoothed = (
        smooth(x, 0.3, GRID_S),
        smooth(top, 0.3, GRID_S),
        smooth(rolling_max(width, reach // 2), 1.0, GRID_S),
        smooth(median_filter(height, reach // 2), 1.0, GRID_S),
        smooth(median_filter(head, reach // 2), 1.0, GRID_S),
    )
    return [
        _Wish(SubjectShape(*numbers), empty)
        for numbers, empty in zip(zip(*smoothed, strict=True), empties, strict=True)
    ]


def _numbers(sighting: Sighting) -> tuple[float, float, float, float, float]:
    shape = sighting.shape
    return (shape.center_x, shape.top, shape.width, shape.height, shape.head)


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
    return b - a > LONG_GAP_S and a + PREDICT_S < t < b - TURN_BACK_S


def _height_path(
    frame: Size, settings: DirectorSettings, wishes: Sequence[_Wish], ease: float
) -> list[float]:
    smallest, largest = height_bounds(settings, frame)
    low, high = [], []
    for wish in wishes:
        height = largest if wish.empty else wanted_height(wish.shape, settings, frame)
        low.append(math.log(max(height * math.exp(-SIZE_TUBE[0]), smallest)))
        high.append(math.log(min(height * math.exp(SIZE_TUBE[1]), largest)))
    path = smooth(taut_string(*with_rests(low, high, LEAST_REST)), 1.5 * ease, GRID_S)
    return [math.exp(value) for value in path]


def _center_paths(
    frame: Size,
    settings: DirectorSettings,
    wishes: Sequence[_Wish],
    heights: Sequence[float],
    ease: float,
) -> tuple[list[float], list[float]]:
    preset = PRESETS[settings.speed]
    own = preset.dead_zone if settings.dead_zone is None else settings.dead_zone
    ratio = float(settings.aspect_ratio)
    tubes: tuple[list[float], ...] = ([], [], [], [])
    for wish, height in zip(wishes, heights, strict=True):
        shape = wish.shape
        center = wanted_center(shape, settings, frame, height)
        if wish.empty:
            center = _middle(frame)
        half_x = _room_across(shape.width, height * ratio, own)
        half_y = TILT_SHARE * own * height
        for tube, edge in zip(
            tubes,
            (center.x - half_x, center.x + half_x, center.y - half_y, center.y + half_y),
            strict=True,
        ):
            tube.append(edge)
    left, right, above, below = tubes
    return (
        smooth(taut_string(*with_rests(left, right, LEAST_REST)), ease, GRID_S),
        smooth(taut_string(*with_rests(above, below, LEAST_REST)), ease, GRID_S),
    )


def _room_across(subject: float, crop: float, dead_zone: float) -> float:
    """How far off center the subject may be: inside the crop, unless it fills it anyway."""
    spare = (crop - subject) / 2 - 0.03 * crop
    if spare < GUARDED_SPARE * crop:
        return max(dead_zone * crop, SWAY_SHARE * subject)
    return min(dead_zone * crop, spare)


def _annotated(
    crops: Sequence[Crop], cast_list: Cast, frame_times_ns: Sequence[int]
) -> list[PathPoint]:
    seen = [s.pts_ns for s in cast_list.sightings]
    looked = [pts_ns for pts_ns, _ in cast_list.tracks]
    points = []
    for index, (crop, pts_ns) in enumerate(zip(crops, frame_times_ns, strict=True)):
        last = bisect_right(seen, pts_ns) - 1
        subject = cast_list.sightings[max(last, 0)].subject if seen else ()
        observed = bisect_right(looked, pts_ns) - 1
        tracks = cast_list.tracks[observed][1] if observed >= 0 else ()
        moves = _moves(crops[max(index - 1, 0)], crop)
        nearest_s = _nearest_s(seen, last, pts_ns)
        points.append(PathPoint(crop, _state(nearest_s, moves), subject, tracks))
    return points


def _nearest_s(seen: Sequence[int], last: int, pts_ns: int) -> float:
    """Seconds to the nearest sighting, before or after."""
    around = seen[max(last, 0) : max(last, 0) + 2]
    return min((abs(pts_ns - s) / 1e9 for s in around), default=math.inf)


def _moves(before: Crop, after: Crop) -> bool:
    pairs = zip(before.box.xywh, after.box.xywh, strict=True)
    return any(abs(a - b) >= STILL_PX for a, b in pairs)


def _state(nearest_s: float, moves: bool) -> State:
    if nearest_s > LONG_GAP_S / 2:
        return State.WIDEN if moves else State.WIDE
    if nearest_s > PREDICT_S:
        return State.LOST
    if nearest_s > PREDICT_S / 3:
        return State.COAST
    return State.FOLLOW if moves else State.HOLD
