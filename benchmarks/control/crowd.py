"""Whether the outputs notice a crowd that watches the preview and the events."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from statistics import median

from benchmarks.control.on_air import OnAir, cpu_seconds, on_air
from benchmarks.control.watchers import watching
from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.media import Frame
from livetrack_vcam.stats import NS_PER_MS, percentile

WARM_UP_S = 3.0
SHARES = (0.5, 0.99)


class Stopwatch:
    """A Sink that notes how old each picture is when it comes, in milliseconds."""

    name = "stopwatch"
    depth = 1
    repeat_after_s: float | None = None

    def __init__(self) -> None:
        self.ages_ms: list[float] = []

    def open(self, canvas: Canvas) -> None: ...

    def send(self, frame: Frame) -> None:
        self.ages_ms.append((time.monotonic_ns() - frame.pts_ns) / NS_PER_MS)

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """How old the output's pictures were over a while, how many were left out on the way, and the
    program's share of a core."""

    ages_ms: list[float]
    left_out: int
    cpu_pct: float


async def measure(air: OnAir, output: Stopwatch, seconds: float) -> Outcome:
    first, drops = len(output.ages_ms), air.drops
    spent, began = cpu_seconds()["all"], time.monotonic()
    await asyncio.sleep(seconds)
    cpu_pct = 100 * (cpu_seconds()["all"] - spent) / (time.monotonic() - began)
    return Outcome(output.ages_ms[first:], air.drops - drops, cpu_pct)


async def run(source: str, rounds: int, seconds: float, watchers: int) -> None:
    """Nobody and a crowd in turn, in one run of the program."""
    found: dict[str, list[Outcome]] = {"nobody": [], "a crowd": []}
    seen = {"pictures": 0, "events": 0}
    output = Stopwatch()
    async with on_air(source, output) as air:
        await asyncio.sleep(WARM_UP_S)
        for _ in range(rounds):
            found["nobody"].append(await measure(air, output, seconds))
            async with watching(air.root, watchers, watchers, stalled=1) as counts:
                await asyncio.sleep(0.5)
                found["a crowd"].append(await measure(air, output, seconds))
            seen = {kind: seen[kind] + counts[kind] for kind in seen}
    print(
        f"a crowd is {watchers} watchers of the preview, {watchers} of the events and one that "
        f"never reads; it got {seen['pictures']} pictures and {seen['events']} events\n"
    )
    print("| watched by | pictures in the output | left out | age median, 99 % | % of a core |")
    print("| --- | --- | --- | --- | --- |")
    for name, outcomes in found.items():
        print_row(name, outcomes)


def print_row(name: str, outcomes: list[Outcome]) -> None:
    """Ages are the medians over the rounds: a busy neighbor disturbs one or two of them."""
    ages = [outcome.ages_ms for outcome in outcomes]
    p50_ms, p99_ms = (median(percentile(each, share) or 0.0 for each in ages) for share in SHARES)
    left_out = sum(outcome.left_out for outcome in outcomes)
    cpu_pct = median(outcome.cpu_pct for outcome in outcomes)
    pictures = sum(map(len, ages))
    print(f"| {name} | {pictures} | {left_out} | {p50_ms:.1f}, {p99_ms:.1f} ms | {cpu_pct:.0f} |")
