from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.media import OUTPUT_COLOR, black_frame
from livetrack_vcam.picture.lettering import lettering, plain
from livetrack_vcam.picture.slate import covered, slate
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


LONG = "The camera at the window is away; plug it in again, or choose another one in the settings."
SHAPES = [Size(1280, 720), Size(720, 1280), Size(720, 720), Size(320, 80), Size(3840, 2160)]


def rows_of_letters(canvas: Size, sentence: str) -> int:
    """Lines of text: runs of rows with letters, as far apart as lines are."""
    filled = np.flatnonzero((lettering(canvas, sentence) > 0.5).any(axis=1))
    height = max(9.0, min(canvas.width, canvas.height) / 26)
    return 1 + int((np.diff(filled) > height * 0.45).sum())


@pytest.mark.parametrize("canvas", SHAPES, ids=str)
def test_a_long_sentence_is_set_in_lines_that_stay_in_the_picture(canvas: Size) -> None:
    mask = lettering(canvas, LONG)
    columns = np.flatnonzero((mask > 0.1).any(axis=0))
    rows = np.flatnonzero((mask > 0.1).any(axis=1))
    assert columns[0] >= 0.05 * canvas.width
    assert columns[-1] <= 0.95 * canvas.width
    assert rows[0] > 0
    assert rows[-1] < canvas.height - 1
    assert abs((columns[0] + columns[-1]) / 2 - canvas.width / 2) < 0.03 * canvas.width


def test_a_sentence_takes_more_lines_only_where_it_must() -> None:
    assert rows_of_letters(Size(1280, 720), LINE) == 1
    assert rows_of_letters(Size(720, 1280), LINE) == 1
    assert rows_of_letters(Size(720, 1280), LONG) == 3


def test_a_word_without_a_break_is_made_small_enough() -> None:
    mask = lettering(Size(360, 640), "https://192.168.178.33:8788/camera#key=0123456789abcdef0123")
    columns = np.flatnonzero((mask > 0.1).any(axis=0))
    assert columns[0] > 0.05 * 360
    assert columns[-1] < 0.95 * 360


@pytest.mark.parametrize(
    "canvas", [Size(2, 2), Size(16, 16), Size(64, 36), Size(4096, 64)], ids=str
)
def test_a_canvas_of_any_size_can_have_a_slate(canvas: Size) -> None:
    assert slate(canvas, LONG).size == canvas
    assert slate(canvas, "").size == canvas


def test_what_the_font_has_no_letter_for_is_shown_as_near_as_it_gets() -> None:
    assert plain("Caméra d’été … “Küche”") == 'Camera d\'ete ... "Kuche"'
    assert plain("카메라 1") == "? 1" or plain("카메라 1").endswith(" 1")
    assert plain(LINE) == LINE


@pytest.mark.parametrize("luma", [16, 128, 235])
def test_the_sentence_can_be_read_over_any_picture(luma: int) -> None:
    """Letters against what is around them: WCAG's 4.5 to 1 for text, on relative luminance."""
    size = Size(640, 360)
    last = black_frame(size)
    last = replace(last, planes=(np.full_like(last.planes[0], luma), *last.planes[1:]))
    frame = slate(size, LINE, last)
    letters = lettering(size, LINE) > 0.95
    around = lettering(size, LINE) == 0
    light = luminance(float(frame.planes[0][letters].mean()))
    dark = luminance(float(frame.planes[0][around].max()))
    assert (light + 0.05) / (dark + 0.05) > 4.5


def luminance(luma: float) -> float:
    """Of gray: video range to linear light, gamma 2.2."""
    return float(((luma - 16) / 219) ** 2.2)


def test_a_cover_mixes_evenly_and_keeps_the_pictures_time() -> None:
    size = Size(64, 36)
    picture = draw_frame(size, None, pts_ns=5, seq=3)
    cover = black_frame(size)
    half = covered(picture, cover, 0.5)
    assert abs(float(half.planes[0].mean()) - (60 + 16) / 2) <= 1
    assert (half.pts_ns, half.seq) == (5, 3)
    assert covered(picture, cover, 0.0) is picture
    full = covered(picture, cover, 1.0)
    assert np.array_equal(full.planes[0], cover.planes[0])
    assert (full.pts_ns, full.seq) == (5, 3)
    assert not any(plane.flags.writeable for plane in half.planes)
