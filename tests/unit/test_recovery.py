"""A source that is lost: how often it is looked for, and what may be different when it is back."""

from __future__ import annotations

from collections.abc import Callable
from queue import Queue
from threading import Event

import pytest

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.errors import SourceError, SourceNotFoundError
from livetrack_vcam.events import PipelineEvent, SourceBack, SourceLost
from livetrack_vcam.interfaces import SourceInfo
from livetrack_vcam.live.capturing import Capture
from livetrack_vcam.live.sleeping import SleepWatch, clock_through_sleep
from livetrack_vcam.mailbox import Mailbox
from livetrack_vcam.media import Frame
from livetrack_vcam.testing import ManualClock, draw_frame

FULL, SQUARE = Size(320, 180), Size(120, 120)
SECOND_NS = 1_000_000_000


class Moody:
    """A live camera that gives one frame of each size in turn; None is a failed attempt to open."""

    def __init__(self, sizes: list[Size | None]) -> None:
        self._sizes = sizes
        self._frames = 0
        self._size = FULL
        self.opened = 0

    def open(self) -> SourceInfo:
        self.opened += 1
        size = self._sizes.pop(0)
        if size is None:
            raise SourceNotFoundError("the camera is not there; plug it in again")
        self._size, self._frames = size, 0
        return SourceInfo("Moody", size, None, live=True)

    def read(self) -> Frame | None:
        if self._frames and self._sizes:
            raise SourceError("the camera stopped; check its cable")
        if self._frames:
            return None
        self._frames += 1
        return draw_frame(self._size, None, seq=0)

    def close(self) -> None:
        pass


class Impatient(Event):
    """An event that nobody waits for in real time; `waits` are the seconds that were asked for."""

    def __init__(self, on_wait: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self.waits: list[float] = []
        self._on_wait = on_wait

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0.0)
        self._on_wait()
        return self.is_set()


def run(
    sizes: list[Size | None],
    on_wait: Callable[[], None] = lambda: None,
    sleep: SleepWatch | None = None,
) -> tuple[list[Frame], list[PipelineEvent], list[float]]:
    """What came out of a capture of such a camera, what it reported, and how it waited."""
    source = Moody(sizes)
    source.open()
    target: Mailbox[Frame] = Mailbox(100)
    events: Queue[PipelineEvent] = Queue()
    capture = Capture(source, FULL, True, target, events.put, ManualClock().now_ns, sleep)
    stopping = Impatient(on_wait)
    capture._stopping = stopping
    capture.run()
    return list(target.drain()), list(events.queue), stopping.waits


def test_it_is_looked_for_ever_more_seldom_up_to_every_five_seconds() -> None:
    _, events, waits = run([FULL, *[None] * 6, FULL])
    assert [type(event) for event in events] == [SourceLost, SourceBack]
    pauses = [0.5, 1.0, 2.0, 4.0, 5.0, 5.0, 5.0]
    assert sum(waits) == sum(pauses)
    assert max(waits) == 0.5, "a pause that cannot be cut short"


def test_the_size_that_it_comes_back_with_is_fitted_into_the_old_one() -> None:
    frames, events, _ = run([FULL, SQUARE])
    assert [frame.size for frame in frames] == [FULL, FULL]
    luma = frames[1].planes[0]
    assert luma[:, 30].max() <= 17, "black beside the square"
    assert abs(int(luma[90, 160]) - 60) <= 1, "and the picture in the middle"
    note = events[-1].note if isinstance(events[-1], SourceBack) else None
    assert note is not None
    assert "came back with 120x120 instead of 320x180" in note


def test_the_same_size_needs_no_word() -> None:
    frames, events, _ = run([FULL, FULL])
    assert events[-1] == SourceBack()
    assert frames[0].planes[0].shape == frames[1].planes[0].shape


def test_after_sleep_it_is_looked_for_at_once_and_often_again() -> None:
    awake, through = ManualClock(), ManualClock()
    watch = SleepWatch(awake.now_ns, through.now_ns)
    waits = 0

    def on_wait() -> None:
        nonlocal waits
        waits += 1
        awake.advance(0.5)
        through.advance(3600.5 if waits == 10 else 0.5)

    _, _, without = run([FULL, *[None] * 5, FULL])
    _, _, slept = run([FULL, *[None] * 5, FULL], on_wait, watch)
    assert sum(slept) < sum(without)


@pytest.mark.parametrize("jitter_s", [0.0, 0.2, -0.3])
def test_only_a_jump_between_the_clocks_is_sleep(jitter_s: float) -> None:
    awake, through = ManualClock(SECOND_NS), ManualClock(50 * SECOND_NS)
    watch = SleepWatch(awake.now_ns, through.now_ns)
    awake.advance(10)
    through.advance(10 + jitter_s)
    assert watch.slept_s() == 0.0
    through.advance(90)
    assert watch.slept_s() == pytest.approx(90)
    assert watch.slept_s() == 0.0


def test_this_machine_has_not_slept() -> None:
    watch = SleepWatch()
    assert watch.slept_s() == 0.0
    assert clock_through_sleep() > 0
