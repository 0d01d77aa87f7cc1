"""The ball the network missed: pale disks on a drawn background with texture."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from livetrack_vcam.core.detection import SPORTS_BALL, Detection, Track
from livetrack_vcam.core.geometry import Box, Point, Size
from livetrack_vcam.detectors.ball_finder import BallFinder
from livetrack_vcam.media import OUTPUT_COLOR, Frame, PixelFormat

SIZE = Size(960, 540)
FRAME_NS = 33_333_333
DIAMETER = 40.0

_NOISE = np.random.default_rng(5)
_BACKGROUND = cv2.GaussianBlur(
    _NOISE.integers(40, 170, (SIZE.height, SIZE.width)).astype(np.uint8), (0, 0), 6
)
_BACKGROUND = cv2.normalize(_BACKGROUND, None, 40, 160, cv2.NORM_MINMAX)


def picture(number: int, *disks: tuple[float, float, float, int], size: Size = SIZE) -> Frame:
    """Disks of (x, y, diameter, luma), soft at the edge; the color is gray."""
    luma = cv2.resize(_BACKGROUND, (size.width, size.height)).astype(np.float32)
    rows, columns = np.ogrid[: size.height, : size.width]
    for x, y, diameter, value in disks:
        away = np.sqrt((columns + 0.5 - x) ** 2 + (rows + 0.5 - y) ** 2)
        cover = np.clip((diameter / 2 - away) / 3 + 0.5, 0, 1)
        luma = luma * (1 - cover) + value * cover
    half = (math.ceil(size.height / 2), math.ceil(size.width / 2))
    chroma = np.full(half, 128, np.uint8)
    planes = (luma.astype(np.uint8), chroma, chroma.copy())
    return Frame(planes, PixelFormat.YUV420P, OUTPUT_COLOR, number * FRAME_NS, number)


def track(x: float, y: float, seen: int, vx: float = 0.0, vy: float = 0.0) -> Track:
    box = Box.from_cxcywh(x, y, DIAMETER, DIAMETER)
    return Track(3, SPORTS_BALL, box, 0.8, Point(vx, vy), seen * FRAME_NS)


def detection(x: float, y: float) -> Detection:
    return Detection(Box.from_cxcywh(x, y, DIAMETER, DIAMETER), 0.8, SPORTS_BALL)


def taught(frames: int = 12, luma: int = 215) -> BallFinder:
    """A finder that saw the network find the ball as it flew to (300, 200) at 20 pixels a frame."""
    finder = BallFinder()
    for i in range(frames):
        x = 300 - 20.0 * (frames - 1 - i)
        frame = picture(i, (x, 200, DIAMETER, luma))
        balls = (track(x - 20, 200, i - 1, vx=600),)
        assert finder.find(frame, balls, (i - 1) * FRAME_NS, (detection(x, 200),)) == ()
    return finder


def off(found: tuple[Detection, ...], x: float, y: float) -> float:
    """How far the only find is off, in diameters."""
    (ball,) = found
    return math.hypot(ball.box.center.x - x, ball.box.center.y - y) / DIAMETER


@pytest.mark.parametrize("stray", [(0, 0), (14, -9), (-22, 17)])
def test_a_ball_near_its_predicted_place_is_found_to_a_tenth(stray: tuple[float, float]) -> None:
    x, y = 320 + stray[0], 200 + stray[1]
    frame = picture(12, (x, y, DIAMETER, 215))
    found = taught().find(frame, (track(300, 200, 11, vx=600),), 11 * FRAME_NS)
    assert off(found, x, y) < 0.1
    assert found[0].label == SPORTS_BALL


def test_its_scores_never_suffice_to_start_a_track() -> None:
    frame = picture(12, (320, 200, DIAMETER, 215))
    found = taught().find(frame, (track(300, 200, 11, vx=600),), 11 * FRAME_NS)
    assert all(0.1 <= ball.score <= 0.2 for ball in found)


def test_a_ball_that_is_not_there_is_not_found() -> None:
    ball = track(300, 200, 11, vx=600)
    assert taught().find(picture(12), (ball,), 11 * FRAME_NS) == ()


def test_a_disk_of_another_brightness_or_size_is_not_the_ball() -> None:
    ball = track(300, 200, 11, vx=600)
    for disk in ((320, 200, DIAMETER, 20), (320, 200, DIAMETER / 3, 215), (320, 200, 150, 215)):
        assert taught().find(picture(12, disk), (ball,), 11 * FRAME_NS) == (), disk


def test_a_disk_that_was_always_there_is_not_a_ball_in_flight() -> None:
    lamp = (330.0, 225.0, DIAMETER, 215)
    finder = BallFinder()
    for i in range(12):
        x = 80 + 20.0 * i
        frame = picture(i, lamp, (x, 200, DIAMETER, 215))
        finder.find(
            frame, (track(x - 20, 200, i - 1, 600),), (i - 1) * FRAME_NS, (detection(x, 200),)
        )
    assert finder.find(picture(12, lamp), (track(300, 200, 11, 600),), 11 * FRAME_NS) == ()


def test_a_ball_that_lies_still_is_found_though_nothing_changes() -> None:
    finder = BallFinder()
    for i in range(12):
        seen = (detection(300, 200),) if i < 6 else ()
        frame = picture(i, (300, 200, DIAMETER, 215))
        found = finder.find(frame, (track(300, 200, i - 1),), (i - 1) * FRAME_NS, seen)
        assert len(found) == (i >= 6)


def test_nothing_is_searched_without_a_track_or_before_the_ball_was_seen() -> None:
    frame = picture(12, (320, 200, DIAMETER, 215))
    assert BallFinder().find(frame, (), 11 * FRAME_NS) == ()
    assert BallFinder().find(frame, (track(320, 200, 5),), 11 * FRAME_NS) == ()


def test_a_ball_the_tracker_shows_no_more_is_searched_for_a_moment() -> None:
    finder = taught()
    soon = picture(14, (360, 200, DIAMETER, 215))
    assert off(finder.find(soon, (), 13 * FRAME_NS), 360, 200) < 0.1
    late = picture(24, (560, 200, DIAMETER, 215))
    assert finder.find(late, (), 23 * FRAME_NS) == ()


@pytest.mark.parametrize(("x", "y"), [(0, 0), (958, 538), (-500, 200), (5000, 5000)])
def test_a_prediction_at_the_edge_or_outside_is_no_error(x: float, y: float) -> None:
    found = taught().find(picture(12), (track(x, y, 11, vx=600),), 11 * FRAME_NS)
    assert found == ()


@pytest.mark.parametrize("size", [Size(1, 1), Size(17, 9), Size(961, 541)])
def test_frames_of_another_or_an_odd_size_are_no_error(size: Size) -> None:
    finder = taught()
    for i in (12, 13):
        assert finder.find(picture(i, size=size), (track(5, 5, 11, 600),), 11 * FRAME_NS) == ()


def test_the_frame_is_not_changed_and_the_answer_is_the_same_each_time() -> None:
    frame = picture(12, (325, 203, DIAMETER, 215))
    before = [plane.copy() for plane in frame.planes]
    ball = track(300, 200, 11, vx=600)
    answers = [taught().find(frame, (ball,), 11 * FRAME_NS) for _ in range(2)]
    assert answers[0] == answers[1]
    assert all((a == b).all() for a, b in zip(before, frame.planes, strict=True))
