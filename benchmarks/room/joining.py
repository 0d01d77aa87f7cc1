"""From the wish to join to the first picture, also where the STUN server does not answer."""

from __future__ import annotations

from benchmarks.room.programs import PLAIN_PAGE, rig
from benchmarks.room.receivers import receivers
from benchmarks.room.report import Report, share_of
from benchmarks.room.watching import Page, Watcher, chromium_page

# Set aside for documentation (RFC 5737): nobody answers there.
NOBODY = "stun:203.0.113.1:3478"


async def joins(page: Page, times: int, codec: str, **settings: object) -> list[float]:
    """The delays of so many joins, one after the other; the first starts the encoder."""
    async with rig(**settings) as program, receivers(program.whep, codec) as present:
        await present.join(1)
        watcher = Watcher(page)
        delays = []
        for _ in range(times):
            await watcher.join(program.root, codec, plain=PLAIN_PAGE)
            delays.append(await watcher.first_ms())
            await watcher.leave()
    return delays


async def run(times: int) -> Report:
    report = Report("join")
    async with chromium_page() as page:
        for codec in ("H264", "VP8"):
            delays = await joins(page, times, codec)
            _add(report, f"Chromium {codec}", delays, "≤ 300")
        delays = await joins(page, times, "H264", stun=[NOBODY])
        _add(report, "Chromium H264, STUN does not answer", delays, "≤ 1000")
    return report


def _add(report: Report, what: str, delays: list[float], target: str) -> None:
    report.add(f"{what}, p50 of {len(delays)}", share_of(delays, 0.5), "ms")
    report.add(f"{what}, p95", share_of(delays, 0.95), "ms", target)
    report.data[what] = delays
