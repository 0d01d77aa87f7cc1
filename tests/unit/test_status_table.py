"""The status as tables for a terminal."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

from rich.console import Console, RenderableType

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
from livetrack_vcam.operating.status_table import settings_view, status_view
from livetrack_vcam.room_status import EncodingStatus, RoomStatus, ViewerStatus
from livetrack_vcam.status_line import format_status

SHOT = ShotStatus(
    name="main", aspect="9:16", width=720, height=1280, shot="auto", speed="sport",
    subject_policy="group", state="follow", subject=(3, 4), crop=(0.0, 0.0, 9.0, 16.0),
    zoom=1.5, upscale=1.0, look_ahead=0, delay_ms=0.0, settings={}, locked=True, home=None,
    preset=None,
)  # fmt: skip
VIEWER = ViewerStatus(
    number=7, state="connected", codec="VP8", width=640, height=360, kbps=900, mode="lowest",
    sound=False, joined_s=12.0, fps=29.8, rtt_ms=23.4, loss_pct=1.25, jitter_ms=2.0,
    latency_ms=None, nack=3, pli=1, resent=3, skipped=0,
)  # fmt: skip
ENCODING = EncodingStatus("VP8", 640, 360, 900, "libvpx", 1, 30.0, 99, 3, 0, None)
ROOM = RoomStatus("main", (VIEWER,), (ENCODING,), 900, 7, 0)
STATUS = Status(
    version="1", pid=7, uptime_s=61.0, standby=False, cpu_pct=41.6,
    source=SourceStatus("Camera [bold]x[/bold] \x1b[2J", "running", 1920, 1080, 30.0),
    fps=29.97, latency_p50_ms=21.4, latency_p99_ms=48.2, latency=Latency(8.0, 12.0, 21.4, None),
    dropped=2, detector="auto", detector_state="running", detector_error=None, detect_hz=11.8,
    detect_latency_p50_ms=60.0, tracks=(TrackStatus(3, "person", (1, 2, 3, 4), 0.87, ("main",)),),
    shots=(SHOT,), sinks=(SinkStatus("main", "mjpeg", "open", 100, 2, None, None),),
    presets=("Talk",), scenes={"Live": "Talk"}, hints=(Hint("low_light", "more light", None),),
    obs=ObsStatus(True, True, "Live", None), rooms=(ROOM,),
    links={"room": "http://127.0.0.1:1/room/main"},
)  # fmt: skip


def text_of(view: RenderableType) -> str:
    page = io.StringIO()
    Console(file=page, width=120).print(view)
    return page.getvalue()


def test_everything_that_matters_can_be_read() -> None:
    text = text_of(status_view(STATUS.to_json()))
    for part in (
        "30.0 fps, 2 dropped", "21 ms, 99 % within 48 ms", "capture 8, render 12, send 21",
        "auto, running, 12 Hz", "61 s, 42 % of a core", "Live: Talk", "Live, on program",
        "#3 #4 (locked)", "9:16", "720x1280", "person", "0.87", "mjpeg", "hint: more light",
        "http://127.0.0.1:1/room/main", "VP8 640x360", "23 ms", "1.2 %",
    ):  # fmt: skip
        assert part in text, part


def test_names_are_shown_as_they_are_and_move_no_cursor() -> None:
    text = text_of(status_view(STATUS.to_json()))
    assert "Camera [bold]x[/bold] " in text
    assert "\x1b" not in text


def test_what_is_not_known_yet_is_left_out() -> None:
    bare = replace(
        STATUS, cpu_pct=None, latency_p50_ms=None, latency_p99_ms=None, presets=(), scenes={},
        latency=Latency(None, None, None, None), obs=None, hints=(), tracks=(), sinks=(), rooms=(),
        shots=(replace(SHOT, subject=(), zoom=None, locked=False),),
    )  # fmt: skip
    text = text_of(status_view(bare.to_json()))
    assert "nobody" in text
    for part in ("None", "presets", "OBS", "hint", "track ", "output"):
        assert part not in text, part


def test_troubles_are_said() -> None:
    obs = ObsStatus(connected=False, error="OBS does not answer")
    waiting = replace(STATUS, detector_state="waiting", detector_error="no weights", obs=obs)
    text = text_of(status_view(waiting.to_json()))
    assert "auto, waiting, 12 Hz: no weights" in text
    assert "not connected: OBS does not answer" in text
    assert "resting: standby" in text_of(status_view(replace(STATUS, standby=True).to_json()))


def test_an_encoding_says_what_makes_it_or_why_nothing_does() -> None:
    def text(encoding: EncodingStatus) -> str:
        room = replace(ROOM, encodings=(encoding,))
        return text_of(status_view(replace(STATUS, rooms=(room,)).to_json()))

    assert "libvpx" in text(ENCODING)
    failed = replace(ENCODING, encoder=None, error="libvpx cannot encode 640x360")
    assert "libvpx cannot encode 640x360" in text(failed)
    assert "encoding" not in text(replace(ENCODING, encoder=None))


def test_an_output_with_a_server_elsewhere_says_how_it_stands_with_it() -> None:
    def status(sink: SinkStatus) -> Status:
        return replace(STATUS, sinks=(sink,))

    live = SinkStatus("main", "whip", "open", 100, 2, None, None, link="live")
    away = replace(live, link="retrying", reason="SERVER cannot be reached")
    line, tables = format_status(status(live)), text_of(status_view(status(live).to_json()))
    assert "whip live" not in line
    assert "live" in tables
    line, tables = format_status(status(away)), text_of(status_view(status(away).to_json()))
    assert "whip retrying" in line
    assert "retrying: SERVER cannot be reached" in tables
    failed = replace(away, state="failed")
    assert "whip ✗" in format_status(status(failed))


def test_an_output_that_fails_shows_beside_another_of_its_kind() -> None:
    good = SinkStatus("main", "vcam", "open", 100, 2, None, None)
    bad = replace(good, shot="vertical", state="failed")
    shots = (SHOT, replace(SHOT, name="vertical"))
    for sinks in ((good, bad), (bad, good)):
        line = format_status(replace(STATUS, shots=shots, sinks=sinks))
        assert "vertical vcam ✗" in line, line
        assert "main vcam" not in line, line
    assert format_status(replace(STATUS, shots=shots, sinks=(good, good))).count("vcam") == 1


def test_settings_stand_side_by_side() -> None:
    settings: dict[str, Any] = {
        "shots": {
            "main": {"speed": "sport", "dead_zone": None, "cuts": True},
            "tall": {"speed": "calm", "dead_zone": 0.1, "cuts": False},
        },
        "fixed": {"source": "demo", "shots": {"main": {"sink": ["vcam", "mjpeg"]}}},
    }
    rows = [line.split() for line in text_of(settings_view(settings)).splitlines()]
    assert ["setting", "main", "tall"] in rows
    assert ["dead-zone", "auto", "0.1"] in rows
    assert ["cuts", "on", "off"] in rows
    assert ["main", "sink", "vcam,", "mjpeg"] in rows
