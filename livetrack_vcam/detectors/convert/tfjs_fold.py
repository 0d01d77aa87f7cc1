"""What TensorFlow's small operations do, in NumPy.

Applied to constants they give constants: shapes, anchors and the like need no operator at run time.
Applied to stand-ins they give the shapes of what is computed at run time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from livetrack_vcam.detectors.convert.tfjs_file import Node

Array: TypeAlias = npt.NDArray[Any]
Fold: TypeAlias = Callable[..., Any]


def fold(node: Node, values: Sequence[Array]) -> list[Array]:
    """The outputs of `node` for `values`.

    Raises ValueError when it is no operation known here or the values do not fit it.
    """
    if node.op not in _FOLDS:
        raise ValueError(f"operation {node.op} of {node.name} is not known here")
    try:
        results = _FOLDS[node.op](node, *values)
    except (TypeError, IndexError, ValueError) as error:
        raise ValueError(f"{node.name} does not fit together ({error})") from error
    return list(results) if node.op == "Unpack" else [np.asarray(results)]


def stand_in(shape: Sequence[int]) -> Array:
    """An array of that shape that takes no memory."""
    return np.broadcast_to(np.float32(0), tuple(shape))


def _concat(_: Node, *values: Array) -> Array:
    """The axis is the last input."""
    return np.concatenate(values[:-1], axis=int(values[-1]))


def _first_of_slice(node: Node, value: Array, begin: Array, end: Array, step: Array) -> Array:
    """`value[begin]`; that is all that graphs do with shapes."""
    masks = [node.integer(f"{mask}_mask") for mask in ("begin", "end", "ellipsis", "new_axis")]
    if any(masks) or node.integer("shrink_axis_mask") != 1 or not value.ndim == begin.size == 1:
        raise ValueError("a slice of many elements")
    return np.asarray(value[begin[0] : end[0] : step[0]][0])


_FOLDS: Mapping[str, Fold] = {
    "Add": lambda _, a, b: a + b,
    "AddN": lambda _, a, b: a + b,
    "BiasAdd": lambda _, a, b: a + b,
    "ConcatV2": _concat,
    "Exp": lambda _, a: np.exp(a),
    "ExpandDims": lambda _, a, axis: np.expand_dims(a, int(axis)),
    "Mul": lambda _, a, b: a * b,
    "Pack": lambda node, *values: np.stack(values, axis=node.integer("axis")),
    "Relu6": lambda _, a: np.clip(a, 0, 6),
    "Reshape": lambda _, a, shape: a.reshape(shape),
    "Shape": lambda _, a: np.array(a.shape, np.int32),
    "Sigmoid": lambda _, a: 1 / (1 + np.exp(-a)),
    "Squeeze": lambda node, a: np.squeeze(a, axis=node.integers("squeeze_dims")),
    "StridedSlice": _first_of_slice,
    "Sub": lambda _, a, b: a - b,
    "Tile": lambda _, a, times: np.tile(a, times),
    "Transpose": lambda _, a, order: np.transpose(a, order),
    "Unpack": lambda node, a: np.moveaxis(a, node.integer("axis"), 0),
}
