"""Many join and leave at once: what the others notice, and what is left afterwards."""

from __future__ import annotations

import asyncio
import contextlib

from benchmarks.room.programs import Holdings, Program, rig
from benchmarks.room.receivers import Received, Receivers, receivers
from benchmarks.room.report import Report, share_of

WATCHERS = 10
RATE, STORM_S = 20, 5
BATCH, BATCHES = 20, 8
# A rendition lives ten seconds longer than its last viewer.
RENDITION_ENDS_S = 12.0
PLACES = 200


async def storm(program: Program) -> tuple[list[Received], tuple[float, ...]]:
    """What watchers get while 100 more join, 20 a second; and the delays of those 100."""
    async with receivers(program.whep) as watching, receivers(program.whep) as crowd:
        await watching.join(WATCHERS)
        await watching.count()
        joined = await crowd.join(RATE * STORM_S, RATE)
        seen = await watching.count()
        if joined.errors:
            raise RuntimeError(f"{len(joined.errors)} could not join: {joined.errors[0]}")
    return seen, joined.first_ms


async def come_and_go(crowd: Receivers, batches: int) -> None:
    for number in range(batches):
        await crowd.join(BATCH, RATE)
        # Every other time without a word, as a browser that is killed.
        await crowd.leave(politely=number % 2 == 0)


async def left_over(program: Program) -> tuple[Holdings, Holdings]:
    """What the program holds before and after 160 joined and left; one came and went first."""
    async with receivers(program.whep) as crowd:
        await crowd.join(1)
        await crowd.leave()
        await asyncio.sleep(RENDITION_ENDS_S)
        before = await program.holdings()
        await come_and_go(crowd, BATCHES)
        await _empty(program)
        await asyncio.sleep(RENDITION_ENDS_S)
        return before, await program.holdings()


async def _empty(program: Program) -> None:
    """Until the program counts nobody; what vanished without a word takes it some time."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(40):
            while any(room["viewers"] for room in (await program.status())["rooms"]):
                await asyncio.sleep(0.5)


def left_behind(before: Holdings, after: Holdings) -> list[str]:
    """Names of tasks and threads that there were fewer of before."""
    grown = [name for name, number in after.tasks.items() if number > before.tasks.get(name, 0)]
    threads = list(after.threads)
    for name in before.threads:
        if name in threads:
            threads.remove(name)
    return [*grown, *threads]


async def run() -> Report:
    report = Report("storm")
    async with rig(max_viewers=PLACES) as program:
        seen, delays = await storm(program)
    async with rig(max_viewers=PLACES) as program:
        before, after = await left_over(program)
    what = f"{WATCHERS} watchers while {RATE} a second join for {STORM_S} s"
    report.add(f"{what}, slowest", min(each.fps for each in seen), "fps", "≥ 29")
    report.add("longest time without a new picture", max(e.longest_gap_ms for e in seen), "ms")
    report.add("those who join, first picture, p50", share_of(delays, 0.5), "ms")
    report.add("those who join, first picture, p95", share_of(delays, 0.95), "ms")
    grown_mb = (after.rss_kb - before.rss_kb) / 1000
    left = left_behind(before, after)
    report.add(f"memory after {BATCH * BATCHES} joined and left", grown_mb, "MB", "≤ 20")
    report.add("tasks and threads left", len(left), "", "≤ 0")
    if left:
        report.notes.append("Left: " + ", ".join(left))
    report.data |= {"before": before.threads, "after": after.threads}
    return report
