"""The script for OBS and the daemon as a program: found, started, steered, ended."""

from __future__ import annotations

import gc
import json
import os
import signal
import stat
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from livetrack_vcam.web.token import token_path
from tests.obs_stub import Studio, running_studio
from tests.waiting import free_port, until

pytestmark = pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")
PROGRAM = Path(sys.executable).with_name("livetrack-vcam")
DEMO = "run --source demo --sink none --size 320x180 --detect-hz 5"


class Bench:
    """A panel whose daemon has a port of its own; whatever answers there ends with the test."""

    def __init__(self) -> None:
        self.port = free_port()
        self.pids: set[int] = set()

    def values(self, **more: Any) -> dict[str, Any]:
        return {"port": self.port, "executable": str(PROGRAM), "arguments": DEMO, **more}

    def status(self) -> dict[str, Any]:
        with suppress(OSError):
            address = f"http://127.0.0.1:{self.port}/api/status"
            with urllib.request.urlopen(address, timeout=5) as response:
                status: dict[str, Any] = json.load(response)
                self.pids.add(status["pid"])
                return status
        return {}

    def shot(self) -> dict[str, Any]:
        return dict(self.status()["shots"][0]["settings"])

    def pid(self) -> int:
        return int(until(lambda: self.status().get("pid")))

    def ended(self) -> bool:
        return not self.status() and not any(map(alive, self.pids))


def alive(pid: int) -> bool:
    """A process that nobody has waited for yet has ended all the same."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.status()
    for pid in bench.pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    until(bench.ended)
    gc.collect()  # so that Python speaks of processes left running here, where they may be


def test_the_panel_starts_steers_and_stops_the_daemon(bench: Bench) -> None:
    with running_studio(**bench.values()) as studio:
        studio.says("Daemon not running")
        studio.press("Start daemon")
        studio.says("LiveTrack")
        studio.set("speed", "sport")
        studio.set("headroom", 0.25)
        studio.hotkey("livetrack.aspect_1_1")
        wanted = {"speed": "sport", "headroom": 0.25, "aspect": "1:1"}
        until(lambda: wanted.items() <= bench.shot().items(), bench.shot)
        until(lambda: studio.refreshed() and studio.get("aspect") == "1:1")
        studio.press("Start daemon")
        studio.says("it is running already")
        studio.press("Stop daemon")
        studio.says("The daemon ended.")
        until(bench.ended)
        assert stat.S_IMODE(token_path().stat().st_mode) == 0o600
        assert token_path().with_name("obs-daemon.log").stat().st_size > 0


def test_the_daemon_s_refusal_is_shown_in_its_own_words(bench: Bench) -> None:
    with running_studio(**bench.values()) as studio:
        studio.press("Start daemon")
        studio.says("LiveTrack")
        studio.set("subject", "track:99")
        text = studio.says("Subject: ")
        assert "99" in text
        until(lambda: studio.refreshed() and studio.get("subject") == "auto")


@pytest.mark.parametrize("with_obs", [False, True])
def test_the_daemon_outlives_obs_unless_it_shall_not(bench: Bench, with_obs: bool) -> None:
    studio = Studio(bench.values(stop_with_obs=with_obs, autostart=True))
    studio.load()
    studio.open_panel()
    studio.says("fps")
    pid = bench.pid()
    studio.unload()
    if with_obs:
        until(bench.ended)
    else:
        assert bench.pid() == pid
        again = Studio(bench.values(autostart=True))
        again.load()
        again.open_panel()
        again.says("fps")
        assert bench.pid() == pid
        again.unload()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"arguments": "run --source /nowhere.mp4"}, "no file"),
        ({"arguments": "run --bogus"}, "--help"),
        ({"arguments": 'run --source "half'}, "quotation mark"),
        ({"executable": "/nowhere/livetrack-vcam"}, "/nowhere/livetrack-vcam is not there"),
        ({"executable": __file__}, "cannot be run"),
    ],
)
def test_why_it_does_not_start_is_said_in_the_panel(
    bench: Bench, values: dict[str, str], sentence: str
) -> None:
    with running_studio(**bench.values(**values)) as studio:
        studio.press("Start daemon")
        text = studio.says(sentence)
        assert "Traceback" not in text
        studio.says("Daemon not running")


def test_a_daemon_that_cannot_start_is_tried_twice_with_obs_and_no_more(bench: Bench) -> None:
    with running_studio(**bench.values(autostart=True, arguments="run --bogus")) as studio:

        def starts() -> int:
            studio.tick()
            return sum(text.startswith("Started") for _, text in studio.obs.log)

        until(lambda: starts() == 2)
        worker = studio.script.panel.worker
        until(lambda: not worker._program.runs)
        assert worker._starts_left == 0
        studio.says("--help")
        assert starts() == 2


def test_a_daemon_that_does_not_end_is_terminated(bench: Bench, tmp_path: Path) -> None:
    deaf = tmp_path / "deaf"
    deaf.write_text(f"#!{sys.executable}\nimport time\nprint('here', flush=True)\ntime.sleep(99)\n")
    deaf.chmod(0o755)
    with running_studio(**bench.values(executable=str(deaf))) as studio:
        studio.press("Start daemon")
        program = studio.script.panel.worker._program
        until(lambda: program.runs)
        bench.pids.add(program._process.pid)
        studio.says("Starting the daemon")
        studio.press("Stop daemon")
        studio.says("The daemon ended.")
        until(bench.ended)


@pytest.mark.parametrize(
    ("arguments", "port", "words"),
    [
        ("run", 8787, ["run"]),
        ("", 8787, []),
        ("", 9000, ["run", "--port", "9000"]),
        ("run --source '/a b.mp4'", 9000, ["run", "--source", "/a b.mp4", "--port", "9000"]),
        ("run --port=1234", 9000, ["run", "--port=1234"]),
    ],
)
def test_the_daemon_is_started_on_the_panel_s_port(
    bench: Bench, arguments: str, port: int, words: list[str]
) -> None:
    with running_studio(port=bench.port) as studio:
        assert studio.script.start_words(arguments, port) == words


def test_the_program_is_found_on_the_path_and_beside_the_script(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with running_studio(port=bench.port) as studio:
        script = studio.script
        monkeypatch.setattr(script, "__file__", str(tmp_path / "a" / "b" / "livetrack.py"))
        with pytest.raises(script.NoAnswer, match="set Program file"):
            script.find_program("")
        places = (tmp_path / "a/.venv/bin", tmp_path / ".local/bin", tmp_path)
        for folder in reversed(places):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "livetrack-vcam").symlink_to(PROGRAM)
        for folder in (tmp_path, places[0], places[1]):
            assert script.find_program("") == str(folder / "livetrack-vcam")
            (folder / "livetrack-vcam").unlink()
