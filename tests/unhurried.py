"""A source that waits for the renderer, so that every frame is drawn, however busy the machine."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

from livetrack_vcam.live.pipeline import Pipeline
from livetrack_vcam.media import Frame
from livetrack_vcam.testing import SyntheticSource


class Unhurried(SyntheticSource):
    """Gives each frame when the one before has been drawn; see `follow`."""

    _drawn: Callable[[], int] = staticmethod(lambda: 0)

    def follow(self, pipeline: Pipeline) -> None:
        """Wait for this pipeline's renderer; to be called before it starts."""
        self._drawn = lambda: pipeline.render.flow.snapshot(0).frames

    def read(self) -> Frame | None:
        while self._seq > self._drawn() and not self._closed.is_set():
            Event().wait(0.001)
        return super().read()
