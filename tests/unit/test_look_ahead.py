"""Pictures held back for look-ahead: none lost, none twice, each shot as late as it was told."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from fractions import Fraction

import pytest

from livetrack_vcam.core.command import SetSpeed
from livetrack_vcam.core.config import DirectorSettings, Speed
from livetrack_vcam.core.crew import Crew
from livetrack_vcam.core.detection import PERSON, Detection, Observation
from livetrack_vcam.core.geometry import Size
from livetrack_vcam.core.session import SessionRecorder, replay
from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.live import stages
from livetrack_vcam.live.look_ahead import DelayLine, LookAhead
from livetrack_vcam.live.orders import Order
from livetrack_vcam.live.outlet import Outlet
from livetrack_vcam.live.pipeline import Pipeline
from livetrack_vcam.live.stages import Decider, Render
from livetrack_vcam.media import Frame
from livetrack_vcam.operating.monitor import Monitor
from livetrack_vcam.settings import build_settings
from livetrack_vcam.shot_settings import FramingOptions
from livetrack_vcam.status_line import format_status
from livetrack_vcam.testing import ManualClock, MemorySink, SyntheticSource, draw_frame, walk
from tests.render_thread import running
from tests.waiting import until

FRAME = Size(320, 180)
CANVAS = Canvas(Size(90, 160), Fraction(30))
UPRIGHT = Fraction(9, 16)
CINEMA = DirectorSettings(aspect_ratio=UPRIGHT, speed=Speed.CINEMA)
SPORT = DirectorSettings(aspect_ratio=UPRIGHT, speed=Speed.SPORT)
TRUTH = walk(FRAME)


@pytest.fixture(autouse=True)
def never_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long a test is kept waiting, no held picture is shown early for it."""
    monkeypatch.setattr(stages, "STALL_NS", 10**15)
    monkeypatch.setattr(stages, "SLATE_INTERVAL_S", 600.0)


def pts_of(index: int) -> int:
    return round(index * 1e9 / 30)


class Stage:
    """The render stage alone, fed frame by frame; what it sends stays in the mailboxes."""

    def __init__(self, look_ahead: Mapping[str, int], decider: Decider | None = None) -> None:
        shots = {name: CINEMA if late else SPORT for name, late in look_ahead.items()}
        self.outlets = {
            name: Outlet(name, MemorySink(depth=1000), CANVAS, lambda _: None, lambda: 0)
            for name in shots
        }
        self.render = Render(
            decider or Crew(FRAME, shots),
            dict.fromkeys(shots, CANVAS),
            list(self.outlets.values()),
            None,
            lambda: 0,
            look_ahead,
        )
        self.most_held = 0

    def feed(self, first: int, last: int) -> None:
        """Frames `first` to `last`, each drawn before the next, with what is seen in every third,
        two frames late."""
        for index in range(first, last + 1):
            seen = index - 2
            if seen >= 0 and seen % 3 == 0:
                box = TRUTH(seen / 30)
                assert box is not None
                found = (Detection(box, 0.9, PERSON),)
                self.render.observations.put(Observation(found, pts_of(seen)))
            frame = draw_frame(FRAME, TRUTH(index / 30), pts_ns=pts_of(index), seq=index)
            self.render.frames.put(frame)
            assert self.render.to_detect.get(10) is frame
            self.most_held = max(self.most_held, self.render.look_ahead.held)

    def shown(self, shot: str = "main") -> list[Frame]:
        """The pictures sent since the last call."""
        return self.outlets[shot].mailbox.drain()


def numbers(frames: list[Frame]) -> list[int]:
    return [frame.seq for frame in frames]


@pytest.mark.parametrize("late", [1, 3, 10])
def test_a_picture_comes_so_many_frames_late_and_the_held_ones_at_the_end(late: int) -> None:
    with running(Stage({"main": late})) as stage:
        stage.feed(0, 29)
        before = stage.shown()
    assert numbers(before) == list(range(30 - late))
    assert numbers(stage.shown()) == list(range(30 - late, 30))
    assert [frame.pts_ns for frame in before] == [pts_of(i) for i in range(30 - late)]
    assert stage.most_held == late


def test_a_clip_shorter_than_the_look_ahead_is_shown_whole() -> None:
    with running(Stage({"main": 10})) as stage:
        stage.feed(0, 3)
        assert stage.shown() == []
    assert numbers(stage.shown()) == [0, 1, 2, 3]


def test_two_shots_of_one_camera_are_each_as_late_as_they_were_told() -> None:
    with running(Stage({"film": 10, "match": 0})) as stage:
        stage.feed(0, 39)
        assert numbers(stage.shown("film")) == list(range(30))
        assert numbers(stage.shown("match")) == list(range(40))
        delays = {view.shot: view.delay_ns for view in stage.render.views}
        assert delays == {"film": pts_of(39) - pts_of(29), "match": 0}
        assert stage.render.flow.snapshot(0).frames == 40
    assert numbers(stage.shown("film")) == list(range(30, 40))
    assert stage.shown("match") == []
    assert stage.render.flow.snapshot(0).frames == 40
    assert stage.most_held == 10


def test_each_shot_gets_the_crops_it_would_get_alone() -> None:
    def crops(look_ahead: Mapping[str, int]) -> dict[str, list[tuple[int, object]]]:
        lines: list[str] = []
        shots = {name: CINEMA if late else SPORT for name, late in look_ahead.items()}
        recorder = SessionRecorder(lines.append, FRAME, shots, "synthetic")
        with running(Stage(look_ahead, recorder)) as stage:
            stage.feed(0, 89)
        made: dict[str, list[tuple[int, object]]] = {name: [] for name in shots}
        for each in replay(lines):
            made[each.shot].append((each.pts_ns, each.crop))
        return made

    both = crops({"film": 10, "match": 0})
    assert both["film"] == crops({"film": 10})["film"]
    assert both["match"] == crops({"match": 0})["match"]
    assert [pts for pts, _ in both["film"]] == [pts_of(index) for index in range(90)]
    assert len({crop for _, crop in both["film"]}) > 10


def test_a_camera_that_falls_silent_leaves_no_picture_held_and_none_is_shown_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stages, "SLATE_INTERVAL_S", 0.5)
    with running(Stage({"main": 5})) as stage:
        stage.feed(0, 19)
        while stage.render.look_ahead:
            time.sleep(0.01)
        stage.feed(20, 29)
    assert numbers(stage.shown()) == list(range(30))


def test_changing_the_speed_changes_no_delay_and_loses_no_picture(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    with running(Stage({"film": 10, "match": 0})) as stage:
        stage.feed(0, 19)
        stage.render.orders.put(Order((("film", SetSpeed(Speed.SPORT)),)))
        stage.render.orders.put(Order((("match", SetSpeed(Speed.CINEMA)),)))
        stage.feed(20, 39)
        assert [view.delay_ns for view in stage.render.views] == [pts_of(39) - pts_of(29), 0]
    assert numbers(stage.shown("film")) == list(range(40))
    assert numbers(stage.shown("match")) == list(range(40))
    assert "shot match now moves as cinema" in caplog.text
    assert "shot film" not in caplog.text


def test_the_status_the_metrics_and_the_status_line_say_how_late_the_picture_is() -> None:
    clock = ManualClock()
    source = SyntheticSource(FRAME, frames=None, clock=clock)
    info = source.open()
    sink = MemorySink(depth=100)
    pipeline = Pipeline(
        source=source,
        info=info,
        open_watch=None,
        detect_hz=10.0,
        decider=Crew(FRAME, {"main": CINEMA}),
        shots={"main": (CANVAS, [sink])},
        report=lambda _: None,
        clock=clock.now_ns,
        look_ahead={"main": 10},
    )
    monitor = Monitor(pipeline, info, {"main": CANVAS}, "none", clock.now_ns)
    taken: list[Frame] = []
    pipeline.render.onlooker = taken.append
    pipeline.start()
    for count in range(1, 16):  # one that is left out would make the others later
        until(lambda count=count: len(taken) == count)
        clock.advance(0.0334)
    assert sink.wait_for_frames(5)
    status, stats = monitor.status(), monitor.stats()["shots"]["main"]
    pipeline.stop()
    assert pipeline.join() == []
    assert (status.shots[0].look_ahead, stats["look_ahead_frames"]) == (10, 10)
    assert status.shots[0].delay_ms == pytest.approx(333.3, abs=0.1)
    assert stats["delay_ms"] == pytest.approx(333.3, abs=0.1)
    assert (status.latency_p50_ms or 0) > 330
    assert "333 ms ahead" in format_status(status)


def test_cinema_looks_ten_frames_ahead_unless_told_otherwise() -> None:
    assert FramingOptions().look_ahead_frames == 0
    assert FramingOptions(speed=Speed.CINEMA).look_ahead_frames == 10
    assert FramingOptions(speed=Speed.CINEMA, look_ahead=0).look_ahead_frames == 0
    assert FramingOptions(speed=Speed.SPORT, look_ahead=3).look_ahead_frames == 3
    film = {"name": "film", "speed": "cinema", "sink": "none"}
    shots = [film, {"name": "match", "speed": "sport"}]
    settings = build_settings({"shots": shots}, {})
    assert [shot.look_ahead_frames for shot in settings.shots] == [10, 0]


def test_a_delay_line_gives_out_what_it_took_in_order_and_once() -> None:
    line: DelayLine[int] = DelayLine(2)
    assert [line.put(item) for item in range(4)] == [None, None, 0, 1]
    assert [line.take(), line.take(), line.take()] == [2, 3, None]
    with pytest.raises(ValueError, match="shorter than 0"):
        DelayLine(-1)


def test_lines_of_different_length_run_empty_together_at_their_own_pace() -> None:
    held: LookAhead[int] = LookAhead({"late": 3, "now": 0, "later": 5})
    for item in range(6):
        shown = held.put(item)
    assert shown == {"late": 2, "now": 5, "later": 0}
    assert held.held == 5
    rest = [held.advance() for _ in range(6)]
    assert [each.get("late") for each in rest] == [3, 4, 5, None, None, None]
    assert [each.get("later") for each in rest] == [1, 2, 3, 4, 5, None]
    assert not held
