"""Reads darknet's .cfg and .weights into a small list of layers, batch norm folded in.

Sources: darknet's `parser.c` (file layout) and `batchnorm_layer.c` (epsilon 1e-5 is added to the
variance). Weights are returned in TensorFlow Lite's OHWI order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float32]

BATCH_NORM_EPSILON = 1e-5
_LONGEST_HEADER = 20


@dataclass(frozen=True, slots=True, eq=False)
class Conv:
    """A square convolution with "half" padding; `weights` is (out, k, k, in), `bias` (out,)."""

    name: str
    source: str
    weights: Floats
    bias: Floats
    stride: int
    leaky: bool


@dataclass(frozen=True, slots=True)
class SecondHalf:
    """The upper half of the channels of `source` (`[route] groups=2 group_id=1`)."""

    name: str
    source: str
    channels: int


@dataclass(frozen=True, slots=True)
class Concat:
    """All `sources` along the channels."""

    name: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MaxPool:
    """Maximum over 2x2 pixels, every `stride` pixels, 1 or 2.

    With stride 1 the picture keeps its size: a pixel on the right or lower edge has fewer
    neighbors to take the maximum of (darknet's `maxpool_layer.c`: padding = size - 1).
    """

    name: str
    source: str
    stride: int = 2


@dataclass(frozen=True, slots=True)
class Upsample:
    """Every pixel twice in both directions."""

    name: str
    source: str


Layer: TypeAlias = Conv | SecondHalf | Concat | MaxPool | Upsample


@dataclass(frozen=True, slots=True)
class Head:
    """A `[yolo]` section: which convolution it reads and how that is decoded.

    `anchors` are (width, height) in input pixels. Channels of the convolution are, per anchor,
    x, y, width, height, objectness and `classes` class logits.
    """

    source: str
    anchors: tuple[tuple[float, float], ...]
    scale_x_y: float
    classes: int


@dataclass(frozen=True, slots=True)
class Network:
    """Layers in the order they run, and the heads; the first layer reads `INPUT`."""

    layers: tuple[Layer, ...]
    heads: tuple[Head, ...]


INPUT = "input"


@dataclass(frozen=True, slots=True)
class Section:
    """One `[kind]` of a .cfg file with its `key=value` lines."""

    kind: str
    options: Mapping[str, str]

    def integer(self, key: str, default: int = 0) -> int:
        return int(self.options.get(key, default))

    def floats(self, key: str) -> list[float]:
        return [float(text) for text in self.options[key].split(",")]

    def integers(self, key: str) -> list[int]:
        return [int(text) for text in self.options[key].split(",")]


def read_sections(text: str) -> list[Section]:
    """The sections of a .cfg file in order; the first is `[net]`."""
    sections: list[Section] = []
    options: dict[str, str] = {}
    for line in (raw.split("#")[0].strip() for raw in text.splitlines()):
        if line.startswith("["):
            options = {}
            sections.append(Section(line.strip("[]").strip(), options))
        elif line:
            key, value = line.split("=", 1)
            options[key.strip()] = value.strip()
    return sections


class _Weights:
    """Hands out the file's float32 numbers in order."""

    def __init__(self, content: bytes) -> None:
        if len(content) < _LONGEST_HEADER or len(content) % 4:
            raise ValueError("it is no darknet weights file")
        major, minor = np.frombuffer(content, np.uint32, 2).tolist()
        # From version 0.2 on the count of images seen is a 64-bit number.
        header_bytes = _LONGEST_HEADER if major * 10 + minor >= 2 else 16
        self._numbers = np.frombuffer(content, np.float32, offset=header_bytes)
        self._position = 0

    def take(self, *shape: int) -> Floats:
        count = int(np.prod(shape))
        if count > self.left:
            raise ValueError("it ends before its last layer")
        taken = self._numbers[self._position : self._position + count]
        self._position += count
        if not np.isfinite(taken).all():
            raise ValueError("it holds something else than numbers")
        return taken.reshape(shape).astype(np.float32)

    @property
    def left(self) -> int:
        return self._numbers.size - self._position


class _Builder:
    """Turns sections into layers; knows the name and channel count of every section's output."""

    def __init__(self, weights: _Weights) -> None:
        self._weights = weights
        self._names: list[str] = []
        self._channels: list[int] = []
        self.heads: list[Head] = []

    def build(self, sections: list[Section]) -> Iterator[Layer]:
        source, channels = INPUT, 3
        for index, section in enumerate(sections):
            name = f"layer{index}"
            if section.kind == "convolutional":
                layer: Layer = self._conv(name, source, channels, section)
                channels = section.integer("filters")
            elif section.kind == "maxpool":
                _require(section, size=2)
                layer = MaxPool(name, source, section.integer("stride"))
            elif section.kind == "upsample":
                _require(section, stride=2)
                layer = Upsample(name, source)
            elif section.kind == "route":
                routed, channels = self._route(name, section)
                if isinstance(routed, str):
                    source = routed
                    self._remember(routed, channels)
                    continue
                layer = routed
            elif section.kind == "yolo":
                self.heads.append(_head(source, section))
                self._remember(source, channels)
                continue
            else:
                raise ValueError(f"darknet section [{section.kind}] is not supported")
            source = name
            self._remember(name, channels)
            yield layer

    def _remember(self, name: str, channels: int) -> None:
        self._names.append(name)
        self._channels.append(channels)

    def _conv(self, name: str, source: str, channels: int, section: Section) -> Conv:
        _require(section, pad=1)
        filters, size = section.integer("filters"), section.integer("size")
        offset, factor = self._weights.take(filters), np.ones(filters, np.float32)
        if section.integer("batch_normalize"):
            gamma, mean, variance = (self._weights.take(filters) for _ in range(3))
            factor = gamma / np.sqrt(variance + np.float32(BATCH_NORM_EPSILON))
            offset = offset - mean * factor
        kernel = self._weights.take(filters, channels, size, size).transpose(0, 2, 3, 1)
        activation = section.options["activation"]
        if activation not in ("leaky", "linear"):
            raise ValueError(f"darknet activation {activation} is not supported")
        return Conv(
            name,
            source,
            np.ascontiguousarray(kernel * factor[:, None, None, None]),
            offset,
            section.integer("stride", 1),
            activation == "leaky",
        )

    def _route(self, name: str, section: Section) -> tuple[Layer | str, int]:
        here = len(self._names)
        indices = [i if i >= 0 else here + i for i in section.integers("layers")]
        channels = sum(self._channels[i] for i in indices)
        sources = tuple(self._names[i] for i in indices)
        if len(sources) > 1:
            return Concat(name, sources), channels
        if "groups" in section.options:
            _require(section, groups=2, group_id=1)
            return SecondHalf(name, sources[0], channels // 2), channels // 2
        return sources[0], channels


def _require(section: Section, **expected: int) -> None:
    for key, value in expected.items():
        if section.integer(key) != value:
            raise ValueError(f"darknet [{section.kind}] {key} must be {value} here")


def _head(source: str, section: Section) -> Head:
    sides = section.floats("anchors")
    pairs = list(zip(sides[::2], sides[1::2], strict=True))
    return Head(
        source,
        tuple(pairs[i] for i in section.integers("mask")),
        float(section.options.get("scale_x_y", 1.0)),
        section.integer("classes"),
    )


def read_network(sections: list[Section], weights: bytes) -> Network:
    """The network of both; `sections` as `read_sections` gives them.

    Raises ValueError, in words that go on after "weights cannot be used:", when they do not
    belong together.
    """
    numbers = _Weights(weights)
    builder = _Builder(numbers)
    layers = tuple(builder.build(sections[1:]))
    if numbers.left:
        raise ValueError(f"it holds {numbers.left} numbers more than the network has")
    return Network(layers, tuple(builder.heads))
