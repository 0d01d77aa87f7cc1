"""Rates, latency percentiles and counters, from timestamps they are given; and process figures."""

from __future__ import annotations

import math
import os
import sys
import time
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000

CPU_SAMPLE_NS = NS_PER_S // 4
RECENT_NS = 10 * NS_PER_S

Clock = Callable[[], int]
"""Monotonic nanoseconds."""


def percentile(values: Iterable[float], share: float) -> float | None:
    """The value below which `share` (0 to 1) of `values` lie, nearest rank; None of nothing."""
    return nearest_rank(sorted(values), share)


def nearest_rank(ordered: Sequence[float], share: float) -> float | None:
    """The same of values in order."""
    if not ordered:
        return None
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


class Rate:
    """Events a second over the last `window_ns`. Not thread-safe: one writer, who also reads."""

    def __init__(self, window_ns: int = 2 * NS_PER_S) -> None:
        self._times: deque[int] = deque()
        self._window_ns = window_ns
        self.count = 0

    def add(self, now_ns: int) -> None:
        self.count += 1
        self._times.append(now_ns)
        self._forget(now_ns)

    def per_second(self, now_ns: int) -> float:
        self._forget(now_ns)
        if len(self._times) < 2:
            return 0.0
        span = max(self._times[-1] - self._times[0], 1)
        return (len(self._times) - 1) * NS_PER_S / span

    def _forget(self, now_ns: int) -> None:
        while self._times and now_ns - self._times[0] > self._window_ns:
            self._times.popleft()


@dataclass(frozen=True, slots=True)
class FlowSnapshot:
    """What a `Flow` has seen: totals, the present rate and the latency of the last minutes.

    `recent_p50_ms` is of the last RECENT_NS, as `fps` is of the last two seconds.
    """

    frames: int
    fps: float
    average_fps: float
    latency_p50_ms: float | None
    latency_p99_ms: float | None
    recent_p50_ms: float | None
    first_ns: int | None


class Spread:
    """The last `window` values, kept in order, so that a percentile costs nothing to ask for."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._recent: deque[float] = deque()
        self._ordered: list[float] = []

    def add(self, value: float) -> None:
        if len(self._recent) == self._window:
            del self._ordered[bisect_left(self._ordered, self._recent.popleft())]
        self._recent.append(value)
        insort(self._ordered, value)

    def percentile(self, share: float) -> float | None:
        """As the function of this name."""
        return nearest_rank(self._ordered, share)


class CpuMeter:
    """How much of one processor core this process used over the last `window_ns`.

    Measured between the calls of `percent`: when those are further apart, over that time.
    """

    def __init__(
        self, now_ns: int, window_ns: int = 2 * NS_PER_S, used_ns: Clock = time.process_time_ns
    ) -> None:
        self._used_ns = used_ns
        self._window_ns = window_ns
        self._samples: deque[tuple[int, int]] = deque([(now_ns, used_ns())])

    def percent(self, now_ns: int) -> float | None:
        """None while it was measured too shortly to mean anything."""
        while len(self._samples) > 1 and now_ns - self._samples[1][0] >= self._window_ns:
            self._samples.popleft()
        used_ns = self._used_ns()
        if now_ns - self._samples[-1][0] >= CPU_SAMPLE_NS:
            self._samples.append((now_ns, used_ns))
        since_ns, before_ns = self._samples[0]
        if now_ns - since_ns < CPU_SAMPLE_NS:
            return None
        return 100 * (used_ns - before_ns) / (now_ns - since_ns)


class Flow:
    """Frames that pass one point: how many, how fast, how long after their capture.

    One thread calls `add`; any thread takes a snapshot.
    """

    def __init__(self, window: int = 4096) -> None:
        self._lock = Lock()
        self._rate = Rate()
        self._latencies_ms = Spread(window)
        self._recent: deque[tuple[int, float]] = deque(maxlen=window)
        self._first_ns = 0
        self._last_ns = 0
        self._first_pts_ns = 0
        self._last_pts_ns = 0

    def add(self, pts_ns: int, now_ns: int) -> None:
        with self._lock:
            if self._rate.count == 0:
                self._first_ns, self._first_pts_ns = now_ns, pts_ns
            self._last_ns, self._last_pts_ns = now_ns, pts_ns
            self._rate.add(now_ns)
            latency_ms = (now_ns - pts_ns) / NS_PER_MS
            self._latencies_ms.add(latency_ms)
            self._recent.append((now_ns, latency_ms))
            self._forget(now_ns)

    def snapshot(self, now_ns: int) -> FlowSnapshot:
        with self._lock:
            span_ns = self._span_ns
            frames = self._rate.count
            return FlowSnapshot(
                frames,
                self._rate.per_second(now_ns),
                (frames - 1) * NS_PER_S / span_ns if span_ns > 0 else 0.0,
                self._latencies_ms.percentile(0.5),
                self._latencies_ms.percentile(0.99),
                self._recent_p50_ms(now_ns),
                self._first_ns if frames else None,
            )

    def _recent_p50_ms(self, now_ns: int) -> float | None:
        self._forget(now_ns)
        return percentile((latency_ms for _, latency_ms in self._recent), 0.5)

    def _forget(self, now_ns: int) -> None:
        while self._recent and now_ns - self._recent[0][0] > RECENT_NS:
            self._recent.popleft()

    @property
    def _span_ns(self) -> int:
        """What all frames took: those held and passed on at once were captured one by one."""
        return max(self._last_ns - self._first_ns, self._last_pts_ns - self._first_pts_ns)


def peak_memory_mb(status: Path = Path("/proc/self/status")) -> float | None:
    """Largest resident size of this process so far, in MB (10^6 bytes); None where unknown."""
    told = status.read_text().partition("VmHWM:")[2].split() if status.exists() else []
    if told:  # some sandboxes' kernels leave it out
        # getrusage would count what the parent had before exec.
        return int(told[0]) * 1024 / 1e6
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def process_age_s() -> float | None:
    """Seconds since this process was started by the system; None where unknown (not Linux)."""
    try:
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        started_s = int(fields[19]) / os.sysconf("SC_CLK_TCK")
        return time.clock_gettime(time.CLOCK_BOOTTIME) - started_s
    except (OSError, AttributeError, IndexError, ValueError):
        return None
