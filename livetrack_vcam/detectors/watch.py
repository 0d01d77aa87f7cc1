"""Looks at a moving picture as a schedule says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from livetrack_vcam.core.attention import Attention
from livetrack_vcam.core.detection import SPORTS_BALL, Look, Observation
from livetrack_vcam.core.geometry import Size
from livetrack_vcam.core.schedule import DEFAULT_CPU, Schedule
from livetrack_vcam.detectors.ball_finder import BallFinder
from livetrack_vcam.detectors.lookout import Lookout
from livetrack_vcam.media import Frame

Luma: TypeAlias = npt.NDArray[np.int16]

BALL = frozenset({SPORTS_BALL})
SAMPLES = 64
"""Points of a row and of a column that are compared to see whether anything moves."""
CHANGED = 12
"""Code values; below is the noise of a camera in a dim room."""


class Watch:
    """An open Lookout over the frames of one source. One thread calls everything.

    `cpu_clock` gives the seconds of processor time this thread has used; without one the cost of
    a look stays as the schedule assumes, and the same frames give the same observations. `sparing`
    makes fewer looks at a frame (see Schedule).
    """

    def __init__(
        self,
        lookout: Lookout,
        size: Size,
        cpu: float = DEFAULT_CPU,
        cpu_clock: Callable[[], float] | None = None,
        sparing: bool = False,
    ) -> None:
        self._lookout = lookout
        self._schedule = Schedule(size, lookout.labels, cpu, sparing)
        self._cpu_clock = cpu_clock
        self._finder = BallFinder()
        self._before: Luma | None = None

    def close(self) -> None:
        self._lookout.close()

    def observe(self, frame: Frame, attention: Attention, pts_ns: int) -> Observation | None:
        """What the looks at the frame of `pts_ns` show; None when it is not worth one."""
        begun = self._cpu_clock() if self._cpu_clock else 0.0
        looks = self._schedule.plan(attention, self._motion(frame), pts_ns)
        detections = self._lookout.look(frame, looks)
        self._schedule.saw(detections, pts_ns)
        if attention.ball and SPORTS_BALL in self._lookout.labels:
            timed = replace(frame, pts_ns=pts_ns)
            balls = self._finder.find(timed, attention.tracks, attention.pts_ns, detections)
            detections += balls
        if self._cpu_clock:
            self._schedule.spent(looks, self._cpu_clock() - begun)
        # Without a look, what the finder found is all that was looked for.
        seen = looks or tuple(Look(found.box, BALL) for found in detections)
        return Observation(detections, pts_ns, seen) if seen else None

    def look(self, frame: Frame, pts_ns: int, looks: tuple[Look, ...]) -> Observation:
        """What these looks show in the frame of `pts_ns`, which may be an earlier one."""
        return Observation(self._lookout.look(frame, looks), pts_ns, looks)

    def _motion(self, frame: Frame) -> float:
        """The share of sampled points, 0 to 1, that changed since the last frame."""
        luma = frame.planes[0]
        rows = slice(None, None, max(1, luma.shape[0] // SAMPLES))
        columns = slice(None, None, max(1, luma.shape[1] // SAMPLES))
        now = luma[rows, columns].astype(np.int16)
        before, self._before = self._before, now
        if before is None or before.shape != now.shape:
            return 1.0
        return float(np.mean(np.abs(now - before) > CHANGED))
