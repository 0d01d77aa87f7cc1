"""The control API of a running program with two shots, and ctl, which speaks to it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from livetrack_vcam.errors import EXIT_OK, EXIT_USAGE, LiveTrackError, SettingsError
from livetrack_vcam.operating.client import Client
from livetrack_vcam.web.metrics import HELP
from livetrack_vcam.web.openapi import document
from tests.json_schema import complaints
from tests.waiting import free_port, until

CONFIG = """
source = "demo"
sink = ["mjpeg"]

[[shots]]
name = "main"

[[shots]]
name = "tall"
aspect = "9:16"
"""


class Daemon:
    """The program, its port and its user's folders."""

    def __init__(self, home: Path, port: int) -> None:
        self.home = home
        self.port = port
        names = ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
        self.env = os.environ | dict.fromkeys(names, str(home))
        self.client = Client("127.0.0.1", port)

    def start(self, *args: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "livetrack_vcam", *args]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=self.env, text=True, stdout=pipe, stderr=pipe)

    def ctl(self, *words: str) -> subprocess.CompletedProcess[str]:
        process = self.start("ctl", "--port", str(self.port), *words)
        out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def sees_somebody(self) -> bool:
        with suppress(LiveTrackError):
            return bool(self.client.get("/api/status")["tracks"])
        return False

    def put(self, settings: Any) -> None:
        """Raises urllib's HTTPError."""
        token = (self.home / "livetrack-vcam" / "token").read_text().strip()
        request = urllib.request.Request(
            f"{self.client.root}/api/settings",
            json.dumps(settings).encode(),
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            method="PUT",
        )
        urllib.request.urlopen(request, timeout=10).close()


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """Running and looking at somebody; at the end it is told to quit, and does."""
    home = tmp_path_factory.mktemp("home")
    (home / "two.toml").write_text(CONFIG)
    daemon = Daemon(home, free_port())
    process = daemon.start("run", "--config", str(home / "two.toml"), "--port", str(daemon.port))
    try:
        until(lambda: process.poll() is not None or daemon.sees_somebody())
        assert process.poll() is None
        yield daemon
        asked = daemon.ctl("quit")
        assert asked.returncode == EXIT_OK, asked.stderr
        _, log = process.communicate(timeout=60)
        assert process.returncode == EXIT_OK, log
        assert f"/control (livetrack-vcam ctl open --port {daemon.port})" in log
        assert "code=" not in log
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("path", "name"),
    [("/api/status", "Status"), ("/api/settings", "Settings"), ("/api/devices", "Devices")],
)
def test_the_real_answers_are_what_the_document_says(daemon: Daemon, path: str, name: str) -> None:
    answer = daemon.client.get(path)
    assert answer
    assert not list(complaints(answer, document()["components"]["schemas"][name], document()))


def test_events_tell_the_same_status(daemon: Daemon) -> None:
    schema = document()["components"]["schemas"]["Status"]
    events = daemon.client.events(15)
    for _ in range(3):
        assert not list(complaints(next(events), schema, document()))
    events.close()


ELSEWHERE = "room_"


def test_every_number_is_explained_and_no_other(daemon: Daemon) -> None:
    families: list[str] = []
    # This program has no room; test_web_metrics has one.
    here = [name for name in HELP if not name.startswith(ELSEWHERE)]
    for _ in range(100):  # what was never measured yet is no number
        with urllib.request.urlopen(f"{daemon.client.root}/metrics", timeout=10) as response:
            text = response.read().decode()
        families = re.findall(r"^# TYPE livetrack_(\w+)", text, re.MULTILINE)
        if len(families) >= len(here):
            break
        time.sleep(0.1)
    assert sorted(families) == sorted(here)


def test_settings_change_all_or_none(daemon: Daemon) -> None:
    before = daemon.client.get("/api/settings")
    for wrong in ({"tall": {"speed": "warp"}}, {"roof": {"speed": "calm"}}, {"tall": {"size": 1}}):
        with pytest.raises(urllib.error.HTTPError, match="400"):
            daemon.put({"shots": {"main": {"speed": "cinema"}, **wrong}})
    assert daemon.client.get("/api/settings") == before
    daemon.put({"shots": {"main": {"speed": "calm"}, "tall": {"max_zoom": 3, "cuts": True}}})
    shots = daemon.client.get("/api/settings")["shots"]
    assert shots["main"] == before["shots"]["main"] | {"speed": "calm"}
    assert shots["tall"] == before["shots"]["tall"] | {"max_zoom": 3.0, "cuts": True}


def test_ctl_directs_one_shot_or_both(daemon: Daemon) -> None:
    for words in (("--target", "tall", "set", "speed=sport", "headroom=0.2"), ("fill", "blur")):
        assert daemon.ctl(*words).returncode == EXIT_OK
    shots = json.loads(daemon.ctl("settings").stdout)["shots"]
    assert [shot["fill"] for shot in shots.values()] == ["blur", "blur"]
    assert (shots["tall"]["speed"], shots["tall"]["headroom"]) == ("sport", 0.2)
    assert shots["main"]["speed"] != "sport"


def test_ctl_says_what_the_director_refuses(daemon: Daemon) -> None:
    for words, sentence in (
        (("lock", "987"), "987"),
        (("preset", "load", "Nobody's"), "Nobody's"),
        (("--target", "roof", "next"), "there is: main, tall"),
    ):
        refused = daemon.ctl(*words)
        assert refused.returncode == EXIT_USAGE
        assert sentence in refused.stderr
        assert refused.stderr.count("\n") == 1


def test_ctl_keeps_presets_and_gives_them_to_scenes(daemon: Daemon) -> None:
    daemon.put({"shots": {"main": {"speed": "fast"}}})
    assert daemon.ctl("preset", "save", "Sprint 🏃").returncode == EXIT_OK
    daemon.put({"shots": {"main": {"speed": "calm"}}})
    for words in (("scene", "Live", "Sprint 🏃"), ("preset", "load", "Sprint 🏃")):
        done = daemon.ctl(*words)
        assert done.returncode == EXIT_OK, done.stderr
    kept = json.loads(daemon.ctl("preset", "list").stdout)
    assert kept == {"presets": ["Sprint 🏃"], "scenes": {"Live": "Sprint 🏃"}}
    assert daemon.client.get("/api/settings")["shots"]["main"]["speed"] == "fast"
    assert daemon.ctl("scene", "Live", "--none").returncode == EXIT_OK
    assert daemon.client.get("/api/status")["scenes"] == {}


def test_the_link_of_ctl_open_leads_to_the_page(daemon: Daemon) -> None:
    link = daemon.ctl("open", "--print").stdout.strip()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with opener.open(link, timeout=10) as response:
        assert response.url == f"{daemon.client.root}/control"
        assert b"<title>" in response.read()
    with opener.open(f"{daemon.client.root}/api/session", timeout=10) as response:
        assert json.load(response) == {"operator": True}
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(link, timeout=10)


def test_a_command_without_this_users_token_is_refused(
    daemon: Daemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    with pytest.raises(LiveTrackError, match="no control token"):
        daemon.client.post("/api/command", {"command": "next"})
    (tmp_path / "livetrack-vcam").mkdir()
    (tmp_path / "livetrack-vcam" / "token").write_text("f" * 43)
    with pytest.raises(LiveTrackError, match="another user started it") as refused:
        daemon.client.post("/api/command", {"command": "next"})
    assert not isinstance(refused.value, SettingsError)


def test_whoever_follows_what_nobody_looks_for_is_told_so(daemon: Daemon) -> None:
    def hinted() -> list[Any]:
        hints = daemon.client.get("/api/status")["hints"]
        return [hint["shot"] for hint in hints if hint["code"] == "not_sought"]

    dog = daemon.ctl("--target", "tall", "subject", "label:dog")
    assert dog.returncode == EXIT_OK, dog.stderr
    assert hinted() == ["tall"]
    auto = daemon.ctl("subject", "auto")
    assert auto.returncode == EXIT_OK, auto.stderr
    until(lambda: not hinted())
