"""`bench`: the speed of each stage and of the whole program on this machine."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from livetrack_vcam.core.config import DirectorSettings
from livetrack_vcam.core.director import Director
from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.detectors.registry import detector_names, make_detector
from livetrack_vcam.errors import LiveTrackError
from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.media import Frame
from livetrack_vcam.picture.render import Renderer
from livetrack_vcam.progress import progress
from livetrack_vcam.sinks.mjpeg import encode_jpeg
from livetrack_vcam.sinks.recorder import Recorder
from livetrack_vcam.sources.demo import FPS, draw_scene
from livetrack_vcam.sources.registry import open_source
from livetrack_vcam.sources.scene import SIZE
from livetrack_vcam.stats import NS_PER_MS, NS_PER_S

CANVAS = Size(1280, 720)
HELP_RUNS = 7
STAGE_FRAMES = 40


@dataclass(frozen=True, slots=True)
class BenchReport:
    """CPU milliseconds a call by stage (medians), start-up seconds, and a whole run's summary."""

    machine: str
    help_s: float
    stage_ms: dict[str, float]
    run: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def bench(source: Path | None, seconds: float) -> BenchReport:
    """Measure everything; `source` None makes a 1080p30 clip of the demo scene first.

    Raises LiveTrackError when a part fails.
    """
    with tempfile.TemporaryDirectory(prefix="livetrack-bench-") as folder:
        clip = source or _demo_clip(Path(folder) / "demo.mp4", seconds + 1)
        help_s = median(_timed_help() for _ in range(HELP_RUNS))
        stage_ms = _stages(clip)
        run = _whole_run(clip, seconds)
    return BenchReport(_machine(), help_s, stage_ms, run)


def report_text(report: BenchReport) -> str:
    run = report.run
    lines = [report.machine, "", f"livetrack-vcam --help         {report.help_s:8.2f} s"]
    lines += [f"{name:<30}{ms:8.2f} ms CPU" for name, ms in report.stage_ms.items()]
    lines += [
        "",
        f"whole run: {run['frames']} pictures at {run['fps']:.2f} fps, {run['dropped']} dropped",
        f"first picture                 {run['first_frame_s']:8.2f} s after the process started",
        f"latency p50                   {run['latency_p50_ms']:8.2f} ms",
        f"latency p99                   {run['latency_p99_ms']:8.2f} ms",
        f"processor                     {run['cpu_pct']:8.0f} % of one core",
        f"peak memory                   {run['peak_memory_mb']:8.0f} MB",
        f"detections                    {run['detect_hz']:8.1f} a second",
    ]
    return "\n".join(lines)


def _machine() -> str:
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        models = [x for x in cpuinfo.read_text().splitlines() if x.startswith("model name")]
        name = models[0].partition(":")[2].strip() if models else name
    return (
        f"{name}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    )


def _timed_help() -> float:
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "livetrack_vcam", "--help"], check=True, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - start


def _demo_clip(path: Path, seconds: float) -> Path:
    recorder = Recorder(path)
    recorder.open(Canvas(SIZE, FPS))
    with progress("Making a 1080p30 clip", seconds) as update:
        for index in range(round(seconds * FPS)):
            t = float(index / FPS)
            recorder.send(draw_scene(t, round(t * NS_PER_S), index))
            update(t)
    recorder.close()
    return path


def _stages(clip: Path) -> dict[str, float]:
    frames, decode_ms = _decoded(clip)
    figures = {"decode": decode_ms}
    renderer = Renderer(CANVAS)
    size = frames[0].size
    crop = Box.from_xywh(size.width * 0.21, size.height * 0.13, *_crop_sides(size))
    figures["render 1280x720"] = _cpu_ms(lambda frame: renderer.render(frame, crop), frames)
    pictures = [renderer.render(frame, crop) for frame in frames]
    figures["JPEG 1280x720"] = _cpu_ms(lambda frame: encode_jpeg(frame), pictures)
    for name in detector_names():
        detector = make_detector(name)
        try:
            detector.open()
        except LiveTrackError:  # not fetched, or its runtime is not installed
            continue
        figures[f"detect: {name}"] = _cpu_ms(detector.detect, frames)
        if name == "auto":
            figures["track and frame"] = _decision_ms([detector.detect(f) for f in frames], size)
        detector.close()
    return figures


def _crop_sides(size: Size) -> tuple[float, float]:
    height = size.height * 0.62
    return min(height * 16 / 9, size.width * 0.79), height


def _decoded(clip: Path) -> tuple[list[Frame], float]:
    source = open_source(str(clip), paced=False)
    source.open()
    frames: list[Frame] = []
    # All threads: a decoder's own are the stage's cost too.
    start = time.process_time_ns()
    while len(frames) < STAGE_FRAMES and (frame := source.read()) is not None:
        frames.append(frame)
    spent = time.process_time_ns() - start
    source.close()
    if not frames:
        raise LiveTrackError(f"{clip} has no pictures to measure with; choose another --source")
    return frames, spent / NS_PER_MS / len(frames)


def _cpu_ms(call: Callable[[Frame], object], frames: list[Frame]) -> float:
    """Median CPU milliseconds of this thread a call, the first call (warming up) left out."""
    call(frames[0])
    spent = []
    for frame in frames:
        start = time.thread_time_ns()
        call(frame)
        spent.append((time.thread_time_ns() - start) / NS_PER_MS)
    return median(spent)


def _decision_ms(seen: list[Any], size: Size) -> float:
    director = Director(size, DirectorSettings())
    spent = []
    for index, detections in enumerate(seen):
        start = time.thread_time_ns()
        director.observe(detections, index * NS_PER_S // 30)
        director.crop_at(index * NS_PER_S // 30)
        spent.append((time.thread_time_ns() - start) / NS_PER_MS)
    return median(spent)


def _whole_run(clip: Path, seconds: float) -> dict[str, Any]:
    command = [sys.executable, "-m", "livetrack_vcam", "run", "--source", str(clip)]
    command += ["--sink", "none", "--no-web", "--json-logs", "--duration", str(seconds)]
    sys.stderr.write(f"Running for {seconds:.0f} s\n")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    for line in done.stderr.splitlines():
        if '"summary"' in line:
            summary: dict[str, Any] = json.loads(line)["summary"]
            return summary
    raise LiveTrackError(f"the run failed ({done.returncode}): {done.stderr[-300:]}")
