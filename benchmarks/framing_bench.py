"""Pan in one dimension against known truth: python -m benchmarks.framing_bench [--seeds N].

A 9:16 crop of a 1920x1080 frame at 30 fps; detections at 10 Hz, 67 ms late, their center wrong by
1 % of the frame's width (one sigma, four times what real detectors do). Every scenario starts
with two seconds of standing that are not scored. Printed per speed preset, mean over the seeds:

still %        frames without any motion of the crop, person standing or swaying (2.5 % W, .25 Hz)
walk lag ms    mean distance behind a walker (.15 W/s), as time
reversal %     largest error after a walker (.2 W/s) turns on the spot, % of the crop
settle s       commanded change to a person .4 W away: until within 8 % of the crop for good
jerk W/s3      largest third derivative in walk, reversal and change
kick px        largest excursion of the crop when 3 % of the detections of a still person are false
contained %    whole person (.12 W wide) in the crop: sway, walk, reversal, drop-outs
ball %         ball (.03 W) in the crop, swinging .28 W at .45 Hz
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from livetrack_vcam.core import Box, Detection, Director, DirectorSettings, Size, Speed
from livetrack_vcam.core.command import LockTrack
from livetrack_vcam.core.config import SubjectKind, SubjectPolicy
from livetrack_vcam.core.detection import PERSON, SPORTS_BALL

FRAME = Size(1920, 1080)
FPS, DETECTOR_HZ, LATENCY_S, SIGMA = 30, 10, 0.067, 0.01
WARM_UP_S = 2.0
CROP = 1080 * 9 / 16
PERSON_SIZE = (0.12 * 1920, 620.0)
BALL_SIZE = (0.03 * 1920, 58.0)

# The framing design's own numbers for its reference design (20 seeds).
REFERENCE = {
    Speed.NORMAL: (100, 230, 30, 1.29, 16, 0, 99.8, 24),
    Speed.FAST: (100, 63, 24, 0.86, 40, 0, 99.8, 66),
    Speed.SPORT: (100, 40, 20, 0.60, 200, 8.6, 99.9, 98.8),
}
COLUMNS = ("still %", "walk lag ms", "reversal %", "settle s", "jerk W/s3", "kick px",
           "contained %", "ball %")  # fmt: skip


@dataclass(frozen=True)
class Run:
    """Truth and crop centers of the scored frames, in pixels."""

    truth: list[float]
    crop: list[float]

    def contained(self, width: float) -> list[bool]:
        spare = (CROP - width) / 2
        return [abs(a - b) <= spare for a, b in zip(self.truth, self.crop, strict=True)]

    def peak_jerk(self) -> float:
        x = self.crop
        thirds = (
            abs(x[i + 3] - 3 * x[i + 2] + 3 * x[i + 1] - x[i]) * FPS**3 / FRAME.width
            for i in range(len(x) - 3)
        )
        return max(thirds)


def standing(_: float) -> float:
    return 0.5


def always_seen(_t: float, _chance: random.Random) -> bool:
    return False


def swaying(t: float) -> float:
    return 0.5 + 0.025 * math.sin(2 * math.pi * 0.25 * t)


def walking(t: float) -> float:
    return 0.2 + 0.15 * min(max(t, 0.0), 4.0)


def reversing(t: float) -> float:
    return 0.3 + 0.2 * min(t, 4.0 - t) if t < 4.0 else 0.3


def swinging(t: float) -> float:
    return 0.5 + 0.28 * math.sin(2 * math.pi * 0.45 * t)


def simulate(
    place: Callable[[float], float],
    speed: Speed,
    seed: int,
    *,
    seconds: float = 7.0,
    ball: bool = False,
    other: float | None = None,
    missing: Callable[[float, random.Random], bool] = always_seen,
    false_share: float = 0.0,
) -> Run:
    """Run a director over `seconds` after the warm-up, then changing to a person at `other`."""
    chance = random.Random(seed)
    policy = SubjectPolicy(SubjectKind.BALL) if ball else SubjectPolicy()
    director = Director(
        FRAME,
        DirectorSettings(aspect_ratio=Fraction(9, 16), speed=speed, max_zoom=1.0, subject=policy),
    )
    run = Run([], [])
    pending: list[tuple[float, tuple[Detection, ...]]] = []
    for frame in range(round((WARM_UP_S + seconds) * FPS)):
        now = frame / FPS
        t = now - WARM_UP_S
        x = place(max(t, 0.0))
        if frame % (FPS // DETECTOR_HZ) == 0:
            seen = [] if t > 0 and missing(t, chance) else [_detection(x, chance, ball)]
            if seen and t > 0 and chance.random() < false_share:
                seen = [_detection(chance.random(), chance, ball)]
            if other is not None:
                seen.append(_detection(other, chance, ball))
            pending.append((now, tuple(seen)))
        while pending and pending[0][0] + LATENCY_S <= now + 1e-9:
            at, found = pending.pop(0)
            director.observe(found, round(at * 1e9))
        if other is not None and frame == FPS:
            _lock(director, x)
        if other is not None and abs(t) < 0.5 / FPS:
            _lock(director, other)
        crop = director.crop_at(round(now * 1e9))
        if t >= 0:
            run.truth.append((x if other is None else other) * FRAME.width)
            run.crop.append(crop.box.center.x)
    return run


def _detection(x: float, chance: random.Random, ball: bool) -> Detection:
    center = (x + chance.gauss(0, SIGMA)) * FRAME.width
    width, height = BALL_SIZE if ball else PERSON_SIZE
    box = Box.from_cxcywh(center, 650.0, width, height)
    return Detection(box, chance.uniform(0.6, 0.95), SPORTS_BALL if ball else PERSON)


def _lock(director: Director, place: float) -> None:
    nearest = min(director.tracks, key=lambda t: abs(t.box.center.x - place * FRAME.width))
    director.command(LockTrack(nearest.track_id))


def drop_outs(t: float, chance: random.Random) -> bool:
    return 1.0 < t < 1.8 or 3.5 < t < 4.3 or chance.random() < 0.2


def still_pct(runs: list[Run]) -> float:
    moves = [
        abs(b - a) < 0.05 for run in runs for a, b in zip(run.crop, run.crop[1:], strict=False)
    ]
    return 100 * sum(moves) / len(moves)


def walk_lag_ms(run: Run) -> float:
    """Over the last two seconds of the walk, when the crop has long caught up."""
    behind = [a - b for a, b in zip(run.truth[60:120], run.crop[60:120], strict=True)]
    return 1000 * sum(behind) / len(behind) / (0.15 * FRAME.width)


def reversal_pct(run: Run) -> float:
    errors = [abs(a - b) for a, b in zip(run.truth[60:110], run.crop[60:110], strict=True)]
    return 100 * max(errors) / CROP


def settle_s(run: Run) -> float:
    errors = [abs(a - b) for a, b in zip(run.truth, run.crop, strict=True)]
    outside = [i for i, error in enumerate(errors) if error > 0.08 * CROP]
    return (outside[-1] + 1) / FPS if outside else 0.0


def score(speed: Speed, seed: int) -> tuple[float, ...]:
    """One row of the table for one seed."""
    calm = [simulate(place, speed, seed) for place in (standing, swaying)]
    walk = simulate(walking, speed, seed)
    turn = simulate(reversing, speed, seed)
    gaps = simulate(walking, speed, seed, missing=drop_outs)
    change = simulate(lambda _: 0.3, speed, seed, other=0.7)
    false = simulate(standing, speed, seed, false_share=0.03, seconds=20.0)
    ball = simulate(swinging, speed, seed, ball=True)
    inside = [ok for run in (calm[1], walk, turn, gaps) for ok in run.contained(PERSON_SIZE[0])]
    in_play = ball.contained(BALL_SIZE[0])
    return (
        still_pct(calm),
        walk_lag_ms(walk),
        reversal_pct(turn),
        settle_s(change),
        max(run.peak_jerk() for run in (walk, turn, change)),
        max(abs(x - false.crop[0]) for x in false.crop),
        100 * sum(inside) / len(inside),
        100 * sum(in_play) / len(in_play),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Score the speed presets on simulated pans.")
    parser.add_argument("--seeds", type=int, default=5, help="runs to average (default 5)")
    seeds = parser.parse_args().seeds
    print(f"{'':20}" + "".join(f"{name:>13}" for name in COLUMNS))
    for speed in Speed:
        rows = [score(speed, seed) for seed in range(seeds)]
        means = [sum(column) / len(column) for column in zip(*rows, strict=True)]
        print(f"{speed.value:20}" + "".join(f"{value:13.2f}" for value in means))
        if speed in REFERENCE:
            print(f"{'  reference design':20}" + "".join(f"{v:13.2f}" for v in REFERENCE[speed]))


if __name__ == "__main__":
    main()
