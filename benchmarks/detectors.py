"""What every detector finds, and the time it takes: all in one run, so that ratios hold.

    python -m benchmarks.detectors --corpus ../shared/corpus [--json OUT.json] [NAME ...]

On clips: every annotated frame of the real ones and every eighth of the synthetic ones.
Found: a box of the label with IoU > .5 (faces .4, their boxes being drawn by another convention).
False: a box that no such thing explains, where the annotation claims to be complete.
On pictures: COCO's average precision of persons at IoU .5 and over .5 to .95.
Time: median of the process's CPU time for one frame, with conversion and decoding, on one thread;
every frame is given to all detectors in turn. fps is what the median wall time allows.
Models that are not here are left out; `livetrack-vcam models list` tells how to get them.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from itertools import count
from pathlib import Path

import cv2

from benchmarks.corpus import AnnotatedClip, clips
from livetrack_vcam.core.detection import FACE, PERSON, SPORTS_BALL, Detection
from livetrack_vcam.core.geometry import Box, Size, iou
from livetrack_vcam.detectors.registry import automatic_names, detector_names, make_detector
from livetrack_vcam.errors import LiveTrackError
from livetrack_vcam.evaluation.annotation import AnnotatedFrame, annotated_frames
from livetrack_vcam.evaluation.coco import read_coco
from livetrack_vcam.evaluation.detection import evaluate_detector
from livetrack_vcam.interfaces import Detector
from livetrack_vcam.media import Frame
from livetrack_vcam.sources.video_file import VideoFile

MIN_IOU = {PERSON: 0.5, SPORTS_BALL: 0.5, FACE: 0.4}
SYNTHETIC_STEP = 8
MIN_SCORE = 0.01
"""For average precision, which wants unlikely detections too."""
YARDSTICK = "yolov4-tiny"


@dataclass(frozen=True, slots=True)
class Truth:
    """What is annotated of one label in one frame; `complete`: there is no more of it."""

    annotated: AnnotatedFrame
    complete: bool


@dataclass(frozen=True, slots=True)
class Shot:
    """One annotated frame."""

    frame: Frame
    truth: dict[str, Truth]


@dataclass(slots=True)
class Tally:
    """What one detector did with one label."""

    found: int = 0
    expected: int = 0
    false: int = 0

    def add(self, detections: list[Detection], truth: Truth, min_iou: float) -> None:
        left = list(truth.annotated.boxes.values())
        self.expected += len(left)
        for detection in detections:
            best = max(left, key=lambda box: iou(box, detection.box), default=None)
            if best is not None and iou(best, detection.box) > min_iou:
                left.remove(best)
                self.found += 1
            elif truth.complete and not _explained(truth.annotated.ignored, detection):
                self.false += 1


@dataclass(slots=True)
class Result:
    """One row of the table."""

    detector: str
    tallies: dict[str, Tally]
    cpu_ms: float = 0.0
    wall_ms: float = 0.0
    ap_50: float | None = None
    ap_50_95: float | None = None


@dataclass(slots=True)
class Candidate:
    """A detector at work, and what came of it so far."""

    name: str
    detector: Detector
    tallies: dict[str, Tally]
    size: Size | None = None
    cpu_ns: list[int] = field(default_factory=list)
    wall_ns: list[int] = field(default_factory=list)

    def look(self, shot: Shot) -> None:
        if shot.frame.size != self.size:
            self.size = shot.frame.size
            self.detector.detect(shot.frame)  # a camera has one size; making ready is not timed
        cpu_ns, wall_ns = time.process_time_ns(), time.perf_counter_ns()
        detections = self.detector.detect(shot.frame)
        self.cpu_ns.append(time.process_time_ns() - cpu_ns)
        self.wall_ns.append(time.perf_counter_ns() - wall_ns)
        for label, tally in self.tallies.items():
            alike = [found for found in detections if found.label == label]
            tally.add(alike, shot.truth[label], MIN_IOU[label])

    def result(self) -> Result:
        cpu_ms, wall_ms = (statistics.median(t) / 1e6 for t in (self.cpu_ns, self.wall_ns))
        return Result(self.name, self.tallies, round(cpu_ms, 2), round(wall_ms, 2))


def _explained(ignored: tuple[Box, ...], detection: Detection) -> bool:
    return any(
        iou(box, detection.box) > 0.3 or box.contains(detection.box, 20.0) for box in ignored
    )


def shots(clip: AnnotatedClip) -> Iterator[Shot]:
    """Every frame of the clip to look at."""
    step = SYNTHETIC_STEP if clip.name.startswith("syn_") else 1
    truth = {label: annotated_frames(clip.annotation, label) for label in MIN_IOU}
    complete = clip.annotation["complete_labels"]
    wanted = {index for index in truth[PERSON] if index % step == 0}
    for index, frame in _frames(clip.video, max(wanted)):
        if index in wanted:
            yield Shot(frame, {k: Truth(truth[k][index], k in complete) for k in MIN_IOU})


def _frames(video: Path, last: int) -> Iterator[tuple[int, Frame]]:
    source = VideoFile(video, paced=False)
    source.open()
    for index in count():
        frame = source.read()
        if frame is None or index > last:
            break
        yield index, frame
    source.close()


def candidates(names: list[str]) -> list[Candidate]:
    """The detectors whose models are here, opened."""
    ready = []
    for name in names:
        try:
            detector = make_detector(name)
            detector.open()
        except LiveTrackError as error:
            print(f"without {name}: {error}", file=sys.stderr)
            continue
        tallies = {label: Tally() for label in MIN_IOU if label in detector.labels}
        ready.append(Candidate(name, detector, tallies))
    return ready


def on_pictures(result: Result, folder: Path) -> None:
    """Add the average precision of persons on the labeled pictures."""
    coco = read_coco(folder / "annotations.json")
    row = evaluate_detector(result.detector, coco, folder, (PERSON,), MIN_SCORE, lambda _: None)
    result.ap_50, result.ap_50_95 = row.map_50, row.map_50_95


def table(results: list[Result]) -> str:
    """The results in Markdown."""
    yardstick = next((r.cpu_ms for r in results if r.detector == YARDSTICK), None)
    head = [f"{label} found / false" for label in MIN_IOU]
    head += ["person AP@.5", "AP@[.5:.95]", "CPU ms", f"× {YARDSTICK}", "fps"]
    lines = ["| detector | " + " | ".join(head) + " |", "|---" * (len(head) + 1) + "|"]
    for result in results:
        tallies = [result.tallies.get(label) for label in MIN_IOU]
        cells = ["–" if t is None else f"{t.found} of {t.expected} / {t.false}" for t in tallies]
        cells += ["–" if v is None else f"{v:.3f}" for v in (result.ap_50, result.ap_50_95)]
        ratio = f"{result.cpu_ms / yardstick:.2f}" if yardstick else "–"
        cells += [f"{result.cpu_ms:.1f}", ratio, f"{1000 / result.wall_ms:.0f}"]
        lines.append(f"| {result.detector} | {' | '.join(cells)} |")
    return "\n".join(lines)


def machine() -> dict[str, str | int | None]:
    """What the times depend on."""
    return {
        "architecture": platform.machine(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "ai_edge_litert": version("ai-edge-litert"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--json", type=Path, help="also write the results here")
    parser.add_argument("names", nargs="*", default=list(detector_names()), metavar="NAME")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)  # the product gives detection one core
    ready = candidates(arguments.names)
    seen = 0
    for clip in clips(arguments.corpus):
        for shot in shots(clip):
            seen += 1
            for candidate in ready:
                candidate.look(shot)
    results = [candidate.result() for candidate in ready]
    for result in results:
        on_pictures(result, arguments.corpus / "images")
    automatic = list(automatic_names())
    print(f"{seen} frames; auto is {' and '.join(automatic)}\n\n{table(results)}")
    if arguments.json:
        rows = [asdict(result) for result in results]
        baseline = {"machine": machine(), "auto": automatic, "results": rows}
        arguments.json.write_text(json.dumps(baseline, indent=1) + "\n")


if __name__ == "__main__":
    main()
