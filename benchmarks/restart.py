"""How long a killed program needs until its picture is there again, Python's own start included.

    python -m benchmarks.restart [--times 10] [--source demo] [--sink mjpeg ...]

The program runs as users start it, with every default. It is killed (kill -9) and started again at
once; a viewer looks on from outside: when its web server answers, when the first whole picture of
its stream has come, and when it tells of somebody it has detected. Besides, in a process of its
own: what Python and the imports alone take. The processor's time is told beside the clock's,
for on a busy machine only that says anything.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from http.client import HTTPException
from pathlib import Path
from statistics import median
from urllib.request import urlopen

PATIENCE_S, LOOK_S = 60.0, 0.02
# What `run` has loaded when its first picture leaves.
IMPORTS = (
    "livetrack_vcam.cli, livetrack_vcam.commands.run, livetrack_vcam.daemon, "
    "livetrack_vcam.outputs, livetrack_vcam.room.room, livetrack_vcam.web.server, "
    "pyvirtualcam, ai_edge_litert.interpreter"
)


@dataclass(frozen=True, slots=True)
class Restart:
    """Seconds since Python was started, and of the processor until the first picture."""

    answers_s: float
    picture_s: float
    detected_s: float
    picture_cpu_s: float


class Program:
    """`livetrack-vcam run` as a process of its own."""

    def __init__(self, words: Sequence[str], port: int, home: Path) -> None:
        self._root = f"http://127.0.0.1:{port}"
        env = os.environ | {"XDG_DATA_HOME": str(home), "LIVETRACK_CONFIG_DIR": str(home)}
        command = (sys.executable, "-m", "livetrack_vcam", "run", *words, "--port", str(port))
        with (home / "said").open("w", encoding="utf-8") as said:
            self._process = subprocess.Popen(command, env=env, stdout=said, stderr=said)
        self._said = home / "said"

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def until(self, done: Callable[[], object]) -> float:
        """The time at which it came. Raises RuntimeError when it does not."""
        deadline_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline_s:
            if self._process.poll() is not None:
                raise RuntimeError(f"the program ended: {self._said.read_text(encoding='utf-8')}")
            try:
                if done():
                    return time.monotonic()
            except (OSError, HTTPException):
                pass
            time.sleep(LOOK_S)
        raise RuntimeError(f"it did not come in {PATIENCE_S:.0f} s")

    def picture(self) -> bytes:
        """The first of the stream, which is the camera's, for the program opens that before."""
        with urlopen(f"{self._root}/stream.mjpg", timeout=PATIENCE_S) as stream:
            lengths = (line for line in stream if line.lower().startswith(b"content-length:"))
            length = int(next(lengths).partition(b":")[2])
            stream.readline()
            picture: bytes = stream.read(length)
        return picture

    def status(self) -> dict[str, object]:
        with urlopen(f"{self._root}/api/status", timeout=PATIENCE_S) as answer:
            said: dict[str, object] = json.load(answer)
        return said

    def cpu_s(self) -> float:
        """Of the processor, so far; Linux only."""
        stat = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii")
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def restarts(words: Sequence[str], port: int, home: Path, times: int) -> list[Restart]:
    """The first start, then so many, each after a kill."""
    measured: list[Restart] = []
    for _ in range(times + 1):
        start_s = time.monotonic()
        program = Program(words, port, home)
        try:
            answers_s = program.until(program.status)
            picture_s = program.until(program.picture)
            cpu_s = program.cpu_s()
            detected_s = program.until(lambda: program.status()["tracks"])  # noqa: B023
        finally:
            program.kill()
        measured.append(
            Restart(answers_s - start_s, picture_s - start_s, detected_s - start_s, cpu_s)
        )
    return measured


def imports_s(times: int) -> tuple[float, float]:
    """Medians of Python's bare start, and of that with the program's imports."""
    return _timed("pass", times), _timed(f"import {IMPORTS}", times)


def _timed(code: str, times: int) -> float:
    took_s = []
    for _ in range(times):
        start_s = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        took_s.append(time.perf_counter() - start_s)
    return median(took_s)


def table(measured: Sequence[Restart]) -> str:
    names = {
        "answers_s": "web server answers",
        "picture_s": "first picture at a viewer",
        "detected_s": "first detection is told",
        "picture_cpu_s": "processor's time until that picture",
    }
    lines = [f"{'after kill -9, seconds':<40}{'median':>8}{'most':>8}"]
    for each in fields(Restart):
        values = [getattr(restart, each.name) for restart in measured]
        lines.append(f"{names[each.name]:<40}{median(values):8.2f}{max(values):8.2f}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--source", default="demo")
    parser.add_argument("--sink", action="append", help="as often as wanted; default: mjpeg")
    parser.add_argument("--port", type=int, default=8797)
    arguments = parser.parse_args()
    sinks = [word for sink in arguments.sink or ["mjpeg"] for word in ("--sink", sink)]
    bare_s, loaded_s = imports_s(arguments.times)
    print(f"Python alone {bare_s:.2f} s, with the program's imports {loaded_s:.2f} s")
    words = ("--source", arguments.source, *sinks)
    with tempfile.TemporaryDirectory(prefix="livetrack-restart-") as folder:
        measured = restarts(words, arguments.port, Path(folder), arguments.times)
    print(table(measured[1:]))


if __name__ == "__main__":
    main()
