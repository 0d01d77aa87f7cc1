"""What the detectors could have found: the parts of the frame they looked at, and for what."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from livetrack_vcam.core.detection import Look
from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.core.regions import cut_off


class Sight(Enum):
    """How well a place was looked at: not at all, as part of the whole frame, or more closely.

    The whole frame shows small things worse than a region of it does.
    """

    NONE = 0
    COARSE = 1
    FINE = 2


class Coverage:
    """Answers for one observation; without any `looks` everything was looked for everywhere."""

    def __init__(self, looks: Sequence[Look], frame: Size) -> None:
        self._looks = looks
        self._frame = frame

    @property
    def total(self) -> bool:
        """Whether nothing limits what could have been found."""
        return not self._looks

    def sight(self, label: str, box: Box) -> Sight:
        """How well a detector that can find `label` saw all of `box`; FINE when it is `total`."""
        if self.total:
            return Sight.FINE
        seen = _pulled_in(box, self._frame)
        covering = [
            look
            for look in self._looks
            if label in look.labels
            and look.region.contains(seen, 1.0)
            and not cut_off(seen, look.region, self._frame)
        ]
        if not covering:
            return Sight.NONE
        return Sight.COARSE if all(self._is_whole(look) for look in covering) else Sight.FINE

    def _is_whole(self, look: Look) -> bool:
        return look.region.contains(Box(0, 0, self._frame.width, self._frame.height), 1.0)


def _pulled_in(box: Box, frame: Size) -> Box:
    """The part inside the frame; for one outside, the point of the frame nearest to it."""
    x1 = min(max(box.x1, 0.0), float(frame.width))
    y1 = min(max(box.y1, 0.0), float(frame.height))
    return Box(
        x1, y1, max(x1, min(box.x2, float(frame.width))), max(y1, min(box.y2, float(frame.height)))
    )
