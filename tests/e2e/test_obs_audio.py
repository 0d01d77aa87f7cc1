"""The sound in a real OBS is delayed as the picture is, and gets its own offset back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from livetrack_vcam.obs.connection import Obs, ObsAddress, ObsError, ObsRefusal
from livetrack_vcam.obs.inputs import input_kinds
from livetrack_vcam.obs.sound import MOST_OFFSET_MS
from tests.e2e import obs_studio

pytestmark = [
    pytest.mark.obs,
    pytest.mark.skipif(
        bool(obs_studio.missing()),
        reason=f"not installed: {obs_studio.missing()}; `make system-packages` does it",
    ),
]
pytest.importorskip("obsws_python", reason="obsws-python is not installed; `make setup` does it")

FORMER = {"Mic/Aux": 120, "Music": 0}
RUN = ("run", "--source", "demo", "--sink", "none", "--no-web", "--speed", "cinema")


class Program:
    """`livetrack-vcam run`, told of OBS; what it says goes to a file."""

    def __init__(self, folder: Path, port: int, *args: str, password: str) -> None:
        self.log = folder / "livetrack.log"
        env = os.environ | {"LIVETRACK_OBS_PASSWORD": password, "XDG_DATA_HOME": str(folder)}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "livetrack_vcam", *RUN),
                    *("--obs-port", str(port), "--log-level", "debug", *args),
                ],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(30) in (0, 130), self.said()


def offset_ms(obs: Obs, name: str) -> int:
    answer = obs.request("GetInputAudioSyncOffset", inputName=name)
    return int(answer["inputAudioSyncOffset"])


def reached(goal: Callable[[], bool], seconds: float = 40.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if goal():
            return True
        time.sleep(0.25)
    return False


def test_the_sound_is_as_late_as_the_picture_while_we_run_and_as_it_was_afterwards(
    tmp_path: Path,
) -> None:
    port = obs_studio.free_port()
    obs_studio.prepare(tmp_path, port, FORMER)
    inputs = ("--obs-audio", "Mic/Aux", "--obs-audio", "Nobody")
    program = Program(tmp_path, port, *inputs, password=obs_studio.PASSWORD)
    try:
        # OBS starts after us: the program has to wait for it, and the picture must not.
        assert reached(lambda: "OBS does not answer" in program.said())
        with obs_studio.running(tmp_path, port):
            obs = Obs(ObsAddress(port=port, password=obs_studio.PASSWORD))
            assert reached(lambda: offset_ms(obs, "Mic/Aux") > 333), program.said()
            assert offset_ms(obs, "Mic/Aux") < 600
            assert offset_ms(obs, "Music") == 0
            assert reached(lambda: "OBS has no input 'Nobody'" in program.said())
            program.stop()
            assert offset_ms(obs, "Mic/Aux") == 120
            obs.close()
    finally:
        program.process.kill()
        program.process.wait()
    said = program.said()
    assert "it has 'Mic/Aux', 'Music'" in said
    assert obs_studio.PASSWORD not in said
    assert "Traceback" not in said


def test_what_obs_answers_becomes_one_kind_of_error_that_says_what_to_do(tmp_path: Path) -> None:
    port = obs_studio.free_port()
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
