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
    truth_x: Sequence[float | None], crop_x: Sequence[float], frame_width: float, fps: float
) -> float | None:
    """Delay that makes the crop's speed fit the walker's best; None if nobody walks for a second.

    The fit is the normalized cross-correlation, over frames in which the truth is known.
    """
    truth = speeds(truth_x, fps)
    walking = sum(abs(v) > WALKING_W_S * frame_width for v in truth if not math.isnan(v))
    if walking < fps:
        return None
    crop = speeds(list(crop_x), fps)
    scores = {lag: _correlation(truth, crop, lag) for lag in range(round(LONGEST_LAG_S * fps) + 1)}
    return 1000 * max(scores, key=lambda lag: scores[lag]) / fps


def _correlation(truth: Sequence[float], crop: Sequence[float], lag: int) -> float:
    pairs = [
        (a, b)
        for a, b in zip(truth, crop[lag:], strict=False)
        if not math.isnan(a) and not math.isnan(b)
    ]
    norm = math.sqrt(sum(a * a for a, _ in pairs) * sum(b * b for _, b in pairs))
    return sum(a * b for a, b in pairs) / norm if norm > 0 else 0.0


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
