"""Where a ball is between sightings: the arc that explains the last ones, and how sure it is.

Lengths are in ball diameters: gravity is then the same for a ball near and far, 9.81 m/s² over its
diameter (football 45, basketball 41, handball 52, tennis ball 146 diameters/s²), whatever the
camera. Three kinds of motion compete: rest, roll (ground, hand) and flight.

Each axis is a Bayesian linear regression on position, velocity and acceleration with a Gaussian
prior; the kind with the most evidence wins (Bishop, "Pattern Recognition and Machine Learning",
2006, sections 3.3 and 3.4).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from livetrack_vcam.core.geometry import Point

FOOTBALL_GRAVITY = 45.0
"""Diameters/s²: what is expected until the ball at hand has been seen in flight."""
GRAVITY_SPREAD = 15.0
"""Standard deviation of that expectation."""
UNMODELED = 4.0
"""Drag, spin and perspective, standard deviation in diameters/s²."""


class Kind(Enum):
    """How a ball moves, as the standard deviations of velocity and acceleration, and how often."""

    REST = (0.15, 0.1, 0.3)
    ROLL = (8.0, 6.0, 0.3)
    FLIGHT = (20.0, UNMODELED, 0.4)


@dataclass(frozen=True, slots=True)
class Sighting:
    """A ball's center and diameter in pixels; `noise` is the center's deviation in diameters.

    `cut`: the edge of the frame cuts it off, so its box tells less than usual.
    """

    pts_ns: int
    center: Point
    diameter: float
    noise: float
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Gravity:
    """Downward acceleration of a free ball and its standard deviation, diameters/s²."""

    mean: float = FOOTBALL_GRAVITY
    spread: float = GRAVITY_SPREAD

    def learned(self, seen: float, spread: float) -> Gravity:
        """Combined with an arc's own estimate; never surer than a tenth."""
        weight, new = self.spread**-2, spread**-2
        mean = (self.mean * weight + seen * new) / (weight + new)
        return Gravity(mean, max((weight + new) ** -0.5, 0.1 * mean))


@dataclass(frozen=True, slots=True)
class _Axis:
    """Posterior of (position, velocity, acceleration) at time 0: mean, covariance rows, cost."""

    mean: tuple[float, float, float]
    covariance: tuple[tuple[float, float, float], ...]
    cost: float
    misfit: float

    def at(self, t: float) -> float:
        p, v, a = self.mean
        return p + v * t + a * t * t / 2

    def variance(self, t: float) -> float:
        basis = (1.0, t, t * t / 2)
        return sum(basis[i] * self.covariance[i][j] * basis[j] for i in range(3) for j in range(3))


@dataclass(frozen=True, slots=True)
class Arc:
    """One stretch of motion without a bounce or a kick, fitted to `count` sightings."""

    kind: Kind
    origin: Point
    pts_ns: int
    diameter: float
    count: int
    x: _Axis
    y: _Axis

    def center(self, pts_ns: int) -> Point:
        """In pixels."""
        t = (pts_ns - self.pts_ns) / 1e9
        return Point(
            self.origin.x + self.diameter * self.x.at(t),
            self.origin.y + self.diameter * self.y.at(t),
        )

    def velocity(self, pts_ns: int) -> Point:
        """Pixels per second."""
        t = (pts_ns - self.pts_ns) / 1e9
        return Point(
            self.diameter * (self.x.mean[1] + self.x.mean[2] * t),
            self.diameter * (self.y.mean[1] + self.y.mean[2] * t),
        )

    def doubt(self, pts_ns: int) -> float:
        """Standard deviation of the center along its less certain axis, in diameters."""
        t = (pts_ns - self.pts_ns) / 1e9
        return math.sqrt(max(self.x.variance(t), self.y.variance(t)))

    @property
    def residual(self) -> float:
        """Root mean square distance of the sightings from the arc, in diameters."""
        return math.sqrt((self.x.misfit + self.y.misfit) / self.count)

    @property
    def gravity(self) -> tuple[float, float]:
        """Vertical acceleration and its standard deviation, diameters/s²."""
        return self.y.mean[2], math.sqrt(self.y.covariance[2][2])


def fit_arc(sightings: Sequence[Sighting], gravity: Gravity) -> Arc:
    """The best arc through at least one sighting, oldest first."""
    return min((_fit(sightings, kind, gravity) for kind in Kind), key=_cost)


def _cost(arc: Arc) -> float:
    return arc.x.cost + arc.y.cost - 2 * math.log(arc.kind.value[2])


def _fit(sightings: Sequence[Sighting], kind: Kind, gravity: Gravity) -> Arc:
    last = sightings[-1]
    diameter = sorted(s.diameter for s in sightings)[len(sightings) // 2]
    speed, agility, _ = kind.value
    times = [(s.pts_ns - last.pts_ns) / 1e9 for s in sightings]
    weights = [s.noise**-2 for s in sightings]
    xs = [(s.center.x - last.center.x) / diameter for s in sightings]
    ys = [(s.center.y - last.center.y) / diameter for s in sightings]
    falls = kind is Kind.FLIGHT
    pull, spread = (gravity.mean, gravity.spread) if falls else (0.0, agility)
    return Arc(
        kind,
        last.center,
        last.pts_ns,
        diameter,
        len(sightings),
        _regress(times, xs, weights, (speed, agility), 0.0),
        _regress(times, ys, weights, (speed, spread), pull),
    )


def _regress(
    times: Sequence[float],
    values: Sequence[float],
    weights: Sequence[float],
    spreads: tuple[float, float],
    acceleration: float,
) -> _Axis:
    """Posterior given prior deviations of velocity and acceleration, and the latter's mean."""
    s, r = _moments(times, values, weights)
    speed, spread = spreads
    precision = (
        (s[0], s[1], s[2] / 2),
        (s[1], s[2] + speed**-2, s[3] / 2),
        (s[2] / 2, s[3] / 2, s[4] / 4 + spread**-2),
    )
    pull = (r[0], r[1], r[2] / 2 + acceleration * spread**-2)
    covariance, determinant = _inverse(precision)
    p, v, a = (sum(row[j] * pull[j] for j in range(3)) for row in covariance)
    errors = [value - p - v * t - a * t * t / 2 for t, value in zip(times, values, strict=True)]
    misfit = sum(e * e for e in errors)
    cost = (
        sum(w * e * e for e, w in zip(errors, weights, strict=True))
        + (v / speed) ** 2
        + ((a - acceleration) / spread) ** 2
        + math.log(determinant)
        + 2 * math.log(speed * spread)
    )
    return _Axis((p, v, a), covariance, cost, misfit)


def _moments(
    times: Sequence[float], values: Sequence[float], weights: Sequence[float]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Weighted sums of the powers 0 to 4 of time, and of the values times powers 0 to 2."""
    s0 = s1 = s2 = s3 = s4 = r0 = r1 = r2 = 0.0
    for t, value, weight in zip(times, values, weights, strict=True):
        wt = weight * t
        wtt = wt * t
        s0, s1, s2, s3, s4 = s0 + weight, s1 + wt, s2 + wtt, s3 + wtt * t, s4 + wtt * t * t
        r0, r1, r2 = r0 + weight * value, r1 + wt * value, r2 + wtt * value
    return (s0, s1, s2, s3, s4), (r0, r1, r2)


Rows = tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]


def _inverse(m: Rows) -> tuple[Rows, float]:
    """Inverse and determinant of a symmetric positive definite matrix, by cofactors."""
    (a, b, c), (_, d, e), (_, _, f) = m
    aa, ab, ac = d * f - e * e, c * e - b * f, b * e - c * d
    bb, bc, cc = a * f - c * c, b * c - a * e, a * d - b * b
    determinant = a * aa + b * ab + c * ac
    k = 1 / determinant
    rows = (
        (aa * k, ab * k, ac * k),
        (ab * k, bb * k, bc * k),
        (ac * k, bc * k, cc * k),
    )
    return rows, determinant
