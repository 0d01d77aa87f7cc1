"""Score operators of the crop on simulated scenes: python -m benchmarks.framing [options]."""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context

from benchmarks.framing import scores
from benchmarks.framing.detector import LATENCY_FRAMES, Detector, detector
from benchmarks.framing.operators import Operator
from benchmarks.framing.operators.live import Live
from benchmarks.framing.operators.registry import BASELINES, baseline
from benchmarks.framing.pan_scenes import PAN_SCENES
from benchmarks.framing.scenes import FRAME, Scene
from benchmarks.framing.table import (
    HELD_OUT_SEEDS,
    TUNING_SEEDS,
    Entry,
    Row,
    mean_row,
    score_seed,
    table_lines,
)
from livetrack_vcam.core import Speed


def _live(speed: Speed, scene: Scene) -> Operator:
    return Live(FRAME, replace(scene.shot, speed=speed))


def _baseline(name: str, scene: Scene) -> Operator:
    return baseline(name, FRAME, scene.shot)


def _score(job: tuple[Entry, int], model: Detector, names: tuple[str, ...], per_scene: bool) -> Row:
    """Scenes travel by name: a process cannot send their functions to another."""
    entry, seed = job
    scenes = [scene for scene in PAN_SCENES if scene.name in names]
    wanted = scores.PAN_SCORES + (scores.CONTAINED_PER_SCENE if per_scene else ())
    return score_seed(entry, scenes, wanted, model, seed)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.framing", description=__doc__)
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="seeds (default 5)")
    parser.add_argument("--held-out", action="store_true", help="seeds 1000… instead of 0…")
    parser.add_argument("--speeds", default="calm,normal,fast,sport,cinema", metavar="A,B")
    parser.add_argument("--sigma", type=float, default=0.01, help="noise of the center, W")
    parser.add_argument("--rate", type=int, default=10, choices=sorted(LATENCY_FRAMES))
    parser.add_argument("--look-ahead", type=int, default=0, metavar="FRAMES")
    parser.add_argument("--scenes", default="", metavar="A,B", help="only these scenes")
    parser.add_argument("--baselines", action="store_true", help="also what others do")
    parser.add_argument("--per-scene", action="store_true", help="contained % of each scene")
    return parser.parse_args()


def main() -> None:
    options = _arguments()
    seeds = (HELD_OUT_SEEDS if options.held_out else TUNING_SEEDS)[: options.seeds]
    names = options.scenes.split(",") if options.scenes else [s.name for s in PAN_SCENES]
    entries = [
        Entry(name, partial(_live, Speed(name)), options.look_ahead)
        for name in options.speeds.split(",")
        if name
    ]
    if options.baselines:
        entries += [Entry(name, partial(_baseline, name)) for name in BASELINES]
    work = partial(
        _score,
        model=detector(options.rate, options.sigma),
        names=tuple(names),
        per_scene=options.per_scene,
    )
    jobs = [(entry, seed) for entry in entries for seed in seeds]
    with ProcessPoolExecutor(2, get_context("fork")) as pool:
        rows = list(pool.map(work, jobs))
    table = {
        entry.name: mean_row(rows[i * len(seeds) : (i + 1) * len(seeds)])
        for i, entry in enumerate(entries)
    }
    print("\n".join(table_lines(table)))


if __name__ == "__main__":
    main()
