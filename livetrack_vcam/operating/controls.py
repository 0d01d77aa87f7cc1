"""The running program as its operator sees it: what it tells, and what it can be told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, ParamSpec, TypeVar

from livetrack_vcam.control import (
    AssignScene,
    DeletePreset,
    LoadPreset,
    ProgramCommand,
    Quit,
    SavePreset,
    Standby,
    request_from_json,
)
from livetrack_vcam.core.command import Changes, Configure
from livetrack_vcam.core.command_json import read_changes
from livetrack_vcam.core.config import SubjectKind
from livetrack_vcam.core.crew import no_shot
from livetrack_vcam.core.fields import Json, live_settings
from livetrack_vcam.live.orders import Order
from livetrack_vcam.live.pipeline import Pipeline
from livetrack_vcam.operating.monitor import Loaded, Monitor
from livetrack_vcam.operating.preset_store import PresetStore
from livetrack_vcam.settings import Settings
from livetrack_vcam.sinks.mjpeg import MjpegFeed
from livetrack_vcam.sources.network import without_credentials

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

VERDICT_S = 1.0
"""So long who commands waits for the next picture; the camera may be away."""


class Controls:
    """One program under control. Made and called in its asyncio loop, which nothing blocks, but for
    `tell` and `scenes`."""

    def __init__(
        self,
        pipeline: Pipeline,
        monitor: Monitor,
        presets: PresetStore,
        end: Callable[[], None],
        feeds: Mapping[str, MjpegFeed],
        preview: MjpegFeed,
        fixed: Mapping[str, Any],
    ) -> None:
        """`end` ends the program soon; `fixed` is what only a restart changes."""
        self._pipeline = pipeline
        self._monitor = monitor
        self._presets = presets
        self._end = end
        self._feeds = feeds
        self._fixed = fixed
        self._loop = asyncio.get_running_loop()
        self._told: set[asyncio.Task[None]] = set()
        self._lapsing: asyncio.TimerHandle | None = None
        self._filing = asyncio.Lock()
        self.preview = preview

    @property
    def shots(self) -> tuple[str, ...]:
        return tuple(self._pipeline.render.framings)

    @property
    def scenes(self) -> Mapping[str, str]:
        """The preset of each scene of OBS that has one."""
        return self._presets.scenes

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
        request = request_from_json(body)
        if not isinstance(request, ProgramCommand):
            return await _judged(self._pipeline.command(target, request))
        if target is not None and not isinstance(request, LoadPreset):
            raise ValueError(f"{request.command} is for the whole program; leave the target out")
        return await self._obey(target, request)

    async def _obey(self, target: str | None, request: ProgramCommand) -> bool:
        match request:
            case SavePreset():
                await self._save(request.preset)
            case LoadPreset():
                return await self._load(request.preset, target)
            case DeletePreset():
                await self._filed(self._presets.delete, request.preset)
            case AssignScene():
                await self._filed(self._presets.assign, request.scene, request.preset)
            case Standby():
                self._lapse(request.for_s if request.on else None)
                return await _judged(self._pipeline.standby(request.on))
            case Quit():
                self._end()
        return True

    def _lapse(self, after_s: float | None) -> None:
        """End a standby then, unless it is said again before; None: never."""
        if self._lapsing is not None:
            self._lapsing.cancel()
            self._lapsing = None
        if after_s is not None:
            off = {"command": "standby", "on": False}
            self._lapsing = self._loop.call_later(after_s, self._begin, None, off)

    def tell(self, target: str | None, body: Mapping[str, Any]) -> None:
        """As `command`, from any other thread and without waiting: a refusal is only logged."""
        self._loop.call_soon_threadsafe(self._begin, target, dict(body))

    def settings(self) -> dict[str, Any]:
        """{"shots": {NAME: {live setting: value}}, "fixed": {what only a restart changes}}."""
        framings = self._pipeline.render.framings
        shots = {shot: live_settings(framing.settings) for shot, framing in framings.items()}
        return {"shots": shots, "fixed": dict(self._fixed)}

    async def change_settings(self, body: Mapping[str, Any]) -> bool:
        """Change some of them, all or none: {"shots": {NAME: {live setting: value}}}.

        Answers and raises as `command` does.
        """
        shots = body.get("shots")
        if set(body) != {"shots"} or not isinstance(shots, Mapping) or not shots:
            raise ValueError(
                'what can change is a JSON object such as {"shots": {"main": {"speed": "sport"}}}'
            )
        for shot in shots:
            self._check_shot(shot)
        return await self._configure({shot: read_changes(each) for shot, each in shots.items()})

    def _begin(self, target: str | None, body: Mapping[str, Any]) -> None:
        task = self._loop.create_task(self._listen(target, body))
        self._told.add(task)
        task.add_done_callback(self._told.discard)

    async def _listen(self, target: str | None, body: Mapping[str, Any]) -> None:
        try:
            await self.command(target, body)
        except ValueError as error:
            log.warning("%s", error)

    async def _filed(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Work on the presets' file: a slow disk keeps only who asked waiting, and no picture."""
        async with self._filing:
            return await asyncio.to_thread(work, *args, **kwargs)

    async def _save(self, name: str) -> None:
        kept = {shot: self._kept(shot) for shot in self.shots}
        await self._filed(self._presets.save, name, kept)
        for shot, changes in (await self._filed(self._presets.preset, name)).items():
            self._monitor.loaded[shot] = Loaded(name, changes)

    def _kept(self, shot: str) -> dict[str, Json]:
        """The settings of a shot without a track's number, which means somebody else next time."""
        settings = self._pipeline.render.framings[shot].settings
        kept = live_settings(settings)
        if settings.subject.kind is SubjectKind.TRACK:
            del kept["subject"]
        return kept

    async def _load(self, name: str, target: str | None) -> bool:
        kept = await self._filed(self._presets.preset, name)
        if target is not None:
            changes = kept.get(target) or next(iter(kept.values()), ())
            meant = {target: changes}
        else:
            meant = {shot: changes for shot, changes in kept.items() if shot in self.shots}
        meant = {shot: changes for shot, changes in meant.items() if changes}
        if not meant:
            raise ValueError(
                f"preset {name!r} is for the shots {', '.join(kept) or 'of nobody'}, and here is "
                f"{', '.join(self.shots)}; name one of these as its target"
            )
        return await self._configure(meant, name)

    async def _configure(self, meant: Mapping[str, Changes], preset: str | None = None) -> bool:
        """Change the settings of some shots, between the same two pictures, all or none."""
        commands = tuple((shot, Configure(changes)) for shot, changes in meant.items())
        verdict = self._pipeline.order(Order(commands))

        def remember(judged: Future[None]) -> None:
            if preset is not None and judged.exception() is None:
                loaded = {shot: Loaded(preset, changes) for shot, changes in meant.items()}
                self._monitor.loaded.update(loaded)

        verdict.add_done_callback(remember)
        return await _judged(verdict)

    def _check_shot(self, shot: object) -> None:
        if shot not in self.shots:
            raise ValueError(no_shot(shot, self.shots))


def fixed_settings(settings: Settings) -> dict[str, Any]:
    """What only a restart changes, without secrets: no login, no stream's address, no path."""
    given = settings.source
    return {
        "source": without_credentials(given) if "://" in given else given,
        "sound": settings.sound,
        "detector": settings.detector,
        "detect_hz": settings.detect_hz,
        "detect_cpu": settings.detect_cpu,
        "host": settings.host,
        "port": settings.port,
        "https": settings.https,
        "max_viewers": settings.max_viewers,
        "max_upload": settings.max_upload,
        "room_access": settings.room_access,
        "obs_watch": settings.obs_watch,
        "obs_audio": list(settings.obs_audio),
        "shots": {
            shot.name: {
                "size": str(shot.canvas_size()),
                "sink": [sink.kind for sink in shot.sink],
                "fusion": shot.fusion.value,
                "look_ahead": shot.look_ahead_frames,
            }
            for shot in settings.shots
        },
    }


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
