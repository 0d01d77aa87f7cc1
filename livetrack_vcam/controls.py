"""The running program as its operator sees it: what it tells, and what it can be told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from livetrack_vcam.control import command_from_json
from livetrack_vcam.core.command import Command, Configure
from livetrack_vcam.core.command_json import read_changes
from livetrack_vcam.core.fields import LIVE_FIELDS
from livetrack_vcam.monitor import Monitor
from livetrack_vcam.orders import Order
from livetrack_vcam.pipeline import Pipeline
from livetrack_vcam.sinks.mjpeg import MjpegFeed

log = logging.getLogger(__name__)

VERDICT_S = 1.0
"""So long who commands waits for the next picture; the camera may be away."""


class Controls:
    """One program under control. Everything is called in its asyncio loop; nothing blocks."""

    def __init__(
        self,
        pipeline: Pipeline,
        monitor: Monitor,
        feeds: Mapping[str, MjpegFeed],
        preview: MjpegFeed,
        shots: Sequence[str],
    ) -> None:
        self._pipeline = pipeline
        self._monitor = monitor
        self._feeds = feeds
        self.preview = preview
        self.shots = tuple(shots)

    def status(self) -> Mapping[str, Any]:
        return self._monitor.status().to_json()

    def stats(self) -> Mapping[str, Any]:
        return self._monitor.stats()

    def feed(self, shot: str) -> MjpegFeed:
        """The pictures of one shot. Raises KeyError when it has no MJPEG output."""
        return self._feeds[shot]

    async def command(self, target: str | None, body: Mapping[str, Any]) -> bool:
        """Carry out a command for one shot, or for all.

        True: it is done; False: it waits for the next picture. Raises ValueError with a sentence.
        """
        if target is not None:
            self._check_shot(target)
        return await self._obey((target, command_from_json(body)))

    def settings(self) -> dict[str, Any]:
        """{"shots": {NAME: {live setting: value}}, "fixed": {what only a restart changes}}."""
        return {"shots": {shot: self._live(shot) for shot in self.shots}, "fixed": {}}

    async def change_settings(self, body: Mapping[str, Any]) -> bool:
        """Change some of them, all or none: {"shots": {NAME: {live setting: value}}}.

        Answers and raises as `command` does.
        """
        shots = body.get("shots")
        if set(body) != {"shots"} or not isinstance(shots, Mapping) or not shots:
            raise ValueError(
                'settings are a JSON object such as {"shots": {"main": {"speed": "sport"}}}'
            )
        for shot in shots:
            self._check_shot(shot)
        return await self._obey(
            *((shot, Configure(read_changes(values))) for shot, values in shots.items())
        )

    def _live(self, shot: str) -> dict[str, Any]:
        settings = self._pipeline.render.framings[shot].settings
        return {
            name: field.write(getattr(settings, field.attribute))
            for name, field in LIVE_FIELDS.items()
        }

    def _check_shot(self, shot: object) -> None:
        if shot not in self.shots:
            raise ValueError(f"there is no shot {shot!r}; there is: {', '.join(self.shots)}")

    async def _obey(self, *commands: tuple[str | None, Command]) -> bool:
        return await _judged(self._pipeline.order(Order(commands)))


async def _judged(verdict: Future[None]) -> bool:
    """Whether the verdict came in time. Raises the ValueError of a refusal."""
    waiting = asyncio.wrap_future(verdict)
    done, _ = await asyncio.wait([waiting], timeout=VERDICT_S)
    if not done:
        waiting.add_done_callback(_say_refusal)
        return False
    waiting.result()
    return True


def _say_refusal(verdict: asyncio.Future[None]) -> None:
    """Whoever asked was told that it waits, and listens no more."""
    if not verdict.cancelled() and verdict.exception() is not None:
        log.warning("%s", verdict.exception())
