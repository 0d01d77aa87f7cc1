"""Metrics of a path across: lag, overshoot, jerk."""

from __future__ import annotations

import math
from collections.abc import Sequence

from livetrack_vcam.evaluation.truth import speeds

WALKING_W_S = 0.06
"""Slower than this, in frame widths a second, is not walking."""
STANDING_W_S = 0.02
LONGEST_LAG_S = 1.5
SETTLE_S = 1.5


def mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def rms(values: Sequence[float]) -> float | None:
    return math.sqrt(sum(v * v for v in values) / len(values)) if values else None


def jerks(xs: Sequence[float], fps: float) -> list[float]:
    """Third differences, per second cubed."""
    return [
        (d - 3 * c + 3 * b - a) * fps**3
        for a, b, c, d in zip(xs, xs[1:], xs[2:], xs[3:], strict=False)
    ]


def walk_lag_ms(
    truth_x: Sequence[float | None], crop_x: Sequence[float | None], frame_width: float, fps: float
) -> float | None:
    """Delay at which the crop's center fits a walker's place best; None if nobody walks a second.

    A cross-correlation in its least-squares form, which is sharp for a steady walk too: the lag of
    the least mean square of crop_x(t + lag) - truth_x(t), over the walking frames t for which both
    are known at every lag.
    """
    longest = round(LONGEST_LAG_S * fps)
    walking = [
        i
        for i, speed in enumerate(speeds(truth_x, fps))
        if abs(speed) > WALKING_W_S * frame_width
        and all(x is not None for x in crop_x[i : i + longest + 1])
        and i + longest < len(crop_x)
    ]
    if len(walking) < fps:
        return None
    errors = {lag: _mean_square(truth_x, crop_x, walking, lag) for lag in range(longest + 1)}
    return 1000 * min(errors, key=lambda lag: errors[lag]) / fps


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
    settle = round(SETTLE_S * fps)
    worst: float | None = None
    for i in range(1, len(speed) - settle):
        after = speed[i : i + settle]
        if abs(speed[i - 1]) <= STANDING_W_S * frame_width or any(math.isnan(v) for v in after):
            continue
        if max(abs(v) for v in after) > STANDING_W_S * frame_width:
            continue
        walked = [v for v in speed[max(0, i - settle) : i] if not math.isnan(v)]
        direction = max(walked, key=abs, default=0.0)
        if abs(direction) <= WALKING_W_S * frame_width:
            continue
        path = [math.copysign(1.0, direction) * x for x in crop_x[i : i + settle]]
        worst = max(worst or 0.0, 100 * (max(path) - path[-1]) / crop_width)
    return worst
