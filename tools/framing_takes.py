"""Small scenes played through the core, for the pictures of docs/how-framing-works.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from matplotlib.axes import Axes

from benchmarks.framing.detector import detector, looks
from benchmarks.framing.operators.live import Live
from benchmarks.framing.pan_scenes import across
from benchmarks.framing.play import Run, play
from benchmarks.framing.scenes import FPS, FRAME, NARROW, Actor, Scene
from livetrack_vcam.core import Speed

CROP_W = 9 / 16 * FRAME.height / FRAME.width
PERCENT = 100.0
"""Places are shown in percent of the frame's width."""
Place = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Take:
    """One run in a scene: times, crop centers, the truth, and what the detector measured."""

    run: Run
    measured: tuple[tuple[float, float], ...]

    @property
    def times(self) -> list[float]:
        return [i / FPS for i in range(len(self.run.crops))]

    @property
    def xs(self) -> list[float]:
        return [PERCENT * x / FRAME.width for x in self.run.xs]

    @property
    def truth(self) -> list[float]:
        return [PERCENT * x / FRAME.width for x in self.run.truth_xs]


def take(
    scene: Scene, speed: Speed = Speed.NORMAL, look_ahead: int = 0, sigma: float = 0.01
) -> Take:
    found = looks(scene, detector(10, sigma), 3)
    run = play(scene, Live(FRAME, replace(scene.shot, speed=speed)), found, look_ahead)
    measured = tuple(
        (look.frame / FPS - 2.0, PERCENT * look.detections[0].box.center.x / FRAME.width)
        for look in found
        if look.detections
    )
    return Take(run, measured)


def person(place: Place, seconds: float) -> Scene:
    return Scene("picture", seconds, (Actor(across(place)),), NARROW)


def pan_axis(ax: Axes, seconds: float) -> None:
    ax.set_ylabel("across, % of the frame")
    ax.set_xlabel("seconds")
    ax.set_xlim(0, seconds)


def off_center(shot: Take) -> list[float]:
    return [(x - true) / CROP_W for true, x in zip(shot.truth, shot.xs, strict=True)]


def seconds_axis(ax: Axes, end: float) -> None:
    ax.set_xlabel("seconds")
    ax.set_xlim(0, end)
