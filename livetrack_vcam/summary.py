"""What a run amounted to: said at its end, and read back by `bench`."""

from __future__ import annotations

import logging
import time
from dataclasses import asdict, dataclass

from livetrack_vcam.control import Status
from livetrack_vcam.stats import NS_PER_S, Flow, peak_memory_mb, process_age_s

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Summary:
    """Figures of one run. `cpu_pct` is of one core, over the whole life of the process.

    `first_frame_s` counts from the start of the process, imports included, to the first picture.
    """

    frames: int
    fps: float
    dropped: int
    latency_p50_ms: float | None
    latency_p99_ms: float | None
    detect_hz: float
    first_frame_s: float | None
    cpu_pct: float | None
    peak_memory_mb: float | None


def summarize(status: Status, out: Flow, detect: Flow | None) -> Summary:
    now_ns = time.monotonic_ns()
    flow = out.snapshot(now_ns)
    age_s = process_age_s()
    since_first_s = (now_ns - flow.first_ns) / NS_PER_S if flow.first_ns is not None else None
    return Summary(
        frames=flow.frames,
        fps=flow.average_fps,
        dropped=status.dropped,
        latency_p50_ms=status.latency_p50_ms,
        latency_p99_ms=status.latency_p99_ms,
        detect_hz=detect.snapshot(now_ns).average_fps if detect else 0.0,
        first_frame_s=age_s - since_first_s if age_s and since_first_s is not None else None,
        cpu_pct=100 * time.process_time() / age_s if age_s else None,
        peak_memory_mb=peak_memory_mb(),
    )


def log_summary(summary: Summary) -> None:
    log.info("%s", _sentence(summary), extra={"data": {"summary": asdict(summary)}})


def _sentence(summary: Summary) -> str:
    parts = [
        f"{summary.frames} pictures at {summary.fps:.2f} fps",
        f"{summary.dropped} dropped",
        f"{summary.detect_hz:.1f} detections a second",
    ]
    if summary.latency_p50_ms is not None:
        parts.append(f"latency {summary.latency_p50_ms:.1f} ms (p99 {summary.latency_p99_ms:.1f})")
    if summary.first_frame_s is not None:
        parts.append(f"first picture after {summary.first_frame_s:.2f} s")
    if summary.cpu_pct is not None:
        parts.append(f"{summary.cpu_pct:.0f} % of a core")
    if summary.peak_memory_mb is not None:
        parts.append(f"peak memory {summary.peak_memory_mb:.0f} MB")
    return ", ".join(parts)
