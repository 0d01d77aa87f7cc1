"""The Go program of `receivers/`: many viewers that decrypt and answer, but do not decode."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.go_program import build

SOURCES = Path(__file__).parent / "receivers"
PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Joined:
    """How a group's joining went; `first_ms`: from the wish to join to the first picture."""

    asked: int
    first_ms: tuple[float, ...]
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Received:
    """What one viewer got in a stretch of time."""

    pictures: int
    keyframes: int
    packets: int
    bytes: int
    lost: int
    longest_gap_ms: float
    seconds: float

    @property
    def fps(self) -> float:
        return self.pictures / self.seconds

    @property
    def kbps(self) -> float:
        return self.bytes * 8 / 1000 / self.seconds


class Receivers:
    """Viewers of one room; their numbers come from counts of their own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._answers: dict[str, asyncio.Queue[dict[str, Any]]] = {}
        self._reading = asyncio.create_task(self._read())

    @property
    def pid(self) -> int:
        return self._process.pid

    async def join(self, number: int, rate: float = 0.0) -> Joined:
        """So many more, `rate` of them a second (0: at once), until all have seen a picture."""
        await self._tell(f"join {number} {rate}")
        answer = await self._answer("joined")
        return Joined(answer["asked"], tuple(answer["first_ms"]), tuple(answer["errors"]))

    async def count(self) -> list[Received]:
        """What each got since the last count, the oldest viewer first."""
        await self._tell("count")
        return [Received(**viewer) for viewer in (await self._answer("counted"))["viewers"]]

    async def watch(self, seconds: float) -> list[Received]:
        """What each gets from now on, for so long."""
        await self.count()
        await asyncio.sleep(seconds)
        return await self.count()

    async def leave(self, number: int = 0, politely: bool = True) -> None:
        """The oldest ones go (0: all); impolitely means without DELETE."""
        await self._tell(f"{'leave' if politely else 'vanish'} {number}")
        await self._answer("left")

    async def ask_for_keyframes(self, times: int) -> None:
        """Each viewer sends so many PLI at once."""
        await self._tell(f"pli {times}")
        await self._answer("asked")

    async def end(self) -> None:
        if self._process.returncode is None:
            await self._tell("quit")
        await asyncio.wait_for(self._process.wait(), PATIENCE_S)
        await self._reading

    async def _tell(self, words: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(words.encode() + b"\n")
        await self._process.stdin.drain()

    async def _answer(self, event: str) -> dict[str, Any]:
        return await asyncio.wait_for(self._queue(event).get(), PATIENCE_S)

    def _queue(self, event: str) -> asyncio.Queue[dict[str, Any]]:
        return self._answers.setdefault(event, asyncio.Queue())

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            answer = json.loads(line)
            self._queue(answer["event"]).put_nowait(answer)


@asynccontextmanager
async def receivers(whep: str, codec: str = "H264", token: str = "") -> AsyncIterator[Receivers]:
    """A program of viewers for a WHEP address; all have left when the block ends."""
    program = await asyncio.to_thread(build, SOURCES)
    process = await asyncio.create_subprocess_exec(
        program,
        *("-url", whep, "-codec", codec, "-token", token),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 22,
    )
    running = Receivers(process)
    try:
        yield running
        await running.end()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
