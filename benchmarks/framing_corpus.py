"""How well real and synthetic clips are framed, by us and by what others do.

    python -m benchmarks.framing_corpus --corpus ../shared/corpus [--json OUT.json] [CLIP ...]

The default detectors look at each clip once, at 10 Hz and known 67 ms later (`--detector-hz`,
`--detector-latency-ms`); what they saw is cached. From the same observations then come the crops of
every speed of ours, live and offline, and those of the baselines of benchmarks/framing/operators,
which get the boxes of the subject that our tracker and selector chose: only the smoothing differs.

Every clip is framed in four views: 9:16 and 1:1, each at a fixed size (the largest crop there is,
so that jerk and containment compare like with like) and with free zoom, and two clips for the ball.
The metrics are those of `livetrack-vcam eval framing`; one that a clip cannot tell is "–".
Then follow the means over the clips in which a number can be told for everybody, and where one of
ours loses: a baseline with more contained or still frames or less jerk,
whose lag is equal or lower.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from statistics import fmean

import cv2

from benchmarks.corpus import VTEST, AnnotatedClip, clips
from benchmarks.corpus_looks import Looks, looks_at
from benchmarks.corpus_operators import OURS, ours, patient, smoothed
from benchmarks.framing.operators.registry import BASELINES, baseline
from livetrack_vcam.clips.clip import Cadence
from livetrack_vcam.core.config import DirectorSettings, SubjectKind, SubjectPolicy
from livetrack_vcam.core.detection import PERSON, SPORTS_BALL
from livetrack_vcam.core.geometry import format_aspect_ratio
from livetrack_vcam.detectors.registry import automatic_names
from livetrack_vcam.evaluation.framing import framing_metrics
from livetrack_vcam.shot_settings import default_size

Metrics = Mapping[str, float | None]
SHOWN = ("contained_pct", "still_frames_pct", "jerk_rms_w_s3", "jerk_peak_w_s3", "walk_lag_ms",
         "center_error_pct", "overshoot_pct", "travel_px_s", "crop_travel_w_s")  # fmt: skip
AVERAGED = {"contained_pct": "contained %", "still_frames_pct": "still %",
            "jerk_rms_w_s3": "jerk rms W/s³", "walk_lag_ms": "walk lag ms",
            "overshoot_pct": "overshoot %"}  # fmt: skip
HIGHER_IS_BETTER = frozenset({"contained_pct", "still_frames_pct"})
CONTESTED = {"contained_pct": 0.5, "still_frames_pct": 0.5, "jerk_rms_w_s3": 0.2}
"""What we mean to win, and how much counts as a difference."""
LAG_MS = 10.0
"""Lags this close are equal."""
BALLS = frozenset({"syn_ball", "sam2_juggle_a"})
"""Clips that are also framed for the ball."""


ANYBODY = SubjectPolicy()
BALL = SubjectPolicy(SubjectKind.BALL)


@dataclass(frozen=True, slots=True)
class View:
    """A way to frame a clip."""

    ratio: Fraction
    fixed: bool
    policy: SubjectPolicy = ANYBODY

    def __str__(self) -> str:
        subject = "" if self.policy == ANYBODY else f" {self.policy}"
        return f"{format_aspect_ratio(self.ratio)} {'fixed' if self.fixed else 'free'}{subject}"

    @property
    def settings(self) -> DirectorSettings:
        free = DirectorSettings(aspect_ratio=self.ratio, subject=self.policy)
        return replace(free, max_zoom=1.0) if self.fixed else free

    @property
    def label(self) -> str:
        return SPORTS_BALL if self.policy.kind is SubjectKind.BALL else PERSON


VIEWS = (
    View(Fraction(9, 16), fixed=True),
    View(Fraction(9, 16), fixed=False),
    View(Fraction(1), fixed=True),
    View(Fraction(1), fixed=False),
    View(Fraction(9, 16), fixed=True, policy=BALL),
)


def scored(clip: AnnotatedClip, looks: Looks, view: View) -> dict[str, Metrics]:
    """The metrics of everybody on one clip."""
    traces = ours(looks, view.settings)
    for name in BASELINES:
        operator = baseline(name, looks.size, view.settings)
        traces[name] = smoothed(looks, view.settings, operator)
    canvas = default_size(view.ratio)
    size = (canvas.width, canvas.height)
    return {
        name: framing_metrics(trace, clip.annotation, size, view.label)
        for name, trace in traces.items()
    }


def compared(clip: AnnotatedClip, view: View) -> bool:
    """Whether the view tells something of the clip: the crop can move, the ball is there."""
    if view.policy == BALL and clip.name not in BALLS:
        return False
    shape = Fraction(int(clip.annotation["width"]), int(clip.annotation["height"]))
    return not view.fixed or shape != view.ratio


def table(view: View, metric: str, results: Mapping[str, Mapping[str, Metrics]]) -> Iterator[str]:
    """A row for each operator, a column for each clip."""
    columns = {name: rows for name, rows in results.items() if _tells(rows, metric)}
    if not columns:
        return
    yield f"\n{view}: {metric}"
    yield f"{'':18}" + "".join(f"{_short(name):>10}" for name in columns)
    for operator in next(iter(columns.values())):
        cells = (rows[operator][metric] for rows in columns.values())
        yield f"{operator:18}" + "".join(f"{_cell(value):>10}" for value in cells)


def means(results: Mapping[str, Mapping[str, Metrics]]) -> Iterator[str]:
    """A Markdown table, a row for each operator, over the clips that tell of everybody."""
    told = {
        metric: [
            rows
            for rows in results.values()
            if all(row[metric] is not None for row in rows.values())
        ]
        for metric in AVERAGED
    }
    told = {metric: clips for metric, clips in told.items() if clips}
    titles = (f"{AVERAGED[metric]} ({len(clips)} clips)" for metric, clips in told.items())
    yield f"| | {' | '.join(titles)} |"
    yield "| --- |" + " --: |" * len(told)
    for operator in next(iter(results.values())):
        cells = (
            _cell(fmean(rows[operator][metric] or 0.0 for rows in clips))
            for metric, clips in told.items()
        )
        yield f"| {operator} | {' | '.join(cells)} |"


def _tells(rows: Mapping[str, Metrics], metric: str) -> bool:
    return any(metrics[metric] is not None for metrics in rows.values())


def _short(name: str) -> str:
    return name if len(name) < 10 else name.replace("intel_", "").replace("syn_", "")[:9]


def _cell(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def losses(results: Mapping[str, Mapping[str, Metrics]], speeds: Iterable[str]) -> Iterator[str]:
    """Every clip and metric in which a baseline beats one of ours at equal or lower lag."""
    mine = tuple(speeds)
    for clip, rows in results.items():
        rivals = {name: row for name, row in rows.items() if name not in OURS}
        for name in mine:
            for metric, least in CONTESTED.items():
                better = [
                    f"{rival} {_cell(row[metric])}"
                    for rival, row in rivals.items()
                    if _beats(row, rows[name], metric, least)
                ]
                if better:
                    yield f"{clip:18} {name:8} {metric:16} {_cell(rows[name][metric]):>7}  < " + (
                        ", ".join(better)
                    )


def _beats(rival: Metrics, mine: Metrics, metric: str, least: float) -> bool:
    a, b = rival[metric], mine[metric]
    if a is None or b is None:
        return False
    ahead = a - b if metric in HIGHER_IS_BETTER else b - a
    return ahead > least and _as_quick(rival["walk_lag_ms"], mine["walk_lag_ms"])


def _as_quick(rival: float | None, mine: float | None) -> bool:
    """Where nobody walks everybody is; one without a lag lost the walker."""
    return mine is None or (rival is not None and rival <= mine + LAG_MS)


def chosen(corpus: Path, vtest: Path, names: Sequence[str]) -> list[AnnotatedClip]:
    return [clip for clip in clips(corpus, vtest) if not names or clip.name in names]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--vtest", type=Path, default=VTEST)
    parser.add_argument("--detector-hz", type=float, default=10.0)
    parser.add_argument("--detector-latency-ms", type=float, default=67.0)
    parser.add_argument("--view", choices=[str(view) for view in VIEWS], help="only this")
    parser.add_argument("--speed", default="normal", help="whose losses to list (default normal)")
    parser.add_argument(
        "--waits", action="store_true", help="show nothing before somebody was found, or .35 s"
    )
    parser.add_argument("--json", type=Path, help="also write the results here")
    parser.add_argument("names", nargs="*", metavar="CLIP", help="only these")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    cadence = Cadence(arguments.detector_hz, round(arguments.detector_latency_ms * 1e6))
    wanted = chosen(arguments.corpus, arguments.vtest, arguments.names)
    if not wanted:
        parser.error("no clip of the corpus has such a name")
    everything = {}
    for view in VIEWS:
        if arguments.view and str(view) != arguments.view:
            continue
        results = {
            clip.name: scored(clip, _looks(clip, cadence, view, waits=arguments.waits), view)
            for clip in wanted
            if compared(clip, view)
        }
        everything[str(view)] = results
        for metric in SHOWN:
            print(*table(view, metric, results), sep="\n", end="\n" if results else "")
        print(f"\n{view}: means\n", *means(results), sep="\n")
        print(
            f"\n{view}: where {arguments.speed} loses",
            *losses(results, [arguments.speed]),
            sep="\n",
        )
    if arguments.json:
        arguments.json.write_text(written(everything, cadence))


def _looks(clip: AnnotatedClip, cadence: Cadence, view: View, *, waits: bool) -> Looks:
    looks = looks_at(clip, cadence, view.policy)
    return patient(looks, view.settings) if waits else looks


def written(results: Mapping[str, Mapping[str, Mapping[str, Metrics]]], cadence: Cadence) -> str:
    """As JSON, a line for each operator; three digits show a change, and hide the machine."""
    views = {
        view: {
            clip: {name: _row(metrics) for name, metrics in rows.items()}
            for clip, rows in of.items()
        }
        for view, of in results.items()
    }
    latency_ms = cadence.latency_ns / 1e6
    head = {"detector_hz": cadence.hz, "detector_latency_ms": latency_ms, "metrics": SHOWN}
    text = json.dumps({**head, "auto": automatic_names(), "views": views}, indent=1)
    return re.sub(r"\[[^\[\]]*\]", lambda row: " ".join(row[0].split()), text) + "\n"


def _row(metrics: Metrics) -> list[float | None]:
    values = [metrics[key] for key in SHOWN]
    return [None if value is None else round(value, 3) for value in values]


if __name__ == "__main__":
    main()
