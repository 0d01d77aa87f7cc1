"""People, faces and balls that are small in the frame: whole frame only, or looks as scheduled.

    python -m benchmarks.scheduling --corpus ../shared/corpus [--vtest vtest.avi] [--json OUT.json]

Each clip is shown from afar: shrunk into a gray 1080p frame so that what is looked for is, in the
middle, as high as the table says (% of the frame's height). vtest is used as it is, and so are the
clips with a ball once more. Both rows go through the same tracker; found is what its tracks show in
the annotated frame, IoU > .5 (faces .4; balls: the center within half a ball).

whole        person, ball and face detector see the whole frame ten times a second
scheduled    the looks the product's own schedule plans, frame by frame, on its default budget

Costs are as the schedule assumes them, so the same looks are planned on every machine.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from livetrack_vcam.core.attention import Attention
from livetrack_vcam.core.config import DirectorSettings, SubjectKind, SubjectPolicy
from livetrack_vcam.core.detection import FACE, PERSON, SPORTS_BALL, Observation, Track
from livetrack_vcam.core.director import Director
from livetrack_vcam.core.geometry import Box, Size, iou
from livetrack_vcam.core.schedule import Schedule
from livetrack_vcam.detectors.lookout import Lookout, lookout
from livetrack_vcam.detectors.registry import make_detector
from livetrack_vcam.detectors.watch import Watch
from livetrack_vcam.evaluation.annotation import AnnotatedFrame, annotated_frames, read_annotation
from livetrack_vcam.media import Frame
from livetrack_vcam.sources.video_file import VideoFile

FAR = Size(1920, 1080)
GRAY = 110
MIN_IOU = {PERSON: 0.5, FACE: 0.4}
# Of the frame's height: the middle of what the issue asks for.
HEIGHTS = {PERSON: (0.06, 0.10, 0.15), FACE: (0.02, 0.035, 0.05), SPORTS_BALL: (0.03, 0.055, 0.08)}
WHOLE_INTERVAL_NS = 100_000_000


@dataclass(frozen=True, slots=True)
class Case:
    """One clip, for one label, shrunk by `scale` into `size` (1: as it is)."""

    video: Path
    annotation: dict[str, Any]
    label: str
    scale: float
    size: Size


@dataclass(frozen=True, slots=True)
class Row:
    """Of `expected` annotated things, how many were found, and how many tracks showed nothing."""

    clip: str
    afar: bool
    label: str
    height_pct: float
    mode: str
    expected: int
    found: int
    false: int


def cases(corpus: Path, vtest: Path | None) -> Iterator[Case]:
    for path in sorted((corpus / "ann").glob("*.json")):
        annotation = read_annotation(path)
        video = corpus / "video" / f"{path.stem}.mp4"
        if path.stem == "vtest":
            if vtest is not None:
                size = Size(annotation["width"], annotation["height"])
                yield Case(vtest, annotation, PERSON, 1.0, size)
            continue
        for label in annotation["complete_labels"]:
            heights = [
                entry["xywh"][3]
                for frame in annotation["frames"]
                for entry in frame["boxes"]
                if entry["label"] == label
            ]
            if label == SPORTS_BALL and heights:
                size = Size(annotation["width"], annotation["height"])
                yield Case(video, annotation, label, 1.0, size)
            for share in HEIGHTS[label] if heights else ():
                scale = share * FAR.height / statistics.median(heights)
                if scale <= min(1.0, FAR.width / annotation["width"]):
                    yield Case(video, annotation, label, scale, FAR)


def frames_of(case: Case) -> Iterator[Frame]:
    source = VideoFile(case.video, paced=False)
    source.open()
    try:
        while (frame := source.read()) is not None:
            yield frame if case.scale == 1.0 else from_afar(frame, case)
    finally:
        source.close()


def from_afar(frame: Frame, case: Case) -> Frame:
    """The frame shrunk into the upper left of a gray one, a quarter in from each side."""
    shifts = [(0, 0), frame.format.value, frame.format.value]
    planes = []
    for plane, (shift_x, shift_y), fill in zip(frame.planes, shifts, (GRAY, 128, 128), strict=True):
        canvas = np.full((case.size.height >> shift_y, case.size.width >> shift_x), fill, np.uint8)
        x, y = (int(at) for at in offset(case))
        width = round(frame.size.width * case.scale) >> shift_x
        height = round(frame.size.height * case.scale) >> shift_y
        small = cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA)
        part = canvas[y >> shift_y : (y >> shift_y) + height, x >> shift_x :][:, :width]
        part[:] = small[: part.shape[0], : part.shape[1]]
        planes.append(canvas)
    color, pts_ns = frame.color, frame.pts_ns
    return Frame((planes[0], planes[1], planes[2]), frame.format, color, pts_ns, frame.seq)


def offset(case: Case) -> tuple[float, float]:
    """Where the shrunk picture's corner lies: even, and so that it fits if it can."""
    width, height = case.annotation["width"] * case.scale, case.annotation["height"] * case.scale
    x = min(case.size.width * 0.3, max(case.size.width - width, 0.0))
    y = min(case.size.height * 0.3, max(case.size.height - height, 0.0))
    return float(int(x) // 2 * 2), float(int(y) // 2 * 2)


def placed(box: Box, case: Case) -> Box:
    if case.scale == 1.0:
        return box
    x, y = offset(case)
    s = case.scale
    return Box(box.x1 * s + x, box.y1 * s + y, box.x2 * s + x, box.y2 * s + y).clipped(case.size)


def run(case: Case, eyes: Lookout, scheduled: bool) -> Row:
    truth = annotated_frames(case.annotation, case.label)
    kind = SubjectKind.BALL if case.label == SPORTS_BALL else SubjectKind.AUTO
    director = Director(case.size, DirectorSettings(subject=SubjectPolicy(kind)))
    watch = Watch(eyes, case.size)
    found = false = expected = 0
    due_ns = 0
    for index, frame in enumerate(frames_of(case)):
        seen: Observation | None = None
        if scheduled:
            seen = watch.observe(frame, director.attention, frame.pts_ns)
        elif frame.pts_ns >= due_ns:
            due_ns = frame.pts_ns + WHOLE_INTERVAL_NS
            looks = Schedule(case.size, eyes.labels).plan(Attention(), 1.0, frame.pts_ns)
            whole = tuple(look for look in looks if look.region.width == case.size.width)
            seen = Observation(eyes.look(frame, whole), frame.pts_ns, whole)
        if seen is not None:
            director.observe(seen.detections, seen.pts_ns, seen.looks)
        if index in truth:
            right, wrong = judge(shown(director.tracks, case.label), truth[index], case)
            found, false = found + right, false + wrong
            expected += len(truth[index].boxes)
    heights = [box.height for frame in truth.values() for box in frame.boxes.values()]
    height_pct = 100 * statistics.median(heights) * case.scale / case.size.height
    mode = "scheduled" if scheduled else "whole"
    return Row(
        case.video.stem, case.scale != 1.0, case.label, height_pct, mode, expected, found, false
    )


def shown(tracks: Sequence[Track], label: str) -> list[Box]:
    if label == FACE:
        return [track.face for track in tracks if track.face is not None]
    return [track.box for track in tracks if track.label == label]


def judge(boxes: list[Box], truth: AnnotatedFrame, case: Case) -> tuple[int, int]:
    """How many of the truth's boxes are shown, and how many of `boxes` show nothing."""
    left = [placed(box, case) for box in truth.boxes.values()]
    ignored = [placed(box, case) for box in truth.ignored]
    right = wrong = 0
    for box in boxes:
        best = max(left, key=lambda other: iou(other, box), default=None)
        if best is not None and is_found(best, box, case.label):
            left.remove(best)
            right += 1
        elif not any(iou(other, box) > 0.3 or other.contains(box, 20.0) for other in ignored):
            wrong += 1
    return right, wrong


def is_found(truth: Box, box: Box, label: str) -> bool:
    if label != SPORTS_BALL:
        return iou(truth, box) > MIN_IOU[label]
    apart = math.hypot(truth.center.x - box.center.x, truth.center.y - box.center.y)
    return apart <= math.sqrt(truth.area) / 2


def table(rows: list[Row]) -> str:
    """Markdown: a line a label and height, the clips together."""
    lines = ["| what | height, % of frame | whole: found / false | scheduled: found / false |",
             "|---|---|---|---|"]  # fmt: skip
    groups: dict[tuple[str, str, float], list[Row]] = {}
    for row in rows:
        clip = "clips from afar" if row.afar else f"{row.clip} as it is"
        key = (row.label, clip, round(row.height_pct, 1))
        groups.setdefault(key, []).append(row)
    for (label, clip, height), members in sorted(groups.items()):
        cells = [
            _cell([row for row in members if row.mode == mode]) for mode in ("whole", "scheduled")
        ]
        lines.append(f"| {label}, {clip} | {height:g} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(rows: list[Row]) -> str:
    found, expected = sum(row.found for row in rows), sum(row.expected for row in rows)
    share = 100 * found / expected if expected else 0.0
    return f"{share:.1f} % of {expected} / {sum(row.false for row in rows)}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--vtest", type=Path, help="vtest.avi of Debian's package opencv-doc")
    parser.add_argument("--detector", default="auto")
    parser.add_argument("--clip", action="append", help="only clips so named; repeatable")
    parser.add_argument("--label", action="append", help="only this label; repeatable")
    parser.add_argument("--json", type=Path, help="also write the rows here")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    eyes = lookout(make_detector(arguments.detector))
    eyes.open()
    rows = []
    for case in cases(arguments.corpus, arguments.vtest):
        if arguments.clip and case.video.stem not in arguments.clip:
            continue
        if arguments.label and case.label not in arguments.label:
            continue
        pair = [run(case, eyes, scheduled) for scheduled in (False, True)]
        rows += pair
        shares = " -> ".join(f"{row.found}/{row.expected} ({row.false} false)" for row in pair)
        print(
            f"{case.video.stem:<24} {case.label:<12} {pair[0].height_pct:5.1f} %  {shares}",
            flush=True,
        )
    print("\n" + table(rows))
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")


if __name__ == "__main__":
    main()
