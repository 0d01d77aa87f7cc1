"""Standby: the picture rests, nobody looks, and afterwards everything is as if it had not been."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from queue import Queue

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livetrack_vcam.core.command import Command, GoHome, LockTrack, Pause, SetAspectRatio, SetHome
from livetrack_vcam.core.config import DirectorSettings, Speed
from livetrack_vcam.core.detection import PERSON, Detection, Observation
from livetrack_vcam.core.geometry import Box, Crop, Size
from livetrack_vcam.core.session import SessionRecorder, replay
from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.live.orders import Order
from livetrack_vcam.live.outlet import Outlet
from livetrack_vcam.live.stages import Render
from livetrack_vcam.live.timeline import Timeline
from livetrack_vcam.media import Frame
from livetrack_vcam.testing import MemorySink, draw_frame, walk
from tests.operated import Operated, operating
from tests.render_thread import running

FRAME = Size(320, 180)
CANVAS = Canvas(Size(90, 160), Fraction(30))
SHOT = DirectorSettings(aspect_ratio=Fraction(9, 16), speed=Speed.SPORT)
STEP_NS = 33_000_000
TRUTH = walk(FRAME)


class Stage:
    """The render stage alone, fed frame by frame. `looks`: how many frames went to detectors."""

    def __init__(self, look_ahead: int = 0) -> None:
        self.log: list[str] = []
        self.outlet = Outlet("main", MemorySink(depth=1000), CANVAS, lambda _: None, lambda: 0)
        recorder = SessionRecorder(self.log.append, FRAME, {"main": SHOT}, "synthetic")
        late = {"main": look_ahead}
        canvases, outlets = {"main": CANVAS}, [self.outlet]
        self.render = Render(recorder, canvases, outlets, None, lambda: 0, late, watched=False)
        self.looks = 0
        self._fed = 0
        self._drawn: Queue[Frame] = Queue()
        self.render.onlooker = self._drawn.put

    def feed(self, count: int) -> None:
        """So many frames, each drawn before the next; every third is looked at, a frame late."""
        for index in range(self._fed, self._fed + count):
            self._look()
            self.draw(index)
        self._fed += count

    def draw(self, index: int) -> None:
        """The frame of that number, until its picture is drawn."""
        frame = draw_frame(FRAME, None, pts_ns=index * STEP_NS, seq=index)
        self.render.frames.put(frame)
        assert self._drawn.get(timeout=10) is frame

    def _look(self) -> None:
        for frame in self.render.to_detect.drain():
            self.looks += 1
            at_ns = self.render.timeline.at(frame.pts_ns)
            box = TRUTH(at_ns / STEP_NS / 30)
            if at_ns // STEP_NS % 3 == 0 and box is not None:
                found = (Detection(box, 0.9, PERSON),)
                self.render.observations.put(Observation(found, at_ns))

    def order(self, *commands: Command, standby: bool | None = None) -> Order:
        """Takes effect before the next frame."""
        order = Order(tuple((None, each) for each in commands), standby)
        self.render.orders.put(order)
        return order

    def observed(self) -> list[str]:
        """What the directors were told of detections, in the session log."""
        return [line for line in self.log if line.startswith('{"observe"')]

    def crops(self) -> list[Crop]:
        """Every crop so far, in a replay of the session."""
        return [each.crop for each in replay(list(self.log))]


@pytest.mark.parametrize(
    "before", [[], [LockTrack(1)], [Pause()], [SetHome(), GoHome()]], ids=lambda each: str(each)
)
def test_after_standby_every_crop_is_the_one_there_would_have_been(before: list[Command]) -> None:
    def crops(rest: int) -> list[Crop]:
        with running(Stage()) as stage:
            stage.feed(45)
            stage.order(*before)
            stage.feed(5)
            stage.order(standby=True)
            stage.feed(rest)
            stage.order(standby=False)
            stage.feed(60)
        return stage.crops()

    without, with_rest = crops(0), crops(70)
    assert len(with_rest) == len(without) + 70 == 180
    assert with_rest[50:120] == [without[49]] * 70
    assert with_rest[:50] + with_rest[120:] == without
    assert len(set(without)) > 20


def test_in_standby_pictures_go_on_resting_and_nobody_is_looked_for() -> None:
    with running(Stage()) as stage:
        stage.feed(30)
        assert stage.render.views[0].tracks
        assert stage.looks == 29
        stage.order(standby=True)
        stage.feed(1)
        stage.feed(30)
        assert stage.looks == 30  # the one that was on its way
        view = stage.render.views[0]
        assert (view.state.value, view.tracks, view.subject) == ("paused", (), ())
        assert stage.render.timeline.resting
        stage.order(standby=False)
        stage.feed(10)
        assert stage.render.views[0].state.value != "paused"
        assert stage.looks == 39
    assert [frame.seq for frame in stage.outlet.mailbox.drain()] == list(range(71))


def test_what_was_on_its_way_when_standby_began_is_not_looked_at_and_moves_nothing() -> None:
    with running(Stage()) as stage:
        stage.feed(30)  # the last frame waits for a detector
        stage.order(standby=True)
        stage.draw(30)
        assert stage.render.to_detect.drain() == []
        seen = len(stage.observed())
        found = (Detection(Box(250, 40, 310, 170), 0.9, PERSON),)
        stage.render.observations.put(Observation(found, 29 * STEP_NS))
        stage.draw(31)
        assert len(stage.observed()) == seen
        stage.order(standby=False)
        stage.draw(32)
        assert len(stage.observed()) == seen + 1


def test_what_is_told_when_the_source_ends_is_refused() -> None:
    stage = Stage()
    order = stage.order(Pause())
    stage.render.frames.close()
    stage.render.run()
    assert "the program is ending" in str(order.verdict.exception(timeout=0))


def test_what_is_told_in_standby_is_obeyed_at_once() -> None:
    with running(Stage()) as stage:
        stage.feed(40)
        stage.order(standby=True)
        stage.feed(5)
        stage.order(SetAspectRatio(Fraction(1)), LockTrack(1))
        stage.feed(5)
        box = stage.render.views[0].crop.box
        assert abs(box.width - box.height) < 1e-6
        assert stage.render.framings["main"].locked
    assert len(set(stage.crops()[-5:])) == 1


def test_a_program_that_begins_in_standby_begins_when_that_ends() -> None:
    with running(Stage()) as stage:
        stage.order(standby=True)
        stage.feed(20)
        assert stage.looks == 0
        stage.order(standby=False)
        stage.feed(30)
        assert stage.render.views[0].subject
    crops = stage.crops()
    assert len(crops) == 50
    assert len(set(crops[:20])) == 1


def test_with_look_ahead_no_picture_is_lost_and_none_goes_back_in_time() -> None:
    with running(Stage(look_ahead=5)) as stage:
        stage.feed(30)
        stage.order(standby=True)
        stage.feed(30)
        stage.order(standby=False)
        stage.feed(30)
    assert [frame.seq for frame in stage.outlet.mailbox.drain()] == list(range(90))
    moves = [
        abs(one.box.center.x - other.box.center.x)
        for one, other in zip(stage.crops(), stage.crops()[1:], strict=False)
    ]
    assert max(moves[30:]) <= 1.5 * max(moves[:30])


def test_whoever_stood_there_before_a_long_standby_is_still_the_one_that_is_followed(
    tmp_path: Path,
) -> None:
    """Detectors work in the directors' time, too: else the track had not been seen for long."""
    still = Box(130, 40, 170, 170)

    async def body(program: Operated) -> None:
        track = await program.somebody()
        await program.tell("lock", "tall", track_id=track)
        await program.tell("standby", on=True)
        program.clock.advance(20)
        await program.pictures(5)
        await program.tell("standby", on=False)
        looks = program.detector.calls
        await program.until(lambda: program.detector.calls > looks + 5)
        await program.pictures(3)
        assert [each.id for each in program.status.tracks] == [track]
        assert program.status.shots[0].subject == program.status.shots[1].subject == (track,)
        assert program.status.shots[1].locked

    operating(tmp_path, body, lambda _seconds: still)


@given(st.lists(st.tuples(st.integers(1, 10**9), st.booleans()), max_size=40))
def test_the_directors_time_never_runs_back_and_leaves_out_what_was_stood_by(
    steps: list[tuple[int, bool]],
) -> None:
    timeline = Timeline()
    now_ns, newest_ns, passed_ns, last_ns = 0, 0, 0, 0
    for step_ns, rest in steps:
        if rest:
            timeline.rest(newest_ns)
        else:
            timeline.go_on(newest_ns)
        now_ns += step_ns
        passed_ns += 0 if rest else step_ns
        at_ns = timeline.at(now_ns)
        assert at_ns == passed_ns >= last_ns
        newest_ns, last_ns = now_ns, at_ns
