"""`livetrack-vcam obs` and `--obs-watch` against a real OBS."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from livetrack_vcam.obs.connection import Obs, ObsAddress
from livetrack_vcam.obs.watch import EVENTS
from tests.e2e import obs_studio
from tests.e2e.obs_follower import (
    Crowd,
    Program,
    livetrack,
    scene_of,
    started,
    talking_to,
)
from tests.waiting import free_port, until

pytestmark = obs_studio.needs(obs_studio.missing())
pytest.importorskip("obsws_python", reason="obsws-python is not installed; `make setup` does it")

NAME = "LiveTrack Camera"
DEMO = ("run", "--source", "demo", "--size", "320x180", "--port", "PORT")
QUIET = (*DEMO, "--sink", "none")


def test_the_input_is_made_once_mended_and_completed(tmp_path: Path) -> None:
    port = free_port()
    obs_studio.prepare(tmp_path, port, {"Mic/Aux": 0})
    with obs_studio.running(tmp_path, port), talking_to(port) as obs:
        first = livetrack(tmp_path, "obs", "setup")
        assert first.returncode == 0, first.stderr
        assert first.stdout.startswith(f"made the input {NAME!r}")
        item = next(each for each in scene_of(obs)["items"] if each["sourceName"] == NAME)
        shape = item["sceneItemTransform"]
        assert shape["boundsType"] == "OBS_BOUNDS_SCALE_INNER"
        assert (shape["boundsWidth"], shape["boundsHeight"]) == (640, 360)
        # The user turns it; that is to stay.
        obs.request(
            "SetSceneItemTransform",
            sceneName="Main",
            sceneItemId=item["sceneItemId"],
            sceneItemTransform={"rotation": 10.0, "boundsWidth": 300.0},
        )
        before = scene_of(obs)
        second = livetrack(tmp_path, "obs", "setup")
        assert second.stdout.startswith("nothing to change\n"), second.stdout
        assert "left to you" in second.stdout
        assert scene_of(obs) == before

        settings = {"input": "http://127.0.0.1:1/else", "buffering_mb": 2, "hw_decode": True}
        obs.request("SetInputSettings", inputName=NAME, inputSettings=settings, overlay=True)
        mended = json.loads(livetrack(tmp_path, "obs", "setup", "--json").stdout)
        assert mended["changed"]
        now = obs.request("GetInputSettings", inputName=NAME)["inputSettings"]
        assert now["input"] == "http://127.0.0.1:8787/stream.mjpg"
        assert (now["buffering_mb"], now["hw_decode"]) == (0, True)

        obs.request("CreateScene", sceneName="Talk")
        added = livetrack(tmp_path, "obs", "setup", "--scene", "Talk")
        assert "added the input" in added.stdout, added.stdout + added.stderr
        assert [each["sourceName"] for each in scene_of(obs, "Talk")["items"]] == [NAME]
        missing = livetrack(tmp_path, "obs", "setup", "--scene", "Nix")
        assert missing.returncode == 1
        assert "--scene: 'Main', 'Talk'" in missing.stderr


def test_obs_shows_the_picture_that_we_send(tmp_path: Path) -> None:
    port = free_port()
    obs_studio.prepare(tmp_path, port, {})
    chart = _still(tmp_path / "chart.avi")
    words = ("run", "--source", str(chart), "--size", "640x360", "--port", "PORT")
    words += ("--sink", "mjpeg")
    with obs_studio.running(tmp_path, port), started(tmp_path, *words) as program:
        ours = ("--port", str(program.port))
        assert livetrack(tmp_path, "obs", "status", *ours).returncode == 1
        unknown = livetrack(tmp_path, "obs", "setup", "--shot", "wide", *ours)
        assert "there is no shot 'wide'; there is: main" in unknown.stderr
        made = livetrack(tmp_path, "obs", "setup", *ours)
        assert "not sent there" not in made.stdout, made.stdout
        with talking_to(port) as obs:

            def shown() -> float:
                shot = obs.request(
                    "GetSourceScreenshot",
                    sourceName=NAME,
                    imageFormat="png",
                    imageWidth=320,
                    imageHeight=180,
                )["imageData"]
                return _difference(_decode(base64.b64decode(shot.partition(",")[2])), sent)

            with urllib.request.urlopen(program.url("/snapshot.jpg"), timeout=10) as response:
                sent = _decode(response.read())
            until(lambda: shown() < 6, lambda: f"they differ by {shown()}")
            sent = np.ascontiguousarray(sent[:, ::-1])
            assert shown() > 30, "another picture would have passed"
        status = livetrack(tmp_path, "obs", "status", "--json", *ours)
        assert status.returncode == 0, status.stdout + status.stderr
        report = json.loads(status.stdout)
        assert report["inputs"][0]["on_program"]
        assert report["inputs"][0]["width"] == 640
        assert report["hints"] == []


def test_a_daemon_beside_a_dying_obs_drops_nothing_and_finds_it_again(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    port = free_port()
    obs_studio.prepare(tmp_path, port, {"Mic/Aux": 120})
    found: list[float] = []
    threads: list[int] = []
    # Whatever else the machine is doing, it does to both.
    with (
        started(tmp_path, "--obs-port", str(port), kind=Crowd) as watching,
        started(tmp_path, name="control", kind=Crowd) as control,
    ):
        begin = watching.dropped(), control.dropped()
        for _ in range(5):
            with obs_studio.running(tmp_path, port) as studio:
                found.append(watching.reaches(lambda status: status["obs"]["connected"]))
                threads.append(watching.threads())
                os.kill(studio.process.pid, signal.SIGKILL)
                studio.process.wait()
            watching.reaches(lambda status: not status["obs"]["connected"])
        dropped = watching.dropped() - begin[0], control.dropped() - begin[1]
        frames = control.status()["sinks"][0]["frames"]
    record_property("seconds until OBS was found", found)
    record_property("dropped, with and without OBS", dropped)
    assert threads[-1] - threads[0] < 2, f"each OBS left a thread behind: {threads}"
    # A busy machine drops frames in both; waiting for OBS, 3 s at a time, would drop half of them.
    assert dropped[0] <= 1.5 * dropped[1] + 0.05 * frames
    assert "Traceback" not in watching.said()
    assert obs_studio.PASSWORD not in watching.said()


def test_nobody_is_looked_for_off_program_and_a_scene_brings_its_preset(tmp_path: Path) -> None:
    port = free_port()
    obs_studio.prepare(tmp_path, port, {})
    with (
        obs_studio.running(tmp_path, port) as studio,
        talking_to(port) as obs,
        started(tmp_path, *QUIET, "--obs-port", str(port), "--obs-watch") as program,
    ):
        _scenes_and_presets(tmp_path, obs, program)
        program.reaches(lambda status: status["obs"]["on_program"] is True)
        program.reaches(lambda status: not status["standby"] and status["detect_hz"] > 0)
        _switch(obs, "BRB")
        program.reaches(lambda status: status["standby"] and status["detect_hz"] == 0)
        assert program.status()["obs"]["on_program"] is False
        _switch(obs, "Talk")
        program.reaches(lambda status: not status["standby"] and status["detect_hz"] > 0)
        program.reaches(lambda status: status["shots"][0]["shot"] == "face")
        _switch(obs, "Main")
        program.reaches(lambda status: status["obs"]["scene"] == "Main")
        assert program.status()["shots"][0]["shot"] == "face"
        _switch(obs, "BRB")
        program.reaches(lambda status: status["standby"])
        studio.process.kill()
        program.reaches(lambda status: not status["standby"] and not status["obs"]["connected"])


def test_obs_tells_unasked_what_is_on_program_on_the_connection_that_asks(tmp_path: Path) -> None:
    port = free_port()
    obs_studio.prepare(tmp_path, port, {"Mic/Aux": 120})
    with obs_studio.running(tmp_path, port):
        obs = Obs(ObsAddress(port=port, password=obs_studio.PASSWORD), EVENTS, timeout_s=10)
        assert livetrack(tmp_path, "obs", "setup").returncode == 0
        obs.request("CreateScene", sceneName="BRB")
        _switch(obs, "BRB")
        for _ in range(20):
            obs.request("GetVersion")
        heard = []
        while event := obs.next_event(2):
            heard.append((event.name, event.data.get("inputName"), event.data.get("videoActive")))
        obs.close()
    assert ("InputActiveStateChanged", NAME, True) in heard
    assert ("InputActiveStateChanged", NAME, False) in heard
    assert ("CurrentProgramSceneChanged", None, None) in heard


def test_a_watch_of_its_own_does_the_same_and_leaves_nobody_unseen(tmp_path: Path) -> None:
    port = free_port()
    obs_studio.prepare(tmp_path, port, {"Mic/Aux": 120})
    with (
        obs_studio.running(tmp_path, port),
        talking_to(port) as obs,
        started(tmp_path, *QUIET, "--speed", "cinema") as program,
    ):
        _scenes_and_presets(tmp_path, obs, program)
        words = ("obs", "watch", "--port", str(program.port), "--obs-audio", "Mic/Aux")
        watch = Program(tmp_path, *words, name="watch")
        try:
            until(lambda: _offset(obs) > 200, watch.said)
            _switch(obs, "BRB")
            program.reaches(lambda status: status["standby"])
            watch.stop()
            assert not program.status()["standby"]
            assert _offset(obs) == 120
        finally:
            watch.kill()
        assert obs_studio.PASSWORD not in watch.said()
        assert "Traceback" not in watch.said()


def test_an_offset_that_a_killed_run_left_behind_is_put_right_by_the_next(tmp_path: Path) -> None:
    port = free_port()
    obs_studio.prepare(tmp_path, port, {"Mic/Aux": 120})
    words = (*QUIET, "--speed", "cinema", "--obs-port", str(port))
    with obs_studio.running(tmp_path, port), talking_to(port) as obs:
        killed = Program(tmp_path, *words, "--obs-audio", "Mic/Aux", name="killed")
        try:
            until(lambda: _offset(obs) > 200, killed.said)
        finally:
            killed.kill()
        assert _offset(obs) > 200
        with started(tmp_path, *words, "--obs-watch", name="heir") as heir:
            until(lambda: _offset(obs) == 120, heir.said)


def test_the_password_is_shown_nowhere_and_a_wrong_one_is_refused(tmp_path: Path) -> None:
    port = free_port()
    obs_studio.prepare(tmp_path, port, {})
    file = tmp_path / "secret"
    file.write_text("guessed-wrong", encoding="utf-8")
    wrong = ("obs", "status", "--obs-password-file", str(file))
    with obs_studio.running(tmp_path, port):
        answers = [livetrack(tmp_path, "obs", word) for word in ("setup", "status")]
        assert answers[0].returncode == 0, answers[0].stderr
        refused = livetrack(tmp_path, *wrong)
        assert refused.returncode == 1
        assert "wants another password" in refused.stderr
        listed = json.loads(livetrack(tmp_path, *wrong, "--json").stdout)
        assert listed["connected"] is False
        nowhere = livetrack(tmp_path / "nowhere", "obs", "status", "--obs-port", str(port))
        assert "wants a password; set LIVETRACK_OBS_PASSWORD" in nowhere.stderr
        with started(tmp_path, *QUIET, "--obs-watch", "--json-logs") as program:
            program.reaches(lambda status: status["obs"]["connected"])
            process = Path(f"/proc/{program.process.pid}")
            known = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            page = urllib.request.urlopen(program.url("/api/settings"), timeout=5).read()
            seen = [known.decode(), page.decode(), json.dumps(program.status()), program.said()]
    for answer in (*answers, refused, nowhere):
        seen += [answer.stdout, answer.stderr]
    for text in seen:
        assert obs_studio.PASSWORD not in text
        assert "guessed-wrong" not in text
        assert "Traceback" not in text


def test_an_obs_elsewhere_is_not_given_our_files_and_is_told_where_we_are(tmp_path: Path) -> None:
    port = free_port()
    obs_studio.prepare(tmp_path, port, {})
    file = tmp_path / "secret"
    file.write_text(obs_studio.PASSWORD, encoding="utf-8")
    elsewhere = ("obs", "setup", "--obs-host", "127.0.0.2", "--obs-port", str(port), "--json")
    with obs_studio.running(tmp_path, port):
        assert "wants a password" in livetrack(tmp_path, *elsewhere).stderr
        answer = livetrack(tmp_path, *elsewhere, "--obs-password-file", str(file))
    outcome = json.loads(answer.stdout)
    assert "on http://127.0.0.1:8787/stream.mjpg" in outcome["did"][0]
    assert any("--host 0.0.0.0" in note for note in outcome["notes"])


def test_a_server_that_is_switched_off_in_obs_is_said_to_be(tmp_path: Path) -> None:
    obs_studio.prepare(tmp_path, free_port(), {})
    ini = tmp_path / ".config" / "obs-studio" / "global.ini"
    text = ini.read_text(encoding="utf-8")
    ini.write_text(text.replace("ServerEnabled=true", "ServerEnabled=false"), encoding="utf-8")
    answer = livetrack(tmp_path, "obs", "setup")
    assert answer.returncode == 1
    assert "switched off" in answer.stderr
    assert "tick Tools > WebSocket Server Settings > Enable WebSocket server" in answer.stderr


def test_the_password_is_asked_for_on_a_terminal(tmp_path: Path) -> None:
    port = free_port()
    obs_studio.prepare(tmp_path, port, {})
    pty = pytest.importorskip("pty", reason="a terminal of this kind is Unix's")
    with obs_studio.running(tmp_path, port):
        elsewhere = tmp_path / "elsewhere"
        reading, writing = pty.openpty()
        process = subprocess.Popen(
            [*(sys.executable, "-m", "livetrack_vcam", "obs", "status"), "--obs-port", str(port)],
            env={**os.environ, "HOME": str(elsewhere), "XDG_CONFIG_HOME": str(elsewhere)},
            stdin=writing,
            stdout=writing,
            stderr=writing,
            start_new_session=True,
        )
        os.close(writing)
        said = b""
        while b"Password" not in said:
            said += os.read(reading, 1000)
        os.write(reading, obs_studio.PASSWORD.encode() + b"\n")
        with contextlib.suppress(OSError):  # what Linux says at the end of such a terminal
            while part := os.read(reading, 1000):
                said += part
        os.close(reading)
        process.wait(30)
    assert b"OBS 29" in said
    assert obs_studio.PASSWORD.encode() not in said


def _offset(obs: Obs) -> int:
    answer = obs.request("GetInputAudioSyncOffset", inputName="Mic/Aux")
    return int(answer["inputAudioSyncOffset"])


def _switch(obs: Obs, scene: str) -> None:
    obs.request("SetCurrentProgramScene", sceneName=scene)


def _scenes_and_presets(home: Path, obs: Obs, program: Program) -> None:
    """Our input in Main and Talk, not in BRB; Talk brings the preset "close"."""
    for scene in ("Talk", "BRB"):
        obs.request("CreateScene", sceneName=scene)
    for scene in ("Main", "Talk"):
        words = ("obs", "setup", "--mjpeg", "--scene", scene, "--port", str(program.port))
        assert livetrack(home, *words).returncode == 0
    close = {"command": "save_preset", "preset": "close"}
    for body in (
        {"command": "set_shot", "shot": "face"},
        close,
        {"command": "set_shot", "shot": "full"},
        {"command": "assign_scene", "scene": "Talk", "preset": "close"},
    ):
        token = (home / ".local/share/livetrack-vcam/token").read_text().strip()
        request = urllib.request.Request(
            program.url("/api/command"),
            data=json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            assert response.status == 200


def _still(path: Path) -> Path:
    """Two minutes of one picture that is unlike its mirror image."""
    chart = np.full((360, 640, 3), 40, np.uint8)
    chart[:180, :320] = (200, 60, 30)
    chart[180:, :320] = (30, 200, 220)
    chart[60:300, 480:600] = (240, 240, 240)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 5, (640, 360))
    for _ in range(600):
        writer.write(chart)
    writer.release()
    return path


def _decode(data: bytes) -> NDArray[np.uint8]:
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return cv2.resize(picture, (320, 180), interpolation=cv2.INTER_AREA).astype(np.uint8)


def _difference(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """The mean absolute difference of their samples, of 255."""
    return float(np.abs(one.astype(np.int16) - other.astype(np.int16)).mean())
