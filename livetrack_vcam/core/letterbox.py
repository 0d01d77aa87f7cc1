"""A box wider (or taller) than the crop, for a group that the largest crop cannot hold."""

from __future__ import annotations

import math

from livetrack_vcam.core.config import DirectorSettings
from livetrack_vcam.core.geometry import Box, Crop, Size, largest_height
from livetrack_vcam.core.glide import Glide

GROUP_SHARE = 0.86
"""Share of the box the group may take along the stretched side before the box grows."""
SPARE = 1.1
"""The box grows this much further than it must, so that it need not grow again at once."""
SHRINK_BELOW = 1.3
SHRINK_AFTER_S = 1.5
"""The box shrinks when it has been so much too long for so long."""
RATE = 5.0
"""How quickly the box changes its shape, 1/s: a step is nearly done after .8 s."""


class Letterbox:
    """Stretches the crop along the side where the frame has more to show than the crop's shape.

    The stretch grows as soon as somebody comes near the edge and shrinks late, so that the bars
    around the picture rest while people move about.
    """

    def __init__(self, frame: Size, settings: DirectorSettings) -> None:
        self._frame = frame
        self.configure(settings)
        self._glide = Glide(0.0)
        self._goal = 0.0
        self._too_long_s = 0.0

    def configure(self, settings: DirectorSettings) -> None:
        height = largest_height(settings.aspect_ratio, self._frame)
        width = height * float(settings.aspect_ratio)
        self._wide = self._frame.width - width > self._frame.height - height
        self._length = width if self._wide else height
        whole = self._frame.width if self._wide else self._frame.height
        self._most = math.log(max(whole / self._length, 1.0))

    def shown(self, crop: Crop, group: Box | None, dt: float) -> Box:
        """What to show `dt` seconds after the last call; the crop itself while that is enough."""
        if group is None and self._goal == self._glide.value == 0.0:
            return crop.box
        needed = 0.0 if group is None else self._needed(crop.box, group)
        self._choose_goal(needed, dt)
        stretch = math.exp(min(self._glide.toward(self._goal, RATE, dt), self._most))
        return crop.box if stretch <= 1.0 else self._stretched(crop.box, stretch)

    def _needed(self, crop: Box, group: Box) -> float:
        """Logarithm of the stretch that shows the group from where the crop is now."""
        center, low, high = crop.center.x, group.x1, group.x2
        if not self._wide:
            center, low, high = crop.center.y, group.y1, group.y2
        length = 2 * max(center - low, high - center) / GROUP_SHARE
        return min(math.log(max(length / self._length, 1.0)), self._most)

    def _choose_goal(self, needed: float, dt: float) -> None:
        too_long = self._goal - needed > math.log(SHRINK_BELOW) or (needed == 0.0 < self._goal)
        self._too_long_s = self._too_long_s + dt if too_long else 0.0
        if needed > self._goal or self._too_long_s > SHRINK_AFTER_S:
            self._goal = min(needed + math.log(SPARE), self._most) if needed > 0 else 0.0
            self._too_long_s = 0.0

    def _stretched(self, crop: Box, stretch: float) -> Box:
        if self._wide:
            x1, x2 = _spread(crop.x1, crop.x2, stretch, self._frame.width)
            return Box(x1, crop.y1, x2, crop.y2)
        y1, y2 = _spread(crop.y1, crop.y2, stretch, self._frame.height)
        return Box(crop.x1, y1, crop.x2, y2)


def _spread(low: float, high: float, stretch: float, end: int) -> tuple[float, float]:
    """The span made longer around its middle, and moved between 0 and `end`."""
    length = min((high - low) * stretch, float(end))
    start = min(max((low + high - length) / 2, 0.0), end - length)
    return start, min(start + length, float(end))
