"""Darknet's files and what we make of them, held against a forward pass written out in NumPy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from livetrack_vcam.detectors.convert.darknet_file import (
    INPUT,
    Concat,
    Conv,
    MaxPool,
    Network,
    SecondHalf,
    Upsample,
    read_network,
    read_sections,
)
from livetrack_vcam.detectors.convert.yolo_graph import YoloGraph
from livetrack_vcam.detectors.darknet import (
    ANCHORS,
    MASKS,
    RANGES,
    convert_yolov3_tiny,
    read_yolov3_tiny,
    yolov3_tiny_sections,
)
from livetrack_vcam.detectors.runtime import TfliteNetwork
from livetrack_vcam.errors import ModelError

Floats = npt.NDArray[np.float32]
# The numbers in yolov3-tiny.weights after its header of 20 bytes.
NUMBERS = 8_858_734

SMALL = """
[net]
# every kind of section
[convolutional]
batch_normalize=1
filters=6
size=3
stride=2
pad=1
activation=leaky
[route]
layers=-1
groups=2
group_id=1
[maxpool]
size=2
stride=1
[convolutional]
filters=4
size=1
stride=1
pad=1
activation=leaky
[maxpool]
size=2
stride=2
[upsample]
stride=2
[route]
layers=-1,0
[convolutional]
filters=14
size=1
stride=1
pad=1
activation=linear
[yolo]
mask=1,0
anchors=10,20, 30,40
classes=2
scale_x_y=1.1
"""
SMALL_NUMBERS = (4 * 6 + 6 * 3 * 9) + (4 + 4 * 3) + (14 + 14 * 10)


def weights_file(numbers: Floats, version: tuple[int, int] = (0, 2)) -> bytes:
    header = np.array([*version, 5], np.int32).tobytes()
    seen = bytes(8 if version >= (0, 2) else 4)
    return header + seen + numbers.astype(np.float32).tobytes()


def some_numbers(count: int) -> Floats:
    """Positive, because some of them are variances."""
    return np.random.default_rng(1).uniform(0.1, 0.6, count).astype(np.float32)


def forward(network: Network, picture: Floats) -> Mapping[str, Floats]:
    """Every layer's output (rows, columns, channels), computed the plain way."""
    known: dict[str, Floats] = {INPUT: picture}
    for layer in network.layers:
        if isinstance(layer, Conv):
            known[layer.name] = convolved(known[layer.source], layer)
        elif isinstance(layer, Concat):
            known[layer.name] = np.concatenate([known[name] for name in layer.sources], axis=2)
        elif isinstance(layer, SecondHalf):
            known[layer.name] = known[layer.source][..., -layer.channels :]
        elif isinstance(layer, Upsample):
            known[layer.name] = known[layer.source].repeat(2, axis=0).repeat(2, axis=1)
        else:
            known[layer.name] = pooled(known[layer.source], layer)
    return known


def convolved(source: Floats, layer: Conv) -> Floats:
    reach = layer.weights.shape[1] // 2
    padded = np.pad(source, ((reach, reach), (reach, reach), (0, 0)))
    side = 2 * reach + 1
    windows = np.lib.stride_tricks.sliding_window_view(padded, (side, side), axis=(0, 1))
    windows = windows[:: layer.stride, :: layer.stride]
    result = np.einsum("rcikl,okli->rco", windows, layer.weights, optimize=True) + layer.bias
    return np.where(result > 0, result, 0.1 * result) if layer.leaky else result


def pooled(source: Floats, layer: MaxPool) -> Floats:
    if layer.stride == 1:
        source = np.pad(source, ((0, 1), (0, 1), (0, 0)), constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(source, (2, 2), axis=(0, 1))
    return windows[:: layer.stride, :: layer.stride].max(axis=(3, 4))


def assert_heads_agree(network: Network, picture: Floats) -> None:
    """Our file gives, per head, geometry and classes; darknet has both in one tensor."""
    rows, columns, _ = picture.shape
    content = YoloGraph(network, rows, columns).build()
    outputs = TfliteNetwork(content, "test", (1, rows, columns, 3)).run(picture[None])
    expected = forward(network, picture)
    for number, head in enumerate(network.heads):
        reference = expected[head.source]
        split = (*reference.shape[:2], len(head.anchors), 5 + head.classes)
        geometry, classes = np.split(reference.reshape(split), [5], axis=3)
        scale = float(np.abs(reference).max())
        for output, part in ((outputs[2 * number], geometry), (outputs[2 * number + 1], classes)):
            assert output[0] == pytest.approx(part.reshape(output[0].shape), abs=2e-5 * scale)


@pytest.mark.parametrize("version", [(0, 1), (0, 2)])
def test_every_kind_of_section_computes_what_darknet_says(version: tuple[int, int]) -> None:
    weights = weights_file(some_numbers(SMALL_NUMBERS), version)
    network = read_network(read_sections(SMALL), weights)
    assert network.heads[0].anchors == ((30, 40), (10, 20))
    picture = np.random.default_rng(2).uniform(-1, 1, (8, 12, 3)).astype(np.float32)
    assert_heads_agree(network, picture)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda content: content[:-4], "ends before its last layer"),
        (lambda content: content + bytes(8), "2 numbers more"),
        (lambda content: content[:-1], "no darknet weights file"),
        (lambda content: content[:8], "no darknet weights file"),
        (lambda content: content[:-4] + b"\x00\x00\xc0\x7f", "something else than numbers"),
    ],
    ids=["short", "long", "odd", "tiny", "NaN"],
)
def test_a_weights_file_that_does_not_fit_is_refused_with_the_reason(damage, reason) -> None:  # type: ignore[no-untyped-def]
    content = damage(weights_file(some_numbers(SMALL_NUMBERS)))
    with pytest.raises(ValueError, match=reason):
        read_network(read_sections(SMALL), content)


@pytest.mark.parametrize("section", ["[crop]", "[convolutional]\nfilters=1\nsize=3\npad=0"])
def test_sections_we_cannot_compute_are_refused(section: str) -> None:
    with pytest.raises(ValueError, match=r"darknet \[|darknet section"):
        read_network(read_sections(f"[net]\n{section}\n"), weights_file(some_numbers(100)))


def test_the_second_head_of_yolov3_tiny_has_the_anchors_it_was_trained_with() -> None:
    heads = read_yolov3_tiny(weights_file(some_numbers(NUMBERS))).heads
    assert [head.anchors for head in heads] == [
        tuple(ANCHORS[i] for i in (3, 4, 5)),
        tuple(ANCHORS[i] for i in (1, 2, 3)),
    ]
    assert MASKS[1] == (1, 2, 3)
    assert [(head.classes, head.scale_x_y) for head in heads] == [(80, 1.0)] * 2


@pytest.mark.parametrize(
    "content", [b"", bytes(20), b"<html>not found</html>", bytes(1000)], ids=len
)
def test_what_is_no_yolov3_tiny_is_refused_with_what_to_type(content: bytes) -> None:
    with pytest.raises(ModelError, match=r"yolov3-tiny.*type: livetrack-vcam models fetch"):
        convert_yolov3_tiny(content)


def test_every_activation_of_yolov3_tiny_has_a_range() -> None:
    network = read_yolov3_tiny(weights_file(some_numbers(NUMBERS)))
    graph = YoloGraph(network, 32, 32)
    graph.build()
    ranges = json.loads(RANGES.read_text())
    exact = {f"{head.source}/geometry" for head in network.heads}
    assert set(graph.observed()) == set(ranges) | exact
    assert all(low <= 0 < high for low, high in ranges.values())


@pytest.fixture(scope="module")
def darknets(shared: Path) -> bytes:
    return (shared / "models" / "yolov3-tiny.weights").read_bytes()


@pytest.mark.shared
def test_yolov3_tiny_computes_what_darknet_says(darknets: bytes, shared: Path) -> None:
    network = read_yolov3_tiny(darknets)
    text = (shared / "models" / "yolov3-tiny.cfg").read_text()
    published = read_sections(text.replace("mask = 0,1,2", "mask = 1,2,3"))
    ours = [section for section in yolov3_tiny_sections() if section.kind != "net"]
    assert [section.kind for section in published[1:]] == [section.kind for section in ours]
    assert read_network(published, darknets).heads == network.heads
    picture = np.random.default_rng(3).uniform(0, 1, (64, 96, 3)).astype(np.float32)
    assert_heads_agree(network, picture)


@pytest.mark.shared
def test_converting_again_gives_the_same_bytes(darknets: bytes) -> None:
    converted = convert_yolov3_tiny(darknets)
    assert converted == convert_yolov3_tiny(darknets)
    assert converted[4:8] == b"TFL3"
    assert len(converted) < len(darknets) / 3


@pytest.mark.shared
def test_a_truncated_download_is_refused(darknets: bytes) -> None:
    for content in (darknets[: len(darknets) // 2], darknets[:-4], darknets + darknets[:400]):
        with pytest.raises(ModelError, match="yolov3-tiny"):
            convert_yolov3_tiny(content)
