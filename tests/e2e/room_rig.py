"""The real program with a camera whose pictures carry the moment they were taken.

`python -m tests.e2e.room_rig --port 8787` shows the whole picture, 1280x720 at 30 fps, at
/room/main; nobody is seen in it, so the crop rests. SIGUSR1 makes it print, as a line of JSON,
what it holds: tasks, threads, memory.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
import threading
import time
from collections import Counter
from fractions import Fraction
from pathlib import Path
from threading import Event
from typing import Any

import cv2

from benchmarks.room.barcode import ticks_now
from benchmarks.room.scene import Scene, draw_scene
from livetrack_vcam.core.geometry import Size
from livetrack_vcam.daemon import SWITCH_INTERVAL_S, Daemon
from livetrack_vcam.detectors.lookout import lookout
from livetrack_vcam.detectors.watch import Watch
from livetrack_vcam.interfaces import SourceInfo
from livetrack_vcam.logs import set_up_logging
from livetrack_vcam.media import OUTPUT_COLOR, Frame, PixelFormat
from livetrack_vcam.settings import build_settings
from livetrack_vcam.studio import Studio
from livetrack_vcam.testing import ScriptedDetector

SIZE = Size(1280, 720)
FPS = Fraction(30)
SECOND_NS = 1_000_000_000
LOOP = 60


class BarcodeSource:
    """A live camera; the barcode and `pts_ns` of a picture tell the same moment."""

    note: str | None = None

    def __init__(self, size: Size = SIZE, length: int = LOOP) -> None:
        self._scene: Scene = draw_scene(size.width, size.height, length)
        self._size = size
        self._closed = Event()
        self._seq = 0

    def open(self) -> SourceInfo:
        self._closed.clear()
        self._seq = 0
        self._start_ns = time.monotonic_ns()
        return SourceInfo("Barcode camera", self._size, FPS, live=True)

    def read(self) -> Frame | None:
        due = int((time.monotonic_ns() - self._start_ns) * FPS / SECOND_NS)
        self._seq = max(self._seq + 1, due)
        due_ns = self._start_ns + int(self._seq * SECOND_NS / FPS)
        self._closed.wait(max(0, due_ns - time.monotonic_ns()) / SECOND_NS)
        if self._closed.is_set():
            return None
        pts_ns = time.monotonic_ns()
        planes = self._scene.picture(self._seq, ticks_now())
        for plane in planes:
            plane.flags.writeable = False
        return Frame(planes, PixelFormat.YUV420P, OUTPUT_COLOR, pts_ns, self._seq)

    def close(self) -> None:
        self._closed.set()


class RigStudio(Studio):
    def _open_watch(self) -> Watch:
        eyes = lookout(ScriptedDetector(lambda _t: []))
        eyes.open()
        return Watch(eyes, self.info.size, 1.0)


def holdings() -> dict[str, Any]:
    """What the process holds now. `rss_kb`: the memory that is really there."""
    tasks = Counter(task.get_coro().__qualname__ for task in asyncio.all_tasks())  # type: ignore[union-attr]
    status = Path("/proc/self/status").read_text()
    rss = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
    return {
        "tasks": dict(tasks),
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "rss_kb": int(rss),
    }


def tell() -> None:
    sys.stdout.write(json.dumps(holdings()) + "\n")
    sys.stdout.flush()


async def run(settings: dict[str, Any], shots: list[dict[str, Any]]) -> None:
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, tell)
    built = build_settings({"shots": shots}, settings)
    set_up_logging(built.log_level, built.json_logs)
    source = BarcodeSource()
    await Daemon(RigStudio(built, source, source.open()), open_browser=False).run()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8787)
    parser.add_argument("--set", action="append", default=[], help="SETTING=JSON of the program")
    asked = parser.parse_args()
    settings = {
        name: json.loads(value) for name, value in (each.split("=", 1) for each in asked.set)
    }
    shot = {"name": "main", "size": str(SIZE), "sink": ["room"]}
    cv2.setNumThreads(1)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    asyncio.run(run({"port": asked.port, **settings}, [shot]))


if __name__ == "__main__":
    main()
