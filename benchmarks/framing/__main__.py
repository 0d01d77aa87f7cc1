"""Score operators of the crop on simulated scenes: python -m benchmarks.framing [options].

Without options: our speeds on five tuning seeds, detections at 10 Hz, 67 ms late, sigma 1 % of
the frame's width. `--all` prints everything on the held-out seeds. The columns are explained in
scores.py and shot_scores.py.
"""

from __future__ import annotations

import argparse
import json
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from benchmarks.framing.catalog import scenes_named
from benchmarks.framing.detector import LATENCY_FRAMES, detector
from benchmarks.framing.operators.registry import BASELINES
from benchmarks.framing.scenes import FPS
from benchmarks.framing.table import (
    HELD_OUT_SEEDS,
    SECTIONS,
    TUNING_SEEDS,
    Entry,
    Row,
    table,
    table_lines,
)
from livetrack_vcam.core import Speed

LOOK_AHEADS = (3, 5, 10)
SIGMAS = (0.01, 0.0025)
PROCESSES = 2


def entry(text: str) -> Entry:
    """'normal', or 'cinema+10' for a look-ahead of ten frames. Raises ValueError for others."""
    name, _, frames = text.partition("+")
    return Entry(text, Speed(name), int(frames or 0))


def _everybody(options: argparse.Namespace) -> list[Entry]:
    entries = [entry(text) for text in options.speeds.split(",") if text]
    if options.baselines:
        entries += [Entry(name) for name in BASELINES]
    return entries


def print_tables(
    options: argparse.Namespace, hz: int, sigma: float, workers: Executor
) -> list[dict[str, object]]:
    """Print one detector's tables; returns them for the JSON file."""
    first = (HELD_OUT_SEEDS if options.held_out else TUNING_SEEDS)[0]
    first = first if options.first_seed is None else options.first_seed
    seeds = tuple(range(first, first + options.seeds))
    wanted = options.scenes.split(",") if options.scenes else None
    if wanted:
        scenes_named(wanted)
    model = detector(hz, sigma)
    late_ms = 1000 * model.latency / FPS
    results: list[dict[str, object]] = []
    for i, section in enumerate(SECTIONS):
        scenes = tuple(s for s in section.scenes() if wanted is None or s in wanted)
        entries = [e for e in _everybody(options) if section.baselines or e.speed is not None]
        if not scenes or not entries:
            continue
        rows = table(entries, seeds, scenes, i, model, options.per_scene, workers)
        print(
            f"\n**{section.title}**: detections at {hz} Hz, {late_ms:.0f} ms late, "
            f"sigma {100 * sigma:g} % W, seeds {seeds[0]}-{seeds[-1]}\n"
        )
        print("\n".join(table_lines(rows)), flush=True)
        results.append(_result(section.title, hz, sigma, seeds, rows))
    return results


def _result(
    title: str, hz: int, sigma: float, seeds: tuple[int, ...], rows: dict[str, Row]
) -> dict[str, object]:
    return {"section": title, "hz": hz, "sigma": sigma, "seeds": list(seeds), "rows": rows}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.framing", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("--seeds", type=int, metavar="N", help="so many seeds (5; with --all 20)")
    add("--first-seed", type=int, metavar="N", help="other seeds than 0-19 and 1000-1019")
    add("--held-out", action="store_true", help="seeds 1000-1019, never tuned on, not 0-19")
    add(
        "--speeds",
        default="calm,normal,fast,sport,cinema+10",
        metavar="A,B",
        help="ours; cinema+10 looks ten frames ahead",
    )
    add("--sigma", type=float, default=SIGMAS[0], help="noise of a box's center, W (.01)")
    add("--rate", type=int, default=10, choices=sorted(LATENCY_FRAMES), help="detections, Hz")
    add("--scenes", default="", metavar="A,B", help="only scores of these scenes")
    add("--baselines", action="store_true", help="also what others do")
    add("--per-scene", action="store_true", help="also the scores of single scenes")
    add("--all", action="store_true", help="everything, on the held-out seeds")
    add("--plots", type=Path, metavar="DIR", help="draw framing-*.png into a folder, too")
    add("--json", type=Path, metavar="FILE", help="write the scores to a file, too")
    return parser.parse_args()


def main() -> None:
    options = _arguments()
    options.seeds = options.seeds or (20 if options.all else 5)
    detectors = [(options.rate, options.sigma)]
    if options.all:
        options.held_out = options.baselines = True
        options.speeds = ",".join(
            [*(s.value for s in Speed if s is not Speed.CINEMA), "cinema"]
            + [f"cinema+{frames}" for frames in LOOK_AHEADS]
        )
        detectors = [(hz, sigma) for sigma in SIGMAS for hz in (10, 5, 30)]
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as workers:
        results = [
            result
            for hz, sigma in detectors
            for result in print_tables(options, hz, sigma, workers)
        ]
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    if options.plots:
        from benchmarks.framing.plots import draw  # matplotlib is a development dependency

        draw(options.plots)


if __name__ == "__main__":
    main()
