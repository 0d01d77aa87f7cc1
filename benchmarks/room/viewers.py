"""What a viewer costs, and whether many of them get every picture."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from benchmarks.room.programs import Program, cpu_seconds, real_program, rig, stock_relay
from benchmarks.room.receivers import Receivers, receivers
from benchmarks.room.report import Report, middle

STOCK_FEW, STOCK_MORE = 1, 4
OURS_FEW, OURS_MORE = 10, 50
CROWD = 100
JOIN_RATE = 20.0
SETTLE_S = 2.0


@dataclass(frozen=True, slots=True)
class Load:
    """A stretch of sending: shares of one core, pictures a second of the viewers."""

    viewers: int
    core: float
    receivers_core: float
    fps: tuple[float, ...]
    kbps: float
    lost: int

    @property
    def slowest_fps(self) -> float:
        return min(self.fps)


async def load(program: Program, watching: Receivers, seconds: float) -> Load:
    """What the viewers that are there get, and what it costs."""
    await asyncio.sleep(SETTLE_S)
    began_s, spent_s, read_s = time.monotonic(), program.cpu_s, cpu_seconds(watching.pid)
    got = await watching.watch(seconds)
    took_s = time.monotonic() - began_s
    return Load(
        len(got),
        (program.cpu_s - spent_s) / took_s,
        (cpu_seconds(watching.pid) - read_s) / took_s,
        tuple(viewer.fps for viewer in got),
        middle([viewer.kbps for viewer in got]),
        sum(viewer.lost for viewer in got),
    )


async def loads(program: Program, codec: str, sizes: tuple[int, ...], seconds: float) -> list[Load]:
    """The same for growing numbers of viewers. Raises RuntimeError when one cannot join."""
    found = []
    async with receivers(program.whep, codec) as watching:
        present = 0
        for size in sizes:
            joined = await watching.join(size - present, JOIN_RATE)
            if joined.errors:
                raise RuntimeError(
                    f"{len(joined.errors)} viewers could not join: {joined.errors[0]}"
                )
            present = size
            found.append(await load(program, watching, seconds))
    return found


def per_viewer(few: Load, more: Load) -> float:
    """The share of a core that one viewer more takes."""
    return (more.core - few.core) / (more.viewers - few.viewers)


async def run(rounds: int, seconds: float) -> Report:
    report = Report("viewers")
    costs: dict[str, list[float]] = {}
    ours: list[Load] = []
    for _ in range(rounds):
        for codec in ("VP8", "H264"):
            async with stock_relay() as program:
                few, more = await loads(program, codec, (STOCK_FEW, STOCK_MORE), seconds)
            costs.setdefault(f"stock {codec}", []).append(per_viewer(few, more))
        async with rig(max_viewers=OURS_MORE) as program:
            few, more = await loads(program, "H264", (OURS_FEW, OURS_MORE), seconds)
        costs.setdefault("ours", []).append(per_viewer(few, more))
        ours.append(more)
    cost = {name: middle(values) for name, values in costs.items()}
    report.add("one more viewer, stock relay, VP8", 100 * cost["stock VP8"], "% of a core")
    report.add("one more viewer, stock relay, H.264", 100 * cost["stock H264"], "% of a core")
    report.add("one more viewer, ours, H.264", 100 * cost["ours"], "% of a core")
    report.add("stock VP8 to ours", cost["stock VP8"] / cost["ours"], "times", "≥ 40")
    report.add(
        f"{OURS_MORE} viewers, slowest",
        middle([each.slowest_fps for each in ours]),
        "fps",
        "≥ 29.5",
    )
    report.add(
        f"{OURS_MORE} viewers", 100 * middle([each.core for each in ours]), "% of a core", "≤ 60"
    )
    await crowd(report, seconds)
    return report


async def crowd(report: Report, seconds: float) -> None:
    """A hundred viewers of the real program while it tracks; they share its two cores."""
    options = (
        "--source",
        "demo",
        "--sink",
        "room",
        "--size",
        "1280x720",
        "--max-viewers",
        str(CROWD),
    )
    async with real_program(*options) as program:
        (found,) = await loads(program, "H264", (CROWD,), seconds)
        status = await program.status()
    report.add(f"{CROWD} viewers beside tracking, slowest", found.slowest_fps, "fps", "≥ 29.5")
    report.add(f"{CROWD} viewers beside tracking, tracked", status["fps"], "fps", "≥ 29.5")
    report.add("the program", 100 * found.core, "% of a core")
    report.add(f"the {CROWD} viewers themselves", 100 * found.receivers_core, "% of a core")
