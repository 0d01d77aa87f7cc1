"""Writes what OpenCV finds in tests/golden/grace_hopper.jpg with models the user brings.

    python -m tools.make_coco_goldens yolov3-tiny --weights FILE.weights --cfg FILE.cfg
    python -m tools.make_coco_goldens yolox-nano --weights FILE.onnx

The first needs OpenCV 4, because version 5 reads no darknet files. OpenCV reads the files, runs
and (for darknet) decodes them by code of its own; the networks see the picture in a square. Each
part of tests/golden/coco_models.json is written by itself.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from livetrack_vcam.detectors.labels import COCO_LABELS

GOLDEN = Path(__file__).parents[1] / "tests" / "golden"
PICTURE = GOLDEN / "grace_hopper.jpg"
NUMBERS = GOLDEN / "coco_models.json"
# yolov3-tiny misses people who fill a larger square; YOLOX-nano's file takes no other.
YOLOV3_SIDE, YOLOX_SIDE = 320, 416
MIN_SCORE = 0.2
MAX_IOU = 0.5


def letterboxed(side: int, padding: int) -> tuple[npt.NDArray[np.uint8], float]:
    """The picture as BGR at the top left of a gray square, and how much it was scaled."""
    picture = cv2.imread(str(PICTURE))
    assert picture is not None
    rows, columns, _ = picture.shape
    scale = side / max(rows, columns)
    canvas = np.full((side, side, 3), padding, np.uint8)
    inner = (round(columns * scale), round(rows * scale))
    canvas[: inner[1], : inner[0]] = cv2.resize(picture, inner)
    return canvas, scale


def yolov3_tiny(weights: Path, cfg: Path) -> list[dict[str, Any]]:
    """The published .cfg has the wrong anchors for its second head; that one word is put right."""
    text = cfg.read_text().replace("mask = 0,1,2", "mask = 1,2,3").encode()
    files = (np.frombuffer(content, np.uint8) for content in (text, weights.read_bytes()))
    network = cv2.dnn.readNetFromDarknet(*files)  # type: ignore[attr-defined]
    square, scale = letterboxed(YOLOV3_SIDE, 127)
    network.setInput(cv2.dnn.blobFromImage(square, 1 / 255, swapRB=True))
    outputs = np.concatenate(network.forward(network.getUnconnectedOutLayersNames()))
    # Scores already are objectness times class probability.
    return _best(outputs[:, :4] * YOLOV3_SIDE / scale, outputs[:, 5:])


def yolox_nano(weights: Path) -> list[dict[str, Any]]:
    network = cv2.dnn.readNetFromONNX(str(weights))
    square, scale = letterboxed(YOLOX_SIDE, 114)
    network.setInput(cv2.dnn.blobFromImage(square))
    output = np.asarray(network.forward()).reshape(-1, 85)
    places = [
        (column, row, stride)
        for stride in (8, 16, 32)
        for row in range(YOLOX_SIDE // stride)
        for column in range(YOLOX_SIDE // stride)
    ]
    cells = np.array(places, np.float32)
    centers = (output[:, :2] + cells[:, :2]) * cells[:, 2:]
    sizes = np.exp(output[:, 2:4]) * cells[:, 2:]
    return _best(np.hstack([centers, sizes]) / scale, output[:, 4:5] * output[:, 5:])


def _best(cxcywh: npt.NDArray[Any], scores: npt.NDArray[Any]) -> list[dict[str, Any]]:
    best = scores.max(axis=1)
    xywh = np.hstack([cxcywh[:, :2] - cxcywh[:, 2:] / 2, cxcywh[:, 2:]])
    kept = cv2.dnn.NMSBoxes(xywh.tolist(), best.tolist(), MIN_SCORE, MAX_IOU)
    return [
        {
            "label": COCO_LABELS[int(scores[i].argmax())],
            "score": round(float(best[i]), 4),
            "xywh": [round(float(side), 2) for side in xywh[i]],
        }
        for i in np.ravel(np.asarray(kept))
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=("yolov3-tiny", "yolox-nano"))
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--cfg", type=Path, help="only for yolov3-tiny")
    arguments = parser.parse_args()
    numbers = json.loads(NUMBERS.read_text()) if NUMBERS.exists() else {}
    if arguments.part == "yolox-nano":
        numbers[arguments.part] = yolox_nano(arguments.weights)
    else:
        numbers[arguments.part] = yolov3_tiny(arguments.weights, arguments.cfg)
    NUMBERS.write_text(json.dumps(numbers, indent=1) + "\n")


if __name__ == "__main__":
    main()
