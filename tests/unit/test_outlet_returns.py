"""An output whose device is absent at first, or taken away, comes alive by itself."""

from __future__ import annotations

import sys
from fractions import Fraction
from queue import Queue
from threading import Thread

import pytest

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.errors import SinkNotFoundError
from livetrack_vcam.events import PipelineEvent, SinkBack, SinkFailed
from livetrack_vcam.interfaces import Canvas, ReturningSink
from livetrack_vcam.live import outlet as outlet_module
from livetrack_vcam.live.outlet import Outlet
from livetrack_vcam.media import black_frame
from livetrack_vcam.sinks.virtual_camera import VirtualCamera
from livetrack_vcam.testing import MemorySink

CANVAS = Canvas(Size(64, 48), Fraction(30))
PATIENCE_S = 10.0


class Pluggable(MemorySink):
    """A device that is absent for the first `absent` attempts; `may_return` as told.

    `starving`: it gets a picture at once, so that `fail_at` 0 makes it fail whenever it is opened.
    """

    def __init__(
        self,
        absent: int = 0,
        may_return: bool = True,
        fail_at: int | None = None,
        starving: bool = False,
    ) -> None:
        super().__init__("vcam", repeat_after_s=0.1 if starving else None, fail_at=fail_at)
        self.absent = absent
        self.may_return = may_return
        self.opened = 0
        self.closes = 0

    def open(self, canvas: Canvas) -> None:
        if self.absent:
            self.absent -= 1
            raise SinkNotFoundError("there is no such device; load the module")
        self.opened += 1
        super().open(canvas)

    def close(self) -> None:
        self.closes += 1
        super().close()


class Running:
    """An outlet in a thread, fed until it is stopped."""

    def __init__(self, sink: Pluggable) -> None:
        self.events: Queue[PipelineEvent] = Queue()
        self.outlet = Outlet("main", sink, CANVAS, self.events.put, lambda: 0)
        self._thread = Thread(target=self.outlet.run, daemon=True)
        self._thread.start()

    def next_event(self) -> PipelineEvent:
        return self.events.get(timeout=PATIENCE_S)

    def put(self) -> None:
        self.outlet.mailbox.put(black_frame(CANVAS.size))

    def end(self) -> None:
        self.outlet.stop()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlet_module, "RETRY_FIRST_S", 0.01)


def test_a_device_that_comes_later_is_opened_then_and_both_is_said_once() -> None:
    sink = Pluggable(absent=3)
    running = Running(sink)
    failed = running.next_event()
    assert isinstance(failed, SinkFailed)
    assert (failed.opening, failed.retrying) == (True, True)
    assert running.next_event() == SinkBack("main", "vcam")
    running.put()
    assert sink.wait_for_frames(1)
    assert running.outlet.state == "open"
    assert running.outlet.link is None
    running.end()
    assert (sink.opened, sink.closes) == (1, 1)
    assert running.outlet.state == "closed"


def test_a_device_that_is_taken_away_is_opened_again() -> None:
    sink = Pluggable(fail_at=0)
    running = Running(sink)
    running.put()
    failed = running.next_event()
    assert isinstance(failed, SinkFailed)
    assert (failed.opening, failed.retrying) == (False, True)
    sink._fail_at = None
    assert running.next_event() == SinkBack("main", "vcam")
    running.put()
    assert sink.wait_for_frames(1)
    running.end()
    assert (sink.opened, sink.closes) == (2, 2)


def test_while_it_is_away_the_status_says_why_and_nothing_counts_as_dropped() -> None:
    sink = Pluggable(absent=10_000)
    running = Running(sink)
    running.next_event()
    for _ in range(20):
        running.put()
    link = running.outlet.link
    assert link is not None
    assert (running.outlet.state, link.state) == ("failed", "retrying")
    assert link.reason == "there is no such device; load the module"
    assert running.outlet.dropped == 0
    sink.absent = 0
    assert running.next_event() == SinkBack("main", "vcam")
    assert running.outlet.dropped == 0
    running.end()


def test_it_ends_at_once_while_it_waits() -> None:
    running = Running(Pluggable(absent=10_000))
    running.next_event()
    running.end()


def test_the_status_may_be_asked_while_a_device_comes_and_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outlet_module, "RETRY_FIRST_S", 1e-4)
    sink = Pluggable(fail_at=0, starving=True)
    running = Running(sink)
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        while sink.opened < 1000:
            assert running.outlet.dropped >= 0
            link = running.outlet.link
            assert link is None or link.reason != "None"
    finally:
        sys.setswitchinterval(interval_s)
    running.end()


def test_a_device_that_was_open_is_looked_for_as_often_as_at_first() -> None:
    pauses = []

    class Unhurried(Outlet):
        def _wait(self, pause_s: float) -> bool:
            pauses.append(pause_s)
            return len(pauses) < 5

    sink = Pluggable(absent=3, fail_at=0, starving=True)
    Unhurried("main", sink, CANVAS, lambda _event: None, lambda: 0).run()
    assert pauses[:3] == [0.01, 0.02, 0.04]
    assert pauses[3:] == [0.01, 0.01]


def test_what_cannot_return_is_given_up_and_said() -> None:
    sink = Pluggable(absent=1, may_return=False)
    running = Running(sink)
    failed = running.next_event()
    assert isinstance(failed, SinkFailed)
    assert not failed.retrying
    running.end()
    assert sink.opened == 0


def test_a_retry_that_finds_another_reason_which_lasts_is_said_too() -> None:
    sink = Pluggable(absent=10_000)
    running = Running(sink)
    running.next_event()
    sink.may_return = False
    last = running.next_event()
    assert isinstance(last, SinkFailed)
    assert not last.retrying
    running.end()


def test_the_virtual_camera_may_return_and_a_sink_in_memory_may_not() -> None:
    assert isinstance(VirtualCamera(), ReturningSink)
    assert not isinstance(MemorySink(), ReturningSink)
