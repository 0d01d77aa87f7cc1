"""The composition root: runs asyncio in the main thread, signals, and the exit status."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from contextlib import suppress
from fractions import Fraction
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import cv2

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.errors import (
    EXIT_INTERRUPTED,
    EXIT_OK,
    LiveTrackError,
)
from livetrack_vcam.events import (
    DetectorBack,
    DetectorFailed,
    Failed,
    Finished,
    PipelineEvent,
    SinkBack,
    SinkFailed,
    SourceBack,
    SourceLost,
)
from livetrack_vcam.interrupts import PATIENCE, ending_signals
from livetrack_vcam.live.pipeline import in_background
from livetrack_vcam.logs import set_up_logging
from livetrack_vcam.operating.browser import open_in_browser
from livetrack_vcam.operating.controls import Controls, fixed_settings
from livetrack_vcam.operating.monitor import Monitor
from livetrack_vcam.operating.preset_store import PresetStore
from livetrack_vcam.settings import Settings
from livetrack_vcam.shot_settings import WARN_UPSCALE
from livetrack_vcam.status_line import clear_status, show_status
from livetrack_vcam.studio import Studio, asked_for_sinks, open_studio
from livetrack_vcam.summary import log_summary, summarize

if TYPE_CHECKING:  # what WebRTC loads is loaded when there is a web server
    from livetrack_vcam.room.room import Room

log = logging.getLogger(__name__)

STATUS_INTERVAL_S = 0.25
SWITCH_INTERVAL_S = 0.001


def run(settings: Settings, open_browser: bool = False) -> int:
    """Run until the source ends, the duration is over or somebody stops it; the exit status.

    Raises LiveTrackError when it cannot start.
    """
    set_up_logging(settings.log_level, settings.json_logs)
    # One thread a stage: OpenCV's own pool would fight the detector for two cores.
    cv2.setNumThreads(1)
    # A thread that computes in Python may keep the others waiting this long; the default of 5 ms
    # is a sixth of a frame, and several threads in a row add up.
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    # In a thread of its own, for an address that does not answer must not keep Ctrl-C waiting.
    studio = in_background(lambda: open_studio(settings), "open")
    if settings.web:
        # Loading it takes a third of a second, better spent before the first frame than after.
        import_module("livetrack_vcam.web.server")
    return asyncio.run(Daemon(studio, open_browser).run())


class Daemon:
    """One run, from the parts to the exit status. Everything here happens in the main thread."""

    def __init__(self, studio: Studio, open_browser: bool) -> None:
        self._studio = studio
        self._settings = studio.settings
        self._open_browser = open_browser
        self._events: asyncio.Queue[PipelineEvent] = asyncio.Queue()
        self._interrupts = 0
        # An output or the web server the user asked for could not be had.
        self._refused = False
        self._error: BaseException | None = None
        self._note: str | None = None

    async def run(self) -> int:
        loop = asyncio.get_running_loop()

        def report(event: PipelineEvent) -> None:
            with suppress(RuntimeError):  # the loop is closed: from a thread that was left behind
                loop.call_soon_threadsafe(self._events.put_nowait, event)

        self._catch_endings(loop)
        try:
            self._check_ports()
            self._presets = PresetStore()
            self._pipeline = self._studio.build(report)
        except BaseException:
            self._studio.source.close()
            raise
        self._monitor = Monitor(
            self._pipeline,
            self._studio.info,
            self._studio.canvases,
            self._settings.detector,
            presets=self._presets,
        )
        self._monitor.sought = self._studio.sought
        self._monitor.sound = self._studio.sound_status
        self._announce()
        # What is loaded by now stays for good: looking through it again and again stops every
        # thread for longer than a frame.
        gc.collect()
        gc.freeze()
        self._catch_ctrl_c(loop)
        self._pipeline.start()
        if self._settings.duration is not None:
            loop.call_later(self._settings.duration, self._pipeline.stop)
        await self._serve()
        return self._exit_status()

    def _check_ports(self) -> None:
        """A port that is taken must be known before a recording begins."""
        from livetrack_vcam.web.listening import check_free

        settings = self._settings
        if settings.web:
            https_port = settings.https_port if settings.https else None
            check_free(settings.host, settings.port, https_port)

    async def _serve(self) -> None:
        server = None
        rooms: dict[str, Room] = {}
        drawing = None
        try:
            controls = self._control()
            if self._settings.web:
                rooms = self._studio.open_rooms(self._pipeline)
                self._monitor.rooms = tuple(room.status for room in rooms.values())
                server = await self._start_web(controls, rooms)
            if sys.stderr.isatty() and not self._settings.json_logs:
                drawing = asyncio.create_task(self._draw())
            await self._handle_events()
        except LiveTrackError as error:
            self._refused = True
            self._stop(error)
            await self._handle_events()
        finally:
            self._pipeline.stop()
            if drawing is not None:
                drawing.cancel()
                clear_status()
            if server is not None:
                await server.stop()
            await asyncio.gather(*(room.close() for room in rooms.values()))
            for name in self._pipeline.join():
                log.error("%s did not end in time and was left behind", name)
            self._conclude()

    def _conclude(self) -> None:
        """Say what came of it; of a run that never got going nothing is said or left."""
        if self._refused:
            self._pipeline.discard()
            return
        self._say_note()
        detect = self._pipeline.detect
        log_summary(
            summarize(
                self._monitor.status(), self._pipeline.render.flow, detect.flow if detect else None
            )
        )

    def _say_note(self) -> None:
        """What the source has to tell, once; a file knows only at its end that it was cut off."""
        note = getattr(self._studio.source, "note", None)
        if note and note != self._note:
            log.info("%s", note)
            self._note = note

    def _control(self) -> Controls:
        controls = Controls(
            self._pipeline,
            self._monitor,
            self._presets,
            self._pipeline.stop,
            self._studio.feeds,
            self._studio.preview.feed,
            fixed_settings(self._settings),
        )
        watch = self._studio.obs
        if watch is not None:
            self._monitor.obs = lambda: watch.status
            self._studio.operator.give(
                lambda body: controls.tell(None, body), lambda: controls.scenes
            )
        return controls

    async def _start_web(self, controls: Controls, rooms: dict[str, Room]) -> Any:
        from livetrack_vcam.operating.phone import announce_network, invite_phone, open_https
        from livetrack_vcam.web.server import WebServer
        from livetrack_vcam.web.token import ensure_token

        settings = self._settings
        phone = self._studio.phone
        server = WebServer(
            controls,
            settings.host,
            settings.port,
            ensure_token(),
            rooms,
            phone,
            invited_only=settings.room_access == "invited",
            https=open_https(settings),
        )
        await server.start()
        urls = server.urls
        self._monitor.links |= {"room": urls.room, "mjpeg": urls.stream, "control": urls.control}
        if self._studio.feeds:
            log.info("Watch in the browser:    %s", urls.room)
            log.info("OBS Media Source, MJPEG: %s", urls.stream)
        log.info("Operator's page:         %s (%s)", urls.control, server.open_command)
        announce_network(server, urlsplit(urls.room).path)
        if phone is not None:
            terminal = sys.stderr.isatty() and not settings.json_logs
            invite_phone(phone, server, self._pipeline, show_code=terminal)
        if self._open_browser:
            # Whoever sends no picture to the room wants to operate what goes elsewhere.
            open_in_browser(urls.room if self._studio.feeds else server.sign_in_url())
        return server

    async def _handle_events(self) -> None:
        """Until every worker has ended."""
        while True:
            event = await self._events.get()
            if isinstance(event, Finished):
                return
            if isinstance(event, Failed):
                self._stop(event.error)
            elif isinstance(event, SinkFailed):
                self._sink_failed(event)
            elif isinstance(event, SinkBack):
                log.info("output %s is open now", event.sink)
            elif isinstance(event, DetectorFailed):
                retry = f"trying again in {event.retry_s:.0f} s" if event.retry_s else "given up"
                log.warning("%s; %s. The picture goes on.", event.error, retry)
            elif isinstance(event, DetectorBack):
                log.info("the detector is back")
            elif isinstance(event, SourceLost):
                then = "waiting for it" if event.stuck else "looking for it again"
                log.warning("%s; %s", event.error, then)
            elif isinstance(event, SourceBack):
                log.info("the source is back")
                if event.note:
                    log.warning("%s", event.note)
                self._say_note()

    def _sink_failed(self, event: SinkFailed) -> None:
        """An output the user asked for must open; the default ones are offered, and may fail."""
        asked = any(
            shot.name == event.shot and asked_for_sinks(shot) for shot in self._settings.shots
        )
        if event.opening and asked:
            self._refused = True
            self._stop(event.error)
        elif event.opening:
            log.warning("%s. The other outputs go on without it.", event.error)
        else:
            then = "Trying again; the rest goes on." if event.retrying else "The rest goes on."
            log.error("output %s stopped: %s. %s", event.sink, event.error, then)
        if all(outlet.is_over for outlet in self._pipeline.outlets):
            self._stop(event.error)

    def _stop(self, error: BaseException | None = None) -> None:
        self._error = self._error or error
        self._pipeline.stop()

    def _exit_status(self) -> int:
        if self._error is not None:
            raise self._error
        return EXIT_INTERRUPTED if self._interrupts else EXIT_OK

    def _catch_endings(self, loop: asyncio.AbstractEventLoop) -> None:
        """Before there is a file that could be left empty; obeyed once everything runs."""

        def end() -> None:
            self._pipeline.stop()

        with suppress(NotImplementedError):  # Windows has no such handlers in asyncio
            for number in ending_signals():
                loop.add_signal_handler(number, end)

    def _catch_ctrl_c(self, loop: asyncio.AbstractEventLoop) -> None:
        def interrupt() -> None:
            self._interrupts += 1
            if self._interrupts >= PATIENCE:
                sys.exit(EXIT_INTERRUPTED)
            self._pipeline.stop()

        try:
            loop.add_signal_handler(signal.SIGINT, interrupt)
        except NotImplementedError:
            signal.signal(signal.SIGINT, lambda *_: loop.call_soon_threadsafe(interrupt))

    async def _draw(self) -> None:
        while True:
            show_status(self._monitor.status())
            await asyncio.sleep(STATUS_INTERVAL_S)

    def _announce(self) -> None:
        info = self._studio.info
        self._say_note()
        rate = f" at {float(info.fps):.4g} fps" if info.fps else ""
        log.info("Source: %s, %s%s", info.name, info.size, rate)
        for shot in self._settings.shots:
            size = shot.canvas_size()
            sinks = ", ".join(sink.shown for sink in shot.sink)
            log.info("Picture: %s, %s%s", size, sinks, _lateness(shot.look_ahead_frames, info.fps))
            _warn_when_soft(size, info.size)


def _lateness(frames: int, fps: Fraction | None) -> str:
    """What look-ahead costs, said before the first picture."""
    if not frames:
        return ""
    late = f" ({1000 * frames / float(fps):.0f} ms)" if fps else ""
    return f", {frames} frames{late} late to look ahead"


def _warn_when_soft(canvas: Size, frame: Size) -> None:
    """Say so when even the widest crop must be enlarged a good deal."""
    scale = max(canvas.width / frame.width, canvas.height / frame.height)
    if scale > WARN_UPSCALE:
        log.warning(
            "the picture %s is %.1f times the source's %s and will look soft; "
            "--size asks for a smaller one",
            canvas,
            scale,
            frame,
        )
