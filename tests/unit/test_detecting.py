"""A detector that fails or hangs is replaced, and the picture goes on meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from queue import Queue
from threading import Event, Thread

import pytest

from livetrack_vcam.core.attention import Attention
from livetrack_vcam.core.config import DirectorSettings
from livetrack_vcam.core.crew import Crew
from livetrack_vcam.core.detection import Observation
from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.detectors.lookout import lookout
from livetrack_vcam.detectors.watch import Watch
from livetrack_vcam.errors import ModelError
from livetrack_vcam.events import DetectorBack, DetectorFailed, Finished, PipelineEvent
from livetrack_vcam.interfaces import Canvas, Detector
from livetrack_vcam.live import detecting
from livetrack_vcam.live.detecting import CHECK_S, HANG_S, MOST_HUNG, STARTING_S, DetectorKeeper
from livetrack_vcam.live.pipeline import Pipeline
from livetrack_vcam.mailbox import Mailbox
from livetrack_vcam.media import Frame, black_frame
from livetrack_vcam.testing import ManualClock, MemorySink, ScriptedDetector, SyntheticSource

FRAME = Size(320, 180)
PERSON_BOX = Box(100, 20, 160, 170)
SECOND_NS = 1_000_000_000


def watch_of(detector: Detector) -> Watch:
    eyes = lookout(detector)
    eyes.open()
    return Watch(eyes, FRAME)


def broken(_: float) -> Box:
    raise RuntimeError("the model is on fire")


class KeeperRig:
    """A keeper in a thread of its own, on a clock of its own, with one detector after another."""

    def __init__(self, *openers: Callable[[], Watch]) -> None:
        self.clock = ManualClock()
        self.events: Queue[PipelineEvent] = Queue()
        self.frames: Mailbox[Frame] = Mailbox()
        self.observations: Mailbox[Observation] = Mailbox(1000)
        self._openers = iter(openers)
        self.keeper = DetectorKeeper(
            self._open(),
            self._open,
            self.frames,
            self.observations,
            Attention,
            1,
            self.clock.now_ns,
            self.events.put,
            lambda run, name: Thread(target=run, name=name, daemon=True).start(),
        )
        self._thread = Thread(target=self.keeper.run, daemon=True)
        self._thread.start()

    def _open(self) -> Watch:
        return next(self._openers)()

    def feed_until(self, done: Callable[[], bool]) -> None:
        """A frame every tenth of a second on the rig's clock, until `done`."""
        for _ in range(20_000):
            if done():
                return
            self.clock.advance(0.1)
            self.frames.put(black_frame(FRAME, self.clock.now_ns()))
            self._thread.join(0.001)
        raise AssertionError(f"the keeper did not get there; it is {self.keeper.state}")

    def finish(self) -> list[PipelineEvent]:
        self.keeper.stop()
        self._thread.join(10)
        assert not self._thread.is_alive()
        return [self.events.get_nowait() for _ in range(self.events.qsize())]


def test_a_detector_that_fails_is_replaced_after_a_pause() -> None:
    rig = KeeperRig(
        lambda: watch_of(ScriptedDetector(broken)),
        lambda: watch_of(ScriptedDetector([PERSON_BOX])),
    )
    rig.feed_until(lambda: rig.keeper.state == "waiting")
    assert rig.keeper.error == "the detector failed (RuntimeError('the model is on fire'))"
    rig.feed_until(lambda: rig.keeper.state == "running" and bool(rig.observations.drain()))
    failed, back = rig.finish()
    assert isinstance(failed, DetectorFailed)
    assert failed.retry_s == 1.0
    assert back == DetectorBack()
    assert rig.keeper.error is None


def test_a_detector_that_cannot_be_opened_again_is_tried_later_each_time() -> None:
    def gone() -> Watch:
        raise ModelError("model yolov4-tiny is gone")

    rig = KeeperRig(lambda: watch_of(ScriptedDetector(broken)), gone, gone)
    rig.feed_until(lambda: rig.events.qsize() >= 2)
    first, second = rig.finish()[:2]
    assert isinstance(first, DetectorFailed)
    assert isinstance(second, DetectorFailed)
    assert (first.retry_s, second.retry_s) == (1.0, 2.0)
    assert second.error == "model yolov4-tiny is gone"


def test_a_detector_that_hangs_is_left_behind_and_what_it_says_later_is_not_heard() -> None:
    release = Event()

    def stuck(_: float) -> Box:
        release.wait(30)
        return Box(0, 0, 10, 10)

    rig = KeeperRig(
        lambda: watch_of(ScriptedDetector(stuck)),
        lambda: watch_of(ScriptedDetector([PERSON_BOX])),
    )
    heard: list[Observation] = []
    rig.feed_until(lambda: bool(heard.extend(rig.observations.drain()) or heard))
    release.set()
    rig.feed_until(lambda: bool(heard.extend(rig.observations.drain()) or len(heard) > 5))
    events = rig.finish()
    assert isinstance(events[0], DetectorFailed)
    assert events[0].error == f"the detector has not answered for {STARTING_S:.0f} s"
    assert {found.box for each in heard for found in each.detections} == {PERSON_BOX}


def test_after_several_detectors_that_hang_no_more_are_started() -> None:
    release = Event()

    def stuck(_: float) -> Box:
        release.wait(60)
        return PERSON_BOX

    rig = KeeperRig(*[lambda: watch_of(ScriptedDetector(stuck))] * MOST_HUNG)
    rig.feed_until(lambda: rig.keeper.state == "off")
    last = rig.finish()[-1]
    release.set()
    assert isinstance(last, DetectorFailed)
    assert last.retry_s is None


def test_the_first_look_may_take_long_and_later_ones_may_not() -> None:
    """The first may load half of TensorFlow; a hang of 5 s after that is a failure."""
    looks = 0
    first_done, release = Event(), Event()

    def slow(_: float) -> Box:
        nonlocal looks
        looks += 1
        if looks == 1:
            rig.clock.advance(3 * HANG_S)
            release.wait(3 * CHECK_S)  # the keeper looks at the clock meanwhile
            first_done.set()
        elif looks == 3:
            release.wait(30)
        return PERSON_BOX

    rig = KeeperRig(
        lambda: watch_of(ScriptedDetector(slow)),
        lambda: watch_of(ScriptedDetector([PERSON_BOX])),
    )
    rig.frames.put(black_frame(FRAME, 1))
    assert first_done.wait(30)
    assert rig.events.empty()
    rig.feed_until(lambda: not rig.events.empty())
    release.set()
    assert rig.finish()[0] == DetectorFailed("the detector has not answered for 5 s", 1.0)


def test_detectors_that_hung_and_came_to_do_not_count_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A machine that stands still for some seconds now and then must not lose its detector."""
    monkeypatch.setattr(detecting, "RETRY_FIRST_S", 0.01)
    releases: list[Event] = []

    def fresh() -> Watch:
        release = Event()
        releases.append(release)

        def stuck(_: float) -> Box:
            release.wait(30)
            return PERSON_BOX

        return watch_of(ScriptedDetector(stuck))

    rig = KeeperRig(*[fresh] * (MOST_HUNG + 2))
    failures: list[PipelineEvent] = []
    while len(failures) <= MOST_HUNG:
        rig.feed_until(lambda: not rig.events.empty())
        failures.append(rig.events.get())
        releases[len(failures) - 1].set()
    assert all(isinstance(event, DetectorFailed) and event.retry_s for event in failures)
    for release in releases:
        release.set()
    rig.finish()


def test_the_end_of_the_source_does_not_wait_for_the_next_try(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(detecting, "RETRY_FIRST_S", 3600.0)
    rig = KeeperRig(lambda: watch_of(ScriptedDetector(broken)))
    rig.feed_until(lambda: rig.keeper.state == "waiting")
    rig.frames.close()
    rig.finish()


def test_the_picture_goes_on_without_a_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detecting, "RETRY_FIRST_S", 3600.0)
    clock = ManualClock()
    events: Queue[PipelineEvent] = Queue()
    sink = MemorySink(depth=200)
    source = SyntheticSource(FRAME, frames=60, clock=clock)
    pipeline = Pipeline(
        source=source,
        info=source.open(),
        open_watch=lambda: watch_of(ScriptedDetector(broken)),
        detect_hz=100.0,
        decider=Crew(FRAME, {"main": DirectorSettings(aspect_ratio=Fraction(9, 16))}),
        shots={"main": (Canvas(Size(90, 160), Fraction(30)), [sink])},
        report=events.put,
        clock=clock.now_ns,
    )
    pipeline.start()
    pause = Event()
    while not sink.closed:
        clock.advance(0.0334)
        for _ in range(5):  # in vain at first: the first pictures wait for a look
            done = pipeline.render.flow.snapshot(0).frames + pipeline.render.frames.dropped
            if done == pipeline.capture.flow.snapshot(0).frames or sink.closed:
                break
            pause.wait(0.002)
    pipeline.stop()
    seen = [events.get(timeout=10)]
    while not isinstance(seen[-1], Finished):
        seen.append(events.get(timeout=10))
    assert len(sink.frames) + pipeline.render.frames.dropped == 60
    assert [type(event) for event in seen] == [DetectorFailed, Finished]
