"""What interfaces.Detector promises, checked on every detector there is."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from livetrack_vcam.core.detection import FACE, PERSON
from livetrack_vcam.core.geometry import Box, Size, iou
from livetrack_vcam.detectors.pixels import whole
from livetrack_vcam.detectors.registry import detector_names, make_detector
from livetrack_vcam.interfaces import Detector
from livetrack_vcam.media import (
    ColorMatrix,
    ColorRange,
    ColorSpace,
    Frame,
    PixelFormat,
    black_frame,
)
from tests.detect_pictures import frame_of, golden_picture, placed, resized

NAMES = [*detector_names(), "yolov4-tiny,blazeface"]
# Between two ways to store one 400 x 469 picture.
MIN_IOU = 0.93
SCORE_TOLERANCE = 0.1


@pytest.fixture(scope="module", params=NAMES)
def detector(request: pytest.FixtureRequest) -> Iterator[Detector]:
    made = make_detector(request.param)
    made.open()
    yield made
    made.close()


@pytest.fixture(scope="module")
def hopper() -> Frame:
    return frame_of(golden_picture(), PixelFormat.YUV420P)


def labels_of(name: str) -> list[str]:
    if name == "blazeface":
        return [FACE]
    return [PERSON] if name == "yolov4-tiny" else [FACE, PERSON]


def assert_agree(detector: Detector, a: Frame, b: Frame) -> None:
    found_a, found_b = (
        sorted(detector.detect(frame), key=lambda found: found.label) for frame in (a, b)
    )
    assert [found.label for found in found_a] == [found.label for found in found_b]
    for one, other in zip(found_a, found_b, strict=True):
        assert one.score == pytest.approx(other.score, abs=SCORE_TOLERANCE)
        assert iou(one.box, other.box) >= MIN_IOU


def test_it_finds_what_it_is_for(detector: Detector, hopper: Frame) -> None:
    assert sorted(found.label for found in detector.detect(hopper)) == labels_of(detector.name)


def test_it_never_changes_the_frame(detector: Detector, hopper: Frame) -> None:
    before = [plane.copy() for plane in hopper.planes]
    assert not any(plane.flags.writeable for plane in hopper.planes)
    detector.detect(hopper)
    assert all(np.array_equal(*pair) for pair in zip(before, hopper.planes, strict=True))


def test_the_same_frame_gives_the_same_detections(detector: Detector, hopper: Frame) -> None:
    first = detector.detect(hopper)
    detector.detect(black_frame(Size(640, 360)))
    assert detector.detect(hopper) == first


def test_detections_come_best_first_without_duplicates_inside_the_frame(
    detector: Detector,
) -> None:
    crowd = np.hstack([resized(golden_picture(), 400, 469)] * 3)
    frame = frame_of(crowd, PixelFormat.YUV420P)
    found = detector.detect(frame)
    assert len(found) >= 3
    assert [d.score for d in found] == sorted((d.score for d in found), reverse=True)
    for index, one in enumerate(found):
        assert 0 < one.score <= 1
        assert one.box.area > 0
        assert whole(frame).contains(one.box)
        assert len(one.landmarks) == (6 if one.label == FACE else 0)
        for other in found[:index]:
            assert one.label != other.label or iou(one.box, other.box) <= 0.5


def test_landmarks_are_the_persons_own_right_and_left(detector: Detector, hopper: Frame) -> None:
    for found in detector.detect(hopper):
        if found.label == FACE:
            right_eye, left_eye, nose, mouth, right_ear, left_ear = found.landmarks
            assert right_ear.x < right_eye.x < nose.x < left_eye.x < left_ear.x
            assert max(right_eye.y, left_eye.y) < nose.y < mouth.y


@pytest.mark.parametrize("size", [Size(1, 1), Size(1, 700), Size(900, 1), Size(3, 2), Size(31, 33)])
@pytest.mark.parametrize("pixel_format", PixelFormat, ids=lambda f: f.name)
def test_frames_of_hardly_any_pixels_are_looked_at(
    detector: Detector, size: Size, pixel_format: PixelFormat
) -> None:
    rng = np.random.default_rng(size.width)
    chroma = pixel_format.chroma_size(size)
    planes = tuple(
        rng.integers(0, 256, (side.height, side.width), np.uint8) for side in (size, chroma, chroma)
    )
    frame = Frame(planes, pixel_format, ColorSpace(), 0, 0)
    assert all(whole(frame).contains(found.box) for found in detector.detect(frame))


@pytest.mark.parametrize("size", [(399, 467), (401, 470), (397, 469)])
@pytest.mark.parametrize("pixel_format", PixelFormat, ids=lambda f: f.name)
def test_odd_sides_and_every_format_show_the_same(
    detector: Detector, size: tuple[int, int], pixel_format: PixelFormat, hopper: Frame
) -> None:
    picture = resized(golden_picture(), *size)
    assert_agree(detector, frame_of(picture, pixel_format), hopper)


@pytest.mark.parametrize("color_range", ColorRange, ids=lambda r: r.name)
@pytest.mark.parametrize("matrix", ColorMatrix, ids=lambda m: m.name)
def test_every_range_and_matrix_shows_the_same(
    detector: Detector, color_range: ColorRange, matrix: ColorMatrix, hopper: Frame
) -> None:
    color = ColorSpace(color_range, matrix)
    assert_agree(detector, frame_of(golden_picture(), PixelFormat.YUV420P, color), hopper)


def test_a_gray_picture_still_shows_the_person(detector: Detector, hopper: Frame) -> None:
    gray = np.full_like(hopper.planes[1], 128)
    frame = Frame((hopper.planes[0], gray, gray.copy()), hopper.format, hopper.color, 0, 0)
    assert sorted(found.label for found in detector.detect(frame)) == labels_of(detector.name)


@pytest.mark.parametrize("size", [Size(540, 960), Size(960, 540), Size(960, 270)], ids=str)
def test_portrait_wide_and_very_wide_pictures_place_the_boxes_right(
    detector: Detector, size: Size
) -> None:
    person = resized(golden_picture(), 220, 258)
    x, y = size.width - 260, size.height - 258
    frame = frame_of(placed(person, size.width, size.height, x, y), PixelFormat.YUV420P)
    outline = Box(x, y, x + 220, y + 258)
    for found in detector.detect(frame):
        if found.label == FACE:
            assert found.box.center.x == pytest.approx(x + 220 * 0.522, abs=8)
            assert found.box.center.y == pytest.approx(y + 258 * 0.394, abs=8)
        else:
            assert outline.contains(found.box, tolerance=8)
            assert found.box.area > 0.6 * outline.area


def test_nobody_is_found_in_an_empty_picture(detector: Detector) -> None:
    assert detector.detect(black_frame(Size(640, 360))) == ()


def test_a_new_one_can_be_opened_while_another_is_open(detector: Detector, hopper: Frame) -> None:
    second = make_detector(detector.name)
    second.open()
    assert second.detect(hopper) == detector.detect(hopper)
    second.close()
