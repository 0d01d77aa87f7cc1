"""A killed program is started again: it has its picture as before, and nothing is in its way."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from benchmarks.restart import restarts
from tests.waiting import free_port


def test_after_kill_9_its_picture_costs_no_more_than_at_the_first_start(tmp_path: Path) -> None:
    """The processor's time, which a busy machine does not change; seconds: benchmarks.restart."""
    first, *again = restarts(("--source", "demo", "--sink", "mjpeg"), free_port(), tmp_path, 3)
    assert median(each.picture_cpu_s for each in again) < 2 * first.picture_cpu_s
    assert all(each.detected_s > 0 for each in again)
