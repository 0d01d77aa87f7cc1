"""The sound in OBS follows the picture's delay: through losses of OBS, and back at the end."""

from __future__ import annotations

import logging
from fractions import Fraction

import pytest

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.live.outlet import Outlet
from livetrack_vcam.obs.connection import ObsEvent
from livetrack_vcam.obs.sound import Settled, SoundDelay, picture_delay_ms, told_delay_ms
from livetrack_vcam.testing import MemorySink
from tests.obs_in_memory import InMemoryObs, Input

CANVAS = Canvas(Size(90, 160), Fraction(30))


def desk(**offsets: int) -> InMemoryObs:
    return InMemoryObs({name: Input("pulse_input", {}, ms) for name, ms in offsets.items()})


def offsets_of(obs: InMemoryObs) -> dict[str, int | None]:
    return {name: each.offset_ms for name, each in obs.inputs.items()}


def test_the_offset_follows_the_delay_and_the_former_one_comes_back() -> None:
    obs, delay = desk(Mic=120, Music=0), [355.0]
    sound = SoundDelay(["Mic"], lambda: delay[0])
    sound.begin()
    sound.look(obs)
    assert offsets_of(obs) == {"Mic": 355, "Music": 0}
    delay[0] = 402.4
    sound.look(obs)
    assert offsets_of(obs)["Mic"] == 402
    sound.end(obs)
    assert offsets_of(obs) == {"Mic": 120, "Music": 0}


@pytest.mark.parametrize("delay_ms", [None, 356.0])
def test_nothing_is_set_while_the_delay_is_not_known_or_for_a_change_nobody_hears(
    delay_ms: float | None,
) -> None:
    obs, delay = desk(Mic=120), [350.0 if delay_ms else None]
    sound = SoundDelay(["Mic"], lambda: delay[0])
    sound.look(obs)
    before, obs.asked = offsets_of(obs), []
    delay[0] = delay_ms
    sound.look(obs)
    assert offsets_of(obs) == before
    assert obs.changes == []


def test_a_delay_counts_once_it_has_settled() -> None:
    now_s, delay = [0.0], [None, 900.0, 600.0, 390.0, 362.0, 360.0, 361.0, 359.0, 40.0, 42.0]
    settled = Settled(lambda: delay[int(now_s[0])], lambda: now_s[0])
    told = []
    for second in range(len(delay)):
        now_s[0] = float(second)
        told.append(settled())
    assert told == [None] * 7 + [359.0, None, None]


def test_a_delay_that_obs_does_not_take_is_brought_into_its_range() -> None:
    obs = desk(Mic=120)
    SoundDelay(["Mic"], lambda: 99_999.0).look(obs)
    assert offsets_of(obs)["Mic"] == 20_000


def test_who_turns_the_offset_by_hand_is_obeyed_until_the_delay_changes() -> None:
    obs, delay = desk(Mic=120), [350.0]
    sound = SoundDelay(["Mic"], lambda: delay[0])
    sound.look(obs)
    obs.inputs["Mic"].offset_ms = 200
    sound.look(obs)
    assert offsets_of(obs)["Mic"] == 200
    delay[0] = 400.0
    sound.look(obs)
    assert offsets_of(obs)["Mic"] == 400
    sound.end(obs)
    assert offsets_of(obs)["Mic"] == 200


def test_a_run_that_was_killed_is_put_right_by_the_next_one() -> None:
    obs = desk(Mic=120, Music=30)
    SoundDelay(["Mic", "Music"], lambda: 350.0).look(obs)
    # Killed here: `end` never came. The next run delays one of the two, and then neither.
    heir = SoundDelay(["Mic"], lambda: 500.0)
    heir.look(obs)
    assert offsets_of(obs) == {"Mic": 500, "Music": 30}
    SoundDelay([], lambda: None).look(obs)
    assert offsets_of(obs) == {"Mic": 120, "Music": 30}
    assert list(obs.persistent.values()) == [{}]


def test_an_offset_that_was_turned_since_we_were_killed_is_the_users() -> None:
    obs = desk(Mic=120)
    SoundDelay(["Mic"], lambda: 350.0).look(obs)
    obs.inputs["Mic"].offset_ms = 77
    heir = SoundDelay(["Mic"], lambda: 350.0)
    heir.look(obs)
    assert offsets_of(obs)["Mic"] == 350
    heir.end(obs)
    assert offsets_of(obs)["Mic"] == 77


def test_an_obs_that_forgot_our_offset_when_it_was_killed_is_set_again() -> None:
    obs = desk(Mic=120)
    sound = SoundDelay(["Mic"], lambda: 350.0)
    sound.look(obs)
    sound.lost()
    obs.inputs["Mic"].offset_ms = 120
    sound.begin()
    sound.look(obs)
    assert offsets_of(obs)["Mic"] == 350
    sound.end(obs)
    assert offsets_of(obs)["Mic"] == 120


def test_an_obs_that_ends_before_us_is_said_to_keep_the_delay(
    caplog: pytest.LogCaptureFixture,
) -> None:
    obs = desk(Mic=120)
    sound = SoundDelay(["Mic"], lambda: 350.0)
    sound.lost()
    assert caplog.text == ""
    sound.look(obs)
    sound.lost()
    assert "the sound of 'Mic' stays 350 ms late in OBS" in caplog.text


def test_each_scene_collection_gets_its_own_offsets_back() -> None:
    obs = desk(Mic=120)
    sound = SoundDelay(["Mic"], lambda: 350.0)
    sound.look(obs)
    first = obs.inputs
    obs.collection, obs.inputs = "Other", {"Mic": Input("pulse_input", {}, 40)}
    assert sound.hear(ObsEvent("CurrentSceneCollectionChanged", {}))
    sound.look(obs)
    assert offsets_of(obs)["Mic"] == 350
    sound.end(obs)
    assert offsets_of(obs)["Mic"] == 40
    obs.collection, obs.inputs = "Test", first
    SoundDelay([], lambda: None).look(obs)
    assert offsets_of(obs)["Mic"] == 120


@pytest.mark.parametrize("left", [[1, 2], {"Test": {"Mic": "x"}}, {"Test": 7}, "text"])
def test_a_slot_that_somebody_else_wrote_into_does_no_harm(left: object) -> None:
    obs = desk(Mic=120)
    obs.persistent["OBS_WEBSOCKET_DATA_REALM_GLOBAL/livetrack_offsets"] = left
    sound = SoundDelay(["Mic"], lambda: 350.0)
    sound.look(obs)
    sound.end(obs)
    assert offsets_of(obs)["Mic"] == 120


def test_what_is_missing_is_said_once_with_what_to_type(caplog: pytest.LogCaptureFixture) -> None:
    obs = desk(Music=0, Desktop=0)
    caplog.set_level(logging.WARNING)
    sound = SoundDelay(["Mic"], lambda: 350.0)
    sound.look(obs)
    sound.look(obs)
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 1
    assert "it has 'Desktop', 'Music': name one of them with --obs-audio" in said[0]


def test_the_delay_is_that_of_the_slowest_open_output_which_is_no_recording() -> None:
    def outlet(name: str, shot: str, late_ms: int, state: str = "open") -> Outlet:
        made = Outlet(shot, MemorySink(name), CANVAS, lambda _: None, lambda: 0)
        made.state = state
        made.flow.add(0, late_ms * 1_000_000)
        return made

    outlets = [
        outlet("vcam", "main", 345),
        outlet("mjpeg", "main", 350),
        outlet("file", "main", 900),
        outlet("room", "main", 800, "failed"),
        outlet("vcam", "tall", 20),
    ]
    assert picture_delay_ms(outlets, "main", 10**9) == 350
    assert picture_delay_ms(outlets, "tall", 10**9) == 20
    assert picture_delay_ms([], "main", 10**9) is None
    told = [
        {
            "shot": each.shot,
            "name": each.sink.name,
            "state": each.state,
            "latency_p50_ms": each.flow.snapshot(10**9).latency_p50_ms,
        }
        for each in outlets
    ]
    assert told_delay_ms({"shots": [{"name": "main"}], "sinks": told}) == 350
    assert told_delay_ms({"shots": [], "sinks": []}) is None
