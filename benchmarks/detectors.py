"""People, balls and faces found on annotated clips, and the time it takes.

    python -m benchmarks.detectors --corpus ../shared/corpus [--json OUT.json] [NAME ...]

Every fully annotated frame of the real clips and every eighth of the synthetic ones is looked at.
Found: a box of the label with IoU > .5 (faces .4, their boxes being drawn by another convention).
False: a box that no such thing explains, where the annotation claims to be complete.
Time: median of the detecting thread's CPU time for one frame, with conversion and decoding.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import Any

import cv2

from livetrack_vcam.core.detection import FACE, PERSON, SPORTS_BALL, Detection
from livetrack_vcam.core.geometry import Box, iou
from livetrack_vcam.detectors.registry import detector_names, make_detector
from livetrack_vcam.interfaces import Detector
from livetrack_vcam.media import Frame
from livetrack_vcam.sources.video_file import VideoFile

MIN_IOU = {PERSON: 0.5, SPORTS_BALL: 0.5, FACE: 0.4}
# Someone less visible than this is not expected to be found, and is not false when found.
MIN_VISIBLE = 0.3
SYNTHETIC_STEP = 8


@dataclass(frozen=True, slots=True)
class Truth:
    """The annotated boxes of one label in one frame; `ignored` ones neither count nor condemn."""

    boxes: tuple[Box, ...]
    ignored: tuple[Box, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class Shot:
    """One annotated frame."""

    clip: str
    frame: Frame
    truth: dict[str, Truth]


@dataclass(slots=True)
class Tally:
    """What one detector did with one label."""

    found: int = 0
    expected: int = 0
    false: int = 0

    def add(self, detections: list[Detection], truth: Truth, min_iou: float) -> None:
        left = list(truth.boxes)
        for detection in detections:
            best = max(left, key=lambda box: iou(box, detection.box), default=None)
            if best is not None and iou(best, detection.box) > min_iou:
                left.remove(best)
                self.found += 1
            elif truth.complete and not any(_explains(box, detection) for box in truth.ignored):
                self.false += 1
        self.expected += len(truth.boxes)


@dataclass(slots=True)
class Result:
    """One row of the table."""

    detector: str
    tallies: dict[str, Tally] = field(default_factory=lambda: {label: Tally() for label in MIN_IOU})
    cpu_ms: float = 0.0


def _explains(ignored: Box, detection: Detection) -> bool:
    return iou(ignored, detection.box) > 0.3 or ignored.contains(detection.box, 20.0)


def read_shots(corpus: Path) -> Iterator[Shot]:
    """Every frame to look at, clip by clip."""
    for path in sorted((corpus / "ann").glob("*.json")):
        annotation = json.loads(path.read_text())
        video = corpus / "video" / f"{path.stem}.mp4"
        if not video.exists():
            continue
        step = SYNTHETIC_STEP if path.stem.startswith("syn_") else 1
        wanted = {f["index"]: f["boxes"] for f in annotation["frames"] if f["index"] % step == 0}
        for index, frame in _frames(video):
            if index in wanted:
                yield Shot(path.stem, frame, _truth(annotation, wanted[index]))


def _frames(video: Path) -> Iterator[tuple[int, Frame]]:
    source = VideoFile(video, paced=False)
    source.open()
    for index in count():
        frame = source.read()
        if frame is None:
            break
        yield index, frame
    source.close()


def _truth(annotation: dict[str, Any], boxes: list[dict[str, Any]]) -> dict[str, Truth]:
    regions = tuple(Box.from_xywh(*xywh) for xywh in annotation.get("ignore_regions", ()))
    complete = annotation["complete_labels"]
    return {label: _truth_of(label, boxes, regions, label in complete) for label in MIN_IOU}


def _truth_of(
    label: str, boxes: list[dict[str, Any]], regions: tuple[Box, ...], complete: bool
) -> Truth:
    wanted: list[Box] = []
    ignored = list(regions)
    for entry in boxes:
        if entry["label"] == label:
            unfair = entry.get("ignore") or entry.get("visible", 1.0) < MIN_VISIBLE
            (ignored if unfair else wanted).append(Box.from_xywh(*entry["xywh"]))
    return Truth(tuple(wanted), tuple(ignored), complete)


def measure(detector: Detector, shots: list[Shot]) -> Result:
    """One row: `detector` over all `shots`."""
    result = Result(detector.name)
    times = []
    detector.open()
    for shot in shots:
        start = time.thread_time()
        detections = detector.detect(shot.frame)
        times.append(time.thread_time() - start)
        for label, tally in result.tallies.items():
            alike = [found for found in detections if found.label == label]
            tally.add(alike, shot.truth[label], MIN_IOU[label])
    detector.close()
    result.cpu_ms = round(1000 * statistics.median(times), 2)
    return result


def table(results: list[Result]) -> str:
    """The results in Markdown."""
    lines = ["| detector | " + " | ".join(f"{label} found / false" for label in MIN_IOU)
             + " | CPU ms |", "|---|" + "---|" * (len(MIN_IOU) + 1)]  # fmt: skip
    for result in results:
        cells = [f"{t.found} of {t.expected} / {t.false}" for t in result.tallies.values()]
        lines.append(f"| {result.detector} | {' | '.join(cells)} | {result.cpu_ms:.1f} |")
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
    # The product gives detection one core.
    cv2.setNumThreads(1)
    shots = list(read_shots(arguments.corpus))
    results = [measure(make_detector(name), shots) for name in arguments.names]
    print(f"{len(shots)} frames of {len({shot.clip for shot in shots})} clips\n")
    print(table(results))
    if arguments.json:
        baseline = {"machine": machine(), "results": [asdict(result) for result in results]}
        arguments.json.write_text(json.dumps(baseline, indent=1) + "\n")


if __name__ == "__main__":
    main()
