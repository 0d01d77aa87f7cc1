"""The Status of a running pipeline, put together from what its stages have published."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from livetrack_vcam import __version__
from livetrack_vcam.control import (
    Hint,
    Latency,
    ObsStatus,
    ShotStatus,
    SinkStatus,
    SourceStatus,
    Status,
    TrackStatus,
)
from livetrack_vcam.core.command import Changes
from livetrack_vcam.core.config import DirectorSettings
from livetrack_vcam.core.fields import live_settings
from livetrack_vcam.core.geometry import format_aspect_ratio
from livetrack_vcam.interfaces import Canvas, SourceInfo
from livetrack_vcam.live.outlet import Outlet
from livetrack_vcam.live.pipeline import Pipeline
from livetrack_vcam.live.stages import ShotView
from livetrack_vcam.operating.hints import (
    Hints,
    light_hint,
    size_hint,
    sought_hint,
    sound_hint,
    upscale_hint,
)
from livetrack_vcam.operating.preset_store import PresetStore
from livetrack_vcam.operating.room_numbers import room_numbers
from livetrack_vcam.room_status import RoomStatus
from livetrack_vcam.sound.status import SoundStatus
from livetrack_vcam.stats import NS_PER_MS, NS_PER_S, Clock, CpuMeter
from livetrack_vcam.trace import zoom_of


@dataclass(frozen=True, slots=True)
class Loaded:
    """The preset a shot got its settings from, and what it set."""

    preset: str
    changes: Changes

    def describes(self, settings: DirectorSettings) -> bool:
        """Whether none of them was changed since."""
        return all(getattr(settings, attribute) == value for attribute, value in self.changes)


class Monitor:
    """Reads a pipeline from the main thread; never blocks a worker.

    Whoever learns more of the run puts it here: `links` to show the user, the presets that were
    `loaded` into shots, the labels that are `sought` (None: not known), a call for each room that
    says who watches, one that says how it stands with the `sound`, and, when OBS is followed, one
    that says how OBS is.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        info: SourceInfo,
        canvases: dict[str, Canvas],
        detector: str,
        clock: Clock = time.monotonic_ns,
        presets: PresetStore | None = None,
    ) -> None:
        self._pipeline = pipeline
        self._info = info
        self._canvases = canvases
        self._detector = detector
        self._clock = clock
        self._started_ns = clock()
        self._presets = presets
        self._cpu = CpuMeter(self._started_ns)
        self._hints = Hints()
        self.links: dict[str, str] = {}
        self.loaded: dict[str, Loaded] = {}
        self.sought: frozenset[str] | None = None
        self.obs: Callable[[], ObsStatus | None] = lambda: None
        self.rooms: Sequence[Callable[[], RoomStatus]] = ()
        self.sound: Callable[[], SoundStatus | None] = lambda: None

    def status(self) -> Status:
        now_ns = self._clock()
        pipeline = self._pipeline
        out = pipeline.render.flow.snapshot(now_ns)
        seen = pipeline.detect.flow.snapshot(now_ns) if pipeline.detect else None
        sinks = _told_apart(self._sink(outlet, now_ns) for outlet in pipeline.outlets)
        slowest = max(
            (sink for sink in sinks if sink.latency_p50_ms is not None),
            key=lambda sink: sink.latency_p50_ms or 0.0,
            default=None,
        )
        captured = pipeline.capture.flow.snapshot(now_ns)
        tracks = self._tracks()
        shots = tuple(self._shot(name) for name in self._canvases)
        return Status(
            version=__version__,
            pid=os.getpid(),
            uptime_s=(now_ns - self._started_ns) / NS_PER_S,
            standby=pipeline.render.timeline.resting,
            cpu_pct=self._cpu.percent(now_ns),
            source=self._source(captured.fps),
            fps=out.fps,
            latency_p50_ms=slowest.latency_p50_ms if slowest else out.latency_p50_ms,
            latency_p99_ms=slowest.latency_p99_ms if slowest else out.latency_p99_ms,
            latency=Latency(
                capture_ms=captured.recent_p50_ms,
                render_ms=out.recent_p50_ms,
                send_ms=_slowest_open(pipeline.outlets, now_ns),
                detect_ms=seen.recent_p50_ms if seen else None,
            ),
            dropped=pipeline.capture.missed
            + pipeline.render.frames.dropped
            + sum(sink.dropped for sink in sinks),
            detector=self._detector,
            detector_state=pipeline.detect.state if pipeline.detect else "off",
            detector_error=pipeline.detect.error if pipeline.detect else None,
            detect_hz=seen.fps if seen else 0.0,
            detect_latency_p50_ms=seen.latency_p50_ms if seen else None,
            tracks=tracks,
            shots=shots,
            sinks=sinks,
            presets=self._presets.names if self._presets else (),
            scenes=self._presets.scenes if self._presets else {},
            hints=self._hints.now(self._raised(shots, tracks), now_ns),
            obs=self.obs(),
            rooms=tuple(room() for room in self.rooms),
            links=dict(self.links),
        )

    def stats(self) -> dict[str, Any]:
        """The numbers alone, by shot and sink, as `GET /api/stats` and the metrics give them."""
        status = self.status()
        return {
            "uptime_seconds": status.uptime_s,
            "fps": status.fps,
            "source_fps": status.source.fps,
            "source_lost": status.source.state == "lost",
            "detect_hz": status.detect_hz,
            "detector_failed": status.detector_state != "running",
            "detect_latency_ms": status.detect_latency_p50_ms,
            "latency_p50_ms": status.latency_p50_ms,
            "latency_p99_ms": status.latency_p99_ms,
            "capture_latency_ms": status.latency.capture_ms,
            "render_latency_ms": status.latency.render_ms,
            "send_latency_ms": status.latency.send_ms,
            "cpu_pct": status.cpu_pct,
            "standby": status.standby,
            "hints": len(status.hints),
            "dropped_frames_total": status.dropped,
            "tracks": len(status.tracks),
            "shots": {
                shot.name: {
                    "zoom": shot.zoom,
                    "upscale": shot.upscale,
                    "subjects": len(shot.subject),
                    "look_ahead_frames": shot.look_ahead,
                    "delay_ms": shot.delay_ms,
                    "sinks": {
                        sink.name: {
                            "frames_total": sink.frames,
                            "dropped_frames_total": sink.dropped,
                            "latency_p50_ms": sink.latency_p50_ms,
                            "latency_p99_ms": sink.latency_p99_ms,
                            "failed": sink.state == "failed",
                            "away": sink.link not in (None, "live"),
                        }
                        for sink in status.sinks
                        if sink.shot == shot.name
                    },
                }
                for shot in status.shots
            },
            "rooms": {room.shot: room_numbers(room) for room in status.rooms},
        }

    def _source(self, fps: float) -> SourceStatus:
        size = self._info.size
        state = self._pipeline.capture.state
        return SourceStatus(self._info.name, state, size.width, size.height, fps)

    def _tracks(self) -> tuple[TrackStatus, ...]:
        views = self._pipeline.render.views
        return tuple(
            TrackStatus(
                track.track_id,
                track.label,
                track.box.xywh,
                track.score,
                tuple(view.shot for view in views if track.track_id in view.subject),
            )
            for track in (views[0].tracks if views else ())
        )

    def _shot(self, name: str) -> ShotStatus:
        size = self._canvases[name].size
        framing = self._pipeline.render.framings[name]
        settings = framing.settings
        view = self._view(name)
        crop = view.crop if view else None
        return ShotStatus(
            name=name,
            aspect=format_aspect_ratio(settings.aspect_ratio),
            width=size.width,
            height=size.height,
            shot=settings.shot.value,
            speed=settings.speed.value,
            subject_policy=str(settings.subject),
            state=view.state.value if view else "wide",
            subject=view.subject if view else (),
            crop=crop.box.xywh if crop else None,
            zoom=zoom_of(crop, self._info.size) if crop else None,
            upscale=min(size.width / crop.box.width, size.height / crop.box.height)
            if crop
            else None,
            look_ahead=self._pipeline.render.look_ahead.frames(name),
            delay_ms=view.delay_ns / NS_PER_MS if view else 0.0,
            settings=live_settings(settings),
            locked=framing.locked,
            home=framing.home.xywh if framing.home else None,
            preset=self._preset(name, settings),
        )

    def _preset(self, shot: str, settings: DirectorSettings) -> str | None:
        loaded = self.loaded.get(shot)
        known = self._presets.names if self._presets else ()
        if loaded is None or loaded.preset not in known or not loaded.describes(settings):
            return None
        return loaded.preset

    def _raised(
        self, shots: Sequence[ShotStatus], tracks: Sequence[TrackStatus]
    ) -> list[Hint | None]:
        """Every hint there is a reason for now."""
        trouble = self._presets.trouble if self._presets else None
        hints = [light_hint(self._pipeline.capture.brightness), sound_hint(self.sound())]
        hints += [upscale_hint(shot) for shot in shots]
        hints += [size_hint(shot, tracks, self._info.size) for shot in shots]
        if self.sought is not None:
            hints += [sought_hint(shot, self.sought) for shot in shots]
        return [Hint("presets_broken", trouble) if trouble else None, *hints]

    def _view(self, name: str) -> ShotView | None:
        return next((view for view in self._pipeline.render.views if view.shot == name), None)

    @staticmethod
    def _sink(outlet: Outlet, now_ns: int) -> SinkStatus:
        flow = outlet.flow.snapshot(now_ns)
        link = outlet.link
        return SinkStatus(
            outlet.shot,
            outlet.sink.name,
            outlet.state,
            flow.frames,
            outlet.dropped,
            flow.latency_p50_ms,
            flow.latency_p99_ms,
            link.state if link else None,
            link.reason if link else None,
        )


def _told_apart(sinks: Iterable[SinkStatus]) -> tuple[SinkStatus, ...]:
    """Of several outputs of a kind in a shot all but the first get a number."""
    counts: Counter[tuple[str, str]] = Counter()
    found = []
    for sink in sinks:
        counts[sink.shot, sink.name] += 1
        number = counts[sink.shot, sink.name]
        found.append(sink if number == 1 else replace(sink, name=f"{sink.name} {number}"))
    return tuple(found)


def _slowest_open(outlets: Sequence[Outlet], now_ns: int) -> float | None:
    """Recent median latency of the slowest sink that is open, milliseconds."""
    flows = (outlet.flow for outlet in outlets if outlet.state == "open")
    latencies = (flow.snapshot(now_ns).recent_p50_ms for flow in flows)
    return max((each for each in latencies if each is not None), default=None)
