"""Where an edited clip cuts from one shot to the next.

Each picture is reduced to a small one. The correlation of two small pictures does not change with
brightness and contrast, so it stays high through exposure changes and fades, and while people move
in front of a fixed camera; a hard cut lets it fall from one frame to the next, and it stays low,
and most of the picture is another. Over the corpus the correlation of neighboring frames is .878
or more within a clip, and .635 or less across a cut between different scenes (the last frame of
each clip against the first of every other), where at least .78 of the picture changes.
"""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from livetrack_vcam.media import Frame
from livetrack_vcam.stats import NS_PER_S

Small: TypeAlias = npt.NDArray[np.float32]

WIDTH, HEIGHT = 32, 18
LEAST_ALIKE = 0.75
"""Pictures that correlate less show different scenes."""
CHANGED, MOST_CHANGED = 8.0, 0.5
"""... if more than this share of the picture changes by more code values than that; somebody who
walks in before a plain wall does not change the scene."""
CONFIRM_S = 0.25
"""A flash, or a hand before the lens, is over within this time and the old scene is back."""
FLAT = 3.0
"""A picture whose luma varies less (standard deviation in code values) shows nothing: black."""


class ShotBoundaries:
    """Looks at the frames of one clip, in order; `cuts_ns` are the first frames of new shots.

    A cut is known CONFIRM_S after it; one so close to the end of the clip is left out. Of cuts in
    quicker succession the last counts. A clip that fades out and in on another scene cuts where
    that scene can be seen first; one that dissolves into it does not cut.
    """

    def __init__(self) -> None:
        self.cuts_ns: list[int] = []
        self._before: Small | None = None
        self._latest: Small | None = None
        self._suspect_ns: int | None = None
        self._was_flat = False

    def see(self, frame: Frame, t_ns: int) -> bool:
        """Whether the scene changes with this frame, if only for a flash."""
        picture = _small(frame)
        if float(picture.std()) < FLAT:
            self._was_flat = True
            return False
        latest, self._latest = self._latest, picture
        was_flat, self._was_flat = self._was_flat, False
        changed = latest is not None and not _alike(latest, picture, 0.0 if was_flat else CHANGED)
        if changed and self._suspect_ns is None:
            self._before = latest
        if changed:
            self._suspect_ns = t_ns
        if self._suspect_ns is not None:
            self._judge(picture, t_ns, self._suspect_ns)
        return changed

    def _judge(self, picture: Small, t_ns: int, suspect_ns: int) -> None:
        if self._before is not None and _alike(self._before, picture, 0.0):
            self._suspect_ns = None
        elif t_ns - suspect_ns >= CONFIRM_S * NS_PER_S:
            self.cuts_ns.append(suspect_ns)
            self._suspect_ns = None


def _small(frame: Frame) -> Small:
    """The luma at WIDTH x HEIGHT; a few points stand for each part, which is enough."""
    luma = frame.planes[0]
    rows, columns = luma.shape
    points = luma[:: max(1, rows // (4 * HEIGHT)), :: max(1, columns // (4 * WIDTH))]
    small = cv2.resize(np.ascontiguousarray(points), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)


def _alike(a: Small, b: Small, least_change: float = CHANGED) -> bool:
    """Whether little changes by more than `least_change`, or the two correlate (Pearson)."""
    if float(np.mean(np.abs(a - b) > least_change)) <= MOST_CHANGED:
        return True
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum()) >= LEAST_ALIKE * float(np.sqrt((a * a).sum() * (b * b).sum()))
