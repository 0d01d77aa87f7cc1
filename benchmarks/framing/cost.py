"""What one frame costs on a busy machine, too: python -m benchmarks.framing.cost [--scenes A,B].

Every scene is played several times and each frame counts with the least time it took, so that what
else runs on the machine hardly shows; the tables of `python -m benchmarks.framing` have the mean.
"""

from __future__ import annotations

import argparse
import time

from benchmarks.framing.__main__ import entry
from benchmarks.framing.catalog import scenes_named
from benchmarks.framing.detector import detector, looks
from benchmarks.framing.operators import Operator
from benchmarks.framing.play import play
from benchmarks.framing.scenes import Scene
from benchmarks.framing.table import HELD_OUT_SEEDS, Entry
from livetrack_vcam.core import Box, Detection


class Timed:
    """An operator that notes how long each crop takes."""

    def __init__(self, operator: Operator) -> None:
        self._operator = operator
        self.spent_ns: list[int] = []

    def observe(self, detections: tuple[Detection, ...], pts_ns: int) -> None:
        self._operator.observe(detections, pts_ns)

    def crop_at(self, pts_ns: int) -> Box:
        before = time.perf_counter_ns()
        crop = self._operator.crop_at(pts_ns)
        self.spent_ns.append(time.perf_counter_ns() - before)
        return crop

    def select(self, place: Box) -> None:
        self._operator.select(place)

    def ideal(self, subject: Box) -> Box:
        return self._operator.ideal(subject)

    @property
    def subject(self) -> tuple[Box, ...]:
        return self._operator.subject


def least_us(who: Entry, scene: Scene, times: int) -> float:
    """Mean over the frames, in microseconds, of the least that each took."""
    found = looks(scene, detector(10, 0.01), HELD_OUT_SEEDS[0])
    runs = [Timed(who.operator(scene)) for _ in range(times)]
    for timed in runs:
        play(scene, timed, found, who.look_ahead)
    frames = zip(*(timed.spent_ns for timed in runs), strict=True)
    least: list[int] = [min(frame) for frame in frames]
    return sum(least) / len(least) / 1000


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.framing.cost", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--scenes", default="walk,ball,approach,gestures,stand-up,drift-apart")
    parser.add_argument("--speeds", default="normal,sport,cinema+10")
    parser.add_argument("--times", type=int, default=6, help="how often each scene is played (6)")
    options = parser.parse_args()
    scenes = scenes_named(options.scenes.split(","))
    names = options.speeds.split(",")
    print("| us/frame | " + " | ".join(names) + " |")
    print("| --- |" + " --: |" * len(names))
    for scene in scenes:
        cells = (f"{least_us(entry(name), scene, options.times):.1f}" for name in names)
        print(f"| {scene.name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
