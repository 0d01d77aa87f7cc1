"""The worker threads together: real threads, a synthetic source, sinks in memory."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from queue import Empty, Queue

import numpy as np

from livetrack_vcam.core.command import LockTrack, Pause
from livetrack_vcam.core.config import DirectorSettings
from livetrack_vcam.core.crew import Crew
from livetrack_vcam.core.geometry import Size
from livetrack_vcam.core.session import SessionRecorder, replay
from livetrack_vcam.detectors.lookout import lookout
from livetrack_vcam.detectors.watch import Watch
from livetrack_vcam.errors import SinkBusyError
from livetrack_vcam.events import (
    Finished,
    PipelineEvent,
    SinkFailed,
    SourceBack,
    SourceLost,
)
from livetrack_vcam.interfaces import Canvas, Detector, Sink, Source
from livetrack_vcam.journal import LineWriter, create_text_file
from livetrack_vcam.live.pipeline import Pipeline
from livetrack_vcam.live.stages import Decider
from livetrack_vcam.media import Frame
from livetrack_vcam.testing import (
    FailingSource,
    ManualClock,
    MemorySink,
    ScriptedDetector,
    SyntheticSource,
    walk,
)

FRAME = Size(320, 180)
CANVAS = Canvas(Size(90, 160), Fraction(30))
SHOT = DirectorSettings(aspect_ratio=Fraction(9, 16))


class Rig:
    """A pipeline on a clock of its own, and what it reported."""

    def __init__(
        self,
        source: Source,
        sinks: list[Sink],
        clock: ManualClock,
        detector: Detector | None = None,
        decider: Decider | None = None,
        writers: list[LineWriter] | None = None,
    ) -> None:
        self.clock = clock
        self.events: Queue[PipelineEvent] = Queue()
        self.pipeline = Pipeline(
            source=source,
            info=source.open(),
            open_watch=None if detector is None else lambda: watch_of(detector),
            detect_hz=100.0,
            decider=decider or Crew(FRAME, {"main": SHOT}),
            shots={"main": (CANVAS, sinks)},
            report=self.events.put,
            writers=writers or (),
            clock=clock.now_ns,
        )
        self._taken = 0
        self.pipeline.render.onlooker = self._take

    def run_until(self, done: Callable[[], bool]) -> None:
        """Start, and let time pass frame by frame until `done`."""
        self.pipeline.start()
        for ticks in range(2000):
            self._settle(ticks + 1)
            if done():
                return
            self.clock.advance(0.0334)
            time.sleep(0.001)
        raise AssertionError("the pipeline did not get there")

    def _settle(self, due: int) -> None:
        """Wait until the frames due so far were read and taken to be drawn, so that none piles
        up however busy the machine is."""
        capture, render = self.pipeline.capture, self.pipeline.render
        for _ in range(5000):
            captured = capture.flow.snapshot(0).frames
            taken = self._taken + render.frames.dropped
            if taken == captured and (captured >= due or capture.state != "running"):
                return
            time.sleep(0.002)
        raise AssertionError(f"{taken} of {captured} frames were taken, and {due} are due")

    def _take(self, _frame: Frame) -> None:
        self._taken += 1

    def finish(self) -> list[PipelineEvent]:
        """Stop, and everything reported until the last thread ended."""
        self.pipeline.stop()
        seen: list[PipelineEvent] = []
        while not (seen and isinstance(seen[-1], Finished)):
            seen.append(self.events.get(timeout=10))
        assert self.pipeline.join() == []
        return seen


def watch_of(detector: Detector) -> Watch:
    """As `studio` makes one: open, and over the frames of the rig."""
    eyes = lookout(detector)
    eyes.open()
    return Watch(eyes, FRAME)


def drained(events: Queue[PipelineEvent]) -> list[PipelineEvent]:
    seen = []
    while True:
        try:
            seen.append(events.get_nowait())
        except Empty:
            return seen


def test_every_frame_of_a_file_reaches_the_sink_and_all_threads_end() -> None:
    clock = ManualClock()
    sink = MemorySink(depth=100)
    rig = Rig(SyntheticSource(FRAME, frames=30, clock=clock), [sink], clock)
    rig.run_until(lambda: sink.closed)
    events = rig.finish()
    assert [frame.seq for frame in sink.frames] == list(range(30))
    assert all(frame.size == CANVAS.size for frame in sink.frames)
    assert events == [Finished()]
    assert rig.pipeline.render.frames.dropped == 0


def test_the_crop_follows_what_the_detector_saw() -> None:
    clock = ManualClock()
    truth = walk(FRAME)
    sink = MemorySink()
    rig = Rig(
        SyntheticSource(FRAME, frames=None, truth=truth, clock=clock),
        [sink],
        clock,
        detector=ScriptedDetector(truth),
    )
    rig.run_until(lambda: len(sink.frames) > 90)
    subject = rig.pipeline.render.views[0].subject
    rig.finish()
    assert len(subject) == 1


def test_a_slow_sink_delays_nobody_and_its_drops_are_counted() -> None:
    class SlowSink(MemorySink):
        def send(self, frame: Frame) -> None:
            time.sleep(0.05)
            super().send(frame)

    clock = ManualClock()
    slow, quick = SlowSink("slow"), MemorySink("quick", depth=200)
    rig = Rig(SyntheticSource(FRAME, frames=60, clock=clock), [slow, quick], clock)
    rig.run_until(lambda: slow.closed and quick.closed)
    rig.finish()
    outlet = rig.pipeline.outlets[0]
    assert len(quick.frames) == 60
    assert outlet.dropped > 0
    assert len(slow.frames) + outlet.dropped == 60


def test_a_device_that_must_not_starve_gets_a_picture_before_the_first_frame() -> None:
    clock = ManualClock()
    sink = MemorySink(repeat_after_s=0.01)
    rig = Rig(SyntheticSource(FRAME, frames=None, clock=clock), [sink], clock)
    rig.pipeline.capture.run = lambda: None  # type: ignore[method-assign]
    rig.pipeline.start()
    assert sink.wait_for_frames(3)
    rig.pipeline.render.frames.close()
    assert int(sink.frames[0].planes[0].max()) == 16
    rig.finish()


def test_the_outputs_carry_a_slate_while_the_camera_is_lost_and_the_picture_afterwards() -> None:
    clock = ManualClock()
    sink = MemorySink(depth=500)
    source = FailingSource(SyntheticSource(FRAME, frames=None, clock=clock), fail_at=20)
    rig = Rig(source, [sink], clock)
    rig.run_until(lambda: len(sink.frames) >= 20)
    before = len(sink.frames)
    clock.advance(3)
    assert sink.wait_for_frames(before + 1)
    slate = sink.frames[before]
    for _ in range(400):
        clock.advance(1 / 30)
        time.sleep(0.01)
        if sink.frames[-1].seq > 2 and len(sink.frames) > before + 10:
            break
    events = rig.finish()
    assert any(isinstance(event, SourceLost) for event in events)
    assert any(isinstance(event, SourceBack) for event in events)
    assert float(np.mean(slate.planes[0])) < float(np.mean(sink.frames[before - 1].planes[0]))


def test_a_sink_that_fails_is_reported_and_the_others_go_on() -> None:
    clock = ManualClock()
    bad, good = MemorySink("bad", fail_at=5), MemorySink("good", depth=100)
    rig = Rig(SyntheticSource(FRAME, frames=30, clock=clock), [bad, good], clock)
    rig.run_until(lambda: good.closed)
    failures = [event for event in rig.finish() if isinstance(event, SinkFailed)]
    assert len(good.frames) == 30
    assert [(failure.sink, failure.opening) for failure in failures] == [("bad", False)]
    assert bad.closed


def test_a_sink_that_does_not_open_is_reported_and_never_closed() -> None:
    class BusySink(MemorySink):
        def open(self, canvas: Canvas) -> None:
            raise SinkBusyError("another program has it; close that one")

    clock = ManualClock()
    busy, good = BusySink("busy"), MemorySink("good", depth=100)
    rig = Rig(SyntheticSource(FRAME, frames=10, clock=clock), [busy, good], clock)
    rig.run_until(lambda: good.closed)
    failures = [event for event in rig.finish() if isinstance(event, SinkFailed)]
    assert [failure.opening for failure in failures] == [True]
    assert not busy.closed
    assert rig.pipeline.outlets[0].dropped == 0


def test_a_frame_is_looked_at_when_its_picture_is_drawn() -> None:
    clock = ManualClock()
    sink = MemorySink(depth=100)
    drawn_before: list[tuple[int, int]] = []

    def script(seconds: float) -> None:
        render = rig.pipeline.render  # what a busy machine dropped is never drawn
        drawn = render.flow.snapshot(0).frames
        drawn_before.append((round(seconds * 30) - render.frames.dropped, drawn))

    source = SyntheticSource(FRAME, frames=90, clock=clock)
    rig = Rig(source, [sink], clock, detector=ScriptedDetector(script))
    rig.run_until(lambda: sink.closed)
    rig.finish()
    begun = [each for each in drawn_before if each[1]]  # the first pictures wait for a look
    assert len(begun) > 5
    first = sink.frames[0].pts_ns / 1e9
    assert all(drawn > number - round(first * 30) for number, drawn in begun)


def test_commands_reach_the_director_and_a_refused_one_changes_nothing() -> None:
    clock = ManualClock()
    sink = MemorySink(depth=100)
    rig = Rig(SyntheticSource(FRAME, frames=None, clock=clock), [sink], clock)
    refused = rig.pipeline.command(None, LockTrack(99))
    obeyed = rig.pipeline.command("main", Pause())
    rig.run_until(lambda: len(sink.frames) > 5)
    state = rig.pipeline.render.views[0].state.value
    rig.finish()
    assert state == "paused"
    assert "track 99" in str(refused.exception(timeout=1))
    assert obeyed.exception(timeout=1) is None


def test_a_session_of_real_threads_replays_bit_for_bit(tmp_path: Path) -> None:
    clock = ManualClock()
    truth = walk(FRAME)
    path = tmp_path / "session.jsonl"
    writer = LineWriter(path, create_text_file(path, overwrite=False))
    recorder = SessionRecorder(writer.put, FRAME, {"main": SHOT}, "synthetic")
    sink = MemorySink(depth=200)
    rig = Rig(
        SyntheticSource(FRAME, frames=120, truth=truth, clock=clock),
        [sink],
        clock,
        detector=ScriptedDetector(truth),
        decider=recorder,
        writers=[writer],
    )
    rig.pipeline.command(None, LockTrack(99))
    rig.run_until(lambda: sink.closed)
    rig.finish()
    crops = list(replay(path.read_text().splitlines(keepends=True)))
    assert [crop.pts_ns for crop in crops] == [frame.pts_ns for frame in sink.frames]
    assert any(a.crop != b.crop for a, b in itertools.pairwise(crops))
    assert writer.dropped == 0
