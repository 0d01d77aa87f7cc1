"""From operators, scenes and seeds to rows of scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.framing.detector import Detector, looks
from benchmarks.framing.operators import Operator
from benchmarks.framing.play import Run, play
from benchmarks.framing.scenes import Scene
from benchmarks.framing.scores import Score

TUNING_SEEDS = tuple(range(20))
HELD_OUT_SEEDS = tuple(range(1000, 1020))
CROP_COST = "us/frame"


@dataclass(frozen=True, slots=True)
class Entry:
    """Who competes: a name, how to make one for a scene, and how many frames it looks ahead."""

    name: str
    make: Callable[[Scene], Operator]
    look_ahead: int = 0


Row = dict[str, float]


def score_seed(
    entry: Entry, scenes: Sequence[Scene], scores: Sequence[Score], model: Detector, seed: int
) -> Row:
    """All scores whose scenes are there, of one seed."""
    runs: dict[str, Run] = {}
    for scene in scenes:
        found = looks(scene, model, seed)
        runs[scene.name] = play(scene, entry.make(scene), found, entry.look_ahead)
    row = {score.name: score.of(runs) for score in scores if set(score.scenes) <= set(runs)}
    row[CROP_COST] = sum(run.crop_us for run in runs.values()) / len(runs)
    return row


def mean_row(rows: Sequence[Row]) -> Row:
    return {name: sum(row[name] for row in rows) / len(rows) for name in rows[0]}


def table_lines(rows: dict[str, Row]) -> list[str]:
    """The rows as aligned text with a head line."""
    if not rows:
        return []
    columns = list(next(iter(rows.values())))
    label = max(len(name) for name in rows) + 2
    head = " " * label + "".join(f"{name:>12}" for name in columns)
    return [
        head,
        *(
            name.ljust(label) + "".join(f"{row[column]:12.2f}" for column in columns)
            for name, row in rows.items()
        ),
    ]
