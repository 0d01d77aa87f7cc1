"""Every worker thread is started, watched and joined here, and nowhere else."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from threading import Condition, Thread, current_thread
from typing import Protocol, TypeVar

from livetrack_vcam.core.command import Command
from livetrack_vcam.errors import SinkError
from livetrack_vcam.events import Failed, Finished, Report, SinkFailed
from livetrack_vcam.interfaces import Canvas, Sink, Source, SourceInfo
from livetrack_vcam.journal import LineWriter
from livetrack_vcam.live.capturing import Capture
from livetrack_vcam.live.detecting import DetectorKeeper, OpenWatch
from livetrack_vcam.live.orders import Order
from livetrack_vcam.live.outlet import Outlet
from livetrack_vcam.live.preview import Preview
from livetrack_vcam.live.stages import Decider, Journal, Render
from livetrack_vcam.stats import NS_PER_S, Clock

log = logging.getLogger(__name__)

JOIN_TIMEOUT_S = 10.0
LAST_FRAME_S = 2.0
"""After `stop` so long for the frame that the source was asked for; the outputs end without it."""
LAST_READ_S = 10.0
"""And so much longer for the source itself: no source of ours waits longer than both together."""
ENDING_S = 30.0
"""For outputs on a slow disk or machine, which have up to a mailbox of pictures left to write."""

CAPTURE = "capture"


T = TypeVar("T")


class Companion(Protocol):
    """Works beside the pictures as long as there are any; nothing waits for it."""

    @property
    def name(self) -> str: ...

    def run(self) -> None:
        """Until `stop`; what it raises ends the whole run."""
        ...

    def stop(self) -> None:
        """Ask `run` to return soon; never blocks."""
        ...


def in_background(call: Callable[[], T], name: str) -> T:
    """The result of a call that may block, made in a thread of its own.

    Ctrl-C is answered at once, by leaving the thread behind. Raises what the call raises.
    """
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(call())
        except BaseException as error:
            outcome.set_exception(error)

    Thread(target=run, name=name, daemon=True).start()
    return outcome.result()


class Pipeline:
    """Capture, detect and render threads and one thread a sink, from `start` until `join`.

    `source` is open already; `open_watch` is called at once, and again when a detector fails.
    Without it nobody looks. `report` is called from the worker threads and must
    not block; `decider` is called from the render thread only. `look_ahead` gives the frames by
    which shots are shown late.
    """

    def __init__(
        self,
        source: Source,
        info: SourceInfo,
        open_watch: OpenWatch | None,
        detect_hz: float,
        decider: Decider,
        shots: Mapping[str, tuple[Canvas, Sequence[Sink]]],
        report: Report,
        journal: Journal | None = None,
        writers: Sequence[LineWriter] = (),
        clock: Clock = time.monotonic_ns,
        look_ahead: Mapping[str, int] | None = None,
    ) -> None:
        self._report = report
        self.writers = writers
        self.outlets = [
            Outlet(shot, sink, canvas, report, clock)
            for shot, (canvas, sinks) in shots.items()
            for sink in sinks
        ]
        canvases = {shot: canvas for shot, (canvas, _) in shots.items()}
        watched = open_watch is not None
        self.render = Render(decider, canvases, self.outlets, journal, clock, look_ahead, watched)
        self.detect: DetectorKeeper | None = None
        if open_watch is not None:
            self.detect = self._keeper(open_watch, detect_hz, clock)
        self.capture = Capture(source, info.size, info.live, self.render.frames, report, clock)
        self.render.on_silence = self.capture.check
        self._companions: list[Companion] = []
        self._threads: list[Thread] = []
        self._at_work: set[Thread] = set()
        self._changed = Condition()
        self._ending = self._finished = False

    def _keeper(self, open_watch: OpenWatch, detect_hz: float, clock: Clock) -> DetectorKeeper:
        """Open before the first frame: 80 ms, spent later, would cost the picture some frames."""
        return DetectorKeeper(
            open_watch(),
            open_watch,
            self.render.to_detect,
            self.render.observations,
            lambda: self.render.attention,
            round(NS_PER_S / detect_hz),
            clock,
            self._report,
            self.start_thread,
            self.render.timeline.at,
        )

    @staticmethod
    def start_thread(run: Callable[[], None], name: str) -> None:
        """For work that comes and goes with who wants it; it ends by itself."""
        Thread(target=run, name=name, daemon=True).start()

    def accompany(self, companion: Companion) -> None:
        """Run it, too, from `start` until the last picture was drawn."""
        self._companions.append(companion)

    def show(self, preview: Preview) -> None:
        """Offer it every frame, from `start` on, once the frame's pictures are on their way."""
        self.render.onlooker = preview.offer
        self.accompany(preview)

    def start(self) -> None:
        """Start every thread. The sinks open first, each in its own."""
        work: list[tuple[str, Callable[[], None]]] = [
            (f"sink-{outlet.shot}-{outlet.sink.name}", outlet.run) for outlet in self.outlets
        ]
        work += [
            (f"writer-{writer.path.name}", partial(self._write, writer)) for writer in self.writers
        ]
        work += [(companion.name, companion.run) for companion in self._companions]
        work.append(("render", self._render))
        if self.detect is not None:
            work.append(("detect-keeper", self.detect.run))
        work.append((CAPTURE, self.capture.run))
        self._threads = [
            Thread(target=self._watch, args=(run,), name=name, daemon=True) for name, run in work
        ]
        self._at_work = set(self._threads)
        for thread in self._threads:
            thread.start()

    def command(self, shot: str | None, command: Command) -> Future[None]:
        """Queue a command for the next frame; `shot` None means every shot. See `order`."""
        return self.order(Order(((shot, command),)))

    def standby(self, on: bool) -> Future[None]:
        """Let the picture rest and look for nobody; off: go on as if it had never been."""
        return self.order(Order(standby=on))

    def order(self, order: Order) -> Future[None]:
        """Queue what takes effect together, between two pictures: its verdict."""
        lost = self.render.orders.put(order)
        self.render.frames.wake()
        if lost is not None:
            ending = self.render.orders.closed
            lost.refused("the program is ending" if ending else "too many commands at once")
        return order.verdict

    def stop(self) -> None:
        """Ask every thread to end; outputs are finished properly. Returns at once.

        What does not end, such as a source that waits for a driver, is left behind after a while.
        """
        self.capture.stop()
        if self.detect is not None:
            self.detect.stop()
        for outlet in self.outlets:
            outlet.call_off()
        with self._changed:
            begins = not self._ending and bool(self._at_work)
            self._ending = self._ending or begins
        if begins:
            self.start_thread(self._see_off, "ending")

    def join(self) -> list[str]:
        """Wait for the threads; returns the names of those that did not end in time.

        After Finished nobody is waited for: what has not ended by then was given its time.
        """
        deadline = time.monotonic() + JOIN_TIMEOUT_S
        for thread in self._threads:
            given_up = self._finished and thread in self._at_work
            thread.join(0.0 if given_up else max(0.0, deadline - time.monotonic()))
        return [thread.name for thread in self._threads if thread.is_alive()]

    def discard(self) -> None:
        """Leave no file of a run that was refused, once its threads are joined."""
        for writer in self.writers:
            writer.discard()
        for outlet in self.outlets:
            outlet.discard()

    def _render(self) -> None:
        try:
            self.render.run()
        finally:
            for writer in self.writers:
                writer.stop()
            for companion in self._companions:
                companion.stop()

    def _write(self, writer: LineWriter) -> None:
        """A log that cannot be written ends itself, never the picture."""
        try:
            writer.run()
        except SinkError as error:
            self._report(SinkFailed("", writer.path.name, error, opening=False))

    def _see_off(self) -> None:
        """Wait for the end of every thread; without it, end what depends on a source that hangs,
        and finish without what hangs itself."""
        with self._changed:
            if not self._changed.wait_for(lambda: not self._captures(), LAST_FRAME_S):
                self.render.frames.close()
            self._changed.wait_for(lambda: len(self._at_work) == self._captures(), ENDING_S)
            self._changed.wait_for(lambda: not self._at_work, LAST_READ_S)
        self._finish()

    def _captures(self) -> bool:
        return any(thread.name == CAPTURE for thread in self._at_work)

    def _watch(self, run: Callable[[], None]) -> None:
        """Run one worker; whatever it raises ends the whole run, and the last one out says so."""
        try:
            run()
        except Exception as error:
            log.debug("a worker thread failed", exc_info=True)
            self._report(Failed(error))
            self.stop()
        finally:
            with self._changed:
                self._at_work.discard(current_thread())
                last = not self._at_work
                self._changed.notify_all()
            if last:
                self._finish()

    def _finish(self) -> None:
        """Say so once: a thread that was left behind may still come back."""
        with self._changed:
            finished, self._finished = self._finished, True
        if not finished:
            self._report(Finished())
