"""Emits the part of a TensorFlow.js graph between some of its tensors as a TensorFlow Lite file.

What depends on no input is computed here, once; what follows a convolution becomes part of it as
far as possible. The file is float32, NHWC.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import TypeAlias

import numpy as np

from livetrack_vcam.detectors.convert.tfjs_convolution import (
    CONVOLUTIONS,
    Convolution,
    Tensor,
    convolution,
)
from livetrack_vcam.detectors.convert.tfjs_file import Array, Node, TfjsModel
from livetrack_vcam.detectors.convert.tfjs_fold import fold, stand_in
from livetrack_vcam.detectors.convert.tflite_writer import TfliteWriter

Value: TypeAlias = Array | Tensor | Convolution

_OPERATORS: Mapping[str, str] = {
    "Add": "ADD",
    "AddN": "ADD",
    "BiasAdd": "ADD",
    "ConcatV2": "CONCATENATION",
    "Exp": "EXP",
    "ExpandDims": "RESHAPE",
    "Mul": "MUL",
    "Pack": "PACK",
    "Relu6": "RELU6",
    "Reshape": "RESHAPE",
    "Sigmoid": "LOGISTIC",
    "Squeeze": "RESHAPE",
    "Sub": "SUB",
    "Transpose": "TRANSPOSE",
    "Unpack": "UNPACK",
}
# Their last input is no tensor to compute with: an axis, a shape, an order.
_WITH_PARAMETER = ("ConcatV2", "ExpandDims", "Reshape", "Transpose")


class TfjsGraph:
    """Builds one file from what is needed of `model`."""

    def __init__(self, model: TfjsModel, description: str) -> None:
        self._model = model
        self._writer = TfliteWriter(description)
        self._values: dict[str, Value] = dict(model.constants)
        self._tensors: dict[str, Tensor] = {}

    def build(self, source: str, shape: Sequence[int], outputs: Sequence[str]) -> bytes:
        """The file whose input stands for `source`. Raises ValueError when it cannot be made."""
        given = self._tensor(source, shape)
        self._values[source] = given
        for node in self._needed(outputs):
            for place, result in enumerate(self._results(node)):
                self._values[_reference(node, place)] = result
        ends = [self._as_tensor(name).index for name in outputs]
        return self._writer.finish([given.index], ends)

    def _needed(self, outputs: Sequence[str]) -> Iterator[Node]:
        """The operations that lead to `outputs`, each behind those it needs."""
        inputs: dict[str, list[str]] = {}
        waiting = list(map(_node_name, outputs))
        while waiting:
            name = waiting.pop()
            if name in inputs or name in self._values:
                continue
            if name not in self._model.nodes:
                raise ValueError(f"it has no {name}")
            inputs[name] = [_node_name(needed) for needed in self._model.nodes[name].inputs]
            waiting += inputs[name]
        try:
            order = list(TopologicalSorter(inputs).static_order())
        except CycleError as error:
            raise ValueError(f"{error.args[1][0]} is computed from itself") from error
        return (self._model.nodes[name] for name in order if name in inputs)

    def _value(self, reference: str) -> Value:
        if reference not in self._values:
            raise ValueError(f"it has no {reference}")
        return self._values[reference]

    def _results(self, node: Node) -> Sequence[Value]:
        values = [self._value(reference) for reference in node.inputs]
        if node.op in CONVOLUTIONS and len(values) == 2:
            return [convolution(node, self._as_tensor(node.inputs[0]), values[1])]
        merged = self._merged(node, values)
        if merged is not None:
            return [merged]
        constant = [value for value in values if isinstance(value, np.ndarray)]
        known = len(constant) == len(values)
        results = fold(node, [_array(value) for value in values])
        if known or node.op == "Shape":
            return results
        return self._emitted(node, values, results)

    def _merged(self, node: Node, values: Sequence[Value]) -> Value | None:
        """`node` as part of the convolution before it; None when there is none or it cannot be."""
        before = [value for value in values if isinstance(value, Convolution)]
        others = [value for value in values if isinstance(value, np.ndarray)]
        if len(before) != 1 or len(others) != len(values) - 1:
            return None
        if node.op == "Relu6":
            return self._written(before[0], node.name, relu6=True)
        return before[0].followed_by(node, others)

    def _emitted(
        self, node: Node, values: Sequence[Value], results: Sequence[Array]
    ) -> Sequence[Tensor]:
        """`node` as an operator of the file; its outputs, which are like `results`."""
        count = len(values) - (node.op in _WITH_PARAMETER)
        parameters = [value for value in values[count:] if isinstance(value, np.ndarray)]
        if node.op not in _OPERATORS or len(parameters) != len(values) - count:
            raise ValueError(f"operation {node.op} of {node.name} is not known here")
        inputs = [self._as_tensor(reference).index for reference in node.inputs[:count]]
        outputs = [
            self._tensor(_reference(node, place), result.shape)
            for place, result in enumerate(results)
        ]
        self._operator(node, inputs, parameters, outputs)
        return outputs

    def _operator(
        self,
        node: Node,
        inputs: Sequence[int],
        parameters: Sequence[Array],
        outputs: Sequence[Tensor],
    ) -> None:
        code = _OPERATORS[node.op]
        made = [output.index for output in outputs]
        if code == "CONCATENATION":
            axis = int(parameters[0]) % len(outputs[0].shape)
            self._writer.concat(inputs, made[0], axis)
        elif code == "RESHAPE":
            shape = np.array(outputs[0].shape, np.int32)
            self._writer.plain(code, [*inputs, self._parameter(node, shape)], made)
        elif code == "TRANSPOSE":
            self._writer.plain(code, [*inputs, self._parameter(node, parameters[0])], made)
        elif code == "PACK":
            axis = node.integer("axis")
            self._writer.plain(code, inputs, made, valuesCount=len(inputs), axis=axis)
        elif code == "UNPACK":
            self._writer.plain(code, inputs, made, num=len(made), axis=node.integer("axis"))
        else:
            self._writer.plain(code, inputs, made)

    def _parameter(self, node: Node, value: Array) -> int:
        return self._writer.constant(f"{node.name}/parameter", value)

    def _tensor(self, name: str, shape: Sequence[int]) -> Tensor:
        return Tensor(self._writer.tensor(name, shape, np.float32), tuple(shape))

    def _as_tensor(self, reference: str) -> Tensor:
        """The value as a tensor of the file, put there when it is asked for."""
        value = self._value(reference)
        if isinstance(value, Tensor):
            return value
        if reference not in self._tensors:
            if isinstance(value, Convolution):
                self._tensors[reference] = self._written(value, reference, relu6=False)
            else:
                index = self._writer.constant(reference, value.astype(np.float32))
                self._tensors[reference] = Tensor(index, value.shape)
        return self._tensors[reference]

    def _written(self, made: Convolution, name: str, relu6: bool) -> Tensor:
        """The convolution as an operator; its output, called `name`."""
        output = self._tensor(name, made.shape)
        weights = self._writer.constant(f"{name}/weights", made.weights.astype(np.float32))
        bias = self._writer.constant(f"{name}/bias", made.bias.astype(np.float32))
        numbers = (made.source.index, weights, bias, output.index, made.stride)
        if made.depthwise:
            self._writer.depthwise_conv(*numbers, relu6=relu6)
        else:
            self._writer.conv(*numbers, same=True, relu6=relu6)
        return output


def _reference(node: Node, place: int) -> str:
    """How the inputs of others name an output of `node`."""
    return f"{node.name}:{place}" if place else node.name


def _node_name(reference: str) -> str:
    return reference.partition(":")[0]


def _array(value: Value) -> Array:
    """What `fold` is given for a value."""
    return value if isinstance(value, np.ndarray) else stand_in(value.shape)
