"""What the bench prints about zoom, tilt and groups; each score is of one seed.

arms %          breathing: rms of the logarithm of the crop's height about its mean, arms moving
noise %         the same with boxes whose size is wrong by 1 to 3 %
approach ms     mean distance in log height behind the ideal for the true box over the last two
                seconds of an approach that doubles the size in 3 s, over the rate
retreat ms      the same while the person goes back
zoom over %     how far the height runs past where it comes to rest, the worse of both
approach in %   the whole person is in the crop during approach and retreat
head room %     the top of the head is .02 to .25 of the crop below its edge: stand-up, sit-down
                and jump
tilt s          after standing up or sitting down: until the center is within 8 % of the crop of
                the ideal for good, mean of both
jump %          largest excursion of the crop during a jump on the spot, % of its height
group in %      everybody who fits into the largest crop together is whole in the crop, or
                somebody is, when they do not fit
changes         how often the set of people followed changes, sum over the group scenes
group still %   frames without motion of the crop while somebody walks through
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

from benchmarks.framing.play import Run
from benchmarks.framing.scenes import FPS, FRAME
from benchmarks.framing.scores import (
    REST_FRAMES,
    SETTLED,
    Runs,
    Score,
    contained,
    settle_s,
    share_pct,
    still,
)
from benchmarks.framing.zoom_scenes import (
    APPROACH_S,
    DOUBLING_S,
    RETREAT_S,
    RISE_LASTS_S,
    RISE_S,
)
from livetrack_vcam.core import Box
from livetrack_vcam.core.framing import height_bounds
from livetrack_vcam.core.geometry import union

HEAD_ROOM = (0.02, 0.25)
RATE = math.log(2) / DOUBLING_S


def log_heights(crops: Sequence[Box]) -> list[float]:
    return [math.log(crop.height) for crop in crops]


def breathing_pct(crops: Sequence[Box]) -> float:
    """Rms of the logarithm of the height about its mean, in %."""
    sizes = log_heights(crops)
    mean = sum(sizes) / len(sizes)
    return 100 * math.sqrt(sum((s - mean) ** 2 for s in sizes) / len(sizes))


def zoom_lag_ms(crops: Sequence[Box], ideals: Sequence[Box], end_s: float, rate: float) -> float:
    """Mean of ideal minus crop in log height over the 2 s before `end_s`, over `rate` a second."""
    window = slice(round((end_s - 2) * FPS), round(end_s * FPS))
    behind = [
        a - b for a, b in zip(log_heights(ideals[window]), log_heights(crops[window]), strict=True)
    ]
    return 1000 * sum(behind) / len(behind) / rate


def zoom_overshoot_pct(crops: Sequence[Box]) -> float:
    """How far the height after a growth goes above its mean of the last .5 s, in %."""
    sizes = log_heights(crops)
    rest = sum(sizes[-REST_FRAMES:]) / REST_FRAMES
    return 100 * (math.exp(max(sizes) - rest) - 1)


def head_room_kept(truth: Sequence[Box], crops: Sequence[Box]) -> list[bool]:
    low, high = HEAD_ROOM
    return [
        low <= (box.y1 - crop.y1) / crop.height <= high
        for box, crop in zip(truth, crops, strict=True)
    ]


def group_contained(run: Run) -> list[bool]:
    """Frame by frame: everybody of the subject, or anybody when they do not fit together."""
    largest = height_bounds(run.scene.shot, FRAME)[1] * float(run.scene.shot.aspect_ratio)
    flags = []
    for boxes, crop in zip(run.actors, run.crops, strict=True):
        wanted = [boxes[i] for i in run.scene.subject]
        inside = [contained([box], [crop])[0] for box in wanted]
        flags.append(all(inside) if union(wanted).width <= largest else any(inside))
    return flags


def changes(followed: Sequence[frozenset[int]]) -> int:
    return sum(a != b for a, b in pairwise(followed))


def _approach_lag(runs: Runs) -> float:
    run = runs["approach"]
    return zoom_lag_ms(run.crops, run.ideals, APPROACH_S[1], RATE)


def _retreat_lag(runs: Runs) -> float:
    run = runs["approach"]
    return zoom_lag_ms(run.crops, run.ideals, RETREAT_S[1], -RATE)


def _zoom_overshoot(runs: Runs) -> float:
    crops = runs["approach"].crops
    near = crops[round(APPROACH_S[1] * FPS) : round(RETREAT_S[0] * FPS)]
    far = crops[round(RETREAT_S[1] * FPS) :]
    inverse = [Box(0.0, 0.0, 1.0, 1e6 / crop.height) for crop in far]
    return max(zoom_overshoot_pct(near), zoom_overshoot_pct(inverse))


def _tilt_settle(run: Run) -> float:
    begin = round((RISE_S + RISE_LASTS_S) * FPS)
    pairs = list(zip(run.ideals, run.crops, strict=True))[begin:]
    errors = [(ideal.center.y - crop.center.y) / crop.height for ideal, crop in pairs]
    return settle_s(errors, SETTLED)


def _jump_pct(runs: Runs) -> float:
    crops = runs["jump"].crops
    first = crops[0].center.y
    return max(100 * abs(crop.center.y - first) / crop.height for crop in crops)


def _over(names: tuple[str, ...], flags: Callable[[Run], list[bool]]) -> Callable[[Runs], float]:
    return lambda runs: share_pct([ok for name in names for ok in flags(runs[name])])


def _changes(names: tuple[str, ...]) -> Callable[[Runs], float]:
    return lambda runs: float(sum(changes(runs[name].followed) for name in names))


TILTS = ("stand-up", "sit-down", "jump")
GROUPS = ("drift-apart", "pass-pair", "pass-single")
PASSES = GROUPS[1:]
ZOOM_SCORES: tuple[Score, ...] = (
    Score("arms %", ("gestures",), lambda runs: breathing_pct(runs["gestures"].crops)),
    Score("noise %", ("size-noise",), lambda runs: breathing_pct(runs["size-noise"].crops)),
    Score("approach ms", ("approach",), _approach_lag),
    Score("retreat ms", ("approach",), _retreat_lag),
    Score("zoom over %", ("approach",), _zoom_overshoot),
    Score(
        "approach in %", ("approach",), _over(("approach",), lambda r: contained(r.truth, r.crops))
    ),
    Score("head room %", TILTS, _over(TILTS, lambda r: head_room_kept(r.truth, r.crops))),
    Score(
        "tilt s",
        TILTS[:2],
        lambda runs: sum(_tilt_settle(runs[name]) for name in TILTS[:2]) / 2,
    ),
    Score("jump %", ("jump",), _jump_pct),
)
GROUP_SCORES: tuple[Score, ...] = (
    Score("group in %", GROUPS, _over(GROUPS, group_contained)),
    Score("changes", GROUPS, _changes(GROUPS)),
    Score("group still %", PASSES, _over(PASSES, lambda r: still(r.xs))),
)
PER_GROUP_SCENE: tuple[Score, ...] = tuple(
    score
    for name in GROUPS
    for score in (
        Score(f"in: {name}", (name,), _over((name,), group_contained)),
        Score(f"changes: {name}", (name,), _changes((name,))),
    )
)
PER_TILT_SCENE: tuple[Score, ...] = tuple(
    Score(f"head: {name}", (name,), _over((name,), lambda r: head_room_kept(r.truth, r.crops)))
    for name in TILTS
)
