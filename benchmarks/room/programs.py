"""The programs that are measured, each a process of its own that ends with its block."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.waiting import free_port

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60.0
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
# Blank for our purpose, and on the same origin as the room.
PLAIN_PAGE = "/assets/base.css"


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a rig holds at one moment: running tasks and threads by name, resident memory."""

    tasks: Mapping[str, int]
    threads: tuple[str, ...]
    rss_kb: int


class Program:
    """A running program: its addresses and what it spends."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, folder: Path) -> None:
        self._process = process
        self._folder = folder
        self.root = f"http://127.0.0.1:{port}"
        self.whep = f"{self.root}/whep/main"
        self.pid = process.pid

    @property
    def cpu_s(self) -> float:
        return cpu_seconds(self.pid)

    @property
    def token(self) -> str:
        """The operator's, of a program of ours."""
        return (self._folder / "livetrack-vcam/token").read_text().strip()

    async def status(self) -> dict[str, Any]:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{self.root}/api/status") as response,
        ):
            status: dict[str, Any] = await response.json()
            return status

    async def holdings(self) -> Holdings:
        """Only a rig tells."""
        self._process.send_signal(signal.SIGUSR1)
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), PATIENCE_S)
        told = json.loads(line)
        return Holdings(told["tasks"], tuple(told["threads"]), told["rss_kb"])


def cpu_seconds(pid: int) -> float:
    """What a process spent so far, in all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


@asynccontextmanager
async def rig(**settings: Any) -> AsyncIterator[Program]:
    """Our program with the barcode camera; settings as of `livetrack-vcam run`."""
    words = [word for name, value in settings.items() for word in _setting(name, value)]
    port = free_port()
    async with _running(port, "tests.e2e.room_rig", "--port", str(port), *words) as program:
        yield program


@asynccontextmanager
async def stock_relay() -> AsyncIterator[Program]:
    port = free_port()
    async with _running(port, "benchmarks.room.stock_relay", str(port)) as program:
        yield program


@asynccontextmanager
async def real_program(*options: str) -> AsyncIterator[Program]:
    """`livetrack-vcam run` as users start it."""
    port = free_port()
    words = ("run", "--port", str(port), *options)
    async with _running(port, "livetrack_vcam", *words) as program:
        yield program


def _setting(name: str, value: Any) -> tuple[str, str]:
    return "--set", f"{name}={json.dumps(value)}"


@asynccontextmanager
async def _running(port: int, module: str, *words: str) -> AsyncIterator[Program]:
    with tempfile.TemporaryDirectory(prefix="livetrack-room-") as folder:
        env = os.environ | {"XDG_DATA_HOME": folder, "LIVETRACK_CONFIG_DIR": folder}
        log = Path(folder) / "log"
        with log.open("wb") as told:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", module, *words),
                cwd=ROOT,
                env=env,
                stdout=asyncio.subprocess.PIPE,
                stderr=told,
            )
        try:
            await _answers(process, port, log)
            yield Program(process, port, Path(folder))
        finally:
            await _end(process)


async def _answers(process: asyncio.subprocess.Process, port: int, log: Path) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if process.returncode is not None:
                raise RuntimeError(f"the program ended: {log.read_text()[-2000:]}")
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.1)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), 20)
    except TimeoutError:
        process.kill()
        await process.wait()
