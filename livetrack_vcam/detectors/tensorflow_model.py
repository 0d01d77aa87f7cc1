"""Any detection model in TensorFlow's own formats, by its path, to hold ours against; an extra.

`tensorflow:PATH` takes what TensorFlow's object detection API exports (research/object_detection):
a SavedModel folder, a frozen graph (.pb) or a TensorFlow Lite file (.tflite). In: one picture of
RGB bytes; TensorFlow Lite also floats from -1 to 1. Out: `detection_boxes` (1, n, 4) as y1, x1, y2,
x2 from 0 to 1, `detection_scores` (1, n) and `detection_classes` (1, n) as COCO's numbers; for
TensorFlow Lite see `from_postprocess` and `from_raw_scores`. A model of one input size is given the
picture letterboxed at the top left. Scores are taken as they are, suppression per label follows.

One graph and session live as long as the detector: making one for each frame gives 1.4 frames a
second instead of 57.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from livetrack_vcam.core.detection import Detection
from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.detectors.decoding import (
    DEFAULT_LABELS,
    Candidates,
    Choice,
    class_numbers,
    detections,
)
from livetrack_vcam.detectors.fixed_input import COCO_IDS
from livetrack_vcam.detectors.import_order import before_tensorflow
from livetrack_vcam.detectors.pixels import Letterbox, letterbox, whole
from livetrack_vcam.errors import ModelError
from livetrack_vcam.media import Frame, Plane
from livetrack_vcam.outputs import expanded

Array: TypeAlias = npt.NDArray[Any]
# (1, rows, columns, 3) bytes to boxes (n, 4), scores (n,) and COCO's numbers (n,).
Graph: TypeAlias = Callable[[Array], tuple[Array, Array, Array]]

NAME = "tensorflow"
MIN_SCORE = 0.4
BOXES, SCORES, CLASSES = "detection_boxes", "detection_scores", "detection_classes"
# A model that takes any size is given what is looked at with at most so many pixels.
MAX_PIXELS = 640 * 360
PADDING = 127
TEST_SIZE = Size(320, 320)
NUMBER_OF_ID = {int(number): index for index, number in enumerate(COCO_IDS)}


class TensorflowDetector:
    """A model file behind the Detector protocol; finds `labels` (COCO names).

    Without a `path` it cannot be opened; that is so that every listed name can be made.
    """

    def __init__(
        self,
        path: Path | None,
        labels: Iterable[str] = DEFAULT_LABELS,
        min_score: float | None = None,
    ) -> None:
        self._path = path
        self.labels = frozenset(labels)
        self._choice = Choice(
            class_numbers(self.labels), MIN_SCORE if min_score is None else min_score
        )
        self._graph: Graph | None = None
        self._fixed: Size | None = None

    @property
    def name(self) -> str:
        return NAME if self._path is None else f"{NAME}:{self._path}"

    def open(self) -> None:
        path = self._path
        if path is None:
            raise ModelError(
                f"detector {NAME} needs to know which model; type: --detector {NAME}:PATH with a "
                "SavedModel folder, a frozen .pb graph or a .tflite file"
            )
        if not path.exists():
            raise ModelError(f"there is no model at {path}; check the path in {self.name}")
        tensorflow = _package()
        try:
            self._graph, self._fixed = _open(tensorflow, path)
            size = self._fixed or TEST_SIZE
            self._candidates(np.zeros((size.height, size.width, 3), np.uint8), size)
        except Exception as error:  # TensorFlow raises almost anything for a foreign file
            reason = next(iter(str(error).splitlines()), type(error).__name__)
            raise ModelError(_FOREIGN.format(path=path, reason=reason)) from error

    def close(self) -> None:
        self._graph = None

    def detect(self, frame: Frame, region: Box | None = None) -> tuple[Detection, ...]:
        rgb, placed = self._picture(frame, region or whole(frame))
        found = self._candidates(rgb, Size(rgb.shape[1], rgb.shape[0]))
        return detections(found, placed, frame.size, self._choice)

    def _picture(self, frame: Frame, region: Box) -> tuple[Plane, Letterbox]:
        if self._fixed is not None:
            return letterbox(frame, region, self._fixed, PADDING, centered=False)
        scale = min(1.0, (MAX_PIXELS / max(region.area, 1.0)) ** 0.5)
        size = Size(max(1, round(region.width * scale)), max(1, round(region.height * scale)))
        return letterbox(frame, region, size, PADDING, centered=False)

    def _candidates(self, rgb: Plane, size: Size) -> Candidates:
        assert self._graph is not None, "detect() before open()"
        boxes, scores, ids = self._graph(np.ascontiguousarray(rgb)[None])
        return decode(boxes, scores, ids, size)


def decode(boxes: Array, scores: Array, ids: Array, size: Size) -> Candidates:
    """Candidates in pixels of a picture of `size`; numbers that COCO has no label for are -1.

    `boxes` (n, 4) are y1, x1, y2, x2 from 0 to 1, `scores` and `ids` (n,).
    """
    sides = (size.width, size.height, size.width, size.height)
    numbers = np.array([NUMBER_OF_ID.get(number, -1) for number in ids.tolist()], np.intp)
    return Candidates(boxes[:, [1, 0, 3, 2]] * sides, scores, numbers)


def _open(tensorflow: Any, path: Path) -> tuple[Graph, Size | None]:
    """The model, and the input size it is bound to if it is bound to one."""
    if path.is_dir():
        return _saved_model(tensorflow, path)
    if path.suffix == ".tflite":
        return _lite(tensorflow, path)
    return _frozen_graph(tensorflow, path), None


def _saved_model(tensorflow: Any, path: Path) -> tuple[Graph, Size | None]:
    model = tensorflow.saved_model.load(str(path))
    signature = model.signatures["serving_default"]
    ((picture, spec),) = signature.structured_input_signature[1].items()
    _, rows, columns, _ = spec.shape

    def run(value: Array) -> tuple[Array, Array, Array]:
        # `model` is named so that it lives: a signature alone does not keep its weights.
        assert model is not None
        found = signature(**{picture: tensorflow.constant(value)})
        return found[BOXES][0].numpy(), found[SCORES][0].numpy(), found[CLASSES][0].numpy()

    return run, Size(columns, rows) if rows and columns else None


def _frozen_graph(tensorflow: Any, path: Path) -> Graph:
    tf1 = tensorflow.compat.v1
    definition = tf1.GraphDef()
    definition.ParseFromString(path.read_bytes())
    graph = tensorflow.Graph()
    with graph.as_default():
        tf1.import_graph_def(definition, name="")
    names = (BOXES, SCORES, CLASSES)
    wanted = [graph.get_tensor_by_name(f"{name}:0") for name in names]
    options = tf1.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
    session = tf1.Session(graph=graph, config=options)
    picture = graph.get_tensor_by_name("image_tensor:0")

    def run(value: Array) -> tuple[Array, Array, Array]:
        boxes, scores, ids = session.run(wanted, {picture: value})
        return boxes[0], scores[0], ids[0]

    return run


def _lite(tensorflow: Any, path: Path) -> tuple[Graph, Size]:
    interpreter = tensorflow.lite.Interpreter(model_content=path.read_bytes(), num_threads=1)
    interpreter.allocate_tensors()
    picture = interpreter.get_input_details()[0]
    outputs = [details["index"] for details in interpreter.get_output_details()]
    _, rows, columns, _ = (int(side) for side in picture["shape"])
    read = {4: from_postprocess, 2: from_raw_scores}.get(len(outputs))
    if read is None or picture["dtype"] not in (np.uint8, np.float32):
        raise ValueError("its input is not a picture, or it has neither two nor four outputs")

    def run(value: Array) -> tuple[Array, Array, Array]:
        if picture["dtype"] == np.float32:
            value = value * np.float32(2 / 255) - 1
        interpreter.set_tensor(picture["index"], value)
        interpreter.invoke()
        return read([interpreter.get_tensor(index) for index in outputs])

    return run, Size(columns, rows)


def from_postprocess(outputs: Sequence[Array]) -> tuple[Array, Array, Array]:
    """The four of TFLite_Detection_PostProcess: boxes, classes from 0 on, scores and how many."""
    boxes, ids, scores, count = outputs
    counted = slice(0, int(count[0]))
    return boxes[0, counted], scores[0, counted], ids[0, counted] + 1


def from_raw_scores(outputs: Sequence[Array]) -> tuple[Array, Array, Array]:
    """Without it: boxes (1, n, 1, 4), and scores (1, n, classes) with the background first."""
    boxes, scores = outputs
    known = scores[0, :, 1:]
    return boxes.reshape(-1, 4), known.max(axis=1), known.argmax(axis=1) + 1


def _package() -> Any:
    before_tensorflow()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        import tensorflow
    except ImportError as error:
        raise ModelError(
            f"detector {NAME} needs TensorFlow, which cannot be imported ({error}); type: "
            "pipx inject livetrack-vcam tensorflow (or pip install 'livetrack-vcam[tensorflow]')"
        ) from error
    with contextlib.suppress(RuntimeError):  # another detector has used it already
        tensorflow.config.threading.set_intra_op_parallelism_threads(1)
        tensorflow.config.threading.set_inter_op_parallelism_threads(1)
    return tensorflow


def make(name: str, labels: Iterable[str], min_score: float | None = None) -> TensorflowDetector:
    """As the registry wants it; `name` is "tensorflow:PATH"."""
    path = name.partition(":")[2]
    return TensorflowDetector(expanded(path) if path else None, labels, min_score)


_FOREIGN = (
    "the model at {path} cannot be used ({reason}); it has to be an export of TensorFlow's object "
    "detection API with " + ", ".join((BOXES, SCORES, CLASSES))
)
