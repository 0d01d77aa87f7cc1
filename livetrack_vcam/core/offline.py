"""The best path when the whole clip is known: no lag, no surprise, as few moves as possible.

The subject's path is smoothed both ways, gaps are bridged, and the crop takes the shortest path
that keeps the subject in the dead zone (taut_string), first in size, then across and down. A
short symmetric window at the end rounds the corners, so that moves start and stop gently.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from livetrack_vcam.core.casting import Cast, Sighting, cast
from livetrack_vcam.core.config import DirectorSettings, Speed, WhenLost
from livetrack_vcam.core.detection import Observation, Track
from livetrack_vcam.core.framing import height_bounds, wanted_center, wanted_height
from livetrack_vcam.core.geometry import Crop, Point, Size, fit_inside
from livetrack_vcam.core.presence import PREDICT_S, State
from livetrack_vcam.core.smoothing import interpolate, reach_of
from livetrack_vcam.core.tube import Tube, gentle_path
from livetrack_vcam.core.wishes import GRID_S, LONG_GAP_S, Wish, wishes

EASE_S: dict[Speed, float] = {
    Speed.CALM: 1.1,
    Speed.NORMAL: 0.7,
    Speed.FAST: 0.5,
    Speed.SPORT: 0.3,
    Speed.CINEMA: 1.3,
}
"""Length of the window that rounds the corners of the path."""
DEAD_ZONE: dict[Speed, float] = {
    Speed.CALM: 0.16,
    Speed.NORMAL: 0.14,
    Speed.FAST: 0.10,
    Speed.SPORT: 0.07,
    Speed.CINEMA: 0.14,
}
"""How far off center the subject may be, as a share of the crop."""
SIZE_TUBE = (0.05, 0.10)
"""How much smaller and larger than wanted the crop may be, on a logarithmic scale."""
LEAST_REST = round(1.8 / GRID_S)
"""A rest is at least this many grid points long."""
TILT_SHARE = 0.4
"""The dead zone down, as a share of the dead zone across."""
ROOM = 0.03
"""Between what must be kept and the crop's edge stays this share of the crop, if there is room."""
SWAY_SHARE = 0.2
LARGE = 0.2
"""A subject that leaves less than this share of the crop may sway by a share of its own size."""
STEADY_ACROSS, STEADY_DOWN = 0.1, 0.02
"""However tight it gets, the crop does not follow the detector's noise (share of the crop)."""
CLOSE = 0.002
"""Rounding may leave the bounds by this share of the frame, or of the height."""
STILL_PX = 0.05


@dataclass(frozen=True, slots=True)
class PathPoint:
    """The crop of one frame, and what it is about, as the trace tells it."""

    crop: Crop
    state: State
    subject: tuple[int, ...]
    tracks: tuple[Track, ...]


def best_path(
    frame: Size,
    settings: DirectorSettings,
    observations: Sequence[Observation],
    frame_times_ns: Sequence[int],
    cuts_ns: Sequence[int] = (),
) -> list[PathPoint]:
    """One PathPoint per frame time (increasing). Time grows linearly with the clip.

    At each of `cuts_ns` (increasing, the times of frames) another shot begins: it has a path, a
    subject and tracks of its own, and no track id of an earlier one.
    """
    points: list[PathPoint] = []
    seen = sorted(observations, key=lambda o: o.pts_ns)
    looked_ns = [o.pts_ns for o in seen]
    ids = 0
    for begin_ns, end_ns in pairwise((-math.inf, *cuts_ns, math.inf)):
        looks = seen[bisect_left(looked_ns, begin_ns) : bisect_left(looked_ns, end_ns)]
        first, last = bisect_left(frame_times_ns, begin_ns), bisect_left(frame_times_ns, end_ns)
        cast_list = cast(frame, settings, looks, ids)
        points += _shot(frame, settings, cast_list, frame_times_ns[first:last])
        ids = max((t.track_id for _, tracks in cast_list.tracks for t in tracks), default=ids)
    return points


def _shot(
    frame: Size, settings: DirectorSettings, cast_list: Cast, frame_times_ns: Sequence[int]
) -> list[PathPoint]:
    if not frame_times_ns:
        return []
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
    wanted = wishes(grid, sightings, settings, frame)
    heights = _height_path(frame, settings, wanted)
    xs, ys = _center_paths(frame, settings, wanted, heights)
    smallest, _ = height_bounds(settings, frame)
    crops = []
    for pts_ns in frame_times_ns:
        place = (pts_ns / 1e9 - start) / GRID_S
        center = Point(interpolate(xs, place), interpolate(ys, place))
        height = interpolate(heights, place)
        crops.append(fit_inside(center, height, settings.aspect_ratio, frame, smallest))
    return crops


def _height_path(frame: Size, settings: DirectorSettings, wanted: Sequence[Wish]) -> list[float]:
    """The crop's height at every grid point, on a logarithmic scale through the tube."""
    smallest, largest = height_bounds(settings, frame)
    low, high, least = [], [], []
    for wish in wanted:
        widened = wish.empty and settings.when_lost is not WhenLost.CENTER
        height = largest if widened else wanted_height(wish.shape, settings, frame)
        low.append(math.log(max(height, smallest)) - SIZE_TUBE[0])
        high.append(math.log(height) + SIZE_TUBE[1])
        least.append(math.log(min(max(_needed_height(wish, settings), smallest), largest)))
    bounds = Tube(least, [math.log(largest)] * len(least))
    reach = reach_of(1.5 * EASE_S[settings.speed], GRID_S)
    path = gentle_path(Tube(low, high), bounds, LEAST_REST, reach, CLOSE)
    return [math.exp(value) for value in path]


def _needed_height(wish: Wish, settings: DirectorSettings) -> float:
    """The height of the smallest crop that can hold what must be kept, with room to breathe."""
    if wish.keep is None:
        return 0.0
    across = wish.keep.width / float(settings.aspect_ratio)
    return max(across, wish.keep.height) / (1 - 2 * ROOM)


def _center_paths(
    frame: Size,
    settings: DirectorSettings,
    wanted: Sequence[Wish],
    heights: Sequence[float],
) -> tuple[list[float], list[float]]:
    own = DEAD_ZONE[settings.speed] if settings.dead_zone is None else settings.dead_zone
    ratio = float(settings.aspect_ratio)
    across, down = _Axis(frame.width, STEADY_ACROSS), _Axis(frame.height, STEADY_DOWN)
    for wish, height in zip(wanted, heights, strict=True):
        center = wanted_center(wish.shape, settings, frame, height)
        if wish.empty:
            center = _middle(frame)
        box = wish.keep
        width = min(height * ratio, frame.width)
        across.add(center.x, own * width, width, None if box is None else (box.x1, box.x2))
        down.add(
            center.y, TILT_SHARE * own * height, height, None if box is None else (box.y1, box.y2)
        )
    reach = reach_of(EASE_S[settings.speed], GRID_S)
    absences = _absences(wanted)
    return across.path(reach, absences), down.path(reach, absences)


def _absences(wanted: Sequence[Wish]) -> list[tuple[int, int]]:
    """From the last point at which somebody is there to the first at which he is back, each."""
    there = [i for i, wish in enumerate(wanted) if wish.keep is not None]
    return [
        (left, back)
        for left, back in pairwise(there)
        if back - left > 1 and not any(wish.empty for wish in wanted[left:back])
    ]


class _Axis:
    """Where the crop's center may be along one side of the frame, gathered point by point."""

    def __init__(self, length: float, steady: float) -> None:
        self._length = length
        self._steady = steady
        self._wanted: tuple[list[float], list[float]] = ([], [])
        self._bounds: tuple[list[float], list[float]] = ([], [])

    def add(
        self, center: float, room: float, extent: float, keep: tuple[float, float] | None
    ) -> None:
        """One grid point: the crop is `extent` long, `keep` must be in it if it fits."""
        floor, ceiling = extent / 2, max(self._length - extent / 2, extent / 2)
        low, high = floor, ceiling
        if keep is not None:
            size = keep[1] - keep[0]
            spare = extent - size
            slack = spare / 2 - min(ROOM * extent, max(spare, 0.0) / 4)
            if spare < LARGE * extent:
                room = max(room, SWAY_SHARE * size)
            # What does not fit may lie anywhere as long as it fills the crop.
            slack = max(slack, -spare / 2, self._steady * extent)
            middle = (keep[0] + keep[1]) / 2
            low = min(max(middle - slack, floor), ceiling)
            high = min(max(middle + slack, floor), ceiling)
        for series, value in zip(self._wanted, (center - room, center + room), strict=True):
            series.append(value)
        for series, value in zip(self._bounds, (low, high), strict=True):
            series.append(value)

    def path(self, reach: int, absences: Sequence[tuple[int, int]]) -> list[float]:
        tolerance = CLOSE * self._length
        wanted, bounds = Tube(*self._wanted), Tube(*self._bounds)
        return gentle_path(wanted, bounds, LEAST_REST, reach, tolerance, absences)


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
