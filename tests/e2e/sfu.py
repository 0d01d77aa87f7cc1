"""The media server of tests/sfu as a process, its light viewers, and a browser that watches it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.go_program import MISSING, build, can_build
from tests.waiting import PATIENCE_S

FOLDER = Path(__file__).resolve().parents[1] / "sfu"


def sfu_program() -> Path:
    """The built server; skips the test where it cannot be built."""
    if not can_build():
        pytest.skip(MISSING)
    return build(FOLDER)


@dataclass(frozen=True, slots=True)
class Sfu:
    """A running server at `root`."""

    root: str
    process: asyncio.subprocess.Process

    @property
    def whip(self) -> str:
        return f"{self.root}/whip"

    @property
    def port(self) -> int:
        return int(self.root.rpartition(":")[2])

    async def state(self) -> dict[str, Any]:
        """See `counts` in server.go."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.root}/state") as answer:
            state: dict[str, Any] = await answer.json()
            return state

    async def pli(self, count: int) -> None:
        """Let it ask the publisher for a keyframe, so many times at once."""
        await self._tell(f"pli?count={count}")

    async def end(self) -> None:
        """Let it end the publisher's connection in good order."""
        await self._tell("end")

    async def _tell(self, what: str) -> None:
        async with aiohttp.ClientSession() as session, session.get(f"{self.root}/{what}"):
            pass

    async def until(self, what: str, least: int, track: str = "") -> dict[str, Any]:
        """Its state once the count called `what` has come to `least`."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                state = await self.state()
                if (state[track] if track else state)[what] >= least:
                    return state
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        await self.process.wait()


@asynccontextmanager
async def sfu(*options: str, port: int = 0) -> AsyncIterator[Sfu]:
    program = str(sfu_program())
    process = await asyncio.create_subprocess_exec(
        program,
        "serve",
        "-address",
        f"127.0.0.1:{port}",
        *options,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        address = (await asyncio.wait_for(process.stdout.readline(), PATIENCE_S)).decode().strip()
        assert address, "the media server did not start"
        yield Sfu(f"http://{address}", process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


class LightViewers:
    """So many viewers that receive and count."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def pictures(self) -> list[int]:
        """How many pictures each has got so far."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        return [each["pictures"] for each in json.loads(await self._line())]

    async def ready(self) -> None:
        """Once each has got a picture."""
        assert await self._line() == b"ready\n"

    async def _line(self) -> bytes:
        assert self._process.stdout is not None
        return await asyncio.wait_for(self._process.stdout.readline(), PATIENCE_S)


@asynccontextmanager
async def light_viewers(server: Sfu, count: int) -> AsyncIterator[LightViewers]:
    process = await asyncio.create_subprocess_exec(
        str(sfu_program()),
        "watch",
        "-url",
        f"{server.root}/whep",
        "-viewers",
        str(count),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        viewers = LightViewers(process)
        await viewers.ready()
        yield viewers
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
