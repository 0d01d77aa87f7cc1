"""Metrics of a path across: lag, overshoot, jerk."""

from __future__ import annotations

import math
from collections.abc import Sequence

from livetrack_vcam.evaluation.truth import speeds

WALKING_W_S = 0.06
"""Slower than this, in frame widths a second, is not walking."""
STANDING_W_S = 0.02
LONGEST_LAG_S = 1.5
LONGEST_LEAD_S = 0.5
SHORTEST_STOP_S = 0.8
"""A stop is as long as the walker stands, to SETTLE_S; a shorter one shows no overshoot."""
SETTLE_S = 1.5


def mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def rms(values: Sequence[float]) -> float | None:
    return math.sqrt(sum(v * v for v in values) / len(values)) if values else None


def jerks(xs: Sequence[float], times: Sequence[float]) -> list[float]:
    """Third derivatives, per second cubed, from four neighbors each; exact for a cubic.

    Six times Newton's third divided difference, so the frames need not be evenly spaced. Frames
    that share a time with another tell nothing and are left out.
    """
    points = list(dict(zip(times, xs, strict=True)).items())
    return [6 * _divided_difference(points[i : i + 4]) for i in range(len(points) - 3)]


def _divided_difference(points: Sequence[tuple[float, float]]) -> float:
    if len(points) == 1:
        return points[0][1]
    rise = _divided_difference(points[1:]) - _divided_difference(points[:-1])
    return rise / (points[-1][0] - points[0][0])


def walk_lag_ms(
    truth_x: Sequence[float | None], crop_x: Sequence[float | None], frame_width: float, fps: float
) -> float | None:
    """Delay at which the crop's center fits a walker's place best; None if nobody walks a second.

    A cross-correlation in its least-squares form, which is sharp for a steady walk too: the lag of
    the least mean square of crop_x(t + lag) - truth_x(t), over the walking frames t for which both
    are known at every lag. Between frames it is the vertex of the parabola through the least value
    and its neighbors, which is exact for a steady walk. Negative: the crop is ahead.
    """
    longest, lead = round(LONGEST_LAG_S * fps), round(LONGEST_LEAD_S * fps)
    walking = [
        i
        for i, speed in enumerate(speeds(truth_x, fps))
        if abs(speed) > WALKING_W_S * frame_width
        and all(x is not None for x in crop_x[i : i + longest + 1])
        and i + longest < len(crop_x)
    ]
    if len(walking) < fps:
        return None
    lags = range(longest + 1)
    errors = [_mean_square(truth_x, crop_x, walking, lag) for lag in lags]
    if errors[0] == min(errors):
        ahead = [i for i in walking if i >= lead and None not in crop_x[i - lead : i]]
        if len(ahead) >= fps:
            lags = range(-lead, longest + 1)
            errors = [_mean_square(truth_x, crop_x, ahead, lag) for lag in lags]
    best = min(range(len(errors)), key=lambda at: errors[at])
    return 1000 * (lags[best] + _vertex(errors[max(best - 1, 0) : best + 2])) / fps


def _vertex(around: Sequence[float]) -> float:
    """Where the parabola through three values is least, from the middle one; 0 at an end."""
    if len(around) < 3:
        return 0.0
    left, middle, right = around
    bend = left - 2 * middle + right
    return (left - right) / (2 * bend) if bend > 0 else 0.0


def _mean_square(
    truth_x: Sequence[float | None],
    crop_x: Sequence[float | None],
    walking: Sequence[int],
    lag: int,
) -> float:
    total = 0.0
    for i in walking:
        truth, crop = truth_x[i], crop_x[i + lag]
        if truth is not None and crop is not None:
            total += (crop - truth) ** 2
    return total / len(walking)


def overshoot_pct(
    truth_x: Sequence[float | None],
    crop_x: Sequence[float],
    frame_width: float,
    crop_width: float,
    fps: float,
) -> float | None:
    """Worst run past the place of rest after a walker stopped, % of `crop_width`; None: no stop."""
    speed = speeds(truth_x, fps)
    shortest, settle = round(SHORTEST_STOP_S * fps), round(SETTLE_S * fps)
    standing = [abs(v) <= STANDING_W_S * frame_width for v in speed]
    worst: float | None = None
    for i in range(1, len(speed)):
        if standing[i - 1] or math.isnan(speed[i - 1]):
            continue
        stop = next((k for k in range(i, len(speed)) if not standing[k]), len(speed))
        walked = [v for v in speed[max(0, i - settle) : i] if not math.isnan(v)]
        direction = max(walked, key=abs, default=0.0)
        if stop - i < shortest or abs(direction) <= WALKING_W_S * frame_width:
            continue
        path = [math.copysign(1.0, direction) * x for x in crop_x[i : min(stop, i + settle)]]
        worst = max(worst or 0.0, 100 * (max(path) - path[-1]) / crop_width)
    return worst
