"""How long a viewer waits for another size, and whether the picture stands still meanwhile."""

from __future__ import annotations

import asyncio

from benchmarks.room.programs import PLAIN_PAGE, rig
from benchmarks.room.report import Report, share_of
from benchmarks.room.watching import Stretch, Watcher, chromium_page

SIZES = ((360, 640), (720, 1280))
"""Heights to wish for, and the width that shows the wish has come true."""
BETWEEN_S = 1.5


async def switches(watcher: Watcher, times: int) -> tuple[list[float], Stretch]:
    """How long each switch took, and all that was shown."""
    delays, taken = [], []
    for number in range(times):
        height, width = SIZES[number % 2]
        asked = await watcher.wish(height=height)
        await asyncio.sleep(BETWEEN_S)
        taken.append(await watcher.take())
        arrived = [each.at for each in taken[-1].shown if each.at > asked and each.width == width]
        if not arrived:
            raise RuntimeError(f"{height} was asked for and never came")
        delays.append(arrived[0] - asked)
    shown = tuple(each for stretch in taken for each in stretch.shown)
    unread = sum(stretch.unread for stretch in taken)
    return delays, Stretch(shown, unread, sum(stretch.freezes for stretch in taken))


async def run(times: int) -> Report:
    report = Report("switch")
    async with chromium_page() as page, rig() as program:
        for codec in ("H264", "VP8"):
            watcher = Watcher(page)
            await watcher.join(program.root, codec, plain=PLAIN_PAGE)
            await watcher.first_ms()
            # The smaller one's encoder is started by the first who wants it.
            first, _ = await switches(watcher, 2)
            delays, stretch = await switches(watcher, times)
            await watcher.leave()
            what = f"Chromium {codec}"
            report.add(f"{what}, to a size nobody had, ", first[0], "ms", "≤ 100")
            report.add(f"{what}, switch, p50 of {times}", share_of(delays, 0.5), "ms")
            report.add(f"{what}, switch, slowest", max(delays), "ms", "≤ 100")
            report.add(f"{what}, freezes", stretch.freezes, "", "≤ 0")
            report.add(f"{what}, longest time without a new picture", stretch.longest_gap_ms, "ms")
            report.data[what] = delays
    return report
