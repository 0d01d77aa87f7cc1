"""What the bench prints. Each score is of one seed; the table shows the mean over the seeds.

Source pixels are output pixels where the crop has the frame's full height, as in all pan scenes.

still %         frames of static in which the crop's center moves less than .05 px
sway px/s       travel of the crop's center across during sway
walk lag ms     mean distance behind the walker over the last two seconds of the walk, as time
stop over %     how far the crop runs past where it comes to rest after the walk, % of the crop
reversal %      largest error from the turn until 1.7 s later, % of the crop
settle s        A to B: until the center is within 8 % of the crop of the person for good
A-B over %      A to B: how far the crop runs past where it comes to rest, % of the crop
A-B jerk        A to B: largest third derivative of the center, W/s³
peak jerk       the same over walk, reverse and change
kick px         largest excursion of the crop from where it was, some detections being false
contained %     the whole person is in the crop: frames of sway, walk, reverse and drop-outs
ball %          the whole ball is in the crop: it has been swinging for long
throw %         the same, but it lay still until time 0 and is at its fastest at once
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.framing.pan_scenes import TURN_S, WALK_S, WALK_W_S
from benchmarks.framing.play import Run
from benchmarks.framing.scenes import FPS, FRAME
from livetrack_vcam.core import Box

STILL_PX = 0.05
REST_FRAMES = FPS // 2
SETTLED = 0.08
CONTAINED_PX = 1e-6

Runs = Mapping[str, Run]


@dataclass(frozen=True, slots=True)
class Score:
    """A column of the table: from the runs, by scene, of one seed. `scenes` are those it needs."""

    name: str
    scenes: tuple[str, ...]
    of: Callable[[Runs], float]


def share_pct(flags: Sequence[bool]) -> float:
    return 100.0 * sum(flags) / len(flags)


def still(xs: Sequence[float]) -> list[bool]:
    """Whether the path stands still from each frame to the next."""
    return [abs(b - a) < STILL_PX for a, b in pairwise(xs)]


def travel_px_s(xs: Sequence[float]) -> float:
    return sum(abs(b - a) for a, b in pairwise(xs)) * FPS / (len(xs) - 1)


def walk_lag_ms(truth: Sequence[float], xs: Sequence[float]) -> float:
    """Mean distance behind over the last two seconds of the walk, over the walker's speed."""
    end = round(WALK_S * FPS)
    behind = [a - b for a, b in zip(truth, xs, strict=True)][end - 2 * FPS : end]
    return 1000 * sum(behind) / len(behind) / (WALK_W_S * FRAME.width)


def overshoot_px(xs: Sequence[float]) -> float:
    """How far a path that moves to larger values goes beyond its mean place of the last .5 s."""
    rest = sum(xs[-REST_FRAMES:]) / REST_FRAMES
    return max(0.0, max(xs) - rest)


def reversal_px(truth: Sequence[float], xs: Sequence[float]) -> float:
    start = round(TURN_S * FPS)
    errors = [abs(a - b) for a, b in zip(truth, xs, strict=True)]
    return max(errors[start : start + 50])


def settle_s(errors: Sequence[float], allowed: float) -> float:
    """Seconds until `errors` stay within +-`allowed` for good."""
    outside = [i for i, error in enumerate(errors) if abs(error) > allowed]
    return (outside[-1] + 1) / FPS if outside else 0.0


def peak_jerk(xs: Sequence[float]) -> float:
    """Largest third difference of a path in pixels, as W/s³."""
    thirds = (
        abs(d - 3 * c + 3 * b - a) for a, b, c, d in zip(xs, xs[1:], xs[2:], xs[3:], strict=False)
    )
    return max(thirds) * FPS**3 / FRAME.width


def kick_px(xs: Sequence[float]) -> float:
    return max(abs(x - xs[0]) for x in xs)


def contained(boxes: Sequence[Box], crops: Sequence[Box]) -> list[bool]:
    """Whether each whole box lies inside its crop."""
    return [crop.contains(box, CONTAINED_PX) for box, crop in zip(boxes, crops, strict=True)]


def _still_pct(runs: Runs) -> float:
    return share_pct(still(runs["static"].xs))


def _walk_lag(runs: Runs) -> float:
    return walk_lag_ms(runs["walk"].truth_xs, runs["walk"].xs)


def _crop_width(run: Run) -> float:
    return run.crops[0].width


def _stop_overshoot(runs: Runs) -> float:
    run = runs["walk"]
    return 100 * overshoot_px(run.xs[round(WALK_S * FPS) :]) / _crop_width(run)


def _reversal(runs: Runs) -> float:
    run = runs["reverse"]
    return 100 * reversal_px(run.truth_xs, run.xs) / _crop_width(run)


def _settle(runs: Runs) -> float:
    run = runs["change"]
    errors = [a - b for a, b in zip(run.truth_xs, run.xs, strict=True)]
    return settle_s(errors, SETTLED * _crop_width(run))


def _change_overshoot(runs: Runs) -> float:
    run = runs["change"]
    return 100 * overshoot_px(run.xs) / _crop_width(run)


def _contained(names: tuple[str, ...]) -> Callable[[Runs], float]:
    return lambda runs: share_pct(
        [ok for name in names for ok in contained(runs[name].truth, runs[name].crops)]
    )


IN_CROP = ("sway", "walk", "reverse", "drop-outs")
FAST_MOVES = ("walk", "reverse", "change")
PAN_SCORES: tuple[Score, ...] = (
    Score("still %", ("static",), _still_pct),
    Score("sway px/s", ("sway",), lambda runs: travel_px_s(runs["sway"].xs)),
    Score("walk lag ms", ("walk",), _walk_lag),
    Score("stop over %", ("walk",), _stop_overshoot),
    Score("reversal %", ("reverse",), _reversal),
    Score("settle s", ("change",), _settle),
    Score("A-B over %", ("change",), _change_overshoot),
    Score("A-B jerk", ("change",), lambda runs: peak_jerk(runs["change"].path)),
    Score("peak jerk", FAST_MOVES, lambda runs: max(peak_jerk(runs[n].path) for n in FAST_MOVES)),
    Score("kick px", ("false",), lambda runs: kick_px(runs["false"].xs)),
    Score("contained %", IN_CROP, _contained(IN_CROP)),
    Score("ball %", ("ball",), _contained(("ball",))),
    Score("throw %", ("throw",), _contained(("throw",))),
)
CONTAINED_PER_SCENE: tuple[Score, ...] = tuple(
    Score(f"in: {name}", (name,), _contained((name,))) for name in IN_CROP
)
