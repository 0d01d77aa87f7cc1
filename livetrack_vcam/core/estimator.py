"""Where the subject is and how fast it moves, from noisy, late and missing measurements."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from livetrack_vcam.core.kalman import Gaussian, coast, correct, mix, rest
from livetrack_vcam.core.noise import NoiseMeter

AGREE_SIGMA = 4.2
"""Rejected measurements this close together, in standard deviations, agree."""
JUMP_REJECTS = 2
STEADY_S = 0.8
"""After the last measurement a velocity holds so long before it begins to fade."""
NEAR_S = 0.25
NEAR_INTERVALS = 1.7
"""Further ahead than this, and so many intervals, the velocity of the moment says less than the
mean of late."""
CRUISE_S = 0.7
"""Time constant of that mean. It begins anew when something sets out, for who has just left has
gone at no other speed."""
LEAST_PROBABILITY = 1e-4
LONE_LOOK = 0.9
"""One measurement alone makes nobody surer of motion than this; more that hint at the same motion
for AGREED_NS do."""
AGREED_NS = 80_000_000
HINT = 0.2
RARE_S = 0.15
"""Where measurements are further apart than this nobody can wait for a second one."""
STOOD = 0.5
"""What moves with less than this probability stands, and sets out when it moves with more."""
DEPARTED, CLEAR_SIGMA = 0.01, 0.0065
"""Where looks are rare, a thing that stood has departed when not only the newest look but the one
before saw it so far off to that side, in frame widths. That one cannot tell where the standard
deviation of looks is larger than the second number."""
LONG_GAP, RARE_GAP = 2.5, 1.5
"""After so many usual intervals without a measurement those before say nothing of now; the second
number where they are rare."""
INTERVAL_GAIN = 0.2


@dataclass(frozen=True, slots=True)
class Agility:
    """How a thing may move, as three hypotheses: it stands, it goes steadily, it turns.

    `steady`, `turning`: white acceleration of the moving two, length²/s³. `stay`: probability
    that each hypothesis still holds .1 s later; `change`: where it goes otherwise, one row a
    hypothesis. `start`: variance of the velocity at first, (length/s)². `huber`: surprise in
    squared deviations from which a measurement counts for less, and `gate`: from which it is not
    believed. `creep`: how far a standing thing may creep, length²/s. `witnesses`: how many of the
    newest measurements tell a real departure from a false one; 0: none is waited for.
    """

    steady: float
    turning: float
    stay: tuple[float, float, float]
    start: tuple[float, float] = (0.02, 0.09)
    change: tuple[tuple[float, float, float], ...] = (
        (0.0, 0.6, 0.4),
        (0.4, 0.0, 0.6),
        (0.3, 0.7, 0.0),
    )
    huber: float = 6.0
    gate: float = 16.0
    creep: float = 1e-5
    witnesses: int = 3


class Motion(NamedTuple):
    """Position, velocity per second, and the probability that it is real motion."""

    position: float
    velocity: float
    moving: float


class _Step(NamedTuple):
    """A measurement believed, and before it: where the thing was expected, how surely it moved."""

    position: float
    expected: float
    moving: float


class AxisEstimator:
    """Interacting-multiple-model Kalman filter of one axis.

    Blom and Bar-Shalom, "The interacting multiple model algorithm for systems with Markovian
    switching coefficients", 1988. Lengths are in any unit that an agility shares, times in
    nanoseconds. A measurement beyond the gate is ignored; several in a row that agree are believed,
    and the filter starts anew there.
    """

    def __init__(
        self,
        position: float,
        r: float,
        agility: Agility,
        pts_ns: int,
        velocity: float = 0.0,
    ) -> None:
        self._agility = agility
        self._noise = NoiseMeter()
        self._usual_s = 0.0
        self._restart(position, r, pts_ns, velocity)

    def _restart(self, position: float, r: float, pts_ns: int, velocity: float) -> None:
        steady, turning = self._agility.start
        self._states = [
            Gaussian(position, 0.0, r, 0.0, 0.0),
            Gaussian(position, velocity, r, 0.0, steady),
            Gaussian(position, velocity, r, 0.0, turning),
        ]
        self._weights = [0.9, 0.05, 0.05] if velocity == 0.0 else [0.2, 0.6, 0.2]
        self._hinted_ns: int | None = None
        self._heading = velocity
        self._cruise = velocity
        self._going_s = 0.0
        self._interval_s = 0.0
        self._pts_ns = pts_ns
        self.newest: tuple[float, ...] = (position,)[: self._agility.witnesses]
        """What was measured and believed of late, the newest first."""
        self._step: _Step | None = None
        self.departed: int | None = None
        """To which side (1: to greater values, -1) the newest two agree that it left the place
        where it stood; 0: they do not; None: two were not asked for."""
        self._rejected: list[tuple[int, float]] = []
        self._told: Motion | None = None

    @property
    def pts_ns(self) -> int:
        """Time of the newest measurement."""
        return self._pts_ns

    def update(self, position: float, r: float, agility: Agility, pts_ns: int) -> None:
        """Take a measurement of variance `r` at most (length²); ignored unless newer."""
        self._agility = agility
        dt = (pts_ns - self._pts_ns) / 1e9
        if dt <= 0:
            return
        self._told = None
        own = self._noise.variance(position, r, pts_ns)
        moving = self._moving
        self._predict(dt)
        self._pts_ns = pts_ns
        self._interval_s = dt
        expected = mix(self._states, self._weights)
        off = (position - expected.p) ** 2
        if off > self._agility.gate * (expected.pp + r):
            self._reject(position, r, pts_ns)
            return
        self._rejected.clear()
        clear = own < CLEAR_SIGMA**2
        self._witness(position, dt, clear)
        self._mind_departure(_Step(position, expected.p, moving), clear)
        surprise = off / (expected.pp + own)
        self._correct(position, own * max(1.0, math.sqrt(surprise / self._agility.huber)))
        self._hear_hint()
        self._average(self._velocity, dt)

    def _witness(self, position: float, dt: float, clear: bool) -> None:
        """Remember a measurement that came `dt` seconds after the last one believed.

        Where measurements are clear, two are worth waiting for even where they are rare.
        """
        usual = self._usual_s or dt
        gap_s = usual * (RARE_GAP if usual > RARE_S and not clear else LONG_GAP)
        before = () if dt > gap_s else self.newest
        self.newest = (position, *before)[: self._agility.witnesses]
        self._usual_s = usual + INTERVAL_GAIN * (min(dt, 2 * usual) - usual)

    def _mind_departure(self, step: _Step, clear: bool) -> None:
        """Whether a clear measurement and the one before it show that a standing thing departs."""
        before = self._step if len(self.newest) > 1 else None
        self._step = step
        rare = self._usual_s > RARE_S
        if before is None or before.moving > STOOD or not (rare and clear):
            self.departed = None
            return
        side = 1 if step.position > before.expected else -1
        agree = side * (before.position - before.expected) > DEPARTED
        self.departed = side if agree else 0

    def _predict(self, dt: float) -> None:
        """Mix the hypotheses by how likely each became another, then move each on."""
        agility = self._agility
        stay = [p ** (dt / 0.1) for p in agility.stay]
        joint = [
            [
                weight * (stay[i] if i == j else (1 - stay[i]) * agility.change[i][j])
                for i, weight in enumerate(self._weights)
            ]
            for j in range(3)
        ]
        totals = [sum(row) for row in joint]
        mixed = [
            mix(self._states, [part / total for part in row])
            for row, total in zip(joint, totals, strict=True)
        ]
        self._states = [
            rest(mixed[0], dt, agility.creep),
            coast(mixed[1], dt, agility.steady),
            coast(mixed[2], dt, agility.turning),
        ]
        self._weights = totals

    def _correct(self, position: float, r: float) -> None:
        likely = [
            weight * _likelihood(state, position, r)
            for weight, state in zip(self._weights, self._states, strict=True)
        ]
        self._states = [correct(state, position, r) for state in self._states]
        total = sum(likely)
        if total > 0:
            kept = [max(each / total, LEAST_PROBABILITY) for each in likely]
            self._weights = [each / sum(kept) for each in kept]

    def _hear_hint(self) -> None:
        """Since when all measurements have spoken for motion the same way."""
        onward = self._velocity * self._heading > 0
        self._heading = self._velocity
        if self._moving <= HINT:
            self._hinted_ns = None
        elif self._hinted_ns is None or not onward:
            self._hinted_ns = self._pts_ns

    def _average(self, velocity: float, dt: float) -> None:
        """Take a velocity into the mean: with as much weight as its share of the time under way."""
        self._going_s = self._going_s + dt if self._moving > STOOD else 0.0
        share = 1 - math.exp(-dt / CRUISE_S)
        if self._going_s > 0.0:
            share /= 1 - math.exp(-self._going_s / CRUISE_S)
        self._cruise += (velocity - self._cruise) * share

    def _reject(self, position: float, r: float, pts_ns: int) -> None:
        """Believe what is off when the last few agree on a place, or one more on a motion."""
        self._rejected = [*self._rejected[-JUMP_REJECTS:], (pts_ns, position)]
        allowed = AGREE_SIGMA * math.sqrt(r)
        trusting = self._usual_s > RARE_S or self._agility.witnesses < JUMP_REJECTS
        needed = JUMP_REJECTS if trusting else self._agility.witnesses
        near = [abs(place - position) < allowed for _, place in self._rejected[-needed:]]
        if len(near) == needed and all(near):
            self._restart(position, r, pts_ns, 0.0)
        elif len(self._rejected) > JUMP_REJECTS:
            (first_ns, first), (middle_ns, middle), _ = self._rejected
            speed = (position - first) * 1e9 / (pts_ns - first_ns)
            if abs(first + speed * (middle_ns - first_ns) / 1e9 - middle) < allowed:
                self._restart(position, r, pts_ns, speed)

    def at(self, pts_ns: int, fade_s: float) -> Motion:
        """The estimate at `pts_ns`; a while after the last measurement velocity fades.

        What it was at that measurement holds for NEAR_S or more, its mean of late until
        STEADY_S; that fades with the time constant `fade_s`. When nothing comes for longer, the
        first part of the way, too, is taken for one at that mean: it says more than one look.
        """
        told = self._told = self._told or self._tell()
        gap = (pts_ns - self._pts_ns) / 1e9
        if gap <= 0.0:
            return told
        position, velocity, moving = told
        near_s = NEAR_INTERVALS * self._interval_s
        near_s = near_s if near_s > NEAR_S else NEAR_S
        if gap <= near_s:
            return Motion(position + velocity * gap, velocity, moving)
        steady = min(gap, max(near_s, STEADY_S))
        faded = math.exp(-(gap - steady) / fade_s) if fade_s > 0 else 0.0
        late = min(gap / near_s - 1.0, 1.0)
        soon = velocity + late * (self._cruise - velocity)
        gone = soon * near_s + self._cruise * (steady - near_s + fade_s * (1 - faded))
        return Motion(position + gone, self._cruise * faded, moving)

    def _tell(self) -> Motion:
        """The estimate at the newest measurement."""
        (still, steadily, turning), (rests, goes, turns) = self._weights, self._states
        position = still * rests.p + steadily * goes.p + turning * turns.p
        moving = self._moving
        if moving > LONE_LOOK and not self._is_sure:
            moving = LONE_LOOK
        return Motion(position, steadily * goes.v + turning * turns.v, moving)

    @property
    def _is_sure(self) -> bool:
        agreed = self._hinted_ns is not None and self._pts_ns - self._hinted_ns >= AGREED_NS
        return agreed or self._interval_s > RARE_S

    @property
    def _velocity(self) -> float:
        return self._weights[1] * self._states[1].v + self._weights[2] * self._states[2].v

    @property
    def _moving(self) -> float:
        return 1 - self._weights[0]


def _likelihood(state: Gaussian, position: float, r: float) -> float:
    s = state.pp + r
    return math.exp(-0.5 * (position - state.p) ** 2 / s) / math.sqrt(s)


def measurement_variance(score: float, size: float) -> float:
    """Largest variance of a detected edge or center in frame widths²; `size` is the box's.

    (1 % of the frame)² at score 1, four times that at 0, and (4 % of the box)² more, because the
    boxes of close people change with every gesture.
    """
    return 1e-4 * (1 + 3 * (1 - score) ** 2) + (0.04 * size) ** 2
