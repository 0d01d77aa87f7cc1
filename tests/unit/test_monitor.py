"""The status: what a page, a panel and a script are told of a running program."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from livetrack_vcam.control import ObsStatus
from livetrack_vcam.core.fields import LIVE_FIELDS
from livetrack_vcam.live.capturing import brightness
from livetrack_vcam.media import (
    ColorMatrix,
    ColorRange,
    ColorSpace,
    Frame,
    PixelFormat,
    black_frame,
)
from livetrack_vcam.stats import NS_PER_MS
from livetrack_vcam.status_line import format_status
from livetrack_vcam.web.metrics import prometheus_text
from tests.operated import FRAME, Operated, operating


def unstarted(folder: Path, body: Callable[[Operated], None]) -> None:
    """Run `body` on a program none of whose threads is started: it stays as it is made."""

    async def run() -> None:
        body(Operated(folder))

    asyncio.run(run())


def test_the_status_of_a_program_that_has_not_begun_is_whole(tmp_path: Path) -> None:
    def body(program: Operated) -> None:
        status = program.status
        assert status.pid == os.getpid()
        assert not status.standby
        assert asdict(status.latency) == dict.fromkeys(
            ("capture_ms", "render_ms", "send_ms", "detect_ms")
        )
        assert (status.presets, status.scenes, status.hints, status.obs) == ((), {}, (), None)
        for shot in status.shots:
            assert list(shot.settings) == list(LIVE_FIELDS)
            assert (shot.locked, shot.home, shot.preset, shot.crop) == (False, None, None, None)

    unstarted(tmp_path, body)


def test_the_json_of_a_status_is_its_dataclass(tmp_path: Path) -> None:
    async def body(program: Operated) -> None:
        track = await program.somebody()
        await program.tell("lock", "tall", track_id=track)
        await program.tell("set_home", "main", box=[10, 20, 160, 90])
        program.monitor.obs = lambda: ObsStatus(connected=True, scene="Live")
        program.ticking = False
        status = program.status
        assert json.loads(json.dumps(status.to_json())) == json.loads(json.dumps(asdict(status)))
        assert status.to_json()["obs"] == {
            "connected": True, "on_program": None, "scene": "Live", "error": None,
        }  # fmt: skip

    operating(tmp_path, body)


def test_a_track_knows_the_shots_that_are_about_it_and_a_shot_its_home_and_lock(
    tmp_path: Path,
) -> None:
    async def body(program: Operated) -> None:
        track = await program.somebody()
        await program.until(lambda: program.status.shots[1].subject)
        assert program.status.tracks[0].subject_of == ("main", "tall")
        await program.tell("lock", "tall", track_id=track)
        await program.tell("set_home", "main", box=[10, 20, 160, 90])
        main, tall = program.status.shots
        assert (main.locked, tall.locked) == (False, True)
        assert main.home == pytest.approx((10, 20, 160, 90))
        assert tall.home is None
        await program.tell("release")
        assert not program.status.shots[1].locked

    operating(tmp_path, body)


def test_standby_shows_in_the_status_and_nobody_is_looked_for(tmp_path: Path) -> None:
    async def body(program: Operated) -> None:
        await program.somebody()
        await program.tell("pause", "tall")
        assert await program.tell("standby", on=True)
        await program.pictures(3)
        looks = program.detector.calls
        await program.pictures(15)
        status = program.status
        assert program.detector.calls == looks
        assert status.standby
        assert "standby" in format_status(status)
        assert status.tracks == ()
        assert [shot.state for shot in status.shots] == ["paused", "paused"]
        assert await program.tell("standby", on=False)
        await program.until(lambda: program.detector.calls > looks)
        await program.until(lambda: program.status.shots[0].state != "paused")
        assert program.status.shots[1].state == "paused"
        assert not program.status.standby
        assert "standby" not in format_status(program.status)

    operating(tmp_path, body)


def test_the_delay_is_told_by_where_it_comes_from(tmp_path: Path) -> None:
    def body(program: Operated) -> None:
        pipeline = program.pipeline
        assert pipeline.detect is not None
        flows = (pipeline.capture.flow, pipeline.render.flow, pipeline.detect.flow)
        for flow, late_ms in zip(flows, (5, 9, 70), strict=True):
            flow.add(0, late_ms * NS_PER_MS)
        for outlet, late_ms, state in zip(
            pipeline.outlets, (12, 50), ("open", "failed"), strict=True
        ):
            outlet.flow.add(0, late_ms * NS_PER_MS)
            outlet.state = state
        latency = program.status.latency
        assert (latency.capture_ms, latency.render_ms) == (5, 9)
        assert (latency.send_ms, latency.detect_ms) == (12, 70)
        text = prometheus_text(program.controls.stats())
        assert "livetrack_capture_latency_ms 5\n" in text
        assert "livetrack_send_latency_ms 12\n" in text
        assert "livetrack_standby 0\n" in text

    unstarted(tmp_path, body)


def test_two_outputs_of_a_kind_are_counted_apart(tmp_path: Path) -> None:
    def body(program: Operated) -> None:
        main, tall = program.pipeline.outlets
        program.pipeline.outlets.append(main)
        sinks = [(sink.shot, sink.name) for sink in program.status.sinks]
        kind = main.sink.name
        assert sinks == [("main", kind), ("tall", tall.sink.name), ("main", f"{kind} 2")]
        text = prometheus_text(program.controls.stats())
        assert text.count("livetrack_shot_sink_frames_total{") == 3

    unstarted(tmp_path, body)


def test_what_the_monitor_is_told_of_light_and_presets_becomes_hints(tmp_path: Path) -> None:
    (tmp_path / "presets.json").write_text("broken")

    def body(program: Operated) -> None:
        program.pipeline.capture.brightness = 0.05
        assert [hint.code for hint in program.status.hints] == ["presets_broken", "low_light"]
        program.pipeline.capture.brightness = 0.5
        (tmp_path / "presets.json.broken-1").unlink()
        program.clock.advance(10)
        assert program.status.hints == ()

    unstarted(tmp_path, body)


def test_brightness_is_that_of_the_camera_whatever_its_range(tmp_path: Path) -> None:
    def gray(level: int, color_range: ColorRange) -> Frame:
        black = black_frame(FRAME)
        planes = (np.full_like(black.planes[0], level), black.planes[1], black.planes[2])
        color = ColorSpace(color_range, ColorMatrix.BT601)
        return Frame(planes, PixelFormat.YUV420P, color, 0, 0)

    assert brightness(gray(16, ColorRange.LIMITED)) == 0
    assert brightness(gray(235, ColorRange.LIMITED)) == 1
    assert brightness(gray(0, ColorRange.FULL)) == 0
    assert brightness(gray(255, ColorRange.FULL)) == 1
    assert brightness(gray(51, ColorRange.FULL)) == pytest.approx(0.2)


def test_the_source_is_measured_now_and_then(tmp_path: Path) -> None:
    async def body(program: Operated) -> None:
        await program.pictures(1)
        await program.until(lambda: program.pipeline.capture.brightness is not None)
        measured = program.pipeline.capture.brightness
        assert measured is not None
        assert 0.1 < measured < 0.6

    operating(tmp_path, body)
