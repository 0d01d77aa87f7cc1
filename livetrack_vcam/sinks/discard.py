"""`--sink none`: takes every picture and keeps none, for measuring and for logs only."""

from __future__ import annotations

from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.media import Frame


class Discard:
    """A Sink that never fails and never waits."""

    name = "none"
    depth = 1
    repeat_after_s: float | None = None

    def open(self, canvas: Canvas) -> None:
        """Nothing to open."""

    def send(self, frame: Frame) -> None:
        """The picture ends here."""

    def close(self) -> None:
        """Nothing to close."""
