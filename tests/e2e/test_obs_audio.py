"""The sound in a real OBS is delayed as the picture is, and gets its own offset back."""

from __future__ import annotations

from pathlib import Path

import pytest

from livetrack_vcam.obs.connection import Obs, ObsAddress, ObsError, ObsRefusal
from livetrack_vcam.obs.inputs import input_kinds
from livetrack_vcam.obs.sound import MOST_OFFSET_MS
from tests.e2e import obs_studio
from tests.e2e.obs_follower import Program
from tests.waiting import free_port, until

pytestmark = obs_studio.needs(obs_studio.missing())
pytest.importorskip("obsws_python", reason="obsws-python is not installed; `make setup` does it")

FORMER = {"Mic/Aux": 120, "Music": 0}
RUN = ("run", "--source", "demo", "--sink", "none", "--no-web", "--speed", "cinema")


def offset_ms(obs: Obs, name: str) -> int:
    answer = obs.request("GetInputAudioSyncOffset", inputName=name)
    return int(answer["inputAudioSyncOffset"])


def test_the_sound_is_as_late_as_the_picture_while_we_run_and_as_it_was_afterwards(
    tmp_path: Path,
) -> None:
    port = free_port()
    obs_studio.prepare(tmp_path, port, FORMER)
    inputs = ("--obs-audio", "Mic/Aux", "--obs-audio", "Nobody")
    password = {"LIVETRACK_OBS_PASSWORD": obs_studio.PASSWORD}
    program = Program(tmp_path, *RUN, "--obs-port", str(port), *inputs, **password)
    try:
        # OBS starts after us: the program has to wait for it, and the picture must not.
        until(lambda: "OBS does not answer" in program.said())
        with obs_studio.running(tmp_path, port):
            obs = Obs(ObsAddress(port=port, password=obs_studio.PASSWORD))
            until(lambda: offset_ms(obs, "Mic/Aux") > 333, program.said)
            assert offset_ms(obs, "Mic/Aux") < 600
            assert offset_ms(obs, "Music") == 0
            until(lambda: "OBS has no input 'Nobody'" in program.said())
            program.stop()
            assert offset_ms(obs, "Mic/Aux") == 120
            obs.close()
    finally:
        program.kill()
    said = program.said()
    assert "it has 'Mic/Aux', 'Music'" in said
    assert obs_studio.PASSWORD not in said
    assert "Traceback" not in said


def test_what_obs_answers_becomes_one_kind_of_error_that_says_what_to_do(tmp_path: Path) -> None:
    port = free_port()
    obs_studio.prepare(tmp_path, port, FORMER)
    with pytest.raises(ObsError, match=r"does not answer at 127.0.0.1.*Enable WebSocket server"):
        Obs(ObsAddress(port=port))
    with obs_studio.running(tmp_path, port):
        with pytest.raises(ObsError, match="wants a password; set LIVETRACK_OBS_PASSWORD"):
            Obs(ObsAddress(port=port))
        with pytest.raises(ObsError) as refused:
            Obs(ObsAddress(port=port, password="guessed"))
        assert "another password" in str(refused.value)
        assert "guessed" not in str(refused.value)
        obs = Obs(ObsAddress(port=port, password=obs_studio.PASSWORD))
        assert sorted(input_kinds(obs)) == sorted(FORMER)
        assert {name: offset_ms(obs, name) for name in FORMER} == FORMER
        with pytest.raises(ObsRefusal, match="GetInputAudioSyncOffset"):
            offset_ms(obs, "Nobody")
        obs.request(
            "SetInputAudioSyncOffset", inputName="Music", inputAudioSyncOffset=MOST_OFFSET_MS
        )
        assert offset_ms(obs, "Music") == MOST_OFFSET_MS
    with pytest.raises(ObsError, match="went away"):
        offset_ms(obs, "Music")
    obs.close()
