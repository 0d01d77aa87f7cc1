"""Emits a darknet network with YOLO heads as a TensorFlow Lite file, float32 or int8.

The int8 network computes the few channels that hold box and objectness in float32, from
dequantized input: 8 bits there would cost box accuracy and gain nothing. All outputs are raw
float32 logits. Per head, in darknet's order, there are two: first geometry, (1, rows, columns,
anchors * 5), then classes, (1, rows, columns, anchors * classes).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from livetrack_vcam.detectors.convert.darknet_file import (
    INPUT,
    Concat,
    Conv,
    Head,
    Layer,
    MaxPool,
    Network,
    SecondHalf,
    Upsample,
)
from livetrack_vcam.detectors.convert.tflite_writer import Quantization, TfliteWriter

Floats: TypeAlias = npt.NDArray[np.float32]
Ranges: TypeAlias = Mapping[str, tuple[float, float]]

LEAKY_SLOPE = 0.1
GEOMETRY_CHANNELS = 5
# How the names of the two tensors of a head end.
GEOMETRY, CLASSES = "/geometry", "/classes"
# Pictures come as uint8 0 to 255 and mean 0 to 1; int8 is the same minus 128, without any loss.
INPUT_QUANTIZATION = Quantization((1 / 255,), -128)


def linear_name(conv: Conv) -> str:
    """The tensor between a convolution and its leaky ReLU."""
    return f"{conv.name}/linear"


def activation_quantization(low: float, high: float) -> Quantization:
    """Asymmetric int8 that covers `low` to `high` and holds zero exactly."""
    low, high = min(low, 0.0), max(high, 0.0)
    scale = float(np.float32((high - low) / 255))
    return Quantization((scale,), int(np.clip(round(-128 - low / scale), -128, 127)))


@dataclass(frozen=True, slots=True)
class _Tensor:
    index: int
    shape: tuple[int, int, int, int]
    quantization: Quantization | None


class YoloGraph:
    """Builds one file. Without `ranges` the network is float32; with them it is int8.

    `ranges` gives (low, high) for every name of `observed`. With `watch` those float tensors
    become the outputs instead of the heads.
    """

    def __init__(
        self,
        network: Network,
        rows: int,
        columns: int,
        ranges: Ranges | None = None,
        name: str = "yolov4-tiny",
    ) -> None:
        self._network = network
        self._ranges = ranges
        self._writer = TfliteWriter(f"{name}, raw heads")
        self._tensors: dict[str, _Tensor] = {}
        self._shape = (1, rows, columns, 3)
        self._head_sources = {head.source: head for head in network.heads}

    def build(self, watch: bool = False) -> bytes:
        source = self._output(INPUT, self._shape)
        outputs: dict[str, list[int]] = {}
        for layer in self._network.layers:
            if layer.name in self._head_sources and isinstance(layer, Conv):
                outputs[layer.name] = self._head(layer, self._head_sources[layer.name])
            else:
                self._layer(layer)
        if watch:
            return self._writer.finish([source.index], [t.index for t in self._watched()])
        indices = [index for head in self._network.heads for index in outputs[head.source]]
        return self._writer.finish([source.index], indices)

    def observed(self) -> tuple[str, ...]:
        """Names of the tensors that `build(watch=True)` gives, in its order of outputs."""
        return tuple(name for name in self._tensors if name != INPUT)

    def _watched(self) -> list[_Tensor]:
        return [self._tensors[name] for name in self.observed()]

    def _output(
        self, name: str, shape: tuple[int, int, int, int], like: _Tensor | None = None
    ) -> _Tensor:
        """A new run-time tensor; `like` another one when the operator cannot change the scale."""
        if self._ranges is None:
            quantization = None
        elif name == INPUT:
            quantization = INPUT_QUANTIZATION
        elif like is not None:
            quantization = like.quantization
        else:
            quantization = activation_quantization(*self._ranges[name])
        tensor = self._tensor(name, shape, quantization)
        self._tensors[name] = tensor
        return tensor

    def _tensor(
        self, name: str, shape: tuple[int, int, int, int], quantization: Quantization | None
    ) -> _Tensor:
        dtype = np.float32 if quantization is None else np.int8
        return _Tensor(self._writer.tensor(name, shape, dtype, quantization), shape, quantization)

    def _layer(self, layer: Layer) -> None:
        if isinstance(layer, Conv):
            self._conv(layer)
        elif isinstance(layer, Concat):
            self._concat(layer.name, [self._tensors[source] for source in layer.sources])
        elif isinstance(layer, SecondHalf):
            self._second_half(layer, self._tensors[layer.source])
        elif isinstance(layer, MaxPool):
            source = self._tensors[layer.source]
            output = self._output(layer.name, _scaled(source.shape, 1 / layer.stride), source)
            self._writer.max_pool(source.index, output.index, 2, layer.stride)
        else:
            self._upsample(layer, self._tensors[layer.source])

    def _conv(self, layer: Conv) -> None:
        source = self._tensors[layer.source]
        linear = self._convolved(layer, linear_name(layer), source)
        output = self._output(layer.name, linear.shape)
        self._writer.leaky_relu(linear.index, output.index, LEAKY_SLOPE)

    def _convolved(self, layer: Conv, name: str, source: _Tensor) -> _Tensor:
        """`layer` without its activation, as a new tensor in the precision of `source`."""
        shape = _scaled(source.shape, 1 / layer.stride, len(layer.bias))
        if layer.stride > 1:
            source = self._padded(source)
        weights, bias = self._parameters(layer, name, source.quantization)
        if source.quantization is None:
            output = self._tensor(name, shape, None)
            self._tensors[name] = output
        else:
            output = self._output(name, shape)
        same = layer.stride == 1
        self._writer.conv(source.index, weights, bias, output.index, layer.stride, same)
        return output

    def _padded(self, source: _Tensor) -> _Tensor:
        """One pixel of zeros all around: darknet pads so, "SAME" would pad right and below only."""
        _, rows, columns, channels = source.shape
        name = f"padded{source.index}"
        output = self._tensor(name, (1, rows + 2, columns + 2, channels), source.quantization)
        sides = np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32)
        self._writer.pad(source.index, self._writer.constant(f"{name}/sides", sides), output.index)
        return output

    def _parameters(self, layer: Conv, name: str, source: Quantization | None) -> tuple[int, int]:
        """Constants for weights and bias: float32, or int8 per channel and int32."""
        if source is None:
            return (
                self._writer.constant(f"{name}/weights", layer.weights),
                self._writer.constant(f"{name}/bias", layer.bias),
            )
        scales = (np.abs(layer.weights).max(axis=(1, 2, 3)) / 127).astype(np.float32)
        weights = np.round(layer.weights / scales[:, None, None, None]).astype(np.int8)
        bias_scales = (scales * np.float32(source.scale[0])).astype(np.float32)
        bias = np.round(layer.bias / bias_scales).astype(np.int32)
        return (
            self._writer.constant(f"{name}/weights", weights, _per_channel(scales)),
            self._writer.constant(f"{name}/bias", bias, _per_channel(bias_scales)),
        )

    def _concat(self, name: str, sources: list[_Tensor]) -> _Tensor:
        _, rows, columns, _ = sources[0].shape
        channels = sum(source.shape[3] for source in sources)
        output = self._output(name, (1, rows, columns, channels), sources[0])
        self._writer.concat([source.index for source in sources], output.index)
        return output

    def _second_half(self, layer: SecondHalf, source: _Tensor) -> None:
        shape = (*source.shape[:3], layer.channels)
        first = self._tensor(f"{layer.name}/unused", shape, source.quantization)
        output = self._output(layer.name, shape, source)
        axis = self._writer.constant(f"{layer.name}/axis", np.array(3, np.int32))
        self._writer.split(axis, source.index, [first.index, output.index])

    def _upsample(self, layer: Upsample, source: _Tensor) -> None:
        """Four copies as the four pixels of a block: unlike a resize it stores no output size,
        so the finished network can be given any input size that is a multiple of 32."""
        copies = self._concat(f"{layer.name}/copies", [source] * 4)
        output = self._output(layer.name, _scaled(source.shape, 2), source)
        self._writer.depth_to_space(copies.index, output.index, 2)

    def _head(self, layer: Conv, head: Head) -> list[int]:
        """The convolution split into geometry (always float) and classes; both end as float32."""
        is_geometry = np.arange(len(layer.bias)) % (GEOMETRY_CHANNELS + head.classes)
        chosen = is_geometry < GEOMETRY_CHANNELS
        source = self._tensors[layer.source]
        geometry = self._convolved(
            _part(layer, chosen), layer.name + GEOMETRY, self._as_float(source)
        )
        classes = self._convolved(_part(layer, ~chosen), layer.name + CLASSES, source)
        return [geometry.index, self._as_float(classes).index]

    def _as_float(self, source: _Tensor) -> _Tensor:
        if source.quantization is None:
            return source
        output = self._tensor(f"float{source.index}", source.shape, None)
        self._writer.dequantize(source.index, output.index)
        return output


def _scaled(
    shape: tuple[int, int, int, int], factor: float, channels: int | None = None
) -> tuple[int, int, int, int]:
    _, rows, columns, same = shape
    return (1, int(rows * factor), int(columns * factor), same if channels is None else channels)


def _per_channel(scales: npt.NDArray[Any]) -> Quantization:
    return Quantization(tuple(float(scale) for scale in scales))


def _part(layer: Conv, chosen: npt.NDArray[np.bool_]) -> Conv:
    return Conv(
        layer.name, layer.source, layer.weights[chosen], layer.bias[chosen], layer.stride, False
    )
