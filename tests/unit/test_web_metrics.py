"""Numbers as Prometheus text."""

from __future__ import annotations

from livetrack_vcam.web.metrics import prometheus_text


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
