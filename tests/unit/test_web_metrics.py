"""Numbers as Prometheus text."""

from __future__ import annotations

import re

from livetrack_vcam.operating.room_numbers import room_numbers
from livetrack_vcam.room_status import EncodingStatus, RoomStatus, ViewerStatus
from livetrack_vcam.web.metrics import HELP, prometheus_text


def test_numbers_become_samples_with_a_type() -> None:
    text = prometheus_text({"fps": 29.97, "frames_total": 123456789, "live": True})
    assert text.splitlines() == [
        "# HELP livetrack_fps Pictures drawn a second.",
        "# TYPE livetrack_fps gauge",
        "livetrack_fps 29.97",
        "# TYPE livetrack_frames_total counter",
        "livetrack_frames_total 123456789",
        "# TYPE livetrack_live gauge",
        "livetrack_live 1",
    ]


def test_shots_become_labels_of_one_family() -> None:
    stats = {"shots": {"main": {"zoom": 1.5}, 'a"b\\c\nd': {"zoom": 2}}}
    assert prometheus_text(stats).splitlines() == [
        "# HELP livetrack_shot_zoom Width or height of the frame over that of the crop.",
        "# TYPE livetrack_shot_zoom gauge",
        'livetrack_shot_zoom{shot="main"} 1.5',
        'livetrack_shot_zoom{shot="a\\"b\\\\c\\nd"} 2',
    ]


def test_labels_nest() -> None:
    stats = {"shots": {"main": {"sinks": {"vcam": {"dropped_total": 3}}}}}
    assert (
        'livetrack_shot_sink_dropped_total{shot="main",sink="vcam"} 3'
        in prometheus_text(stats).splitlines()
    )


def test_plain_levels_join_their_names_and_odd_characters_go() -> None:
    assert "livetrack_latency_p99_ms 4\n" in prometheus_text({"latency": {"p99-ms": 4}})


def test_what_is_no_number_is_left_out() -> None:
    assert prometheus_text({"name": "x", "none": None, "list": [1]}) == "\n"


def test_every_number_of_a_room_is_explained_and_no_other() -> None:
    viewer = ViewerStatus(
        number=7, state="connected", codec="VP8", width=640, height=360, kbps=900, mode="lowest",
        sound=False, joined_s=12.0, fps=29.8, rtt_ms=23.4, loss_pct=1.25, jitter_ms=2.0,
        latency_ms=31.0, nack=3, pli=1, resent=3, skipped=0,
    )  # fmt: skip
    encoding = EncodingStatus("VP8", 640, 360, 900, "libvpx", 1, 30.0, 90, 2, 0, None)
    room = RoomStatus("main", (viewer,), (encoding,), 900, 7, 0)
    text = prometheus_text({"rooms": {"main": room_numbers(room)}})
    families = re.findall(r"^# TYPE livetrack_(\w+)", text, re.MULTILINE)
    assert sorted(families) == sorted(name for name in HELP if name.startswith("room_"))
    assert 'livetrack_room_viewer_fps{room="main",viewer="7"} 29.8' in text
    assert 'livetrack_room_encoding_fps{room="main",encoding="VP8 640x360"} 30' in text
