"""The product as a process of its own, forked from the checks' process.

A new interpreter takes some ten seconds in the guest to load what this one has loaded already.
What is run, from the words of the command line to the exit status, is the same.
"""

from __future__ import annotations

import os
import pwd
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from itertools import count
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

LOADED = (
    "ai_edge_litert.interpreter",
    "livetrack_vcam.cli",
    "livetrack_vcam.commands.ctl",
    "livetrack_vcam.commands.obs",
    "livetrack_vcam.commands.run",
    "livetrack_vcam.daemon",
    "livetrack_vcam.outputs",
    "livetrack_vcam.room.room",
    "livetrack_vcam.web.server",
    "pyvirtualcam",
)
PATIENCE_S, ENDED_S = 60.0, 120.0
IN_MEMORY = "LIVETRACK_VM_IN_MEMORY"
"""Set where nothing is to be written to a file system that the host has."""
HOME = Path("/dev/shm/home" if IN_MEMORY in os.environ else "/tmp/home")
SAID = Path("/dev/shm/said" if IN_MEMORY in os.environ else "/out/said")
_numbers = count(1)


def warm_up() -> None:
    """Load what the program loads until its first picture."""
    import cv2

    for name in LOADED:
        import_module(name)
    # Threads of this process would not be there in the forked one, which waits for them for ever.
    cv2.setNumThreads(1)


@dataclass(frozen=True, slots=True)
class Program:
    """`livetrack-vcam WORDS`: what it prints is in the file `said`."""

    process: BaseProcess
    said: Path
    started_s: float = field(default_factory=time.monotonic)

    @property
    def words(self) -> str:
        return self.said.read_text(encoding="utf-8")

    def poll(self) -> int | None:
        return self.process.exitcode

    def wait(self, seconds: float = PATIENCE_S) -> int:
        """Its exit status; negative for a signal."""
        self.process.join(seconds)
        assert self.process.exitcode is not None, f"it has not ended after {seconds:.0f} s"
        return self.process.exitcode

    def end(self) -> int:
        """Ask it to end."""
        self.process.terminate()
        return self.wait()

    def kill(self) -> None:
        """SIGKILL: it has no chance to close anything."""
        self.process.kill()
        self.process.join()


def home_of(user: int | None = None) -> Path:
    """The home of the program's user."""
    return HOME / str(user or os.getuid())


def start(*words: str, nice: int = 0, user: int | None = None) -> Program:
    """`livetrack-vcam WORDS` as user `user` (a number), who is this process's where it is None."""
    SAID.mkdir(exist_ok=True)
    said = SAID / f"{next(_numbers):02d}-{words[0]}.log"
    said.touch()
    process = get_context("fork").Process(target=_run, args=(words, said, nice, user))
    process.start()
    return Program(process, said)


@contextmanager
def running(*words: str, nice: int = 0, user: int | None = None) -> Iterator[Program]:
    """A program that is asked to end at the end, and must end well."""
    program = start(*words, nice=nice, user=user)
    try:
        yield program
        assert program.end() == 0, program.words
    finally:
        program.kill()


def ended(*words: str, user: int | None = None) -> Program:
    """A program that has ended by itself."""
    program = start(*words, user=user)
    try:
        program.wait(ENDED_S)
    finally:
        program.kill()
    return program


def _run(words: tuple[str, ...], said: Path, nice: int, user: int | None) -> None:
    from livetrack_vcam.cli import main

    log = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.nice(nice)
    home = home_of(user)
    home.mkdir(parents=True, exist_ok=True)
    if user is not None:
        os.chown(home, user, user)
        account = pwd.getpwuid(user)
        os.initgroups(account.pw_name, account.pw_gid)
        os.setgid(account.pw_gid)
        os.setuid(user)
        os.environ["USER"] = account.pw_name
    folders = {"XDG_DATA_HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config")}
    os.environ |= {"HOME": str(home)} | folders
    main(list(words))
