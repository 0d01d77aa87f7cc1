"""Smoothers of other programs and of textbooks, written from what they publish."""

from __future__ import annotations

import math

from benchmarks.framing.operators.follower import Sight, View

FRAME_S = 1 / 30


def toward(view: View, target: View, share: float) -> View:
    """The view moved `share` of the way to the target."""
    return View(
        view.x + share * (target.x - view.x),
        view.y + share * (target.y - view.y),
        view.height + share * (target.height - view.height),
    )


class Interpolation:
    """The original Live Tracking project (2022): N frames of linear interpolation.

    From where the crop is to the newest center, over a fixed number of frames; what is detected
    on the way waits until it has arrived.
    """

    def __init__(self, frames: int) -> None:
        self._frames = frames
        self._left = 0
        self._goal: View | None = None

    def step(self, view: View, sight: Sight, dt: float) -> View:  # noqa: ARG002
        if self._left == 0:
            self._goal, self._left = sight.target, self._frames
        goal = self._goal or sight.target
        moved = toward(view, goal, 1 / self._left)
        self._left -= 1
        return moved


class Ema:
    """Exponential moving average with a fixed weight a frame.

    obs-detect (src/detect-filter.cpp): the tracking rectangle moves by "zoom speed factor" .05 of
    the way to the detection every frame; the crop filter gets whole pixels, cut off.
    """

    def __init__(self, weight: float = 0.05) -> None:
        self._weight = weight

    def step(self, view: View, sight: Sight, dt: float) -> View:  # noqa: ARG002
        return toward(view, sight.target, self._weight)


class AutoPtz:
    """AutoPTZ, DigitalFramer (autoptz/engine/pipeline/digital_framer.py), shipped constants.

    EMA .18 a frame on the position once it is off by 4 % of the crop, until within 2 % on both
    axes; EMA .08 on the height unless within 3 %.
    """

    SMOOTH, SIZE_SMOOTH = 0.18, 0.08
    DEAD_ZONE, INNER, SIZE_DEAD_BAND = 0.04, 0.5, 0.03

    def __init__(self) -> None:
        self._following = False

    def step(self, view: View, sight: Sight, dt: float) -> View:  # noqa: ARG002
        target = sight.target
        x_off = abs(target.x - view.x) / (self.DEAD_ZONE * view.height * sight.ratio)
        y_off = abs(target.y - view.y) / (self.DEAD_ZONE * view.height)
        if self._following:
            self._following = max(x_off, y_off) > self.INNER
        else:
            self._following = max(x_off, y_off) > 1
        near = abs(target.height - view.height) <= self.SIZE_DEAD_BAND * view.height
        share = 0.0 if near else self.SIZE_SMOOTH
        height = view.height + share * (target.height - view.height)
        moved = toward(view, target, self.SMOOTH) if self._following else view
        return View(moved.x, moved.y, height)


class AutoFraming:
    """OBS-Auto-Framing (src/crop_controller.cpp, src/settings.hpp), shipped constants.

    Exponential approach at tracking speed .32 x 12 = 3.84 a second, to a target that a dead zone
    of 12 % of the crop (6 % to each side) softens: none of the way within 45 % of it, then a
    smooth step to all of the way at its edge. Size has no dead zone.
    """

    RESPONSE, DEAD_ZONE, INNER = 0.32 * 12, 0.12, 0.45

    def step(self, view: View, sight: Sight, dt: float) -> View:
        width = view.height * sight.ratio
        goal = View(
            self._soften(view.x, sight.target.x, self.DEAD_ZONE * width / 2),
            self._soften(view.y, sight.target.y, self.DEAD_ZONE * view.height / 2),
            sight.target.height,
        )
        return toward(view, goal, 1 - math.exp(-self.RESPONSE * dt))

    def _soften(self, present: float, target: float, radius: float) -> float:
        inner = self.INNER * radius
        t = (abs(target - present) - inner) / (radius - inner)
        t = min(max(t, 0.0), 1.0)
        return present + (target - present) * t * t * (3 - 2 * t)


class ChromeOs:
    """ChromeOS (platform2, camera/features/auto_framing/frame_cropper), shipped constants.

    Two first-order filters in a row at 30 frames/s: .97 on the region of interest, .95 on the
    crop, the latter corrected for the time that has passed.
    """

    ROI, CROP = 0.97, 0.95

    def __init__(self) -> None:
        self._roi: View | None = None

    def step(self, view: View, sight: Sight, dt: float) -> View:
        roi = sight.target if self._roi is None else self._roi
        self._roi = toward(roi, sight.target, 1 - self.ROI)
        return toward(view, self._roi, 1 - self.CROP ** (dt / FRAME_S))


class Spring:
    """A critically damped spring (T. Lowe, Game Programming Gems 4, 1.10), exact in time.

    "Smooth time" .3 s as game engines ship it: a rate of 2 / .3 a second.
    """

    RATE = 2 / 0.3

    def __init__(self) -> None:
        self._velocity = (0.0, 0.0, 0.0)

    def step(self, view: View, sight: Sight, dt: float) -> View:
        target = sight.target
        axes = (
            (view.x, target.x),
            (view.y, target.y),
            (view.height, target.height),
        )
        moved = [
            _spring(place, goal, speed, self.RATE, dt)
            for (place, goal), speed in zip(axes, self._velocity, strict=True)
        ]
        self._velocity = (moved[0][1], moved[1][1], moved[2][1])
        return View(moved[0][0], moved[1][0], moved[2][0])


def _spring(place: float, goal: float, speed: float, rate: float, dt: float) -> tuple[float, float]:
    """Place and speed of x'' = -2 rate x' - rate² (x - goal) after `dt` seconds."""
    fading = math.exp(-rate * dt)
    off = place - goal
    drive = speed + rate * off
    return goal + (off + drive * dt) * fading, (speed - rate * drive * dt) * fading


class OneEuro:
    """The one-euro filter (Casiez, Roussel and Vogel, CHI 2012) on pixels, once a frame.

    Minimum cut-off 1 Hz, beta .007 and derivative cut-off 1 Hz: the numbers of the paper's page.
    """

    MIN_CUTOFF_HZ, BETA, D_CUTOFF_HZ = 1.0, 0.007, 1.0

    def __init__(self) -> None:
        self._raw: tuple[float, float, float] | None = None
        self._slopes = [0.0, 0.0, 0.0]

    def step(self, view: View, sight: Sight, dt: float) -> View:
        raw = (sight.target.x, sight.target.y, sight.target.height)
        before = raw if self._raw is None else self._raw
        self._raw = raw
        places = [view.x, view.y, view.height]
        for i in range(3):
            slope = (raw[i] - before[i]) / dt
            self._slopes[i] += _weight(self.D_CUTOFF_HZ, dt) * (slope - self._slopes[i])
            cutoff = self.MIN_CUTOFF_HZ + self.BETA * abs(self._slopes[i])
            places[i] += _weight(cutoff, dt) * (raw[i] - places[i])
        return View(*places)


def _weight(cutoff_hz: float, dt: float) -> float:
    return 1 / (1 + 1 / (2 * math.pi * cutoff_hz * dt))
