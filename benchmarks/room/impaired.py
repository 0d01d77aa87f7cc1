"""Watching over a network that loses packets and delivers the others unevenly."""

from __future__ import annotations

from benchmarks.room.impairment import Impairment, bad_network
from benchmarks.room.programs import PLAIN_PAGE, rig
from benchmarks.room.report import Report
from benchmarks.room.watching import Stretch, Watcher, chromium_page

WARM_UP_S = 3.0


async def watch_impaired(codec: str, seconds: float, impairment: Impairment) -> Stretch:
    """What a Chromium shows for so long, once it has been there a while."""
    async with (
        chromium_page() as page,
        rig() as program,
        bad_network(program.root, impairment) as (root, _),
    ):
        watcher = Watcher(page)
        await watcher.join(root, codec, plain=PLAIN_PAGE)
        await watcher.first_ms()
        await watcher.watch(WARM_UP_S)
        found = await watcher.watch(seconds)
        await watcher.leave()
    return found


async def run(seconds: float) -> Report:
    report = Report("impaired")
    for codec in ("H264", "VP8"):
        for overtaking in (False, True):
            impairment = Impairment(overtaking=overtaking)
            found = await watch_impaired(codec, seconds, impairment)
            _add(report, codec, impairment, found, seconds)
    return report


def _add(
    report: Report, codec: str, impairment: Impairment, found: Stretch, seconds: float
) -> None:
    order = "packets overtake" if impairment.overtaking else "in order"
    what = f"{codec}, {impairment.loss:.0%} loss, {impairment.jitter_ms:g} ms jitter, {order}"
    report.add(f"{what}: freezes in {seconds:g} s", found.freezes, "", "≤ 1")
    report.add(f"{what}: p50", found.latency_ms(0.5), "ms")
    report.add(f"{what}: p95", found.latency_ms(0.95), "ms", "≤ 150")
    report.add(f"{what}: shown", len(found.shown) / seconds, "fps")
    report.add(f"{what}: longest gap", found.longest_gap_ms, "ms")
    report.data[what] = [shown.presented_ms for shown in found.shown]
