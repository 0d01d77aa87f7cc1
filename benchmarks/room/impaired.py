"""Watching over a network that loses packets and delivers the others unevenly."""

from __future__ import annotations

from benchmarks.room.impairment import Impairment, bad_network
from benchmarks.room.programs import PLAIN_PAGE, rig
from benchmarks.room.report import Report
from benchmarks.room.watching import Stretch, Watcher, chromium_page

WARM_UP_S = 3.0


async def watch_impaired(codec: str, seconds: float, impairment: Impairment) -> Stretch:
    """What a Chromium shows for so long."""
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
    impairment = Impairment()
    for codec in ("H264", "VP8"):
        found = await watch_impaired(codec, seconds, impairment)
        what = f"Chromium {codec}, {impairment.loss:.0%} loss, {impairment.jitter_ms:g} ms jitter"
        report.add(f"{what}: freezes in {seconds:g} s", found.freezes, "", "≤ 1")
        report.add("capture to compositor, p50", found.latency_ms(0.5), "ms")
        report.add("capture to compositor, p95", found.latency_ms(0.95), "ms", "≤ 150")
        report.add("pictures shown", len(found.shown) / seconds, "fps")
        report.add("longest time without a new picture", found.longest_gap_ms, "ms")
        report.data[codec] = [shown.presented_ms for shown in found.shown]
    return report
