"""People followed on annotated clips.

    python -m benchmarks.tracking --corpus ../shared/corpus [--vtest VTEST.avi] [--json OUT.json]

Each clip is decided as `run` would at 10 Hz, and its tracks are compared with the annotation in the
annotated frames, as `livetrack-vcam eval track` does. As usual in multiple-object tracking a track
in a frame may know that frame; `--detector-latency-ms 67` is what the screen shows. The last row is
the sum of all clips, and the mean of the shares weighted by the clips' boxes.
vtest.avi is in Debian's package opencv-doc; tests/data/vtest_ids.json says who is who in it.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import cv2

from benchmarks.corpus import VTEST, clips
from benchmarks.detectors import machine
from livetrack_vcam.clips.clip import Cadence
from livetrack_vcam.core.detection import PERSON
from livetrack_vcam.detectors.registry import automatic_names
from livetrack_vcam.evaluation.shown import shown_tracks
from livetrack_vcam.evaluation.tracking import TrackingResult, tracking_metrics
from livetrack_vcam.settings import build_settings

HEAD = (
    "| clip | frames | people | boxes | IDF1 | switches | MOTA | recall | false a person |\n"
    "|---|---|---|---|---|---|---|---|---|"
)


def row(name: str, result: TrackingResult) -> str:
    """The result in Markdown."""
    shares = (result.idf1, result.mota, result.recall, result.false_per_person)
    idf1, mota, recall, false = ("–" if v is None else f"{v:.3f}" for v in shares)
    return (
        f"| {name} | {result.frames} | {result.people} | {result.boxes} | {idf1} | "
        f"{result.switches} | {mota} | {recall} | {false} |"
    )


def everything(results: list[TrackingResult]) -> TrackingResult:
    """All clips as one row."""

    def mean(values: list[float | None]) -> float:
        weighted = [(v, r.boxes) for v, r in zip(values, results, strict=True) if v is not None]
        return sum(v * boxes for v, boxes in weighted) / sum(boxes for _, boxes in weighted)

    return TrackingResult(
        label=results[0].label,
        frames=sum(r.frames for r in results),
        boxes=sum(r.boxes for r in results),
        people=sum(r.people for r in results),
        idf1=mean([r.idf1 for r in results]),
        switches=sum(r.switches for r in results),
        mota=mean([r.mota for r in results]),
        recall=mean([r.recall for r in results]),
        false_per_person=mean([r.false_per_person for r in results]),
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--vtest", type=Path, default=VTEST)
    parser.add_argument("--detector", default="auto")
    parser.add_argument("--detector-hz", type=float, default=10.0)
    parser.add_argument("--detector-latency-ms", type=float, default=0.0)
    parser.add_argument("--label", default=PERSON)
    parser.add_argument("--json", type=Path, help="also write the results here")
    parser.add_argument("names", nargs="*", metavar="CLIP", help="only these")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    cadence = Cadence(arguments.detector_hz, round(arguments.detector_latency_ms * 1e6))
    shot = build_settings({}, {}).shots[0]
    results: dict[str, TrackingResult] = {}
    print(HEAD)
    for clip in clips(arguments.corpus, arguments.vtest):
        truth = clip.annotation
        wanted = not arguments.names or clip.name in arguments.names
        if not wanted or arguments.label not in truth["complete_labels"]:
            continue
        shown = shown_tracks(clip.video, truth, arguments.detector, shot, cadence, quiet=True)
        results[clip.name] = tracking_metrics(shown, truth, arguments.label)
        print(row(clip.name, results[clip.name]), flush=True)
    if not results:
        parser.error("no annotated clip of the corpus has such a name, or this label in full")
    print(row("all", everything(list(results.values()))))
    if arguments.json:
        rows = {name: asdict(result) for name, result in results.items()}
        baseline = {"machine": machine(), "auto": automatic_names(), "clips": rows}
        arguments.json.write_text(json.dumps(baseline, indent=1) + "\n")


if __name__ == "__main__":
    main()
