"""Where the subject was at a past moment, told from what was measured before and after it.

A picture that is shown late can be framed with knowledge of what comes: a fixed-lag smoother.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass
from itertools import islice

from livetrack_vcam.core.estimator import AxisEstimator, Motion
from livetrack_vcam.core.noise import NoiseMeter
from livetrack_vcam.core.presets import SpeedPreset

SMOOTH_Q = 0.05
"""White acceleration of a subject seen in hindsight, frame widths²/s³. The framing design says .22,
which wakes the crop for one in four who only sways; a turn costs 1 % of the crop more with less.
"""
START_VV = 0.04
"""Variance of the velocity of somebody who has only just been found, (frame widths/s)²."""
HUBER_NIS = 4.0
GATE_NIS = 12.0
JUMP_REJECTS = 3
AGREE_SIGMA = 6.0
DOUBT_SIGMA = 3.0
"""The estimator of the present does not believe what is so many standard deviations off it."""
SAME_SIGMA = 4.0
"""So many standard deviations apart two estimates of now are of different things."""
MOST_KNOTS = 64
"""Measurements remembered: a second of looks at 60 Hz, three times the longest look-ahead."""


@dataclass(frozen=True, slots=True)
class Knot:
    """The state at one measurement: position and velocity with their covariance, as filtered.

    `pts_ns` is its time; lengths are in frame widths. `apart`: the one before says nothing of it.
    """

    pts_ns: int
    p: float
    v: float
    pp: float
    pv: float
    vv: float
    apart: bool = False


class AxisHindsight:
    """A fixed-lag smoother of one axis: a constant-velocity Kalman filter and a pass back.

    Rauch, Tung and Striebel, "Maximum likelihood estimates of linear dynamic systems", 1965.
    Between measurements the mean of the model is the cubic through both ends' positions and
    velocities. The pass back is made only when a past moment is asked for, and once a measurement.
    """

    def __init__(self, position: float, r: float, pts_ns: int) -> None:
        first = Knot(pts_ns, position, 0.0, r, 0.0, START_VV, apart=True)
        self._knots: deque[Knot] = deque([first], maxlen=MOST_KNOTS)
        self._end = (position, 0.0)
        self._agreed = False
        self._noise = NoiseMeter()
        self._rejected: list[tuple[int, float, float]] = []
        self._times = [pts_ns]
        self._smoothed = [(position, 0.0)]
        self._apart = [True]
        self._stale = False

    @property
    def newest_ns(self) -> int:
        return self._knots[-1].pts_ns

    def add(self, position: float, r: float, pts_ns: int, now: Motion | None = None) -> None:
        """Take a measurement of variance `r` (frame widths²) at most; ignored unless newer.

        One that does not fit is left out. Several in a row that agree are believed, and from the
        first of them on. `now` is what the better estimator of the present makes of it: the pass
        back begins there, so that both agree about what is not past yet.
        """
        last = self._knots[-1]
        if pts_ns <= last.pts_ns:
            return
        own = self._noise.variance(position, r, pts_ns)
        _, nis = _advance(last, position, r, pts_ns)
        doubted = now is not None and abs(position - now.position) > DOUBT_SIGMA * math.sqrt(r)
        if nis <= GATE_NIS and not doubted:
            self._rejected.clear()
            self._append(_advance(last, position, own, pts_ns)[0], now)
            return
        self._rejected.append((pts_ns, position, r))
        recent = self._rejected[-JUMP_REJECTS:]
        places = [each[1] for each in recent]
        agree = max(places) - min(places) < AGREE_SIGMA * math.sqrt(r)
        if len(recent) == JUMP_REJECTS and agree:
            self._restart(recent)

    def _restart(self, measured: list[tuple[int, float, float]]) -> None:
        self._rejected.clear()
        (first_ns, place, r), *others = measured
        self._append(Knot(first_ns, place, 0.0, r, 0.0, START_VV, apart=True))
        for pts_ns, position, variance in others:
            self._append(_advance(self._knots[-1], position, variance, pts_ns)[0])

    def _append(self, knot: Knot, now: Motion | None = None) -> None:
        self._knots.append(knot)
        self._end = knot.p, knot.v
        off = math.inf if now is None else abs(now.position - knot.p)
        self._agreed = off <= SAME_SIGMA * math.sqrt(knot.pp)
        if now is not None and self._agreed:
            self._end = now.position, now.velocity
        self._stale = True

    def at(
        self, pts_ns: int, fade_s: float, present: AxisEstimator | None = None
    ) -> tuple[float, float]:
        """Position and velocity per second at `pts_ns`, which may lie before or after the newest.

        After the newest measurement it is as `present` predicts, or the velocity fades with
        `fade_s`; before the first one known the subject is taken to have stood.
        """
        unknown = pts_ns < self._times[0] and len(self._times) < len(self._knots)
        if self._stale or unknown:
            self._smooth(pts_ns)
        times, smoothed = self._times, self._smoothed
        after = bisect_right(times, pts_ns)
        if after == 0:
            return smoothed[0][0], 0.0
        p, v = smoothed[after - 1]
        gap = (pts_ns - times[after - 1]) / 1e9
        if after == len(times):
            if present is not None and self._agreed:
                ahead = present.at(pts_ns, fade_s)
                return ahead.position, ahead.velocity
            faded = math.exp(-gap / fade_s)
            return p + v * fade_s * (1 - faded), v * faded
        if self._apart[after]:
            return p + v * gap, v
        return _between(smoothed[after - 1], smoothed[after], times[after] - times[after - 1], gap)

    def _smooth(self, pts_ns: int) -> None:
        """The pass back, as far as the last measurement that is not after `pts_ns`."""
        self._stale = False
        knots = self._knots
        later = knots[-1]
        p, v = self._end
        self._times, self._smoothed, self._apart = [later.pts_ns], [(p, v)], [later.apart]
        for knot in islice(reversed(knots), 1, None):
            if later.pts_ns <= pts_ns:
                break
            if later.apart:
                p, v = knot.p, knot.v
            else:
                p, v = _back(knot, (later.pts_ns - knot.pts_ns) / 1e9, p, v)
            self._times.append(knot.pts_ns)
            self._smoothed.append((p, v))
            self._apart.append(knot.apart)
            later = knot
        for each in (self._times, self._smoothed, self._apart):
            each.reverse()


def _advance(knot: Knot, position: float, r: float, pts_ns: int) -> tuple[Knot, float]:
    """The filtered state at a measurement, and how surprising it was, in squared deviations."""
    dt = (pts_ns - knot.pts_ns) / 1e9
    p = knot.p + knot.v * dt
    pp = knot.pp + dt * (2 * knot.pv + dt * knot.vv) + SMOOTH_Q * dt**3 / 3
    pv = knot.pv + dt * knot.vv + SMOOTH_Q * dt * dt / 2
    vv = knot.vv + SMOOTH_Q * dt
    off = position - p
    nis = off * off / (pp + r)
    s = pp + r * max(1.0, math.sqrt(nis / HUBER_NIS))
    gain_p, gain_v = pp / s, pv / s
    state = Knot(
        pts_ns,
        p + gain_p * off,
        knot.v + gain_v * off,
        (1 - gain_p) * pp,
        (1 - gain_p) * pv,
        vv - gain_v * pv,
    )
    return state, nis


def _back(knot: Knot, dt: float, later_p: float, later_v: float) -> tuple[float, float]:
    """The smoothed mean at a knot from the smoothed mean at the next one, `dt` seconds later."""
    pp = knot.pp + dt * (2 * knot.pv + dt * knot.vv) + SMOOTH_Q * dt**3 / 3
    pv = knot.pv + dt * knot.vv + SMOOTH_Q * dt * dt / 2
    vv = knot.vv + SMOOTH_Q * dt
    scale = 1 / (pp * vv - pv * pv)
    cross_p, cross_v = knot.pp + dt * knot.pv, knot.pv + dt * knot.vv
    off_p, off_v = later_p - knot.p - knot.v * dt, later_v - knot.v
    x = scale * (vv * off_p - pv * off_v)
    y = scale * (pp * off_v - pv * off_p)
    return knot.p + cross_p * x + knot.pv * y, knot.v + cross_v * x + knot.vv * y


def _between(
    before: tuple[float, float], after: tuple[float, float], span_ns: int, gap_s: float
) -> tuple[float, float]:
    """The cubic Hermite interpolation `gap_s` seconds into a span."""
    span = span_ns / 1e9
    (p0, v0), (p1, v1) = before, after
    s = gap_s / span
    slope = (p1 - p0) / span
    bend, twist = 3 * slope - 2 * v0 - v1, v0 + v1 - 2 * slope
    return (
        p0 + gap_s * (v0 + s * (bend + s * twist)),
        v0 + s * (2 * bend + 3 * s * twist),
    )


@dataclass(frozen=True, slots=True)
class Glance:
    """The moments that matter for one frame: where the subject is to be, and how fast.

    Both lie after the shown frame by what the controller takes to follow: see `glance_at`.
    """

    place_ns: int
    speed_ns: int

    def along(
        self, past: AxisHindsight, present: AxisEstimator, fade_s: float
    ) -> tuple[float, float]:
        """Position and velocity per second on one axis."""
        place = past.at(self.place_ns, fade_s, present)[0]
        return place, past.at(self.speed_ns, fade_s, present)[1]


SPEED_LEAD = 0.6
"""Share of the inner loops' delay that is made up for: later speeds are less well known, and wake
the crop for somebody who only sways.
"""


def glance_at(pts_ns: int, preset: SpeedPreset) -> Glance:
    """What to look at for the frame of `pts_ns`.

    Behind a steady walker the cascade of motion.py stays (1 - feed_forward) / kp seconds, and its
    inner loops need 1/kv + 1/ka to take on a new speed. Whatever of that lies past the newest
    measurement is predicted.
    """
    place_s = (1 - min(preset.feed_forward, 1.0)) / preset.usual.kp
    speed_s = SPEED_LEAD * (1 / preset.usual.kv + 1 / preset.usual.ka)
    return Glance(pts_ns + round(place_s * 1e9), pts_ns + round(speed_s * 1e9))
