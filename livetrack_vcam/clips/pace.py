"""How often a clip is worth a look while its whole path is still to be drawn.

The best path knows what comes after, so a straight line between two looks serves it where `run`
must look again; see docs/adr/0008-offline-path.md for what half as many looks cost.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from livetrack_vcam.core.detection import FACE, SPORTS_BALL, Observation
from livetrack_vcam.core.geometry import iou
from livetrack_vcam.media import Frame
from livetrack_vcam.stats import NS_PER_S

Small: TypeAlias = npt.NDArray[np.int16]

WIDTH, HEIGHT = 64, 36
POINTS = 4
"""Points of a side that are averaged for each cell of the small picture."""
CHANGED = 5
"""Code values; the mean of some points of a still picture varies by less."""
MOVED_CELLS = 2
"""Somebody far away covers more cells than this when he comes in."""
REST_S = 1.0
"""A picture in which nothing moves is looked at this often all the same."""
RATE_SHARE = 0.5
"""Looks a second, as a share of run's."""
ALIKE = 0.96
"""Intersection over union of two boxes of one person from which they are the same to the crop."""
ROUGHLY_ALIKE = 0.8
"""The same for somebody whom no crop can hold, and whose edges therefore move none."""
UNFOLLOWED = frozenset({FACE, SPORTS_BALL})
"""Labels that come with a person, or by the way: they do not say that somebody moved."""


class Rest:
    """Tells whether a picture still is the one that was looked at last."""

    def __init__(self) -> None:
        self._looked: Small | None = None
        self._looked_ns = 0
        self._seen: Observation | None = None

    def still(self, frame: Frame, t_ns: int) -> Observation | None:
        """What was seen last, as of `t_ns`, if nothing moved since; None: look again."""
        if self._looked is None or self._seen is None:
            return None
        if t_ns - self._looked_ns >= REST_S * NS_PER_S:
            return None
        changed = np.abs(_small(frame) - self._looked) > CHANGED
        if int(np.count_nonzero(changed)) > MOVED_CELLS:
            return None
        return replace(self._seen, pts_ns=t_ns)

    def looked(self, frame: Frame, t_ns: int, seen: Observation | None) -> None:
        """What a look at this frame showed."""
        self._looked, self._looked_ns, self._seen = _small(frame), t_ns, seen


def alike(before: Observation, after: Observation, widest: float) -> bool:
    """Whether two looks show the same people at the same places: nothing to know in between.

    `widest` is the width of the largest crop in pixels.
    """
    old = [each for each in before.detections if each.label not in UNFOLLOWED]
    new = [each for each in after.detections if each.label not in UNFOLLOWED]
    if len(old) != len(new):
        return False
    for one in old:
        overlaps = (iou(one.box, other.box) for other in new if other.label == one.label)
        least = ROUGHLY_ALIKE if one.box.width > widest else ALIKE
        if max(overlaps, default=0.0) < least:
            return False
    return True


def _small(frame: Frame) -> Small:
    luma = frame.planes[0]
    rows, columns = luma.shape
    points = luma[:: max(1, rows // (POINTS * HEIGHT)), :: max(1, columns // (POINTS * WIDTH))]
    small = cv2.resize(np.ascontiguousarray(points), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return small.astype(np.int16)
