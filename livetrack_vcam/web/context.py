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

    @property
    def preview(self) -> MjpegFeed:
        """The whole picture of the source, for whoever operates."""
        ...

    def status(self) -> Mapping[str, Any]:
        """`Status.to_json()`: everything a panel or a page shows."""
        ...

    def stats(self) -> Mapping[str, Any]:
        """Numbers, nested as one likes; `web/metrics.py` says how they become metrics."""
        ...

    def feed(self, shot: str) -> MjpegFeed:
        """The pictures of one shot. Raises KeyError when it has no MJPEG output."""
        ...

    async def command(self, target: str | None, body: Mapping[str, Any]) -> bool:
        """Carry out a command for one shot, or for all.

        True: it is done; False: it waits for the next picture. Raises ValueError with a sentence.
        """
        ...

    def settings(self) -> Mapping[str, Any]:
        """{"shots": {NAME: {live setting: value}}, "fixed": {what only a restart changes}}."""
        ...

    async def change_settings(self, body: Mapping[str, Any]) -> bool:
        """Change some of them, all or none: {"shots": {NAME: {live setting: value}}}.

        Answers and raises as `command` does.
        """
        ...
