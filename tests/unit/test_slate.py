from __future__ import annotations

import numpy as np
import pytest

from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.media import OUTPUT_COLOR, black_frame
from livetrack_vcam.picture.slate import slate
from livetrack_vcam.testing import draw_frame

LINE = "The camera is gone. Plug it in again."


@pytest.mark.parametrize("canvas", [Size(1280, 720), Size(720, 1280), Size(720, 720), Size(64, 36)])
def test_the_slate_is_dark_with_one_bright_line_in_the_middle(canvas: Size) -> None:
    frame = slate(canvas, LINE, None)
    assert (frame.size, frame.color) == (canvas, OUTPUT_COLOR)
    rows = np.flatnonzero((frame.planes[0] > 120).any(axis=1))
    columns = np.flatnonzero((frame.planes[0] > 120).any(axis=0))
    assert abs((rows[0] + rows[-1]) / 2 - canvas.height / 2) < canvas.height * 0.05
    assert columns[0] > 0.04 * canvas.width
    assert columns[-1] < 0.96 * canvas.width
    assert np.median(frame.planes[0]) < 45


def test_the_last_picture_shines_through_dimmed() -> None:
    size = Size(320, 180)
    last = draw_frame(size, Box(0, 0, 160, 180), pts_ns=5, seq=3)
    frame = slate(size, "", last)
    luma = frame.planes[0].astype(float)
    assert luma.mean() < 0.6 * last.planes[0].mean()
    assert luma[:, :120].mean() > luma[:, 200:].mean() + 20
    assert (frame.pts_ns, frame.seq) == (last.pts_ns, last.seq)


def test_a_picture_of_another_size_is_not_used() -> None:
    with_other = slate(Size(320, 180), LINE, black_frame(Size(64, 36)))
    plain = slate(Size(320, 180), LINE, None)
    assert np.array_equal(with_other.planes[0], plain.planes[0])


def test_the_slate_can_be_given_to_many_readers() -> None:
    frame = slate(Size(64, 36), LINE, None)
    assert not any(plane.flags.writeable for plane in frame.planes)
