"""All that a user of our OBS script sits at: OBS, its panel, its hotkeys, and the daemon."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import obsws_python

from tests.e2e import obs_studio
from tests.e2e.obs_goals import Commands, Goal, Json
from tests.e2e.obs_panel import Panel, Row, panel_of
from tests.waiting import free_port, until

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "obs_scripts" / "livetrack.py"
PROGRAM = Path(sys.executable).with_name("livetrack-vcam")
NEEDS = obs_studio.needs(obs_studio.missing_to_press())
"""The marks of every test that sits at such a desk."""

logging.getLogger("obsws_python").setLevel(logging.ERROR)  # it logs the password


class Daemon:
    """The program on `port`, as a user with that home starts it; three people walk before it."""

    def __init__(self, home: Path, port: int) -> None:
        self.home, self.port = home, port
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *shots: str) -> None:
        """`shots`: NAME=WIDTHxHEIGHT."""
        command = [sys.executable, "-m", "tests.e2e.crowd", "--port", str(self.port)]
        for shot in shots:
            command += ["--shot", shot]
        env = {key: value for key, value in os.environ.items() if not key.startswith("XDG_")}
        with (self.home / "daemon.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=env | {"HOME": str(self.home)}, stdout=log, stderr=log
            )
        until(lambda: self._ended() or self.status().get("tracks"), self.said)
        assert not self._ended(), self.said()

    def _ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def stop(self) -> None:
        """Also one that OBS has started."""
        pid = self.status().get("pid")
        if pid:
            os.kill(pid, signal.SIGINT)
        if self.process is not None:
            self.process.wait(20)
        until(lambda: not self.status(), self.said)

    def said(self) -> str:
        return (self.home / "daemon.log").read_text(encoding="utf-8")

    def status(self) -> Json:
        """What it says of itself, or nothing when it does not answer."""
        address = f"http://127.0.0.1:{self.port}/api/status"
        try:
            with urllib.request.urlopen(address, timeout=5) as response:
                status: Json = json.load(response)
        except OSError:
            return {}
        return status

    def command(self, command: str, **fields: Any) -> None:
        """One as another operator would give it: nothing of OBS takes part."""
        token = (self.home / ".local/share/livetrack-vcam/token").read_text().strip()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/command",
            data=json.dumps({"command": command} | fields).encode(),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            assert response.status == 200, response.read()

    def be_before(self, goal: Goal, first: Commands) -> None:
        """Bring it to where the goal is not reached yet."""
        for command, fields in first:
            self.command(command, **fields)
        self.reaches(lambda shot: not goal(shot))
        if ("pause", {}) in first:
            self._come_to_rest()

    def _come_to_rest(self) -> None:
        """A pause lets a move come to its end, which takes a moment."""
        crops = [self.shot()["crop"]]

        def rests() -> bool:
            time.sleep(0.3)
            crops.append(self.shot()["crop"])
            return bool(crops[-1] == crops[-2])

        until(rests)

    def shot(self, name: str = "main") -> Json:
        shots = self.status().get("shots", [])
        return next((shot for shot in shots if shot["name"] == name), {})

    def reaches(self, goal: Callable[[Json], object], shot: str = "main") -> Json:
        """The shot's status once `goal` holds for it."""
        self.latest: Json = {}

        def look() -> bool:
            self.latest = self.shot(shot)
            return bool(self.latest and goal(self.latest))

        until(look, lambda: self.latest)
        return self.latest


@dataclass(frozen=True, slots=True)
class Desk:
    studio: obs_studio.Studio
    panel: Panel
    socket: obsws_python.ReqClient
    daemon: Daemon

    def hotkeys(self) -> list[str]:
        names: list[str] = self.socket.get_hotkey_list().hotkeys
        return sorted(name for name in names if name.startswith("livetrack."))

    def hit(self, hotkey: str) -> None:
        self.socket.trigger_hot_key_by_name(hotkey)

    def shows(self, goal: Callable[[list[Row]], object]) -> list[Row]:
        """The panel once `goal` holds. OBS redraws it when a button is pressed, never by itself."""
        rows: list[Row] = []

        def look() -> bool:
            self.panel.press("Refresh status")
            rows[:] = self.panel.rows()
            return bool(goal(rows))

        until(look, lambda: [(row.label, row.value) for row in rows])
        return rows

    def says(self, words: str) -> None:
        """Waits until some text of the panel has these words."""
        self.shows(lambda rows: any(words in row.label for row in rows if row.role == "label"))

    def leave(self) -> str:
        """Close the panel and end OBS, which waits five seconds for who is still connected; all it
        said."""
        self.panel.close()
        self.socket.disconnect()
        return self.studio.stop()

    def frames(self) -> tuple[int, int]:
        """Frames that OBS should have drawn, and those of them that it skipped."""
        stats = self.socket.get_stats()
        return stats.render_total_frames, stats.render_skipped_frames


@contextmanager
def desk_at(
    home: Path,
    scripts: Mapping[Path, Mapping[str, Any]] | None = None,
    settings: Mapping[str, Any] | None = None,
    fps: int = 10,
    screen: str = "1280x800",
) -> Iterator[Desk]:
    """OBS with our script, told of a daemon's port, and others; the daemon is not started yet."""
    port, daemon = free_port(), Daemon(home, free_port())
    ours = {SCRIPT: {"port": daemon.port, "executable": str(PROGRAM)} | dict(settings or {})}
    obs_studio.prepare(home, port, {}, ours | dict(scripts or {}), fps)
    with ExitStack() as stack:
        stack.callback(daemon.stop)
        studio = stack.enter_context(obs_studio.running(home, port, True, screen))
        panel = stack.enter_context(panel_of(studio.env))
        panel.open()
        socket = obsws_python.ReqClient(
            host="127.0.0.1", port=port, password=obs_studio.PASSWORD, timeout=20
        )
        stack.callback(socket.disconnect)
        yield Desk(studio, panel, socket, daemon)
