"""A two-state Kalman filter (position, velocity) on one axis, in plain floats.

Textbook equations (Bar-Shalom, Li, Kirubarajan, "Estimation with Applications to Tracking and
Navigation", 2001, chapter 6), written out because the core has no matrix library.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gaussian:
    """Mean (p, v) and covariance (pp, pv, vv) of position and velocity; any length, seconds."""

    p: float
    v: float
    pp: float
    pv: float
    vv: float


def coast(state: Gaussian, dt: float, q: float) -> Gaussian:
    """Constant-velocity prediction over `dt` seconds; `q` is white acceleration (length²/s³)."""
    return Gaussian(
        state.p + state.v * dt,
        state.v,
        state.pp + 2 * dt * state.pv + dt * dt * state.vv + q * dt**3 / 3,
        state.pv + dt * state.vv + q * dt * dt / 2,
        state.vv + q * dt,
    )


def rest(state: Gaussian, dt: float, q: float) -> Gaussian:
    """Prediction of a thing that stands still but may creep; `q` is in length²/s."""
    return Gaussian(state.p, 0.0, state.pp + q * dt, 0.0, 0.0)


def correct(state: Gaussian, position: float, r: float) -> Gaussian:
    """The state after a measured `position` of variance `r`."""
    s = state.pp + r
    gain_p, gain_v = state.pp / s, state.pv / s
    innovation = position - state.p
    return Gaussian(
        state.p + gain_p * innovation,
        state.v + gain_v * innovation,
        (1 - gain_p) * state.pp,
        (1 - gain_p) * state.pv,
        state.vv - gain_v * state.pv,
    )


def surprised(state: Gaussian, position: float, r: float, most: float) -> Gaussian:
    """The state with so much more uncertainty that a measured `position` of variance `r` is no
    more than `most` squared deviations off; the same state when it is not anyway.

    A fading memory (Sorenson and Sacks, "Recursive fading memory filtering", 1971) that fades only
    when the motion changes.
    """
    excess = (position - state.p) ** 2 / most - (state.pp + r)
    if excess <= 0:
        return state
    grown = 1 + excess / max(state.pp, 1e-12)
    return Gaussian(state.p, state.v, grown * state.pp, grown * state.pv, grown * state.vv)


def mix(states: Sequence[Gaussian], weights: Sequence[float]) -> Gaussian:
    """Moment-matched blend of states; the weights sum to 1."""
    p = v = 0.0
    for state, weight in zip(states, weights, strict=True):
        p += weight * state.p
        v += weight * state.v
    pp = pv = vv = 0.0
    for state, weight in zip(states, weights, strict=True):
        dp, dv = state.p - p, state.v - v
        pp += weight * (state.pp + dp * dp)
        pv += weight * (state.pv + dp * dv)
        vv += weight * (state.vv + dv * dv)
    return Gaussian(p, v, pp, pv, vv)
