"""A real clip with a real person, made from the demo scene, and the program as a process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.picture.render import Renderer
from livetrack_vcam.sinks.recorder import Recorder
from livetrack_vcam.sources.registry import open_source

ROOT = Path(__file__).resolve().parents[2]
CLIP_SIZE = Size(640, 360)
CLIP_FRAMES = 150


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five seconds of the demo scene, 640x360 at 30 fps, in which the presenter is on stage."""
    path = tmp_path_factory.mktemp("clips") / "demo.mp4"
    source = open_source("demo", paced=False)
    info = source.open()
    renderer = Renderer(CLIP_SIZE)
    recorder = Recorder(path)
    recorder.open(Canvas(CLIP_SIZE, info.fps or Fraction(30)))
    whole = Box(0, 0, info.size.width, info.size.height)
    for index in range(90 + CLIP_FRAMES):
        frame = source.read()
        assert frame is not None
        if index >= 90:
            recorder.send(renderer.render(frame, whole))
    recorder.close()
    source.close()
    return path


class Program:
    """`livetrack-vcam` started as a user would."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._started: list[subprocess.Popen[str]] = []

    def start(self, *args: str, terminal: int | None = None) -> subprocess.Popen[str]:
        """`terminal`: the descriptor of one to write to, instead of pipes."""
        env = os.environ | {"XDG_DATA_HOME": str(self.home)}
        process = subprocess.Popen(
            [sys.executable, "-m", "livetrack_vcam", *args],
            cwd=self.home,
            env=env,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if terminal is None else terminal,
            stderr=subprocess.PIPE if terminal is None else terminal,
        )
        self._started.append(process)
        return process

    def end(self) -> None:
        """Nothing goes on after its test, however that ended."""
        for process in self._started:
            if process.poll() is None:
                process.kill()
                process.communicate()

    def run(self, *args: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        process = self.start(*args)
        out, err = process.communicate(timeout=timeout)
        return subprocess.CompletedProcess(args, process.returncode, out, err)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    program = Program(tmp_path)
    yield program
    program.end()
