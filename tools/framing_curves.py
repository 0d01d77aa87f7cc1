"""The curves of docs/how-framing-works.md: what the core really does in small scenes."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.framing.catalog import scenes_named
from benchmarks.framing.scenes import Scene
from livetrack_vcam.core import Speed
from livetrack_vcam.core.course import Course
from livetrack_vcam.core.estimator import AxisEstimator
from livetrack_vcam.core.motion import AxisState
from livetrack_vcam.core.noise import NoiseMeter
from livetrack_vcam.core.presets import PERSON, PRESETS, Gains, SpeedPreset
from tools.framing_style import (
    BAND,
    CROP,
    GO,
    GOOD,
    INK,
    LOOK,
    OTHER,
    QUIET,
    REST,
    SUBJECT,
    TURN,
    note,
    panels,
)  # fmt: skip
from tools.framing_takes import (
    CROP_W,
    PERCENT,
    Take,
    off_center,
    pan_axis,
    person,
    seconds_axis,
    take,
)


def _dots(ax: Axes, shot: Take, seconds: float) -> None:
    points = [(t, x) for t, x in shot.measured if 0 <= t <= seconds]
    ax.plot(*zip(*points, strict=True), "o", color=LOOK, ms=3.5, label="what the detector says")


def _restless(t: float) -> float:
    """Stands, shifts a little, walks, stops."""
    if t < 4:
        return 0.3 + 0.02 * max(0.0, min(t - 1.5, 1.0))
    return 0.32 + 0.15 * max(0.0, min(t - 4.0, 2.5))


def rest_and_follow() -> Figure:
    shot = take(person(_restless, 9.0), sigma=0.004)
    fig, (ax,) = panels(1)
    width = PRESETS[Speed.NORMAL].dead_zone * CROP_W * PERCENT
    low, high = [x - width for x in shot.xs], [x + width for x in shot.xs]
    ax.fill_between(shot.times, low, high, color=BAND, lw=0, label="dead zone")
    _dots(ax, shot, 9.0)
    ax.plot(shot.times, shot.truth, color=SUBJECT, lw=1.4, label="the person")
    ax.plot(shot.times, shot.xs, color=CROP, label="middle of the picture")
    note(ax, "a step aside:\nthe picture rests", (2.2, 46), (2.6, 32.5))
    note(ax, "walks off:\nit follows", (4.1, 54), (5.1, 47))
    note(ax, "it ends where\nthe person stands", (7.6, 56), (7.2, 69))
    pan_axis(ax, 9)
    ax.legend(loc="upper left", ncols=2, fontsize=10)
    ax.set_ylim(22, 90)
    return fig


LOOSE = replace(
    PRESETS[Speed.NORMAL],
    usual=Gains(2.0, 5.5, 16, 7.6, 51),
    urgent=Gains(2.0, 5.5, 16, 7.6, 51),
    aim_s=0.0,
    aim_by_delay=0.0,
    feed_forward=0.6,
)
"""The preset this one came from: the same lag by taking on 60 % of the walker's speed."""


def _take_with(preset: SpeedPreset, scene: Scene) -> Take:
    ours = PRESETS[Speed.NORMAL]
    PRESETS[Speed.NORMAL] = preset
    try:
        return take(scene, sigma=0.004)
    finally:
        PRESETS[Speed.NORMAL] = ours


def spring_and_leash() -> Figure:
    scene = scenes_named(["reverse"])[0]
    fig, (ax, below) = panels(2, (7.2, 5.0), (2, 1))
    for preset, color, label in (
        (LOOSE, OTHER, "a soft spring"),
        (PRESETS[Speed.NORMAL], CROP, "stiff, to where the person was .2 s ago"),
    ):
        shot = _take_with(preset, scene)
        if color == OTHER:
            ax.plot(shot.times, shot.truth, color=SUBJECT, lw=1.4, label="the person turns back")
        ax.plot(shot.times, shot.xs, color=color, label=label)
        below.plot(shot.times, off_center(shot), color=color)
    below.axhline(0, color=SUBJECT, lw=1)
    below.set_ylabel("off,\n% of the crop")
    ax.set_ylabel("across, % of the frame")
    seconds_axis(below, 5.5)
    ax.set_ylim(27, 84)
    ax.legend(loc="upper right")
    return fig


def _busy(t: float) -> float:
    """Stands, walks right, turns, walks left, stands."""
    return 0.35 + 0.18 * (max(0.0, min(t - 1.5, 2.0)) - max(0.0, min(t - 3.5, 2.0)))


class _Frank(AxisEstimator):
    """An estimator that says how much it believes in each of its hypotheses."""

    @property
    def belief(self) -> tuple[float, ...]:
        return tuple(self._weights)


def hypotheses() -> Figure:
    chance = random.Random(5)
    measured = [(i / 10, _busy(i / 10) + chance.gauss(0, 0.005)) for i in range(75)]
    estimator = _Frank(_busy(0), 1e-4, PERSON, 0)
    weights = []
    for t, x in measured[1:]:
        estimator.update(x, 1e-4, PERSON, round(t * 1e9))
        weights.append((t, estimator.belief))
    fig, (ax, below) = panels(2, (7.2, 4.6), (1, 1))
    ax.plot(*zip(*((t, PERCENT * x) for t, x in measured), strict=True), "o", color=LOOK, ms=3.5)
    ax.plot(
        [i / 60 for i in range(450)],
        [PERCENT * _busy(i / 60) for i in range(450)],
        color=SUBJECT,
        lw=1.4,
    )
    ax.set_ylabel("across,\n% of the frame")
    times = [t for t, _ in weights]
    shares = list(zip(*(w for _, w in weights), strict=True))
    below.stackplot(times, *shares, colors=[REST, GO, TURN], lw=0)
    below.set_ylabel("belief")
    below.set_yticks([0, 0.5, 1], ["0", "50 %", "100 %"])
    below.set_ylim(0, 1)
    below.set_xlabel("seconds")
    below.set_xlim(0.1, 7.4)
    for x, text in ((0.75, "stands"), (2.5, "goes"), (4.5, "goes"), (6.7, "stands")):
        below.text(x, 0.3, text, ha="center", color=INK if text == "stands" else "white")
    below.annotate(
        "turns", (3.65, 0.97), (3.65, 0.72), color="white", ha="center",
        arrowprops={"arrowstyle": "-", "color": "white"},
    )  # fmt: skip
    return fig


def _believed(sigma: float, seed: int) -> list[float]:
    """Noise believed of somebody who stands for two seconds, then walks, % of the frame."""
    chance, meter, path = random.Random(seed), NoiseMeter(), []
    for i in range(61):
        x = 0.3 + 0.012 * max(0, i - 20) + chance.gauss(0, sigma / 100)
        path.append(100 * meter.variance(x, 1.3e-4, round(i * 1e8)) ** 0.5)
    return path


def measured_noise() -> Figure:
    fig, (ax,) = panels(1, (7.2, 3.2))
    times = [i / 10 for i in range(61)]
    for sigma, color in ((1.0, OTHER), (0.5, GOOD), (0.25, CROP)):
        runs = [_believed(sigma, seed) for seed in range(40)]
        typical = [statistics.median(moment) for moment in zip(*runs, strict=True)]
        ax.plot(times, typical, color=color, label=f"noise {sigma:g} %")
        ax.axhline(sigma, color=color, lw=1, ls=(0, (2, 3)))
    ax.axvline(2, color=QUIET, lw=1)
    ax.text(2.08, 0.05, "starts to walk", fontsize=11)
    ax.set_ylim(0, 1.45)
    ax.set_ylabel("noise believed,\n% of the frame")
    seconds_axis(ax, 6)
    ax.legend(loc="upper right", ncols=3)
    return fig


def planned_move() -> Figure:
    span = 1.106
    course = Course(AxisState(30.0), 70.0, span)
    times = [i / 200 for i in range(261)]
    states = [course.at(t) for t in times]
    fig, axes = panels(3, (7.2, 5.2), (1.4, 1, 1))
    quick = [30 + 40 * _bang(t / 0.862) for t in times]
    jump = [30 + 40 * min(t / 0.5, 1) for t in times]
    for path, color, label in (
        (jump, LOOK, "straight, in .5 s"),
        (quick, OTHER, "the quickest for the same jerk"),
        ([s.position for s in states], CROP, "ours: the least jerk there is"),
    ):
        axes[0].plot(times, path, color=color, label=label)
        speed = [(b - a) * 200 for a, b in pairwise(path)]
        axes[1].plot(times[1:], speed, color=color)
        push = [(b - a) * 200 for a, b in pairwise(speed)]
        if color != LOOK:
            axes[2].plot(times[2:], push, color=color)
    for ax, label in zip(
        axes, ("across,\n% of the frame", "speed,\n%/s", "acceleration,\n%/s²"), strict=True
    ):
        ax.set_ylabel(label)
    axes[0].legend(loc="lower right", fontsize=10)
    seconds_axis(axes[-1], 1.3)
    return fig


def _bang(tau: float) -> float:
    """The quickest way with limited jerk, of length 1 in time 1."""
    if tau >= 1:
        return 1.0
    if tau > 0.5:
        return 1 - _bang(1 - tau)
    if tau <= 0.25:
        return 32 * tau**3 / 6
    s = tau - 0.25
    return 32 / 6 / 64 + s * (1.0 + s * (4.0 - 32 * s / 6))


CURVES: dict[str, Callable[[], Figure]] = {
    "how-rest": rest_and_follow,
    "how-stiff": spring_and_leash,
    "how-hypotheses": hypotheses,
    "how-noise": measured_noise,
    "how-move": planned_move,
}
