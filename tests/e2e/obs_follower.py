"""The program and `livetrack-vcam obs`, started as a user of an OBS with that home would."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from livetrack_vcam.obs.connection import Obs, ObsAddress
from tests.e2e import obs_studio
from tests.waiting import free_port, until

Json = dict[str, Any]


def environment(home: Path, **more: str) -> dict[str, str]:
    """In which OBS's own settings are found under `home`, and nobody has said the password."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("XDG_", "LIVETRACK_OBS"))
    }
    return kept | {"HOME": str(home), "LIVETRACK_CONFIG_DIR": str(home / "presets")} | more


def livetrack(home: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "livetrack_vcam", *words],
        env=environment(home, **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class Program:
    """A process of ours that runs beside the test; all it says goes to a file."""

    module = "livetrack_vcam"
    words: tuple[str, ...] = ("--log-level", "debug")

    def __init__(self, home: Path, *words: str, name: str = "program", **more: str) -> None:
        self.home = home
        self.log = home / f"{name}.log"
        self.port = free_port()
        words = tuple(word.replace("PORT", str(self.port)) for word in (*words, *self.words))
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", self.module, *words],
                env=environment(home, **more),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def status(self) -> Json:
        """What it tells of itself; nothing while it does not answer."""
        try:
            with urllib.request.urlopen(self.url("/api/status"), timeout=5) as response:
                status: Json = json.load(response)
        except OSError:
            return {}
        return status

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def dropped(self) -> int:
        """Frames that were missed, or waited too long for an output."""
        status = self.status()
        return int(status["dropped"]) + sum(int(sink["dropped"]) for sink in status["sinks"])

    def threads(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/task").iterdir()))

    def reaches(self, goal: Callable[[Json], object]) -> float:
        """The seconds until `goal` holds for the status."""

        def met() -> bool:
            assert self.process.poll() is None, self.said()
            status = self.status()
            return bool(status and goal(status))

        begun_s = time.monotonic()
        until(met, lambda: f"{self.status()}\n{self.said()[-3000:]}")
        return time.monotonic() - begun_s

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            assert self.process.wait(30) in (0, 130), self.said()
        finally:
            self.process.kill()


class Crowd(Program):
    """The program with a light source and detector: what it drops is not for want of a machine."""

    module = "tests.e2e.crowd"
    words = ("--port", "PORT")


@contextmanager
def started(
    home: Path, *words: str, name: str = "program", kind: type[Program] = Program, **more: str
) -> Iterator[Program]:
    """The program once it answers; "PORT" in its words becomes its own port."""
    program = kind(home, *words, name=name, **more)
    try:
        program.reaches(lambda status: status["fps"] > 0)
        yield program
    finally:
        program.kill() if sys.exc_info()[0] else program.stop()


@contextmanager
def talking_to(port: int) -> Iterator[Obs]:
    obs = Obs(ObsAddress(port=port, password=obs_studio.PASSWORD), timeout_s=10)
    try:
        yield obs
    finally:
        obs.close()


def scene_of(obs: Obs, scene: str = "Main") -> Mapping[str, Any]:
    """All that `obs setup` might change: the items with their transforms, the inputs' settings."""
    inputs = obs.request("GetInputList")["inputs"]
    names = [each["inputName"] for each in inputs]
    return {
        "items": obs.request("GetSceneItemList", sceneName=scene)["sceneItems"],
        "settings": {name: obs.request("GetInputSettings", inputName=name) for name in names},
    }
