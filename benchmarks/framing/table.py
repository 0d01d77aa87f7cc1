"""From operators, scenes and seeds to tables of scores."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial

from benchmarks.framing.catalog import scenes_named
from benchmarks.framing.detector import Detector, looks
from benchmarks.framing.operators import Operator
from benchmarks.framing.operators.live import Live
from benchmarks.framing.operators.registry import baseline
from benchmarks.framing.play import Run, play
from benchmarks.framing.scenes import FRAME, Scene
from benchmarks.framing.scores import CONTAINED_PER_SCENE, PAN_SCORES, Score
from benchmarks.framing.shot_scores import (
    GROUP_SCORES,
    PER_GROUP_SCENE,
    PER_TILT_SCENE,
    ZOOM_SCORES,
)
from livetrack_vcam.core import Speed

TUNING_SEEDS = tuple(range(20))
HELD_OUT_SEEDS = tuple(range(1000, 1020))
COST = Score("us/frame", (), lambda runs: sum(r.crop_us for r in runs.values()) / len(runs))
"""CPU time of crop_at, all axes, mean over the scenes."""

Row = dict[str, float]


@dataclass(frozen=True, slots=True)
class Entry:
    """Who competes: a speed of ours with the frames it looks ahead, or a baseline by name."""

    name: str
    speed: Speed | None = None
    look_ahead: int = 0

    def operator(self, scene: Scene) -> Operator:
        if self.speed is None:
            return baseline(self.name, FRAME, scene.shot)
        return Live(FRAME, replace(scene.shot, speed=self.speed))


@dataclass(frozen=True, slots=True)
class Section:
    """A table of its own: its columns, the further ones of single scenes, who is left out."""

    title: str
    scores: tuple[Score, ...]
    single: tuple[Score, ...]
    baselines: bool = True

    def scenes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for score in self.scores for name in score.scenes))


SECTIONS: tuple[Section, ...] = (
    Section("pan", (*PAN_SCORES, COST), CONTAINED_PER_SCENE),
    Section("zoom and tilt", (*ZOOM_SCORES, COST), PER_TILT_SCENE),
    Section("groups", (*GROUP_SCORES, COST), PER_GROUP_SCENE, baselines=False),
)


@dataclass(frozen=True, slots=True)
class Job:
    """One operator, one seed, some scenes by name: functions cannot travel between processes."""

    entry: Entry
    seed: int
    scenes: tuple[str, ...]
    section: int
    per_scene: bool


def score_job(job: Job, model: Detector) -> Row:
    """All scores of a section whose scenes are there, of one seed."""
    runs: dict[str, Run] = {}
    for scene in scenes_named(job.scenes):
        found = looks(scene, model, job.seed)
        runs[scene.name] = play(scene, job.entry.operator(scene), found, job.entry.look_ahead)
    section = SECTIONS[job.section]
    scores = section.scores + (section.single if job.per_scene else ())
    return {score.name: score.of(runs) for score in scores if set(score.scenes) <= set(runs)}


def mean_row(rows: Sequence[Row]) -> Row:
    return {name: sum(row[name] for row in rows) / len(rows) for name in rows[0]}


def table(
    entries: Sequence[Entry],
    seeds: Sequence[int],
    scenes: tuple[str, ...],
    section: int,
    model: Detector,
    per_scene: bool,
    workers: Executor,
) -> dict[str, Row]:
    """Mean scores by operator over the seeds."""
    jobs = [Job(entry, seed, scenes, section, per_scene) for entry in entries for seed in seeds]
    rows = list(workers.map(partial(score_job, model=model), jobs))
    return {
        entry.name: mean_row(rows[i * len(seeds) : (i + 1) * len(seeds)])
        for i, entry in enumerate(entries)
    }


def table_lines(rows: dict[str, Row]) -> list[str]:
    """The rows as a Markdown table that is aligned for a terminal, too."""
    columns = list(next(iter(rows.values()), {}))
    label = max((len(name) for name in rows), default=0)
    widths = [max(len(name), 6) for name in columns]
    head = zip(columns, widths, strict=True)
    lines = [
        f"| {'':{label}} | " + " | ".join(f"{name:>{width}}" for name, width in head) + " |",
        f"|{'-' * (label + 2)}|" + "|".join("-" * (width + 1) + ":" for width in widths) + "|",
    ]
    for name, row in rows.items():
        cells = zip(row.values(), widths, strict=True)
        shown = " | ".join(f"{_number(value):>{width}}" for value, width in cells)
        lines.append(f"| {name:{label}} | {shown} |")
    return lines


def _number(value: float) -> str:
    """Three significant digits, and never more than two behind the point."""
    size = abs(value)
    return f"{value:.0f}" if size >= 200 else f"{value:.1f}" if size >= 10 else f"{value:.2f}"
