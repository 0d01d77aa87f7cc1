"""Progress of long work: a bar in a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any, cast

PLAIN_STEPS = 10


def say(line: str) -> None:
    """A line for whoever still listens; a closed terminal or pipe must not stop the work."""
    with suppress(OSError, ValueError):
        sys.stderr.write(line + "\n")


@contextmanager
def progress(
    title: str, total: float | None, quiet: bool = False
) -> Iterator[Callable[[float], None]]:
    """Yields a function to call with how far the work is (0 to `total`); shown on stderr."""
    if quiet:
        yield lambda _done: None
    elif sys.stderr.isatty():
        with _bar(title, total) as update:
            yield update
    else:
        yield _plain_lines(title, total)


class _Terminal:
    """A stream that is as it was, but silent once it was closed: the work goes on without it."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def _bar(title: str, total: float | None) -> Iterator[Callable[[float], None]]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn(title), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    console = Console(file=cast("IO[str]", _Terminal(sys.stderr)))
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(title, total=total)
        yield lambda done: bar.update(task, completed=done)


def _plain_lines(title: str, total: float | None) -> Callable[[float], None]:
    shown = 0

    def update(done: float) -> None:
        nonlocal shown
        steps = int(PLAIN_STEPS * done / total) if total else 0
        if steps > shown:
            shown = steps
            say(f"{title}: {shown / PLAIN_STEPS:.0%}")

    return update
