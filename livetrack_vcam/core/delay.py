"""How late detections come on average."""

from __future__ import annotations

import math

from livetrack_vcam.core.presets import USUAL_DELAY_S

TAU_S = 2.0
LONGEST_S = 0.5
"""A subject unseen for longer is missing, not late."""


class DelayMeter:
    """Averages the age of the newest measurement over the frames shown.

    That age is the detector's latency and, on average, half of its interval.
    """

    def __init__(self) -> None:
        self.mean_s = USUAL_DELAY_S
        self._shown_ns: int | None = None

    def shown(self, pts_ns: int, measured_ns: int) -> None:
        """A frame of `pts_ns` is shown by what was measured at `measured_ns`."""
        dt = 0.0 if self._shown_ns is None else max(pts_ns - self._shown_ns, 0) / 1e9
        self._shown_ns = pts_ns
        age = (pts_ns - measured_ns) / 1e9
        if 0 <= age <= LONGEST_S:
            self.mean_s += (age - self.mean_s) * (1 - math.exp(-dt / TAU_S))
