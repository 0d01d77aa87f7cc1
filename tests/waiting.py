"""For tests that start something: a port for it, a reader, and waiting until it has come so far."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Any

PATIENCE_S = 60.0
"""On a machine that does ten things at once, hardly ever spent."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def reading(read: Callable[[], object]) -> Iterator[Event]:
    """A thread that reads until there is nothing more; the event says that it did."""
    ended = Event()

    def read_all() -> None:
        while read() is not None:
            pass
        ended.set()

    reader = Thread(target=read_all, daemon=True)
    reader.start()
    yield ended
    reader.join()


async def all_tasks_end(seconds: float = PATIENCE_S) -> None:
    """Wait until nothing but this task runs in the loop."""
    others: set[asyncio.Task[Any]] = set()
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while others := asyncio.all_tasks() - {asyncio.current_task()}:
                await asyncio.sleep(0.01)
    assert not others, others


def until(
    goal: Callable[[], Any], what: Callable[[], object] = str, seconds: float = PATIENCE_S
) -> Any:
    """The first true answer of `goal`; `what` tells, if there is none, how things stand."""
    deadline = time.monotonic() + seconds
    while not (answer := goal()):
        assert time.monotonic() < deadline, what()
        time.sleep(0.02)
    return answer
