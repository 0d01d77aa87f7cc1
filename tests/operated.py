"""A program under control: a real pipeline on a clock of its own, with presets in a folder."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from livetrack_vcam.control import Status
from livetrack_vcam.core.config import DirectorSettings
from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.core.session import SessionRecorder
from livetrack_vcam.detectors.lookout import lookout
from livetrack_vcam.detectors.watch import Watch
from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.live.pipeline import Pipeline
from livetrack_vcam.operating import controls
from livetrack_vcam.operating.controls import Controls
from livetrack_vcam.operating.monitor import Monitor
from livetrack_vcam.operating.preset_store import PresetStore
from livetrack_vcam.sinks.mjpeg import MjpegFeed
from livetrack_vcam.testing import ManualClock, MemorySink, ScriptedDetector, SyntheticSource, walk

FRAME = Size(320, 180)
CANVASES = {
    "main": Canvas(Size(160, 90), Fraction(30)),
    "tall": Canvas(Size(90, 160), Fraction(30)),
}
Truth = Callable[[float], Box | None]
WALK = walk(FRAME)
SHOTS = {
    "main": DirectorSettings(aspect_ratio=Fraction(16, 9)),
    "tall": DirectorSettings(aspect_ratio=Fraction(9, 16)),
}


class Operated:
    """Two shots of somebody who is where `truth` says. While `ticking`, a frame comes every few
    milliseconds. `log` is the session log, `ended` how often it was told to end."""

    def __init__(self, folder: Path, truth: Truth = WALK) -> None:
        self.clock = ManualClock()
        self.ticking = True
        self.ended = 0
        self.log: list[str] = []
        source = SyntheticSource(FRAME, frames=None, truth=truth, clock=self.clock)
        self.sinks = {shot: MemorySink(depth=1000) for shot in SHOTS}
        self.detector = ScriptedDetector(truth)
        info = source.open()
        self.pipeline = Pipeline(
            source=source,
            info=info,
            open_watch=self._watch,
            detect_hz=100.0,
            decider=SessionRecorder(self.log.append, FRAME, SHOTS, "synthetic"),
            shots={shot: (CANVASES[shot], [self.sinks[shot]]) for shot in SHOTS},
            report=lambda _event: None,
            clock=self.clock.now_ns,
        )
        self.store = PresetStore(folder)
        self.monitor = Monitor(
            self.pipeline, info, CANVASES, "scripted", self.clock.now_ns, self.store
        )
        self.controls = Controls(
            self.pipeline,
            self.monitor,
            self.store,
            self._end,
            {},
            MjpegFeed(),
            {"source": "synthetic"},
        )

    def _watch(self) -> Watch:
        eyes = lookout(self.detector)
        eyes.open()
        return Watch(eyes, FRAME)

    def _end(self) -> None:
        self.ended += 1

    async def tick(self) -> None:
        """Until canceled: time passes, a frame a step."""
        while True:
            if self.ticking:
                self.clock.advance(1 / 30)
            await asyncio.sleep(0.003)

    async def tell(self, name: str, target: str | None = None, **fields: Any) -> bool:
        return await self.controls.command(target, {"command": name, **fields})

    async def until(self, done: Callable[[], object]) -> None:
        """Wait for something that will be true soon."""
        async with asyncio.timeout(20):
            while not done():
                await asyncio.sleep(0.005)

    async def pictures(self, count: int) -> None:
        """So many more pictures of the main shot."""
        sink = self.sinks["main"]
        wanted = len(sink.frames) + count
        await self.until(lambda: len(sink.frames) >= wanted)

    async def somebody(self) -> int:
        """The track the main shot follows, once it follows somebody."""
        await self.until(lambda: self.status.shots[0].subject)
        return self.status.shots[0].subject[0]

    @property
    def status(self) -> Status:
        return self.monitor.status()

    def commands(self) -> list[dict[str, Any]]:
        """Every command the directors obeyed."""
        return [line for line in map(json.loads, list(self.log)) if "command" in line]


def operating(
    folder: Path, body: Callable[[Operated], Awaitable[None]], truth: Truth = WALK
) -> Operated:
    """Run `body` beside a started program, which is ended afterwards.

    It waits long for verdicts, so that a busy machine makes no difference.
    """

    async def run() -> Operated:
        program = Operated(folder, truth)
        program.pipeline.start()
        ticking = asyncio.create_task(program.tick())
        try:
            await asyncio.wait_for(body(program), 60)
        finally:
            program.pipeline.stop()
            assert await asyncio.to_thread(program.pipeline.join) == []
            ticking.cancel()
        return program

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(controls, "VERDICT_S", 20.0)
        return asyncio.run(run())
