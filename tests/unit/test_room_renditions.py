"""The ladder of sizes, their bit rates, and what is picked of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.media import Frame, black_frame
from livetrack_vcam.room.reduction import Reduction
from livetrack_vcam.room.renditions import NEXT_STEP, Renditions, kbps_of, ladder
from livetrack_vcam.sinks.room import RoomFeed
from livetrack_vcam.webrtc.encoded import Codec

HD = Size(1280, 720)
FPS = Fraction(30)


def no_thread(run: Callable[[], None], name: str) -> None:
    raise AssertionError(f"{name} was started by {run}")


@contextmanager
def renditions_of(canvas: Size) -> Iterator[Renditions]:
    loop = asyncio.new_event_loop()
    try:
        yield Renditions(RoomFeed(Canvas(canvas, FPS)), no_thread, loop)
    finally:
        loop.close()


@pytest.mark.parametrize(
    ("canvas", "sizes"),
    [
        (HD, ["1280x720", "960x540", "640x360"]),
        (Size(720, 1280), ["720x1280", "540x960", "360x640"]),
        (Size(1920, 1080), ["1920x1080", "1280x720", "960x540", "640x360"]),
        (Size(608, 1080), ["608x1080", "360x640"]),
        (Size(720, 720), ["720x720", "540x540", "360x360"]),
        (Size(640, 480), ["640x480", "480x360"]),
        (Size(640, 360), ["640x360"]),
        (Size(320, 180), ["320x180"]),
        (Size(321, 181), ["320x180"]),
    ],
)
def test_the_ladder_starts_with_the_canvas_and_counts_the_shorter_side(
    canvas: Size, sizes: list[str]
) -> None:
    assert [str(size) for size in ladder(canvas)] == sizes


@given(st.integers(16, 4096), st.integers(16, 4096))
def test_every_size_is_even_of_the_canvas_shape_and_well_below_the_one_above(
    width: int, height: int
) -> None:
    canvas = Size(width, height)
    sizes = ladder(canvas)

    for size in sizes:
        assert size.width % 2 == size.height % 2 == 0
        # One and the same scale, give or take the sample by which a side is made even.
        at_least = max((size.width - 1) / canvas.width, (size.height - 1) / canvas.height)
        at_most = min((size.width + 1) / canvas.width, (size.height + 1) / canvas.height)
        assert at_least <= at_most
    for above, below in pairwise(sizes):
        assert min(below.width, below.height) <= NEXT_STEP * (min(above.width, above.height) + 2)


def test_bit_rates_fall_with_the_size_but_not_as_fast() -> None:
    rates = [kbps_of(size, FPS) for size in ladder(Size(1920, 1080))]
    pixels = [size.width * size.height for size in ladder(Size(1920, 1080))]

    assert rates[1] == 2500
    for (more, less), (large, small) in zip(pairwise(rates), pairwise(pixels), strict=True):
        assert less < more
        assert less / more > small / large


def test_twice_the_frames_take_half_as_much_again() -> None:
    assert kbps_of(HD, Fraction(60)) == 3750
    assert kbps_of(HD, Fraction(15)) == pytest.approx(2500 / 1.5, abs=25)


def test_the_smallest_picture_keeps_a_rate_that_an_encoder_can_hold() -> None:
    assert kbps_of(Size(64, 36), Fraction(5)) >= 100


@pytest.mark.parametrize(
    ("height", "rows"),
    [(None, 720), (1080, 720), (720, 720), (719, 540), (540, 540), (360, 360), (100, 360)],
)
def test_a_pick_is_the_largest_that_is_not_above_the_wish(height: int | None, rows: int) -> None:
    for canvas in (HD, Size(720, 1280)):
        with renditions_of(canvas) as renditions:
            assert renditions.pick(Codec.VP8, height).spec.rows == rows


def test_everybody_who_picks_the_same_shares_it_and_codecs_are_apart() -> None:
    with renditions_of(HD) as renditions:
        shared = renditions.pick(Codec.H264, 540)

        assert renditions.pick(Codec.H264, 600) is shared
        assert renditions.pick(Codec.VP8, 540) is not shared
        assert renditions.pick(Codec.H264, 360) is not shared


def test_the_status_names_what_was_picked_and_nothing_runs_for_a_pick_alone() -> None:
    with renditions_of(HD) as renditions:
        assert renditions.status == ()
        renditions.pick(Codec.H264, None)
        renditions.pick(Codec.VP8, 360)
        renditions.pick(Codec.H264, 720)

        assert [(each.spec.codec, each.spec.rows) for each in renditions.status] == [
            (Codec.H264, 720),
            (Codec.VP8, 360),
        ]
        assert all(each.encoder is None and each.viewers == 0 for each in renditions.status)


def test_what_can_be_picked_is_known_before_anybody_picks() -> None:
    with renditions_of(HD) as renditions:
        specs = renditions.specs(Codec.VP8)

        assert [(str(spec.size), spec.kbps) for spec in specs] == [
            ("1280x720", 2500),
            ("960x540", 1600),
            ("640x360", 900),
        ]
        assert [renditions.pick(Codec.VP8, spec.rows).spec for spec in specs] == list(specs)


def textured(size: Size) -> Frame:
    dice = np.random.default_rng(5)
    frame = black_frame(size, 123, 4)
    y, u, v = (
        cv2.GaussianBlur(dice.integers(0, 255, plane.shape, np.uint8), (0, 0), 6) // 2 + 60
        for plane in frame.planes
    )
    return replace(frame, planes=(y, u, v))


@pytest.mark.parametrize("size", ladder(Size(1280, 720))[1:], ids=str)
def test_a_reduced_picture_is_the_same_picture_at_the_same_time(size: Size) -> None:
    frame = textured(HD)
    small = Reduction(size).of(frame)

    assert (small.size, small.pts_ns, small.seq, small.color) == (size, 123, 4, frame.color)
    for plane, original in zip(small.planes, frame.planes, strict=True):
        ideal = cv2.resize(original, plane.shape[::-1], interpolation=cv2.INTER_AREA)
        # Chroma stays left-sited, by up to a quarter of its sample beside the area's center.
        assert np.abs(plane.astype(float) - ideal).mean() < 1.0


def test_two_codecs_of_one_size_share_one_reduction_of_each_frame() -> None:
    reduction = Reduction(Size(640, 360))
    first, second = black_frame(HD), black_frame(HD)

    assert reduction.of(first) is reduction.of(first)
    assert reduction.of(second) is not reduction.of(first)


def test_a_frame_of_the_right_size_is_passed_on_as_it_is() -> None:
    frame = black_frame(HD)

    assert Reduction(HD).of(frame) is frame
