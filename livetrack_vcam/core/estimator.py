"""Where the subject is and how fast it moves, from noisy, late and missing measurements."""

from __future__ import annotations

import math
from dataclasses import dataclass

from livetrack_vcam.core.kalman import Gaussian, coast, correct, mix, rest

STILL_Q = 1e-5
"""How far a still subject may creep, frame widths²/s."""
SWITCH_RATE = -10 * math.log(0.96)
"""Decay rate of the still/moving chain, 1/s: the probability to stay is .98 over 0.1 s."""
HUBER_NIS = 4.0
GATE_NIS = 12.0
JUMP_REJECTS = 3


@dataclass(frozen=True, slots=True)
class Motion:
    """Position, velocity per second, and the probability that it is real motion."""

    position: float
    velocity: float
    moving: float


class AxisEstimator:
    """Interacting-multiple-model Kalman filter of one axis: a still and a moving hypothesis.

    Blom and Bar-Shalom 1988. Positions are in frame widths, times in nanoseconds. A measurement
    beyond GATE_NIS is ignored; JUMP_REJECTS of them in a row that agree are believed.
    """

    def __init__(self, position: float, r: float, pts_ns: int) -> None:
        self._restart(position, r, pts_ns)

    def _restart(self, position: float, r: float, pts_ns: int) -> None:
        self._still = Gaussian(position, 0.0, r, 0.0, 0.0)
        self._moving = Gaussian(position, 0.0, r, 0.0, 0.04)
        self._p_moving = 0.1
        self._pts_ns = pts_ns
        self._rejected: list[float] = []

    def update(self, position: float, r: float, q_moving: float, pts_ns: int) -> None:
        """Take a measurement of variance `r` (frame widths²); ignored unless newer."""
        dt = (pts_ns - self._pts_ns) / 1e9
        if dt <= 0:
            return
        self._predict(dt, q_moving)
        self._pts_ns = pts_ns
        expected = mix(self._moving, self._still, self._p_moving)
        nis = (position - expected.p) ** 2 / (expected.pp + r)
        if nis > GATE_NIS:
            self._reject(position, r, pts_ns)
            return
        self._rejected.clear()
        self._correct(position, r * max(1.0, math.sqrt(nis / HUBER_NIS)))

    def _predict(self, dt: float, q_moving: float) -> None:
        stay = 0.5 + 0.5 * math.exp(-SWITCH_RATE * dt)
        moving = self._p_moving
        to_moving = stay * moving + (1 - stay) * (1 - moving)
        kept_moving = stay * moving / to_moving
        kept_still = stay * (1 - moving) / (1 - to_moving)
        still = mix(self._still, self._moving, kept_still)
        walking = mix(self._moving, self._still, kept_moving)
        self._still = rest(still, dt, STILL_Q)
        self._moving = coast(walking, dt, q_moving)
        self._p_moving = to_moving

    def _correct(self, position: float, r: float) -> None:
        likelihood_still = _likelihood(self._still, position, r)
        likelihood_moving = _likelihood(self._moving, position, r)
        self._still = correct(self._still, position, r)
        self._moving = correct(self._moving, position, r)
        weighted = self._p_moving * likelihood_moving
        total = weighted + (1 - self._p_moving) * likelihood_still
        if total > 0:
            self._p_moving = min(max(weighted / total, 1e-4), 1 - 1e-4)

    def _reject(self, position: float, r: float, pts_ns: int) -> None:
        self._rejected.append(position)
        recent = self._rejected[-JUMP_REJECTS:]
        if len(recent) == JUMP_REJECTS and max(recent) - min(recent) < 6 * math.sqrt(r):
            self._restart(position, r, pts_ns)

    def at(self, pts_ns: int, fade_s: float) -> Motion:
        """The estimate at `pts_ns`; after the last measurement the velocity fades with `fade_s`."""
        moving = self._p_moving
        velocity = moving * self._moving.v
        position = moving * self._moving.p + (1 - moving) * self._still.p
        gap = max(0.0, (pts_ns - self._pts_ns) / 1e9)
        faded = math.exp(-gap / fade_s)
        return Motion(position + velocity * fade_s * (1 - faded), velocity * faded, moving)


def _likelihood(state: Gaussian, position: float, r: float) -> float:
    s = state.pp + r
    return math.exp(-0.5 * (position - state.p) ** 2 / s) / math.sqrt(s)


def measurement_variance(score: float, size: float) -> float:
    """Variance of a detected edge or center in frame widths²; `size` is the box's, frame widths.

    (1 % of the frame)² at score 1, four times that at 0, and (4 % of the box)² more, because the
    boxes of close people change with every gesture.
    """
    return 1e-4 * (1 + 3 * (1 - score) ** 2) + (0.04 * size) ** 2
