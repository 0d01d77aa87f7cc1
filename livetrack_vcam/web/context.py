"""What the web server needs of the program: one small protocol, called from the asyncio loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from livetrack_vcam.sinks.mjpeg import MjpegFeed


class WebContext(Protocol):
    """The running program, as the web server sees it. No call blocks."""

    @property
    def shots(self) -> Sequence[str]:
        """The names of the shots, the main one first; never empty."""
        ...

    def status(self) -> Mapping[str, Any]:
        """`Status.to_json()`: everything a panel or a page shows."""
        ...

    def stats(self) -> Mapping[str, Any]:
        """Numbers, nested as one likes; `web/metrics.py` says how they become metrics."""
        ...

    def command(self, shot: str | None, body: Mapping[str, Any]) -> None:
        """Queue a command for one shot, or for all. Raises ValueError with a sentence."""
        ...

    def feed(self, shot: str) -> MjpegFeed:
        """The pictures of one shot. Raises KeyError when it has no MJPEG output."""
        ...
