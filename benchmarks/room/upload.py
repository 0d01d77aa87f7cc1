"""One upload to a media server and many viewers there: what it costs us and what they get."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction

from benchmarks.room.barcode import ticks_now
from benchmarks.room.report import Report, share_of
from benchmarks.room.scene import draw_scene
from benchmarks.room.watching import Watcher, chromium_page
from livetrack_vcam.core.geometry import Size
from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.media import OUTPUT_COLOR, Frame, PixelFormat
from livetrack_vcam.room.upload_rate import UploadRate
from livetrack_vcam.sinks.whip import WhipSink
from livetrack_vcam.sinks.whip_endpoint import WhipEndpoint
from tests.e2e.sfu import Sfu, light_viewers, sfu

CANVAS = Canvas(Size(1280, 720), Fraction(30))
KBPS = 2500
VIEWERS = 20
WARM_UP_S = 3.0


class Camera:
    """Thirty pictures a second into a sink, in a thread of its own as in the program."""

    def __init__(self, sink: WhipSink) -> None:
        self.sent = 0
        self.open_ms = 0.0
        self._sink = sink
        self._scene = draw_scene(CANVAS.size.width, CANVAS.size.height)
        self._stop = threading.Event()
        self._opened = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._opened.wait()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        before = time.perf_counter()
        try:
            self._sink.open(CANVAS)
        finally:
            self.open_ms = (time.perf_counter() - before) * 1000
            self._opened.set()
        due = time.monotonic()
        while not self._stop.is_set():
            planes = self._scene.picture(self.sent, ticks_now())
            now_ns = time.monotonic_ns()
            self._sink.send(Frame(planes, PixelFormat.YUV420P, OUTPUT_COLOR, now_ns, self.sent))
            self.sent += 1
            due += 1 / 30
            self._stop.wait(max(0.0, due - time.monotonic()))
        self._sink.close()


@asynccontextmanager
async def publishing(server: Sfu) -> AsyncIterator[Camera]:
    loop = asyncio.get_running_loop()
    camera = Camera(WhipSink(WhipEndpoint(server.whip), UploadRate(KBPS), loop))
    await asyncio.to_thread(camera.start)
    try:
        yield camera
    finally:
        await asyncio.to_thread(camera.stop)


async def run(seconds: float) -> Report:
    report = Report("upload")
    async with sfu() as server, publishing(server) as camera:
        report.add("from the offer to connected", camera.open_ms, "ms")
        await server.until("pictures", 30, "video")
        async with light_viewers(server, VIEWERS) as viewers:
            await asyncio.sleep(WARM_UP_S)
            got, sent, cpu_s = await viewers.pictures(), camera.sent, time.process_time()
            await asyncio.sleep(seconds)
            later, sent, cpu_s = (
                await viewers.pictures(),
                camera.sent - sent,
                time.process_time() - cpu_s,
            )
        shares = [100 * (b - a) / sent for a, b in zip(got, later, strict=True)]
        report.add("our processor time, of a core", 100 * cpu_s / seconds, "%")
        report.add(f"pictures that the worst of {VIEWERS} viewers got", min(shares), "%", "≥ 96.7")
        await _in_browser(report, server, seconds)
    return report


async def _in_browser(report: Report, server: Sfu, seconds: float) -> None:
    async with chromium_page() as page:
        watcher = Watcher(page)
        await watcher.join(server.root, "H264", path="/whep", plain="/")
        report.add("Chromium through the server, first picture", await watcher.first_ms(), "ms")
        await watcher.watch(WARM_UP_S)
        late = [shown.presented_ms for shown in (await watcher.watch(seconds)).shown]
    report.add("Chromium through the server, capture to compositor, p50", share_of(late, 0.5), "ms")
    report.add("Chromium through the server, p95", share_of(late, 0.95), "ms")
