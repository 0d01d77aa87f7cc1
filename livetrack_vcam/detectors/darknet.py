"""yolov3-tiny from darknet's own file of weights to one the runtime reads, without TensorFlow.

The result computes in int8, which is 3.4 times as fast as float32 and a quarter of its size
(docs/adr/0007-models-by-choice.md). How large the activations become was measured once, by
tools/calibrate_yolov3_tiny.py, and is kept in convert/yolov3-tiny-ranges.json; so the user's
machine needs no pictures.

The weights file holds only numbers; what they belong to stands in a .cfg file. These are the
facts of `yolov3-tiny.cfg` with one correction: the published file says `mask = 0,1,2` for the
second head, which was trained with 1,2,3. With the wrong mask its boxes are drawn from anchors
half as large: of 44 people on a street 29 are found instead of 41 (pjreddie/darknet issue 851).
"""

from __future__ import annotations

import json
from pathlib import Path

from livetrack_vcam.detectors.convert.darknet_file import Network, Section, read_network
from livetrack_vcam.detectors.convert.yolo_graph import YoloGraph
from livetrack_vcam.errors import ModelError

NAME = "yolov3-tiny"
ANCHORS = ((10, 14), (23, 27), (37, 58), (81, 82), (135, 169), (344, 319))
MASKS = ((3, 4, 5), (1, 2, 3))
CLASSES = 80
# What a 16:9 camera uses; the finished network may be resized.
ROWS, COLUMNS = 256, 448
RANGES = Path(__file__).parent / "convert" / "yolov3-tiny-ranges.json"


def convert_yolov3_tiny(weights: bytes) -> bytes:
    """The TensorFlow Lite file for the content of darknet's `yolov3-tiny.weights`.

    The same content always gives the same bytes. Raises ModelError for any other content.
    """
    network = read_yolov3_tiny(weights)
    ranges = {name: (low, high) for name, (low, high) in json.loads(RANGES.read_text()).items()}
    return YoloGraph(network, ROWS, COLUMNS, ranges, NAME).build()


def read_yolov3_tiny(weights: bytes) -> Network:
    """The float network. Raises ModelError when `weights` do not belong to it."""
    try:
        return read_network(yolov3_tiny_sections(), weights)
    except ValueError as error:
        raise ModelError(
            f"the file of model {NAME} is damaged or another model ({error}); "
            f"type: livetrack-vcam models fetch {NAME}"
        ) from error


def yolov3_tiny_sections() -> list[Section]:
    """As the corrected .cfg file would be read."""
    backbone = [
        section
        for filters in (16, 32, 64, 128, 256)
        for section in (_convolution(filters), Section("maxpool", {"size": "2", "stride": "2"}))
    ]
    return [
        Section("net", {}),
        *backbone,
        _convolution(512),
        Section("maxpool", {"size": "2", "stride": "1"}),
        _convolution(1024),
        _convolution(256, size=1),
        _convolution(512),
        *_head(MASKS[0]),
        Section("route", {"layers": "-4"}),
        _convolution(128, size=1),
        Section("upsample", {"stride": "2"}),
        Section("route", {"layers": "-1,8"}),
        _convolution(256),
        *_head(MASKS[1]),
    ]


def _convolution(filters: int, size: int = 3) -> Section:
    options = {"filters": str(filters), "size": str(size), "pad": "1", "activation": "leaky"}
    return Section("convolutional", {**options, "batch_normalize": "1"})


def _head(mask: tuple[int, ...]) -> list[Section]:
    """A convolution for three anchors, and the section that says how it is decoded."""
    filters = str(len(mask) * (5 + CLASSES))
    options = {"filters": filters, "size": "1", "pad": "1", "activation": "linear"}
    anchors = ",".join(f"{width},{height}" for width, height in ANCHORS)
    numbers = ",".join(map(str, mask))
    return [
        Section("convolutional", options),
        Section("yolo", {"mask": numbers, "anchors": anchors, "classes": str(CLASSES)}),
    ]
