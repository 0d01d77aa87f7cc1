"""Following OBS: who is looked for, which preset counts, and what happens when somebody is gone."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest

from livetrack_vcam.control import ObsStatus
from livetrack_vcam.errors import LiveTrackError, SettingsError
from livetrack_vcam.obs import program, watch
from livetrack_vcam.obs.connection import (
    ObsError,
    ObsEvent,
    ObsLockedError,
    ObsRefusal,
    Requests,
)
from livetrack_vcam.obs.inputs import Ours
from livetrack_vcam.obs.operator import LEASE_S, OperatorHere, OperatorThere
from livetrack_vcam.obs.program import DEBOUNCE_S, PauseOffProgram, PresetOfScene, Standby
from livetrack_vcam.obs.watch import Duty, ObsWatch
from tests.obs_in_memory import InMemoryObs, Input

NAME = "LiveTrack Camera"
OURS = Ours(frozenset({NAME}), 8787)


class Recorder:
    """An operator that remembers what it was told; `gone` is one that is not there."""

    def __init__(self, scenes: Mapping[str, str] | None = None) -> None:
        self.told: list[dict[str, Any]] = []
        self.assigned = dict(scenes or {})
        self.run = 1
        self.gone = False

    def identity(self) -> object:
        self._be_there()
        return self.run

    def scenes(self) -> Mapping[str, str]:
        self._be_there()
        return self.assigned

    def command(self, body: Mapping[str, Any]) -> None:
        self._be_there()
        if body.get("preset") == "deleted":
            raise SettingsError("there is no preset 'deleted'")
        self.told.append(dict(body))

    def standbys(self) -> list[bool]:
        return [each["on"] for each in self.told if each["command"] == "standby"]

    def _be_there(self) -> None:
        if self.gone:
            raise LiveTrackError("nothing answers at http://127.0.0.1:8787")


class Seconds:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def studio() -> InMemoryObs:
    obs = InMemoryObs({NAME: Input("ffmpeg_source")}, {"Main": [], "Talk": [], "BRB": []})
    for scene in ("Main", "Talk"):
        obs.request("CreateSceneItem", sceneName=scene, sourceName=NAME, sceneItemEnabled=True)
    return obs


def eventually(goal: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not goal() and time.monotonic() < deadline:
        time.sleep(0.005)
    return goal()


@contextmanager
def running(following: ObsWatch) -> Iterator[None]:
    thread = Thread(target=following.run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        following.stop()
        thread.join(10)
    assert not thread.is_alive()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for pause in ("LOOK_S", "LISTEN_S", "FIRST_PAUSE_S", "LONGEST_PAUSE_S"):
        monkeypatch.setattr(watch, pause, 0.01)


def test_off_program_counts_after_a_while_and_on_program_at_once() -> None:
    standby = Standby()
    assert not standby.decide(True, 0.0)
    assert not standby.decide(False, 1.0)
    assert not standby.decide(False, 1.0 + DEBOUNCE_S - 0.01)
    assert standby.decide(False, 1.0 + DEBOUNCE_S)
    assert not standby.decide(True, 3.0)


def test_scenes_that_flicker_never_stop_the_search() -> None:
    standby = Standby()
    assert not any(standby.decide(step % 3 == 0, step * DEBOUNCE_S / 2) for step in range(60))


def test_not_known_means_looked_for() -> None:
    standby = Standby()
    assert not any(standby.decide(None, second) for second in range(10))


def test_nobody_is_looked_for_while_another_scene_is_on_program() -> None:
    obs, told, clock = studio(), Recorder(), Seconds()
    duty = PauseOffProgram(told, OURS, clock)
    duty.look(obs)
    assert told.standbys() == [False]
    obs.switch("BRB")
    for _ in range(4):
        duty.look(obs)
        clock.now_s += DEBOUNCE_S / 2
    assert told.standbys() == [False, True]
    assert duty.tell(ObsStatus()).on_program is False
    obs.switch("Talk")
    duty.look(obs)
    assert told.standbys() == [False, True, False]


@pytest.mark.parametrize("end", ["lost", "removed"])
def test_people_are_looked_for_again_when_obs_or_our_input_is_gone(end: str) -> None:
    obs, told, clock = studio(), Recorder(), Seconds()
    duty = PauseOffProgram(told, OURS, clock)
    obs.switch("BRB")
    duty.look(obs)
    clock.now_s += DEBOUNCE_S
    duty.look(obs)
    assert told.standbys()[-1] is True
    if end == "lost":
        duty.lost()
    else:
        obs.request("RemoveInput", inputName=NAME)
        duty.look(obs)
    assert told.standbys()[-1] is False
    assert duty.tell(ObsStatus()).on_program is None


def test_an_input_that_comes_later_is_found_by_its_event_or_after_a_while() -> None:
    obs, told, clock = studio(), Recorder(), Seconds()
    obs.request("RemoveInput", inputName=NAME)
    duty = PauseOffProgram(told, OURS, clock)
    duty.look(obs)
    stream = Input("ffmpeg_source", {"input": "http://127.0.0.1:8787/stream.mjpg"})
    obs.inputs["Presenter"] = stream
    duty.look(obs)
    assert duty.tell(ObsStatus()).on_program is None
    assert duty.hear(ObsEvent("InputCreated", {"inputName": "Presenter"}))
    duty.look(obs)
    assert duty.tell(ObsStatus()).on_program is False
    obs.inputs.clear()
    obs.inputs[NAME] = Input("v4l2_input")
    clock.now_s += 60
    duty.look(obs)
    assert duty.tell(ObsStatus()).on_program is False


def test_a_program_that_was_started_anew_is_told_again() -> None:
    obs, told, clock = studio(), Recorder({"Main": "desk"}), Seconds()
    duties = PauseOffProgram(told, OURS, clock), PresetOfScene(told)
    for run in (1, 2):
        told.run = run
        for duty in duties:
            duty.look(obs)
            duty.look(obs)
    assert told.told == 2 * [
        {"command": "standby", "on": False},
        {"command": "load_preset", "preset": "desk"},
    ]


def test_a_program_that_is_not_there_is_said_once_and_told_when_it_is_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    obs, told = studio(), Recorder({"Main": "desk"})
    told.gone = True
    duty = PresetOfScene(told)
    duty.look(obs)
    duty.look(obs)
    assert [record.getMessage() for record in caplog.records] == [
        "nothing answers at http://127.0.0.1:8787"
    ]
    told.gone = False
    duty.look(obs)
    assert told.told == [{"command": "load_preset", "preset": "desk"}]


def test_a_scene_brings_its_preset_and_one_without_brings_none() -> None:
    obs, told = studio(), Recorder({"Talk": "close", "BRB": "deleted"})
    duty = PresetOfScene(told)
    for scene in ("Main", "Talk", "Talk", "BRB", "BRB", "Main", "Talk"):
        obs.switch(scene)
        duty.look(obs)
    assert [each["preset"] for each in told.told] == ["close", "close"]
    assert duty.tell(ObsStatus()).scene == "Talk"
    # OBS goes and comes back with the same scene: what was changed by hand meanwhile stays.
    duty.lost()
    duty.begin()
    duty.look(obs)
    assert len(told.told) == 2


@pytest.mark.parametrize("tell", [True, False])
def test_events_are_followed_and_without_them_obs_is_asked(
    tell: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if tell:
        monkeypatch.setattr(watch, "LOOK_S", 60.0)
    obs, told = studio(), Recorder({"Talk": "close"})
    following = ObsWatch(obs.connect, [PauseOffProgram(told, OURS), PresetOfScene(told)])
    with running(following):
        assert eventually(lambda: following.status == ObsStatus(True, True, "Main"))
        obs.switch("Talk", tell)
        assert eventually(lambda: following.status == ObsStatus(True, True, "Talk"))
    assert told.told[-1] == {"command": "load_preset", "preset": "close"}
    assert obs.closed == obs.connections == 1


def test_an_obs_that_goes_and_comes_back_is_followed_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    obs, told = studio(), Recorder()
    obs.away = True
    following = ObsWatch(obs.connect, [PauseOffProgram(told, OURS)])
    with running(following):
        for times in (1, 2, 3):
            assert eventually(lambda: "does not answer" in (following.status.error or ""))
            obs.away = False
            assert eventually(lambda: following.status.connected)
            assert obs.connections == times
            obs.away = True
            assert eventually(lambda: not following.status.connected)
        assert eventually(lambda: "does not answer" in (following.status.error or ""))
    assert obs.closed == obs.connections == 3
    said = [record.getMessage() for record in caplog.records]
    assert sum("does not answer" in sentence for sentence in said) == 4
    assert sum("went away" in sentence for sentence in said) == 3
    assert len(said) == 7


def test_people_are_looked_for_while_an_obs_that_showed_others_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(program, "DEBOUNCE_S", 0.0)
    obs, told = studio(), Recorder()
    obs.switch("BRB")
    with running(ObsWatch(obs.connect, [PauseOffProgram(told, OURS)])):
        assert eventually(lambda: told.standbys() == [True])
        obs.away = True
        assert eventually(lambda: told.standbys() == [True, False])
        obs.away = False
        assert eventually(lambda: told.standbys() == [True, False, True])


@pytest.mark.parametrize("error", [ObsRefusal("OBS refused it: not ready", 207), KeyError("new")])
def test_an_obs_that_answers_otherwise_than_known_ends_nothing(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    class Puzzled(Duty):
        def look(self, obs: Requests) -> None:
            raise error

    caplog.set_level(logging.WARNING)
    obs = studio()
    following = ObsWatch(obs.connect, [Puzzled()])
    with running(following):
        assert eventually(lambda: obs.connections > 3)
    assert obs.closed == obs.connections
    assert following.status.error
    assert len(caplog.records) == 1


def test_a_wrong_password_is_not_tried_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    attempts = []

    def connect() -> InMemoryObs:
        attempts.append(1)
        if len(attempts) == 1:
            raise ObsError("OBS does not answer")
        raise ObsLockedError("OBS wants another password")

    following = ObsWatch(connect, [])

    def wait(seconds: float) -> bool:
        pauses.append(seconds)
        return len(pauses) > 1 and not following.stop()

    monkeypatch.setattr(following._stopping, "wait", wait)
    following.run()
    assert pauses == [watch.FIRST_PAUSE_S, watch.LOCKED_PAUSE_S]
    assert "another password" in (following.status.error or "")


def test_this_process_is_told_everything_once_it_can_hear() -> None:
    obs, here, told = studio(), OperatorHere(), Recorder({"Main": "desk"})
    duties = PauseOffProgram(here, OURS), PresetOfScene(here)
    for _ in range(2):
        for duty in duties:
            duty.look(obs)
        here.give(told.command, told.scenes)
    for duty in duties:
        duty.look(obs)
    assert [each["command"] for each in told.told] == ["standby", "load_preset"]


class Calls:
    """A control API in memory."""

    def __init__(self) -> None:
        self.status: dict[str, Any] | None = {"pid": 7, "scenes": {"Main": "desk"}}
        self.asked = 0
        self.posted: list[Mapping[str, Any]] = []

    def get(self, path: str) -> Any:
        assert path == "/api/status"
        self.asked += 1
        if self.status is None:
            raise LiveTrackError("nothing answers")
        return self.status

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        self.posted.append(body)


def test_another_process_is_asked_now_and_then_and_known_by_its_number() -> None:
    calls, clock = Calls(), Seconds()
    there = OperatorThere(calls, clock)
    assert (there.identity(), there.scenes(), there.delay_ms()) == (7, {"Main": "desk"}, None)
    assert calls.asked == 1
    calls.status = None
    assert there.identity() == 7
    clock.now_s += 1
    for _ in range(2):
        with pytest.raises(LiveTrackError, match="nothing answers"):
            there.identity()
    assert there.delay_ms() is None
    assert calls.asked == 2
    calls.status = {"pid": 8}
    clock.now_s += 1
    assert (there.identity(), there.scenes()) == (8, {})


def test_another_process_rests_for_as_long_as_we_say_so_and_nobody_else_ends_it() -> None:
    calls, clock = Calls(), Seconds()
    there = OperatorThere(calls, clock)

    def look_on(standby: bool) -> None:
        calls.status = {"pid": 7, "standby": standby}
        for _ in range(120):
            there.identity()
            clock.now_s += 0.5

    there.command({"command": "standby", "on": True})
    look_on(True)
    said = len(calls.posted)
    assert said >= 10
    assert {each["for_s"] for each in calls.posted} == {LEASE_S}
    assert 60 / said < LEASE_S / 2
    look_on(False)  # somebody wants the picture to move all the same
    look_on(True)  # and then to rest
    assert len(calls.posted) == said
    there.command({"command": "standby", "on": True})
    there.command({"command": "standby", "on": False})
    look_on(True)
    assert calls.posted[said + 1 :] == [{"command": "standby", "on": False}]
