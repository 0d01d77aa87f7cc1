"""Clients in a process of their own, so that what they cost is not the program's.

    python -m benchmarks.control.watchers ROOT [--previews N] [--events N] [--stalled N]

They read until standard input ends and then print, as JSON, how many pictures and events came.
Stalled ones ask for the preview and never read.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

PICTURE, EVENT = b"--livetrack\r\n", b"event: status\n"


@asynccontextmanager
async def watching(
    root: str, previews: int = 1, events: int = 1, stalled: int = 0
) -> AsyncIterator[dict[str, int]]:
    """Such a process for as long as the block runs; afterwards the result is filled in."""
    arguments = [root, "--previews", str(previews), "--events", str(events)]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.control.watchers", *arguments),
        *("--stalled", str(stalled)),
        stdin=PIPE,
        stdout=PIPE,
    )
    counts: dict[str, int] = {}
    try:
        assert process.stdout is not None
        await process.stdout.readline()
        yield counts
    finally:
        counts |= await _end(process)


async def _end(process: Process) -> Any:
    out, _ = await process.communicate(b"")
    return json.loads(out)


@dataclass(slots=True)
class Counts:
    """What came so far, over all clients of a kind."""

    pictures: int = 0
    events: int = 0
    stalled: list[socket.socket] = field(default_factory=list)


async def read(root: str, path: str, mark: bytes, counts: Counts, kind: str) -> None:
    reader, writer = await _asked(root, path)
    tail = b""
    try:
        while data := await reader.read(1 << 18):
            text = tail + data
            setattr(counts, kind, getattr(counts, kind) + text.count(mark))
            tail = text[-len(mark) + 1 :]
    finally:
        writer.close()


async def _asked(root: str, path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    address = urlsplit(root)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode())
    await writer.drain()
    return reader, writer


def stall(root: str, counts: Counts) -> None:
    address = urlsplit(root)
    connection = socket.create_connection((address.hostname or "", address.port or 80))
    connection.sendall(f"GET /preview.mjpg HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode())
    counts.stalled.append(connection)


async def run(options: argparse.Namespace) -> None:
    counts = Counts()
    tasks = [
        asyncio.create_task(read(options.root, "/preview.mjpg", PICTURE, counts, "pictures"))
        for _ in range(options.previews)
    ]
    tasks += [
        asyncio.create_task(read(options.root, "/api/events?hz=15", EVENT, counts, "events"))
        for _ in range(options.events)
    ]
    for _ in range(options.stalled):
        stall(options.root, counts)
    print("reading", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    for task in tasks:
        task.cancel()
    print(json.dumps({"pictures": counts.pictures, "events": counts.events}))


def main() -> None:
    parser = argparse.ArgumentParser(description="Read previews and events until stdin ends.")
    parser.add_argument("root")
    for name in ("previews", "events", "stalled"):
        parser.add_argument(f"--{name}", type=int, default=0)
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
