"""Rates and percentiles from given timestamps."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livetrack_vcam.stats import (
    NS_PER_MS,
    NS_PER_S,
    CpuMeter,
    Flow,
    Rate,
    Spread,
    peak_memory_mb,
    percentile,
)


def test_the_percentile_is_the_nearest_rank() -> None:
    assert percentile([5, 1, 4, 2, 3], 0.5) == 3
    assert percentile(range(1, 101), 0.99) == 99
    assert percentile([7], 0.99) == 7
    assert percentile([], 0.5) is None


def test_the_rate_counts_only_the_last_window() -> None:
    rate = Rate(window_ns=NS_PER_S)
    for index in range(100):
        rate.add(index * NS_PER_S // 50)
    assert abs(rate.per_second(99 * NS_PER_S // 50) - 50) < 0.01
    assert rate.per_second(60 * NS_PER_S) == 0
    assert rate.count == 100


def test_a_flow_knows_its_average_and_its_latency() -> None:
    flow = Flow()
    for index in range(31):
        pts_ns = index * NS_PER_S // 30
        flow.add(pts_ns, pts_ns + (5 + index % 2) * NS_PER_MS)
    seen = flow.snapshot(NS_PER_S)
    assert seen.frames == 31
    assert abs(seen.average_fps - 30) < 0.1
    assert seen.latency_p50_ms == 5
    assert seen.latency_p99_ms == 6
    assert seen.first_ns == 5 * NS_PER_MS


def test_an_empty_flow_has_no_figures() -> None:
    seen = Flow().snapshot(NS_PER_S)
    assert (seen.frames, seen.fps, seen.latency_p50_ms, seen.first_ns) == (0, 0.0, None, None)


@pytest.mark.parametrize("told", [None, "Name:\tpython\nVmRSS:\t 100 kB\n"])
def test_the_peak_memory_of_this_process_is_plausible(tmp_path: Path, told: str | None) -> None:
    """Also where the kernel's file leaves it out."""
    status = tmp_path / "status"
    if told is not None:
        status.write_text(told)
    peak = peak_memory_mb() if told is None else peak_memory_mb(status)
    assert peak is not None
    assert 10 < peak < 10_000


def test_frames_held_and_passed_on_at_once_do_not_raise_the_average_rate() -> None:
    flow = Flow()
    for number in range(31):
        pts_ns = number * NS_PER_S // 30
        flow.add(pts_ns, max(pts_ns, NS_PER_S // 3))
    assert abs(flow.snapshot(NS_PER_S).average_fps - 30) < 0.1


def test_the_recent_latency_follows_a_change_within_ten_seconds() -> None:
    flow, now_ns = Flow(), 0
    for number in range(2400):  # 60 s of 20 ms, then 20 s of 80 ms
        now_ns = number * NS_PER_S // 30
        flow.add(now_ns - (20 if number < 1800 else 80) * NS_PER_MS, now_ns)
    seen = flow.snapshot(now_ns)
    assert (seen.latency_p50_ms, seen.recent_p50_ms) == (20, 80)
    assert flow.snapshot(now_ns + 11 * NS_PER_S).recent_p50_ms is None


@given(st.lists(st.floats(-1e6, 1e6), max_size=60), st.integers(1, 20), st.floats(0, 1))
def test_a_spread_is_the_percentile_of_the_last_values(
    values: list[float], window: int, share: float
) -> None:
    spread = Spread(window)
    for value in values:
        spread.add(value)
    assert spread.percentile(share) == percentile(values[-window:], share)


def test_the_processor_time_is_that_of_the_last_two_seconds() -> None:
    used_ns = 0
    meter = CpuMeter(0, used_ns=lambda: used_ns)
    assert meter.percent(NS_PER_MS) is None
    told = []
    for tenth in range(1, 101):  # half a core for five seconds, then two cores
        used_ns += (50 if tenth <= 50 else 200) * NS_PER_MS
        told.append(meter.percent(tenth * 100 * NS_PER_MS))
    assert told[30] == pytest.approx(50)
    assert told[49] == pytest.approx(50)
    assert told[-1] == pytest.approx(200)
    assert meter.percent(70 * NS_PER_S) == pytest.approx(0, abs=10)
