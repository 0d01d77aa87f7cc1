from __future__ import annotations

import numpy as np

from livetrack_vcam.media_time import SECOND_NS, Timeline
from livetrack_vcam.sources.clock import LiveClock

FRAME = 40_000_000


def test_media_time_starts_at_zero_whatever_the_stream_says() -> None:
    timeline = Timeline(FRAME)
    assert [timeline.place(at) for at in (7 * SECOND_NS, 7 * SECOND_NS + 5)] == [0, 5]


def test_a_frame_without_a_stamp_follows_at_the_nominal_interval() -> None:
    timeline = Timeline(FRAME)
    assert [timeline.place(at) for at in (None, None, 2 * FRAME, None)] == [
        0,
        FRAME,
        2 * FRAME,
        3 * FRAME,
    ]


def test_frames_in_disorder_still_increase() -> None:
    timeline = Timeline(FRAME)
    placed = [timeline.place(at) for at in (0, FRAME, FRAME, FRAME - 5, 2 * FRAME)]
    assert placed == sorted(set(placed))
    assert placed[-1] == 2 * FRAME


def test_a_stream_that_starts_over_goes_on_where_it_was() -> None:
    timeline = Timeline(FRAME)
    placed = [timeline.place(at) for at in (0, 5 * SECOND_NS, 0, FRAME)]
    assert placed == [0, 5 * SECOND_NS, 5 * SECOND_NS + FRAME, 5 * SECOND_NS + 2 * FRAME]


def test_network_jitter_does_not_reach_the_capture_times() -> None:
    dice = np.random.default_rng(4)
    clock = LiveClock()
    media = [number * FRAME for number in range(500)]
    placed = [clock.place(at, SECOND_NS + at + int(dice.exponential(30e6))) for at in media]
    steps = np.diff(placed[50:]) - FRAME
    assert np.abs(steps).max() < 3e6
    assert np.std(steps) < 0.5e6


def test_a_stream_whose_clock_is_slow_is_followed() -> None:
    clock = LiveClock()
    late = [
        at + at // 5000 - clock.place(at, at + at // 5000)
        for at in range(0, 600 * SECOND_NS, FRAME)
    ]
    assert max(late) < 5e6


def test_after_a_stall_the_mapping_starts_over() -> None:
    clock = LiveClock()
    clock.place(0, 10 * SECOND_NS)
    assert clock.place(FRAME, 15 * SECOND_NS) == 15 * SECOND_NS
