"""`reframe`'s path over whole clips, beside what `run` decides and beside pyautoflip.

    python -m benchmarks.offline --corpus ../shared/corpus [--aspect 9:16] [--pyautoflip PYTHON]
                                 [--runs N] [--clip NAME]… [--json OUT.json]

The detector looks at each clip as `run` does for every speed of `run`, and as seldom as `reframe`
does for the best path; all are judged by the same truth (`livetrack-vcam eval framing`'s metrics).

PYTHON is the interpreter of an environment that pyautoflip is installed in, made once with

    uv venv AUTOFLIP
    uv pip install --python AUTOFLIP --no-deps pyautoflip==0.2.1
    uv pip install --python AUTOFLIP numpy scipy tqdm scenedetect mediapipe onnxruntime

(`AUTOFLIP/bin/python`; its torch, tensorboard, insightface and scikit packages are not needed.)
pyautoflip runs whole, as benchmarks/offline_pyautoflip.py says, with its default method. What it
shows is judged as a rectangle of the source: where that has another shape than was asked for, it
pads the picture with blur, marked *, and a row more tells what the part of the asked shape in the
middle of it contains. Seconds are what the whole job needs at least on two free cores, however
busy this machine is: the processor time of the main thread, or half of all threads' if that is
more; models loaded in it, imports left out, as many pixels written; the least of N runs in turn.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2

from benchmarks.corpus import VTEST, AnnotatedClip, clips
from livetrack_vcam.clips.clip import Cadence, Clip, Span, observe_clip
from livetrack_vcam.clips.reframe import ReframeJob, open_clip, reframe
from livetrack_vcam.core.config import DirectorSettings, Speed
from livetrack_vcam.core.detection import Observation
from livetrack_vcam.core.director import Director
from livetrack_vcam.core.geometry import (
    Box,
    Crop,
    Size,
    format_aspect_ratio,
    largest_height,
    parse_aspect_ratio,
)
from livetrack_vcam.core.offline import PathPoint, best_path
from livetrack_vcam.detectors.registry import make_detector
from livetrack_vcam.evaluation.framing import framing_metrics
from livetrack_vcam.interfaces import Detector
from livetrack_vcam.settings import build_settings
from livetrack_vcam.trace import frame_line

Metrics = Mapping[str, float | None]
COLUMNS = {
    "contained_pct": "contained %",
    "center_error_pct": "center error %",
    "still_frames_pct": "still %",
    "jerk_rms_w_s3": "jerk rms W/s³",
    "jerk_peak_w_s3": "jerk peak W/s³",
    "walk_lag_ms": "lag ms",
}
CANVAS_HEIGHT = 1080


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a clip after the first pass."""

    clip: AnnotatedClip
    size: Size
    observations: list[Observation]
    times_ns: list[int]


@dataclass(frozen=True, slots=True)
class Row:
    """One way to frame one clip. `seconds` and `padded`: see the top."""

    clip: str
    system: str
    metrics: Metrics
    seconds: float | None = None
    padded: bool = False


def look(
    clip: AnnotatedClip, detector: Detector, settings: DirectorSettings, sparing: bool = False
) -> Seen:
    opened: Clip = open_clip(clip.video, Span())
    observations, times_ns = observe_clip(
        opened, detector, settings, Cadence(), lambda _: None, sparing=sparing
    )
    return Seen(clip, opened.size, observations, times_ns)


def causal_path(seen: Seen, settings: DirectorSettings) -> list[PathPoint]:
    """What `run` would have decided from the same observations, known 67 ms late."""
    director = Director(seen.size, settings)
    waiting = list(reversed(seen.observations))
    points = []
    for t_ns in seen.times_ns:
        while waiting and waiting[-1].pts_ns + Cadence().latency_ns <= t_ns:
            known = waiting.pop()
            director.observe(known.detections, known.pts_ns, known.looks)
        crop = director.crop_at(t_ns)
        points.append(PathPoint(crop, director.state, director.subject, director.tracks))
    return points


def judged(seen: Seen, points: Sequence[PathPoint], settings: DirectorSettings) -> Metrics:
    ratio = settings.aspect_ratio
    canvas = Size(2 * round(CANVAS_HEIGHT * ratio / 2), CANVAS_HEIGHT)
    lines = [
        frame_line(i, t, t, p.crop, p.state, p.subject, p.tracks, seen.size, canvas)
        for i, (t, p) in enumerate(zip(seen.times_ns, points, strict=True))
    ]
    return framing_metrics(lines, seen.clip.annotation, (canvas.width, canvas.height))


def our_rows(seen: Seen, spared: Seen, settings: DirectorSettings, seconds: float) -> Iterator[Row]:
    """`spared` is what `reframe` sees, `seen` what `run` does."""
    best = best_path(spared.size, settings, spared.observations, spared.times_ns)
    yield Row(seen.clip.name, "reframe", judged(spared, best, settings), seconds)
    for speed in Speed:
        chosen = replace(settings, speed=speed)
        yield Row(
            seen.clip.name, f"run {speed.value}", judged(seen, causal_path(seen, chosen), chosen)
        )


def _reframe_seconds(seen: Seen, aspect_ratio: Fraction) -> float:
    """The least time of the whole job for as many pixels as pyautoflip writes."""
    height = largest_height(aspect_ratio, seen.size)
    size = f"{2 * int(height * aspect_ratio / 2)}x{2 * int(height / 2)}"
    with tempfile.TemporaryDirectory() as folder:
        aspect = format_aspect_ratio(aspect_ratio)
        settings = build_settings({}, {"aspect": aspect, "size": size})
        job = ReframeJob(
            source=seen.clip.video,
            output=Path(folder, "out.mp4"),
            trace=None,
            framing=settings.shots[0],
            detector=settings.detector,
            live=False,
            cadence=Cadence(),
            span=Span(),
            show_overlay=False,
            overwrite=False,
            quiet=True,
        )
        begun, begun_thread = time.process_time(), time.thread_time()
        reframe(job)
        return two_cores(time.process_time() - begun, time.thread_time() - begun_thread)


def two_cores(all_threads: float, main_thread: float) -> float:
    """The least time two free cores take for this much processor time."""
    return max(main_thread, all_threads / 2)


def raced(
    seen: Seen, settings: DirectorSettings, python: Path | None, runs: int
) -> tuple[float, float, list[list[int]]]:
    """The least seconds of both, who take turns, and pyautoflip's crops."""
    ours, theirs = math.inf, math.inf
    crops: list[list[int]] = []
    for _ in range(runs):
        ours = min(ours, _reframe_seconds(seen, settings.aspect_ratio))
        if python is not None:
            seconds, crops = _pyautoflip(seen, settings, python)
            theirs = min(theirs, seconds)
    return ours, theirs, crops


def _pyautoflip(
    seen: Seen, settings: DirectorSettings, python: Path
) -> tuple[float, list[list[int]]]:
    """What pyautoflip takes for a clip, and the crop of every frame."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder, "crops.json")
        worker = Path(__file__).with_name("offline_pyautoflip.py")
        aspect = format_aspect_ratio(settings.aspect_ratio)
        paths = [python, worker, seen.clip.video, Path(folder, "out.mp4")]
        command = [*map(str, paths), aspect, "detection", str(result)]
        subprocess.run(command, check=True, capture_output=True)
        record: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
    return two_cores(record["cpu_seconds"], record["thread_seconds"]), record["crops"]


def pyautoflip_rows(
    seen: Seen, settings: DirectorSettings, seconds: float, shown: Sequence[Sequence[int]]
) -> Iterator[Row]:
    """Its crops in place of ours, under the same subject and tracks, so both face one truth."""
    boxes = [Box.from_xywh(*xywh) for xywh in shown]
    ratio = float(settings.aspect_ratio)
    padded = abs(boxes[0].width / boxes[0].height / ratio - 1) > 0.02
    metrics = _shown_instead(seen, settings, boxes)
    yield Row(seen.clip.name, "pyautoflip", metrics, seconds, padded)
    if padded:
        cut = [_of_shape(box, ratio) for box in boxes]
        metrics = _shown_instead(seen, settings, cut)
        yield Row(seen.clip.name, "pyautoflip, padding cut off", metrics)


def _of_shape(box: Box, ratio: float) -> Box:
    """The largest part of that shape around the middle of the box."""
    width, height = min(box.width, box.height * ratio), min(box.height, box.width / ratio)
    return Box.from_cxcywh(box.center.x, box.center.y, width, height)


def _shown_instead(seen: Seen, settings: DirectorSettings, boxes: Sequence[Box]) -> Metrics:
    points = best_path(seen.size, settings, seen.observations, seen.times_ns)
    crops = [Crop(box, settings.aspect_ratio) for box in boxes]
    theirs = [replace(p, crop=crop) for p, crop in zip(points, crops, strict=False)]
    theirs += [replace(p, crop=crops[-1]) for p in points[len(crops) :]]
    return judged(seen, theirs, settings)


def line(row: Row) -> str:
    """The row in Markdown."""
    numbers = (row.metrics[key] for key in COLUMNS)
    cells = ["–" if number is None else f"{number:.2f}" for number in numbers]
    cells.append("" if row.seconds is None else f"{row.seconds:.2f}")
    return f"| {row.clip} | {row.system}{' *' if row.padded else ''} | {' | '.join(cells)} |"


def head() -> str:
    titles = ["clip", "system", *COLUMNS.values(), "s"]
    return f"| {' | '.join(titles)} |\n|{'---|' * len(titles)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--vtest", type=Path, default=VTEST)
    parser.add_argument("--aspect", type=parse_aspect_ratio, default=parse_aspect_ratio("9:16"))
    parser.add_argument("--pyautoflip", type=Path, metavar="PYTHON")
    parser.add_argument("--runs", type=int, default=3, metavar="N")
    parser.add_argument("--clip", action="append", metavar="NAME")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    settings = DirectorSettings(aspect_ratio=args.aspect)
    detector = make_detector()
    detector.open()
    rows: list[Row] = []
    print(head())
    for clip in clips(args.corpus, args.vtest):
        if args.clip and clip.name not in args.clip:
            continue
        seen = look(clip, detector, settings)
        spared = look(clip, detector, settings, sparing=True)
        ours, theirs, crops = raced(spared, settings, args.pyautoflip, args.runs)
        rows += our_rows(seen, spared, settings, ours)
        if crops:
            rows += pyautoflip_rows(spared, settings, theirs, crops)
        print("\n".join(line(row) for row in rows if row.clip == clip.name), flush=True)
    detector.close()
    if args.json is not None:
        records = [{"clip": r.clip, "system": r.system, "s": r.seconds, **r.metrics} for r in rows]
        args.json.write_text(json.dumps(records, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
