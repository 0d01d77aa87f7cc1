"""A convolution and the multiplications and additions behind it, as one.

Batch normalization in whatever form is such a multiplication and addition per channel (Jacob et
al., arXiv:1712.05877, section 3.2). The sums are made in float64 and rounded once at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from livetrack_vcam.detectors.convert.tfjs_file import Array, Node

Doubles: TypeAlias = npt.NDArray[np.float64]

CONVOLUTIONS = ("Conv2D", "DepthwiseConv2dNative")


@dataclass(frozen=True, slots=True)
class Tensor:
    """One that is computed at run time, by its index in the file."""

    index: int
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Convolution:
    """One that is not in the file yet, so that what follows it can become part of it.

    `weights` are (output channels, rows, columns, input channels) or, depthwise, (1, rows, columns,
    channels). Padding is "SAME".
    """

    name: str
    source: Tensor
    weights: Doubles
    bias: Doubles
    stride: int
    depthwise: bool

    @property
    def shape(self) -> tuple[int, ...]:
        _, rows, columns, _ = self.source.shape
        return (1, -(-rows // self.stride), -(-columns // self.stride), len(self.bias))

    def followed_by(self, node: Node, others: Sequence[Array]) -> Convolution | None:
        """This one with `node` in it, whose other inputs are `others`; None when it cannot be."""
        channels = len(self.bias)
        vectors = [_spread(other, channels) for other in others if _fits(other, channels)]
        if len(vectors) != len(others):
            return None
        if node.op == "Mul":
            return self._changed(node.name, vectors[0], 0.0)
        if node.op in ("Add", "BiasAdd"):
            return self._changed(node.name, 1.0, vectors[0])
        if node.op == "FusedBatchNorm" and len(vectors) == 4 and not node.flag("is_training"):
            gamma, beta, mean, variance = vectors
            scale = gamma / np.sqrt(variance + node.number("epsilon"))
            return self._changed(node.name, scale, beta - mean * scale)
        return None

    def _changed(self, name: str, scale: Any, shift: Any) -> Convolution:
        scale = np.broadcast_to(scale, self.bias.shape)
        per_output = scale if self.depthwise else scale[:, None, None, None]
        bias = self.bias * scale + shift
        return replace(self, name=name, weights=self.weights * per_output, bias=bias)


def convolution(node: Node, source: Tensor, weights: object) -> Convolution:
    """The convolution `node` of `source`. Raises ValueError when it is of another kind."""
    strides = node.integers("strides")
    usual = (
        isinstance(weights, np.ndarray)
        and weights.ndim == len(source.shape) == len(strides) == 4
        and strides == (1, strides[1], strides[1], 1)
        and strides[1] > 0
        and set(node.integers("dilations")) == {1}
        and (node.text("padding"), node.text("data_format")) == ("SAME", "NHWC")
    )
    if not usual or not isinstance(weights, np.ndarray):
        raise ValueError(f"{node.name} is a convolution of a kind not known here")
    depthwise = node.op != "Conv2D"
    if weights.shape[2] != source.shape[3] or (depthwise and weights.shape[3] != 1):
        raise ValueError(f"{node.name} does not fit its input")
    bias = np.zeros(weights.shape[2 if depthwise else 3])
    # The last axis is that of the output channels; depthwise it is the only filter per channel.
    ordered = np.transpose(weights, (3, 0, 1, 2)).astype(np.float64)
    return Convolution(node.name, source, ordered, bias, strides[1], depthwise)


def _fits(value: Array, channels: int) -> bool:
    """Whether it is one number, or one per channel."""
    return value.size == 1 or value.shape[-1:] == (channels,) == (value.size,)


def _spread(value: Array, channels: int) -> Doubles:
    return np.broadcast_to(value.astype(np.float64).ravel(), channels)
