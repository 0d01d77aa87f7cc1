"""What a watched preview costs the program."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from benchmarks.control.on_air import OnAir, cpu_seconds, on_air
from benchmarks.control.watchers import watching

WARM_UP_S = 3.0
EVENT_HZ = 15


@dataclass(frozen=True, slots=True)
class Share:
    """Percent of one core over a while, of the process and of some threads."""

    process: float
    preview: float
    server: float
    render: float
    preview_ms: float
    fps: float


async def measure(air: OnAir, seconds: float) -> Share:
    """What is spent from now on for so long."""
    feed = air.studio.preview.feed
    encoded, before, began = feed.stats.encoded, cpu_seconds(), time.monotonic()
    await asyncio.sleep(seconds)
    after, took = cpu_seconds(), time.monotonic() - began
    pictures = feed.stats.encoded - encoded
    spent = _difference(after, before)
    return Share(
        process=100 * spent["all"] / took,
        preview=100 * spent["preview"] / took,
        server=100 * spent["MainThread"] / took,
        render=100 * spent["render"] / took,
        preview_ms=1000 * spent["preview"] / pictures if pictures else 0.0,
        fps=pictures / took,
    )


def _difference(after: Mapping[str, float], before: Mapping[str, float]) -> dict[str, float]:
    return {name: after[name] - before.get(name, 0.0) for name in after}


async def run(source: str, rounds: int, seconds: float) -> None:
    """Nobody and then one operator (preview and events), in turn, in one run of the program."""
    alone: list[Share] = []
    watched: list[Share] = []
    async with on_air(source) as air:
        await asyncio.sleep(WARM_UP_S)
        for _ in range(rounds):
            alone.append(await measure(air, seconds))
            async with watching(air.root) as counts:
                await asyncio.sleep(0.5)
                watched.append(await measure(air, seconds))
            print(
                f"nobody {alone[-1].process:5.1f} % of a core, watched {watched[-1].process:5.1f} %"
                f" (preview {watched[-1].preview:4.1f}, server {watched[-1].server:4.1f}); "
                f"{watched[-1].fps:.1f} pictures and {counts['events'] / (seconds + 0.5):.1f} "
                "events a second",
                flush=True,
            )
        drops = air.drops
    print_table(alone, watched, drops)


def print_table(alone: list[Share], watched: list[Share], drops: int) -> None:
    more = [after.process - before.process for before, after in zip(alone, watched, strict=True)]
    threads = [
        after.preview + after.server - before.preview - before.server
        for before, after in zip(alone, watched, strict=True)
    ]
    ratios = [both / share.render for both, share in zip(threads, watched, strict=True)]
    rows = {
        "one preview picture": f"{median(share.preview_ms for share in watched):.2f} ms",
        "pictures a second": f"{median(share.fps for share in watched):.1f}",
        "the preview's thread, nobody watches": _percent(share.preview for share in alone),
        "the preview's thread, watched": _percent(share.preview for share in watched),
        "the server's thread, nobody watches": _percent(share.server for share in alone),
        "the server's thread, watched": _percent(share.server for share in watched),
        "the renderer's thread, watched, to compare": _percent(share.render for share in watched),
        "both threads by the renderer's": f"{median(ratios):.2f}",
        "both threads, more than with nobody": _percent(threads),
        "the whole program, nobody watches": _percent(share.process for share in alone),
        "the whole program, watched": _percent(share.process for share in watched),
        "the whole program, more than with nobody": _percent(more),
        "pictures an output left out": str(drops),
    }
    print("\n| what | median |\n| --- | --- |")
    for name, value in rows.items():
        print(f"| {name} | {value} |")


def _percent(values: object) -> str:
    figures = sorted(values)  # type: ignore[call-overload]
    return f"{median(figures):.1f} % ({figures[0]:.1f} to {figures[-1]:.1f})"
