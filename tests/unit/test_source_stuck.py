"""A source whose `read` does not come back, as drivers may wait without end for a next picture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from queue import Empty, Queue
from threading import Event, Timer

import pytest

from livetrack_vcam.core.config import DirectorSettings
from livetrack_vcam.core.crew import Crew
from livetrack_vcam.core.geometry import Size
from livetrack_vcam.events import Finished, PipelineEvent, SourceBack, SourceLost
from livetrack_vcam.interfaces import Canvas, SourceInfo
from livetrack_vcam.live import pipeline as pipelines
from livetrack_vcam.live.capturing import STUCK_NS
from livetrack_vcam.live.pipeline import LAST_FRAME_S, LAST_READ_S, Pipeline
from livetrack_vcam.media import Frame
from livetrack_vcam.sources import browser, camera, network
from livetrack_vcam.stats import NS_PER_S
from livetrack_vcam.testing import ManualClock, MemorySink, draw_frame
from tests.waiting import until

FRAME, SHOT = Size(320, 180), Size(64, 36)
PATIENCE_S = 10.0
STUCK_S = STUCK_NS / NS_PER_S


class Stuck:
    """Gives one picture and then, like FFmpeg on some systems, waits until there is another."""

    def __init__(self, clock: ManualClock, live: bool = True) -> None:
        self._clock = clock
        self._live = live
        self._given = 0
        self.more = Event()

    def open(self) -> SourceInfo:
        return SourceInfo("stuck", FRAME, Fraction(30), live=self._live)

    def read(self) -> Frame | None:
        if self._given == 1:
            self.more.wait(PATIENCE_S)
        if self._given == 2:
            return None
        self._given += 1
        return draw_frame(FRAME, None, pts_ns=self._clock.now_ns(), seq=self._given - 1)

    def close(self) -> None:
        pass


class Running:
    """A pipeline with such a source, and what it reports."""

    def __init__(self, clock: ManualClock, source: Stuck, sink: MemorySink) -> None:
        self.sink = sink
        self.events: Queue[PipelineEvent] = Queue()
        self.pipeline = Pipeline(
            source=source,
            info=source.open(),
            open_watch=None,
            detect_hz=10.0,
            decider=Crew(FRAME, {"main": DirectorSettings()}),
            shots={"main": (Canvas(SHOT, Fraction(30)), [self.sink])},
            report=self.events.put,
            clock=clock.now_ns,
        )

    def next_event(self) -> PipelineEvent:
        return self.events.get(timeout=PATIENCE_S)

    def wait_for_slates(self, count: int) -> None:
        assert self.sink.wait_for_frames(len(self.sink.frames) + count)


@contextmanager
def running(clock: ManualClock, source: Stuck, sink: MemorySink | None = None) -> Iterator[Running]:
    run = Running(clock, source, sink or MemorySink(depth=500))
    run.pipeline.start()
    try:
        assert run.sink.wait_for_frames(1)
        yield run
    finally:
        source.more.set()
        run.pipeline.stop()
        until(lambda: not run.pipeline.join())


def test_a_live_source_that_does_not_come_back_is_told_of_once_and_again_when_it_does() -> None:
    clock = ManualClock()
    source = Stuck(clock)
    with running(clock, source) as run:
        clock.advance(STUCK_S - 1)
        run.wait_for_slates(2)
        with pytest.raises(Empty):
            run.events.get_nowait()
        clock.advance(STUCK_S)
        lost = run.next_event()
        assert isinstance(lost, SourceLost)
        assert lost.stuck
        assert "for 15 s; plug it in again" in str(lost.error)
        assert run.pipeline.capture.state == "lost"
        run.wait_for_slates(2)
        source.more.set()
        assert run.next_event() == SourceBack()
        assert isinstance(run.next_event(), Finished)


def test_a_file_takes_the_time_it_takes() -> None:
    clock = ManualClock()
    source = Stuck(clock, live=False)
    with running(clock, source) as run:
        clock.advance(10 * STUCK_S)
        run.wait_for_slates(2)
        source.more.set()
        assert isinstance(run.next_event(), Finished)


@pytest.mark.parametrize("live", [True, False])
def test_a_source_that_hangs_holds_up_neither_the_outputs_nor_the_end(
    monkeypatch: pytest.MonkeyPatch, live: bool
) -> None:
    monkeypatch.setattr(pipelines, "LAST_FRAME_S", 0.05)
    monkeypatch.setattr(pipelines, "LAST_READ_S", 0.05)
    clock = ManualClock()
    source = Stuck(clock, live)
    with running(clock, source) as run:
        run.pipeline.stop()
        assert isinstance(run.next_event(), Finished)
        assert run.sink.closed
        assert run.pipeline.join() == ["capture"]
        source.more.set()
        until(lambda: not run.pipeline.join())
        with pytest.raises(Empty):
            run.events.get_nowait()


def test_an_output_that_hangs_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hanging(MemorySink):
        def close(self) -> None:
            source.more.wait(PATIENCE_S)

    for name in ("LAST_FRAME_S", "ENDING_S", "LAST_READ_S"):
        monkeypatch.setattr(pipelines, name, 0.05)
    clock = ManualClock()
    source = Stuck(clock)
    with running(clock, source, Hanging(depth=500)) as run:
        run.pipeline.stop()
        assert isinstance(run.next_event(), Finished)
        assert "sink-main-memory" in run.pipeline.join()


def test_a_read_that_ends_in_time_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipelines, "LAST_FRAME_S", 0.05)
    clock = ManualClock()
    source = Stuck(clock)
    with running(clock, source) as run:
        Timer(0.3, source.more.set).start()
        run.pipeline.stop()
        assert isinstance(run.next_event(), Finished)
        assert run.pipeline.join() == []


def test_no_source_of_ours_waits_so_long_by_itself() -> None:
    waits = (camera.FIRST_PICTURE_S, camera.SILENT_S, network.READ_TIMEOUT_S, browser.SILENCE_S)
    assert max(waits) < STUCK_S
    assert max(waits) < LAST_FRAME_S + LAST_READ_S
