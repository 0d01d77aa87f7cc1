"""The baselines by name."""

from __future__ import annotations

import math
from collections.abc import Callable

from benchmarks.framing.operators import Operator
from benchmarks.framing.operators.autoflip import AutoFlip
from benchmarks.framing.operators.follower import Follower, Rounding, Smoother
from benchmarks.framing.operators.obs_face_tracker import ObsFaceTracker
from benchmarks.framing.operators.smoothers import (
    AutoFraming,
    AutoPtz,
    ChromeOs,
    Ema,
    Interpolation,
    OneEuro,
    Spring,
)
from livetrack_vcam.core import DirectorSettings, Size

_SMOOTHERS: dict[str, tuple[Callable[[], Smoother], Rounding | None]] = {
    "original N=15": (lambda: Interpolation(15), None),
    "original N=30": (lambda: Interpolation(30), None),
    "obs-detect": (Ema, math.floor),
    "one-euro": (OneEuro, None),
    "obs-face-tracker": (ObsFaceTracker, None),
    "AutoPTZ": (AutoPtz, round),
    "OBS-Auto-Framing": (AutoFraming, None),
    "AutoFlip": (AutoFlip, round),
    "spring": (Spring, None),
    "ChromeOS": (ChromeOs, None),
}
BASELINES = tuple(_SMOOTHERS)


def baseline(name: str, frame: Size, settings: DirectorSettings) -> Operator:
    """The baseline of a name at work on a shot. Raises KeyError for an unknown name."""
    make, rounding = _SMOOTHERS[name]
    return Follower(frame, settings, make(), rounding)
