"""How large somebody is in the picture, and how fast that changes; waving arms do not count."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque

from livetrack_vcam.core.estimator import Agility, AxisEstimator, Motion
from livetrack_vcam.core.noise import NoiseMeter

SIZE_SIGMA = 0.045
"""Most noise of a detected box's height, of its logarithm; real detectors mostly have .01 to .03,
and .15 where they hardly see anybody."""
USUAL_SIGMA = 0.03
"""More noise than this makes doubt of the size."""
MOST_DOUBT = 0.15
SIZE_AGILITY = Agility(0.03, 0.5, (0.97, 0.95, 0.85), start=(0.01, 0.06), creep=3e-5)
"""Of the logarithm of a size. Somebody who walks up to the camera doubles in 1 to 3 seconds."""
STRANGE = 0.1
"""A box off its usual width over height, or off its expected height, by a larger logarithm."""
STRANGE_IF_ODD = 0.04
"""The same for a height while the width is off: legs that stride do that, and so do arms."""
AHEAD_NS = 170_000_000
"""Growth is predicted for so long at most: further ahead, the crop would run past whoever stops."""
WALK_RATE = 0.12
"""During a gesture the size may have changed so much more a second, of its logarithm."""
LASTING_S = 2.0
"""A height that has been strange for so long is the new normal."""
DOUBT_S = 0.2
"""Growth is believed so much longer while the heights that are seen are strange."""
SHAPE_MEMORY_S = 6.0
SHAPE_SHARE = 0.25
"""The usual width over height is so low a quantile of the last seconds: arms hang most of them."""
HEAD_SIGMA = 0.04
"""Most noise of the logarithm of a face's height: heads nod and turn."""
ODD_FACE = 0.4
"""A face that is so much larger or smaller all of a sudden, of its logarithm, is another one."""
LEARN_S = 2.0
FACE_GONE_S = 1.0
"""A face unseen for so long: from now on the body tells the size of the head."""
REACH_RISE_S = 0.15
REACH_STAYS_S = 10.0
REACH_FALL_S = 5.0
REACH_KEPT = 0.9
"""Reaching so much of it again makes the reach stay."""


class LowQuantile:
    """The SHAPE_SHARE quantile of what was added in the last SHAPE_MEMORY_S seconds."""

    def __init__(self) -> None:
        self._order: deque[tuple[int, float]] = deque()
        self._sorted: list[float] = []

    def add(self, value: float, pts_ns: int) -> float:
        """Take a value and return the quantile."""
        self._order.append((pts_ns, value))
        insort(self._sorted, value)
        while self._order[0][0] < pts_ns - SHAPE_MEMORY_S * 1e9:
            old = self._order.popleft()[1]
            del self._sorted[bisect_left(self._sorted, old)]
        return self._sorted[int(SHAPE_SHARE * (len(self._sorted) - 1))]


class SizeEstimator:
    """The logarithm of a body's height, and its usual width over height.

    Whoever approaches grows in width and height alike, and not at once. A box that suddenly is
    taller, or wider or narrower for its height, shows a gesture, a bow or a turn: it says nothing
    about size until it has been so for LASTING_S.
    """

    def __init__(self, width: float, height: float, pts_ns: int) -> None:
        self._shapes = LowQuantile()
        self._usual = self._shapes.add(_log(width) - _log(height), pts_ns)
        self._noise = NoiseMeter()
        self._variance, self._begun_ns = 0.0, pts_ns
        self._begin(height, pts_ns)

    def _begin(self, height: float, pts_ns: int) -> None:
        self._size = AxisEstimator(_log(height), SIZE_SIGMA**2, SIZE_AGILITY, pts_ns)
        self._calm, self._calm_ns = _log(height), pts_ns
        self._looked_ns = pts_ns

    @property
    def slimness(self) -> float:
        """Width over height without arms."""
        return math.exp(self._usual)

    @property
    def doubt(self) -> float:
        """How much larger somebody may well be than it seems, of the logarithm: 0 usually."""
        return max(math.sqrt(self._variance) - USUAL_SIGMA, 0.0)

    def update(self, width: float, height: float, sure: bool, pts_ns: int) -> None:
        """Take a box's size in pixels as measured at `pts_ns`, later than before.

        It is `sure` when a face tells where the head ends.
        """
        shape, size = _log(width) - _log(height), _log(height)
        self._usual = self._shapes.add(shape, pts_ns)
        variance = self._noise.variance(size, MOST_DOUBT**2, pts_ns)
        if pts_ns - self._begun_ns > LASTING_S * 1e9:
            self._variance = variance
        odd = abs(shape - self._usual) > STRANGE
        if sure or self._is_likely(size, odd, pts_ns):
            self._size.update(size, SIZE_SIGMA**2, SIZE_AGILITY, pts_ns)
            if sure or not odd:
                self._calm, self._calm_ns = self._size.at(pts_ns, 0.0).position, pts_ns
        elif pts_ns - self._size.pts_ns > LASTING_S * 1e9:
            self._begin(height, pts_ns)
        self._looked_ns = pts_ns

    def _is_likely(self, size: float, odd: bool, pts_ns: int) -> bool:
        """Whether noise, strides and approaching explain the box, which has an `odd` shape."""
        calm_s = (pts_ns - self._calm_ns) / 1e9
        if odd and calm_s < LASTING_S:
            return abs(size - self._calm) <= STRANGE_IF_ODD
        waited_s = (pts_ns - self._size.pts_ns) / 1e9
        steps = (size - self._size.at(at_ns, LASTING_S).position for at_ns in (pts_ns, 0))
        return min(map(abs, steps)) <= STRANGE + WALK_RATE * waited_s

    def at(self, pts_ns: int, fade_s: float) -> Motion:
        """The logarithm of the height in pixels, its rate a second, and the odds of a change."""
        motion = self._size.at(min(pts_ns, self._size.pts_ns + AHEAD_NS), fade_s)
        doubted_s = (self._looked_ns - self._size.pts_ns) / 1e9
        if doubted_s <= 0:
            return motion
        believed = math.exp(-doubted_s / DOUBT_S)
        return Motion(motion.position, motion.velocity * believed, motion.moving * believed)


class HeadEstimator:
    """The logarithm of a head's height: its face's, or a body's share corrected by past faces."""

    def __init__(self, seen: float | None, guess: float, pts_ns: int) -> None:
        self._correction = 0.0
        self._face: AxisEstimator | None = None
        self._seen_ns = pts_ns
        self.update(seen, guess, pts_ns)

    def update(self, seen: float | None, guess: float, pts_ns: int) -> None:
        """Take the height `seen` by the face (None: no face) and a `guess` made from the body."""
        if seen is None:
            if pts_ns - self._seen_ns > FACE_GONE_S * 1e9:
                self._face = None
            return
        dt = (pts_ns - self._seen_ns) / 1e9
        self._seen_ns = pts_ns
        correction = _log(seen) - _log(guess)
        if self._face is None:
            self._correction = correction
            self._face = AxisEstimator(_log(seen), HEAD_SIGMA**2, SIZE_AGILITY, pts_ns)
            return
        self._correction += (correction - self._correction) * (1 - math.exp(-dt / LEARN_S))
        self._face.update(_log(seen), HEAD_SIGMA**2, SIZE_AGILITY, pts_ns)

    def doubts(self, height: float) -> bool:
        """Whether a head of so many pixels can hardly be the one whose face was seen of late."""
        if self._face is None:
            return False
        return abs(_log(height) - self._face.at(self._seen_ns, 0.0).position) > ODD_FACE

    def at(self, body: Motion, heads_tall: float, pts_ns: int, fade_s: float) -> Motion:
        """The logarithm of the head's height in pixels, its rate, and the odds of a change.

        `body` is the body's size at `pts_ns`, `heads_tall` its height in heads.
        """
        if self._face is not None:
            return self._face.at(min(pts_ns, self._face.pts_ns + AHEAD_NS), fade_s)
        position = body.position - math.log(heads_tall) + self._correction
        return Motion(position, body.velocity, body.moving)


class Reach:
    """Width over height with the arms: rises at once and stays for long, so that nothing pumps.

    One wide box alone may be two people, or somebody else's arm: it takes two in a row.
    """

    def __init__(self, ratio: float) -> None:
        self.ratio = self._last = ratio
        self._stays_s = REACH_STAYS_S

    def update(self, ratio: float, dt: float, cut: bool) -> None:
        """Take a ratio `dt` seconds after the last; a `cut` box can only tell that it is larger."""
        wide, self._last = min(ratio, self._last), ratio
        if wide > self.ratio:
            self.ratio += (wide - self.ratio) * (1 - math.exp(-dt / REACH_RISE_S))
        if ratio > REACH_KEPT * self.ratio or cut:
            self._stays_s = REACH_STAYS_S
        elif self._stays_s > 0:
            self._stays_s -= dt
        else:
            self.ratio += (ratio - self.ratio) * (1 - math.exp(-dt / REACH_FALL_S))


class Widest:
    """The largest of what was added in the last REACH_STAYS_S seconds."""

    def __init__(self, value: float, pts_ns: int) -> None:
        self._falling: deque[tuple[int, float]] = deque([(pts_ns, value)])

    @property
    def value(self) -> float:
        return self._falling[0][1]

    def add(self, value: float, pts_ns: int) -> None:
        """Take a value, later than the others."""
        while self._falling and self._falling[-1][1] <= value:
            self._falling.pop()
        self._falling.append((pts_ns, value))
        while self._falling[0][0] < pts_ns - REACH_STAYS_S * 1e9:
            self._falling.popleft()


def _log(length: float) -> float:
    return math.log(max(length, 1e-3))
