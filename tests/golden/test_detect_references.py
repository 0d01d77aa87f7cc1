"""The two back ends that are other people's programs, run for real, and our own held against them.

They are extras; `make test-reference` has them.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from livetrack_vcam.core.detection import FACE, PERSON
from livetrack_vcam.core.geometry import Box, Size, iou
from livetrack_vcam.detectors.import_order import before_tensorflow
from livetrack_vcam.detectors.mediapipe_tasks import MediapipeFaceDetector, MediapipeObjectDetector
from livetrack_vcam.detectors.pixels import whole
from livetrack_vcam.detectors.registry import make_detector
from livetrack_vcam.errors import ModelError
from livetrack_vcam.interfaces import Detector
from livetrack_vcam.media import Frame, black_frame
from tests.detect_pictures import frame_of, golden_numbers, golden_picture, placed, resized

pytestmark = pytest.mark.reference


@pytest.fixture(scope="module")
def hopper() -> Frame:
    return frame_of(golden_picture())


def opened(detector: Detector) -> Detector:
    detector.open()
    return detector


def assert_keeps_the_contract(detector: Detector, frame: Frame) -> None:
    """What tests/conformance asks of our own detectors, in short."""
    first = detector.detect(frame)
    assert first
    assert detector.detect(black_frame(Size(640, 360))) == ()
    assert detector.detect(frame) == first
    for size in (Size(1, 1), Size(1, 700), Size(900, 1), Size(31, 33), Size(7680, 4320)):
        detector.detect(black_frame(size))
    for found in first:
        assert whole(frame).contains(found.box)
        assert found.label in detector.labels


def assert_sees_only_the_region(detector: Detector, label: str) -> None:
    person = resized(golden_picture(), 205, 240)
    picture = placed(placed(person, 700, 300, 20, 30)[:, :350], 700, 300, 0, 0)
    picture[30:270, 420:625] = person
    region = Box(380, 0, 700, 300)
    found = [one for one in detector.detect(frame_of(picture), region) if one.label == label]
    assert len(found) == 1
    assert region.contains(found[0].box, tolerance=2)


def needs(package: str) -> None:
    """Looks without importing: the back ends themselves see to the order of imports."""
    if find_spec(package) is None:
        pytest.skip(f"needs {package}; make test-reference has it")


@pytest.fixture(scope="module")
def mediapipe() -> None:
    needs("mediapipe")


@pytest.fixture
def tensorflow() -> Any:
    needs("tensorflow")
    before_tensorflow()
    return import_module("tensorflow")


@pytest.fixture(scope="module")
def faces(shared: Path, mediapipe: None) -> Iterator[Detector]:
    weights = (shared / "models" / "blaze_face_short_range_meta.tflite").read_bytes()
    detector = opened(MediapipeFaceDetector(weights=weights))
    yield detector
    detector.close()


@pytest.fixture(scope="module")
def objects(shared: Path, mediapipe: None) -> Iterator[Detector]:
    weights = (shared / "models" / "efficientdet_lite0.tflite").read_bytes()
    detector = opened(MediapipeObjectDetector((PERSON, "tie"), weights=weights))
    yield detector
    detector.close()


@pytest.mark.shared
def test_mediapipes_face_keeps_the_contract(faces: Detector, hopper: Frame) -> None:
    assert_keeps_the_contract(faces, hopper)
    assert_sees_only_the_region(faces, FACE)


@pytest.mark.shared
def test_mediapipe_numbers_landmarks_as_we_do(faces: Detector, hopper: Frame) -> None:
    (face,) = faces.detect(hopper)
    (expected,) = golden_numbers()["faces"]
    points = np.array([(point.x, point.y) for point in face.landmarks])
    assert points == pytest.approx(np.array(expected["points"])[2:], abs=14)


@pytest.mark.shared
def test_mediapipes_objects_keep_the_contract(objects: Detector, hopper: Frame) -> None:
    assert_keeps_the_contract(objects, hopper)
    assert_sees_only_the_region(objects, PERSON)
    assert [found.label for found in objects.detect(hopper)] == [PERSON, "tie"]


@pytest.mark.shared
@pytest.mark.parametrize("file", ["efficientdet_lite0.tflite", "yolox_nano.onnx", "coco.names"])
def test_mediapipe_refuses_another_network(shared: Path, mediapipe: None, file: str) -> None:
    with pytest.raises(ModelError, match="the file of model blazeface-short"):
        MediapipeFaceDetector(weights=(shared / "models" / file).read_bytes()).open()


def export(tensorflow: Any, folder: Path, rows: int | None = None) -> Path:
    """A SavedModel as the object detection API exports it, which "sees" three things."""
    boxes = [[[0.25, 0.5, 0.75, 1.0], [0.26, 0.51, 0.75, 1.0], [0.0, 0.0, 0.5, 0.25]]]
    weights = tensorflow.Variable(boxes, dtype=tensorflow.float32)

    class Exported(tensorflow.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.boxes = weights

        @tensorflow.function  # type: ignore[untyped-decorator]
        def detect(self, input_tensor: Any) -> dict[str, Any]:
            light = tensorflow.reduce_max(tensorflow.cast(input_tensor, tensorflow.float32)) / 255
            light *= tensorflow.cast(light > 0.6, tensorflow.float32)  # the padding is gray 127
            return {
                "detection_boxes": self.boxes,
                "detection_scores": tensorflow.constant([[0.9, 0.8, 0.7]]) * light,
                "detection_classes": tensorflow.constant([[1.0, 1.0, 37.0]]),
                "num_detections": tensorflow.constant([3.0]),
            }

    model = Exported()
    spec = tensorflow.TensorSpec((1, rows, rows, 3), tensorflow.uint8)
    tensorflow.saved_model.save(model, str(folder), model.detect.get_concrete_function(spec))
    return folder


@pytest.mark.parametrize("rows", [None, 64])
def test_a_saved_model_is_run_whether_its_input_is_fixed_or_not(
    tensorflow: Any, tmp_path: Path, hopper: Frame, rows: int | None
) -> None:
    detector = opened(make_detector(f"tensorflow:{export(tensorflow, tmp_path / 'm', rows)}"))
    person, ball = detector.detect(hopper, Box(100, 100, 300, 300))
    assert (person.label, ball.label) == (PERSON, "sports ball")
    corners = (person.box.x1, person.box.y1, person.box.x2, person.box.y2)
    assert corners == pytest.approx((200, 150, 300, 250), abs=1)
    assert person.score == pytest.approx(0.9, abs=0.1)
    assert_keeps_the_contract(detector, hopper)


def test_a_model_with_other_outputs_is_refused(tensorflow: Any, tmp_path: Path) -> None:
    module = tensorflow.Module()
    module.double = tensorflow.function(lambda x: {"y": x * 2})
    spec = tensorflow.TensorSpec((1, None, None, 3), tensorflow.uint8)
    signature = module.double.get_concrete_function(spec)
    tensorflow.saved_model.save(module, str(tmp_path / "other"), signature)
    (tmp_path / "noise.pb").write_bytes(bytes(range(256)) * 20)
    (tmp_path / "noise.tflite").write_bytes(bytes(range(256)) * 20)
    for name in ("other", "noise.pb", "noise.tflite"):
        with pytest.raises(ModelError, match=f"{name} cannot be used"):
            make_detector(f"tensorflow:{tmp_path / name}").open()


@pytest.fixture
def frozen(tensorflow: Any, tmp_path: Path) -> Callable[[], Path]:
    def write() -> Path:
        tf1 = tensorflow.compat.v1
        graph = tensorflow.Graph()
        with graph.as_default():
            tf1.placeholder(tensorflow.uint8, (None, None, None, 3), name="image_tensor")
            tensorflow.constant([[[0.25, 0.5, 0.75, 1.0]]], name="detection_boxes")
            tensorflow.constant([[0.9]], name="detection_scores")
            tensorflow.constant([[1.0]], name="detection_classes")
        path = tmp_path / "frozen.pb"
        path.write_bytes(graph.as_graph_def().SerializeToString())
        return path

    return write


def test_a_frozen_graph_is_run(frozen: Callable[[], Path], hopper: Frame) -> None:
    detector = opened(make_detector(f"tensorflow:{frozen()}"))
    (person,) = detector.detect(hopper)
    assert person.box == Box(200, 117.25, 400, 351.75)
    assert detector.detect(hopper) == (person,)


@pytest.mark.shared
def test_tensorflow_and_we_see_the_same_in_the_same_file(
    shared: Path, tensorflow: Any, hopper: Frame
) -> None:
    path = shared / "models" / "ssd_mobilenet_v1_coco_quant_2018_06_29.tflite"
    found = opened(make_detector(f"tensorflow:{path}", min_score=0.4)).detect(hopper)
    assert found[0].label == PERSON
    assert iou(found[0].box, Box(0, 0, 400, 469)) >= 0.9


WEBRTC_LAST = """
from pathlib import Path
from livetrack_vcam.detectors.registry import make_detector
from livetrack_vcam.errors import ModelError
try:
    make_detector("{name}").open()
except ModelError:
    pass
import sys
print("{package}" in sys.modules)
import pylibsrtp
print(pylibsrtp.Policy)
"""


@pytest.mark.parametrize(
    ("name", "package"),
    [("tensorflow:{folder}", "tensorflow"), ("mediapipe-face", "mediapipe")],
)
def test_webrtc_can_be_loaded_after_the_back_end(tmp_path: Path, name: str, package: str) -> None:
    """pylibsrtp after TensorFlow alone is a segmentation fault."""
    needs("pylibsrtp")
    needs(package)
    program = WEBRTC_LAST.format(name=name.format(folder=tmp_path), package=package)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split("\n")[0] == "True"
