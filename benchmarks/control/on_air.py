"""The program itself, running in this process with its web server, and what its threads spend."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import cv2

from livetrack_vcam.daemon import SWITCH_INTERVAL_S, Daemon
from livetrack_vcam.events import Report
from livetrack_vcam.interfaces import Sink, Source
from livetrack_vcam.live.pipeline import Pipeline
from livetrack_vcam.logs import set_up_logging
from livetrack_vcam.settings import build_settings
from livetrack_vcam.sources.demo import DemoSource
from livetrack_vcam.sources.video_file import VideoFile
from livetrack_vcam.studio import Studio
from livetrack_vcam.web.token import read_token

NS_PER_S = 1e9


class Set(Studio):
    """A studio that tells what it built; `sink` stands in for the first output."""

    pipeline: Pipeline
    sink: Sink | None = None

    def build(self, report: Report) -> Pipeline:
        self.pipeline = super().build(report)
        if self.sink is not None:
            self.pipeline.outlets[0].sink = self.sink
        return self.pipeline


@dataclass(frozen=True, slots=True)
class OnAir:
    """The running program: where it answers, its token, and its parts."""

    root: str
    token: str
    studio: Set

    @property
    def pipeline(self) -> Pipeline:
        return self.studio.pipeline

    @property
    def drops(self) -> int:
        """Pictures that any output, or the renderer, left out so far."""
        outlets = self.pipeline.outlets
        return self.pipeline.render.frames.dropped + sum(outlet.dropped for outlet in outlets)


@asynccontextmanager
async def on_air(
    source: str, sink: Sink | None = None, sinks: tuple[str, ...] = ("none",)
) -> AsyncIterator[OnAir]:
    """Run it as `livetrack-vcam run` does, until the block ends.

    `source` is "demo" or a file, which is looped. The user's own token and presets are not touched.
    """
    cv2.setNumThreads(1)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    set_up_logging("warning", False)
    with tempfile.TemporaryDirectory(prefix="livetrack-control-") as folder:
        os.environ |= {"XDG_DATA_HOME": folder, "LIVETRACK_CONFIG_DIR": folder}
        port = free_port()
        options = {"source": source, "port": port, "sink": list(sinks)}
        opened: Source = DemoSource() if source == "demo" else VideoFile(Path(source), loop=True)
        studio = Set(build_settings({}, options), opened, opened.open())
        studio.sink = sink
        running = asyncio.create_task(Daemon(studio, open_browser=False).run())
        try:
            await _answers(port, running)
            yield OnAir(f"http://127.0.0.1:{port}", read_token(), studio)
            studio.pipeline.stop()
            await running
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _answers(port: int, running: asyncio.Task[int]) -> None:
    """Wait until the web server listens; raises what ended the program before."""
    while True:
        if running.done():
            running.result()
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.1)


def cpu_seconds() -> Mapping[str, float]:
    """Seconds of CPU by name of this process's Python threads; "all" is the whole process."""
    spent = {"all": sum(os.times()[:2])}
    for thread in threading.enumerate():
        with suppress(OSError):
            text = Path(f"/proc/self/task/{thread.native_id}/schedstat").read_text()
            spent[thread.name] = int(text.split()[0]) / NS_PER_S
    return spent
