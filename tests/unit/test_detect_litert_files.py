"""A model file that is damaged or another network is refused in one sentence, never decoded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from livetrack_vcam.detectors import efficientdet, ssd
from livetrack_vcam.detectors.blazeface import BlazeFaceDetector
from livetrack_vcam.detectors.fixed_input import FixedInputDetector
from livetrack_vcam.detectors.manifest import load_weights
from livetrack_vcam.detectors.yolo import YoloDetector
from livetrack_vcam.errors import EXIT_MODEL, ModelError
from livetrack_vcam.interfaces import Detector

FILES = {
    "blazeface": "face_detection_back.tflite",
    "blazeface-short": "face_detection_short_range.tflite",
    "blazeface-full": "face_detection_full_range.tflite",
    "efficientdet-lite0": "efficientdet_lite0.tflite",
    "ssd-mobilenet-v1": "ssd_mobilenet_v1_coco_quant_2018_06_29.tflite",
    "ssd-mobilenet-v2": "ssdlite_mobilenet_v2_coco_fp32.converted.tflite",
}
MAKERS: dict[str, Callable[[bytes], Detector]] = {
    "yolov4-tiny": lambda weights: YoloDetector(weights=weights),
    "blazeface": lambda weights: BlazeFaceDetector(weights=weights),
    "blazeface-short": lambda weights: BlazeFaceDetector(weights=weights, name="blazeface-short"),
    "blazeface-full": lambda weights: BlazeFaceDetector(weights=weights, name="blazeface-full"),
    "efficientdet-lite0": lambda weights: FixedInputDetector(efficientdet.MODEL, weights=weights),
    "ssd-mobilenet-v1": lambda weights: FixedInputDetector(
        ssd.MODELS["ssd-mobilenet-v1"], weights=weights
    ),
    "ssd-mobilenet-v2": lambda weights: FixedInputDetector(
        ssd.MODELS["ssd-mobilenet-v2"], weights=weights
    ),
}
DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "nonsense": lambda _: b"nonsense" * 1000,
    "only a header": lambda content: content[:8],
    "the first kilobyte": lambda content: content[:1000],
    "half": lambda content: content[: len(content) // 2],
    "half and then zeros": lambda content: content[: len(content) // 2].ljust(len(content), b"\0"),
}


def content_of(name: str, shared: Path) -> bytes:
    if name == "yolov4-tiny":
        return load_weights(name)
    return (shared / "models" / FILES[name]).read_bytes()


def assert_refused(name: str, content: bytes) -> None:
    with pytest.raises(ModelError) as caught:
        MAKERS[name](content).open()
    message = str(caught.value)
    assert name in message
    assert message.endswith("type: livetrack-vcam models verify")
    assert "\n" not in message
    assert caught.value.exit_code == EXIT_MODEL


@pytest.mark.shared
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("name", MAKERS)
def test_a_damaged_file_is_refused(
    shared: Path, name: str, damage: Callable[[bytes], bytes]
) -> None:
    assert_refused(name, damage(content_of(name, shared)))


@pytest.mark.shared
@pytest.mark.parametrize("other", MAKERS)
@pytest.mark.parametrize("name", MAKERS)
def test_another_network_is_refused(shared: Path, name: str, other: str) -> None:
    if name == other:
        MAKERS[name](content_of(name, shared)).open()
    else:
        assert_refused(name, content_of(other, shared))
