"""The render stage alone, in a thread of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Protocol, TypeVar

from livetrack_vcam.live.stages import Render


class Staged(Protocol):
    render: Render


S = TypeVar("S", bound=Staged)


@contextmanager
def running(stage: S) -> Iterator[S]:
    """The stage at work; at the end of the block the source ends."""
    thread = Thread(target=stage.render.run, daemon=True)
    thread.start()
    try:
        yield stage
    finally:
        stage.render.frames.close()
        thread.join(10)
    assert not thread.is_alive()
