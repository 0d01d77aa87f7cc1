"""Whether the outputs notice a crowd that watches the preview and the events."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from benchmarks.control.on_air import OnAir, cpu_seconds, on_air
from benchmarks.control.watchers import watching

WARM_UP_S = 3.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the output got over a while, what was left out on the way, and the share of a core."""

    pictures: int
    left_out: int
    cpu_pct: float


async def measure(air: OnAir, seconds: float) -> Outcome:
    outlet = air.pipeline.outlets[0]
    pictures, drops = outlet.flow.snapshot(0).frames, air.drops
    spent, began = cpu_seconds()["all"], time.monotonic()
    await asyncio.sleep(seconds)
    took = time.monotonic() - began
    return Outcome(
        outlet.flow.snapshot(0).frames - pictures,
        air.drops - drops,
        100 * (cpu_seconds()["all"] - spent) / took,
    )


async def run(source: str, rounds: int, seconds: float, watchers: int) -> None:
    """Nobody and a crowd in turn, in one run of the program."""
    found: dict[str, list[Outcome]] = {"nobody": [], "a crowd": []}
    seen = {"pictures": 0, "events": 0}
    async with on_air(source) as air:
        await asyncio.sleep(WARM_UP_S)
        for _ in range(rounds):
            found["nobody"].append(await measure(air, seconds))
            async with watching(air.root, watchers, watchers, stalled=1) as counts:
                await asyncio.sleep(0.5)
                found["a crowd"].append(await measure(air, seconds))
            seen = {kind: seen[kind] + counts[kind] for kind in seen}
    print(
        f"a crowd is {watchers} watchers of the preview, {watchers} of the events and one that "
        f"never reads; it got {seen['pictures']} pictures and {seen['events']} events\n"
    )
    print("| watched by | pictures in the output | left out | % of a core |")
    print("| --- | --- | --- | --- |")
    for name, outcomes in found.items():
        pictures = sum(outcome.pictures for outcome in outcomes)
        left_out = sum(outcome.left_out for outcome in outcomes)
        cpu_pct = sum(outcome.cpu_pct for outcome in outcomes) / rounds
        print(f"| {name} | {pictures} | {left_out} | {cpu_pct:.0f} |")
