"""Writes TensorFlow Lite files one operator at a time, float32 or int8, NHWC.

Only the schema classes shipped with ai-edge-litert are used, so no TensorFlow is needed and the
same calls always give the same bytes. Quantization follows the TensorFlow Lite 8-bit
specification: activations int8 per tensor, weights int8 symmetric per output channel, bias int32.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import flatbuffers  # type: ignore[import-untyped]
import numpy as np
import numpy.typing as npt

from livetrack_vcam.detectors.runtime import file_schema

Array: TypeAlias = npt.NDArray[Any]

schema = file_schema()

FILE_IDENTIFIER = b"TFL3"
_TYPES = {
    np.dtype(np.float32): schema.TensorType.FLOAT32,
    np.dtype(np.int32): schema.TensorType.INT32,
    np.dtype(np.int8): schema.TensorType.INT8,
}
# Operators of float32 that need no more than their inputs and a few numbers, and the table of the
# schema that holds those.
_PLAIN = {
    "ADD": "AddOptions",
    "EXP": "ExpOptions",
    "LOGISTIC": "",
    "MUL": "MulOptions",
    "PACK": "PackOptions",
    "RELU6": "",
    "RESHAPE": "ReshapeOptions",
    "SUB": "SubOptions",
    "TRANSPOSE": "TransposeOptions",
    "UNPACK": "UnpackOptions",
}


@dataclass(frozen=True, slots=True)
class Quantization:
    """real = scale * (stored - zero_point); one scale, or one per slice along `axis`."""

    scale: tuple[float, ...]
    zero_point: int = 0
    axis: int = 0


class TfliteWriter:
    """Collects tensors and operators; `finish` gives the file's bytes."""

    def __init__(self, description: str) -> None:
        self._description = description
        self._buffers = [schema.BufferT()]
        self._tensors: list[Any] = []
        self._operators: list[Any] = []
        self._codes: list[tuple[int, int]] = []

    def tensor(
        self,
        name: str,
        shape: Sequence[int],
        dtype: type[np.generic],
        quantization: Quantization | None = None,
    ) -> int:
        """A tensor that is computed at run time; returns its index."""
        return self._add(name, shape, np.dtype(dtype), 0, quantization)

    def constant(self, name: str, value: Array, quantization: Quantization | None = None) -> int:
        """A tensor stored in the file; returns its index."""
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(value.tobytes(), np.uint8)
        self._buffers.append(buffer)
        return self._add(name, value.shape, value.dtype, len(self._buffers) - 1, quantization)

    def _add(
        self,
        name: str,
        shape: Sequence[int],
        dtype: np.dtype[Any],
        buffer: int,
        quantization: Quantization | None,
    ) -> int:
        tensor = schema.TensorT()
        tensor.name = name
        tensor.shape = [int(side) for side in shape]
        tensor.type = _TYPES[dtype]
        tensor.buffer = buffer
        if quantization is not None:
            tensor.quantization = _parameters(quantization)
        self._tensors.append(tensor)
        return len(self._tensors) - 1

    def conv(
        self,
        source: int,
        weights: int,
        bias: int,
        output: int,
        stride: int,
        same: bool,
        relu6: bool = False,
    ) -> None:
        options = _sliding(schema.Conv2DOptionsT(), stride, same, relu6)
        self._operator("CONV_2D", [source, weights, bias], [output], "Conv2DOptions", options, 3)

    def depthwise_conv(
        self, source: int, weights: int, bias: int, output: int, stride: int, relu6: bool
    ) -> None:
        """`weights` are (1, rows, columns, channels); each channel has one filter; "SAME"."""
        options = _sliding(schema.DepthwiseConv2DOptionsT(), stride, True, relu6)
        options.depthMultiplier = 1
        inputs, kind = [source, weights, bias], "DepthwiseConv2DOptions"
        self._operator("DEPTHWISE_CONV_2D", inputs, [output], kind, options, 2)

    def plain(
        self, code: str, inputs: Sequence[int], outputs: Sequence[int], **numbers: int
    ) -> None:
        """An operator of _PLAIN; `numbers` are fields of its options, by the schema's names."""
        kind = _PLAIN[code]
        options = getattr(schema, f"{kind}T")() if kind else None
        for field, number in numbers.items():
            setattr(options, field, number)
        self._operator(code, list(inputs), list(outputs), kind or "NONE", options, 1)

    def pad(self, source: int, paddings: int, output: int) -> None:
        self._operator("PAD", [source, paddings], [output], "PadOptions", schema.PadOptionsT(), 2)

    def leaky_relu(self, source: int, output: int, alpha: float) -> None:
        options = schema.LeakyReluOptionsT()
        options.alpha = alpha
        self._operator("LEAKY_RELU", [source], [output], "LeakyReluOptions", options, 2)

    def max_pool(self, source: int, output: int, size: int, stride: int) -> None:
        """With stride 1 the picture keeps its size; what lies outside is smaller than anything."""
        options = schema.Pool2DOptionsT()
        options.padding = schema.Padding.SAME if stride == 1 else schema.Padding.VALID
        options.filterWidth = options.filterHeight = size
        options.strideW = options.strideH = stride
        self._operator("MAX_POOL_2D", [source], [output], "Pool2DOptions", options, 2)

    def concat(self, sources: Sequence[int], output: int, axis: int = 3) -> None:
        options = schema.ConcatenationOptionsT()
        options.axis = axis
        self._operator("CONCATENATION", list(sources), [output], "ConcatenationOptions", options, 2)

    def split(self, axis: int, source: int, outputs: Sequence[int]) -> None:
        options = schema.SplitOptionsT()
        options.numSplits = len(outputs)
        self._operator("SPLIT", [axis, source], list(outputs), "SplitOptions", options, 2)

    def depth_to_space(self, source: int, output: int, block: int) -> None:
        options = schema.DepthToSpaceOptionsT()
        options.blockSize = block
        self._operator("DEPTH_TO_SPACE", [source], [output], "DepthToSpaceOptions", options, 2)

    def dequantize(self, source: int, output: int) -> None:
        options = schema.DequantizeOptionsT()
        self._operator("DEQUANTIZE", [source], [output], "DequantizeOptions", options, 2)

    def _operator(
        self,
        code: str,
        inputs: list[int],
        outputs: list[int],
        kind: str,
        options: Any,
        version: int,
    ) -> None:
        builtin = getattr(schema.BuiltinOperator, code)
        if (builtin, version) not in self._codes:
            self._codes.append((builtin, version))
        operator = schema.OperatorT()
        operator.opcodeIndex = self._codes.index((builtin, version))
        operator.inputs = inputs
        operator.outputs = outputs
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, kind)
        operator.builtinOptions = options
        self._operators.append(operator)

    def finish(self, inputs: Sequence[int], outputs: Sequence[int]) -> bytes:
        graph = schema.SubGraphT()
        graph.name = "main"
        graph.tensors = self._tensors
        graph.inputs = list(inputs)
        graph.outputs = list(outputs)
        graph.operators = self._operators
        model = schema.ModelT()
        model.version = 3
        model.description = self._description
        model.operatorCodes = [_operator_code(*code) for code in self._codes]
        model.subgraphs = [graph]
        model.buffers = self._buffers
        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(model.Pack(builder), file_identifier=FILE_IDENTIFIER)
        return bytes(builder.Output())


def _sliding(options: Any, stride: int, same: bool, relu6: bool) -> Any:
    """What the two kinds of convolution have in common, filled in."""
    options.padding = schema.Padding.SAME if same else schema.Padding.VALID
    options.strideW = options.strideH = stride
    options.dilationWFactor = options.dilationHFactor = 1
    function = schema.ActivationFunctionType
    options.fusedActivationFunction = function.RELU6 if relu6 else function.NONE
    return options


def _parameters(quantization: Quantization) -> Any:
    parameters = schema.QuantizationParametersT()
    parameters.scale = list(quantization.scale)
    parameters.zeroPoint = [quantization.zero_point] * len(quantization.scale)
    parameters.quantizedDimension = quantization.axis
    return parameters


def _operator_code(builtin: int, version: int) -> Any:
    code = schema.OperatorCodeT()
    code.builtinCode = builtin
    # Readers older than schema 3a look here; 127 stands for "see builtinCode".
    code.deprecatedBuiltinCode = min(builtin, 127)
    code.version = version
    return code
