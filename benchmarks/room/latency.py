"""From the camera's moment to the browser's compositor, against the stock relay."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from benchmarks.room.programs import PLAIN_PAGE, Program, rig, stock_relay
from benchmarks.room.report import Report
from benchmarks.room.watching import Page, Stretch, Watcher, chromium_page, firefox_page

WARM_UP_S = 3.0
Start = Callable[[], AbstractAsyncContextManager[Program]]
OURS = ("ours", rig, PLAIN_PAGE)
STOCK = ("stock relay", stock_relay, "/")


async def measure(page: Page, start: Start, plain: str, codec: str, seconds: float) -> Stretch:
    async with start() as program:
        watcher = Watcher(page)
        await watcher.join(program.root, codec, plain=plain)
        await watcher.first_ms()
        await watcher.watch(WARM_UP_S)
        found = await watcher.watch(seconds)
        await watcher.leave()
    return found


async def run(seconds: float) -> Report:
    report = Report("latency")
    found: dict[tuple[str, str], Stretch] = {}
    async with chromium_page() as page:
        for codec in ("H264", "VP8"):
            for name, start, plain in (STOCK, OURS):
                found[name, codec] = await measure(page, start, plain, codec, seconds)
    async with firefox_page() as page:
        for name, start, plain in (STOCK, OURS):
            found[name, "Firefox"] = await measure(page, start, plain, "VP8", seconds)
    for (name, codec), stretch in found.items():
        _add(report, name, codec, stretch)
    for codec, browser in (("H264", "Chromium"), ("VP8", "Chromium")):
        ratio = found["ours", codec].latency_ms(0.5) / found["stock relay", codec].latency_ms(0.5)
        report.add(f"{browser} {codec}, ours to stock, p50", ratio, "times", "≤ 0.5")
    report.data["latency_ms"] = {
        f"{name} {codec}": [shown.presented_ms for shown in stretch.shown]
        for (name, codec), stretch in found.items()
    }
    return report


def _add(report: Report, name: str, codec: str, stretch: Stretch) -> None:
    in_firefox = codec == "Firefox"
    what = f"Firefox VP8, {name}" if in_firefox else f"Chromium {codec}, {name}"
    targets = ("≤ 40", "≤ 60") if in_firefox else ("≤ 20", "≤ 40")
    promised = targets if name == "ours" else ("", "")
    report.add(f"{what}, p50", stretch.latency_ms(0.5), "ms", promised[0])
    report.add(f"{what}, p95", stretch.latency_ms(0.95), "ms", promised[1])
