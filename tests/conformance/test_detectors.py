"""What interfaces.Detector promises, checked on every detector there is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from livetrack_vcam.core.detection import FACE, PERSON, Detection
from livetrack_vcam.core.geometry import Box, Size, iou
from livetrack_vcam.detectors.manifest import read_manifest
from livetrack_vcam.detectors.pixels import whole
from livetrack_vcam.detectors.registry import AUTO, detector_names, make_detector
from livetrack_vcam.detectors.store_import import import_model
from livetrack_vcam.errors import ModelError
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

# Those whose weights come with the package; the others use the files in ../shared/models.
VENDORED = {AUTO, *(model.name for model in read_manifest())}
# Those that need a package of gigabytes.
REFERENCE = {"mediapipe", "mediapipe-face", "mediapipe-object", "tensorflow"}
# Between two ways to store one 400 x 469 picture.
MIN_IOU = 0.9
SCORE_TOLERANCE = 0.2
NOISE_FRAMES = 60
HOSTILE_REGIONS = {
    "one pixel": Box(100, 100, 101, 101),
    "less than a pixel": Box(100.2, 100.2, 100.4, 100.4),
    "nothing": Box(50, 50, 50, 50),
    "a line": Box(0, 200, 400, 200),
    "outside": Box(5000, 5000, 6000, 6000),
    "above and left": Box(-300, -300, -100, -100),
    "larger than the frame": Box(-1000, -1000, 3000, 3000),
    "half outside": Box(-200, -100, 200, 300),
    "a corner": Box(399, 468, 401, 470),
}


def parameters() -> list[object]:
    chosen = []
    for name in (*detector_names(), "yolov4-tiny,blazeface"):
        marks = [] if set(name.split(",")) <= VENDORED else [pytest.mark.shared]
        if name in REFERENCE:
            marks.append(pytest.mark.reference)
        chosen.append(pytest.param(name, marks=marks, id=name))
    return chosen


@pytest.fixture(scope="session")
def filled_store(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Path:
    """Everything in ../shared/models that the catalog knows, imported as a user imports it."""
    store = tmp_path_factory.mktemp("models")
    for path in sorted((shared / "models").iterdir()):
        with suppress(ModelError):
            import_model(None, path, store)
    return store


@pytest.fixture(scope="module")
def detector(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Detector]:
    name: str = request.param
    with pytest.MonkeyPatch.context() as environment:
        if set(name.split(",")) <= VENDORED:
            environment.setenv("LIVETRACK_MODELS", str(tmp_path_factory.mktemp("none")))
        else:
            environment.setenv("LIVETRACK_MODELS", str(request.getfixturevalue("filled_store")))
        if name in REFERENCE:
            pytest.importorskip(name.partition("-")[0], reason=f"{name} is an extra")
        if name == "tensorflow":
            models = request.getfixturevalue("shared") / "models"
            name = f"tensorflow:{models / 'ssdlite_mobilenet_v2_coco_fp32.converted.tflite'}"
        made = make_detector(name)
        made.open()
        yield made
        made.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "detector" in metafunc.fixturenames:
        metafunc.parametrize("detector", parameters(), indirect=True, scope="module")


@pytest.fixture(scope="module")
def hopper() -> Frame:
    return frame_of(golden_picture(), PixelFormat.YUV420P)


def expected_labels(detector: Detector) -> list[str]:
    return sorted({FACE, PERSON} & detector.labels)


def assert_agree(detector: Detector, a: Frame, b: Frame) -> None:
    found_a, found_b = (
        sorted(detector.detect(frame), key=lambda found: found.label) for frame in (a, b)
    )
    assert [found.label for found in found_a] == [found.label for found in found_b]
    for one, other in zip(found_a, found_b, strict=True):
        assert one.score == pytest.approx(other.score, abs=SCORE_TOLERANCE)
        assert iou(one.box, other.box) >= MIN_IOU


def test_it_finds_what_it_is_for(detector: Detector, hopper: Frame) -> None:
    assert sorted(found.label for found in detector.detect(hopper)) == expected_labels(detector)


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
        assert len(one.landmarks) in ((4, 6) if one.label == FACE else (0,))
        for other in found[:index]:
            assert one.label != other.label or iou(one.box, other.box) <= 0.5


def test_landmarks_are_the_persons_own_right_and_left(detector: Detector, hopper: Frame) -> None:
    for found in detector.detect(hopper):
        if found.label == FACE:
            right_eye, left_eye, nose, mouth, *ears = found.landmarks
            assert right_eye.x < nose.x < left_eye.x
            assert max(right_eye.y, left_eye.y) < nose.y < mouth.y
            if ears:
                right_ear, left_ear = ears
                assert right_ear.x < right_eye.x < left_eye.x < left_ear.x


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
    assert sorted({found.label for found in detector.detect(frame)}) == expected_labels(detector)


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
            assert found.box.center.x == pytest.approx(x + 220 * 0.522, abs=12)
            assert found.box.center.y == pytest.approx(y + 258 * 0.394, abs=12)
        else:
            assert outline.contains(found.box, tolerance=16)
            assert found.box.area > 0.6 * outline.area


def test_nobody_is_found_in_an_empty_picture(detector: Detector) -> None:
    assert detector.detect(black_frame(Size(640, 360))) == ()


def test_a_new_one_can_be_opened_while_another_is_open(detector: Detector, hopper: Frame) -> None:
    second = make_detector(detector.name)
    second.open()
    assert second.detect(hopper) == detector.detect(hopper)
    second.close()


def test_nothing_is_found_in_white_or_gray(detector: Detector) -> None:
    for value in (255, 128):
        blank = np.full((360, 640, 3), value, np.uint8)
        assert detector.detect(frame_of(blank, PixelFormat.YUV420P)) == ()


@pytest.mark.parametrize("grain", [1, 8], ids=["fine", "coarse"])
def test_nobody_is_found_in_noise(detector: Detector, grain: int) -> None:
    rng = np.random.default_rng(grain)
    seen: list[Detection] = []
    for _ in range(NOISE_FRAMES // 2):
        small = rng.integers(0, 256, (360 // grain, 640 // grain, 3), np.uint8)
        noise = np.kron(small, np.ones((grain, grain, 1), np.uint8))
        seen += detector.detect(frame_of(noise, PixelFormat.YUV420P))
    assert [found for found in seen if found.label == PERSON] == []


def test_the_person_of_an_8k_frame_is_found(detector: Detector) -> None:
    person = resized(golden_picture(), 3200, 3752)
    frame = frame_of(placed(person, 7680, 4320, 2400, 568), PixelFormat.YUV420P)
    found = detector.detect(frame)
    assert set(expected_labels(detector)) <= {one.label for one in found}
    assert all(whole(frame).contains(one.box) for one in found)


@pytest.mark.parametrize("region", HOSTILE_REGIONS.values(), ids=HOSTILE_REGIONS)
def test_any_region_is_looked_at_without_an_error(
    detector: Detector, hopper: Frame, region: Box
) -> None:
    for found in detector.detect(hopper, region):
        assert found.box.area > 0
        assert whole(hopper).contains(found.box)


def test_a_region_shows_what_is_in_it_and_nothing_else(detector: Detector) -> None:
    person = resized(golden_picture(), 500, 586)
    frame = frame_of(placed(person, 1920, 1080, 1350, 494), PixelFormat.YUV420P)
    around = Box(1200, 300, 1920, 1080)
    there = detector.detect(frame, around)
    assert set(expected_labels(detector)) <= {found.label for found in there}
    assert all(around.contains(found.box, tolerance=20) for found in there)
    assert detector.detect(frame, Box(0, 0, 900, 1080)) == ()


def test_scores_of_nearly_zero_can_be_asked_for(detector: Detector, hopper: Frame) -> None:
    curious = make_detector(detector.name, min_score=0.001)
    curious.open()
    rng = np.random.default_rng(0)
    noisy = np.clip(golden_picture() + rng.normal(0, 60, (469, 400, 3)), 0, 255).astype(np.uint8)
    found = curious.detect(frame_of(noisy, PixelFormat.YUV420P))
    curious.close()
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    for index, one in enumerate(found):
        assert whole(hopper).contains(one.box)
        rivals = [other for other in found[:index] if other.label == one.label]
        assert all(iou(one.box, other.box) <= 0.5 for other in rivals)
