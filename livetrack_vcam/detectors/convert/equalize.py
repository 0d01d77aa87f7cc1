"""Evens out how large the channels of an activation become, without changing what comes out.

One int8 scale serves all channels of an activation, so quiet channels lose most of their steps to
loud ones. Leaky ReLU and max pooling commute with positive factors: dividing a channel where it is
made and multiplying where it is read changes nothing but its size. See Nagel et al., "Data-Free
Quantization Through Weight Equalization and Bias Correction", 2019; that the square root of the
activation's range is the best factor is from Xiao et al., "SmoothQuant", 2023, and was measured
here: boxes shake a third less under camera noise (docs/adr/0002-inference-runtime.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from livetrack_vcam.detectors.convert.darknet_file import (
    INPUT,
    Concat,
    Conv,
    Floats,
    Layer,
    Network,
    SecondHalf,
)

EXPONENT = 0.5
# A channel this much quieter than the loudest is no quieter to us: it may just have been unused.
QUIETEST = 0.01


def equalized(network: Network, reach: Mapping[str, Floats]) -> Network:
    """The same network with evened channels.

    `reach` gives, for each convolution by name, how large each of its channels becomes.
    The convolutions that feed a head keep their output as it is.
    """
    heads = {head.source for head in network.heads}
    factors: dict[str, Floats] = {INPUT: np.ones(3, np.float32)}
    layers: list[Layer] = []
    for layer in network.layers:
        if isinstance(layer, Conv):
            own = np.ones_like(layer.bias) if layer.name in heads else _factors(reach[layer.name])
            factors[layer.name] = own
            layers.append(_rescaled(layer, factors[layer.source], own))
            continue
        if isinstance(layer, Concat):
            factors[layer.name] = np.concatenate([factors[name] for name in layer.sources])
        elif isinstance(layer, SecondHalf):
            factors[layer.name] = factors[layer.source][-layer.channels :]
        else:
            factors[layer.name] = factors[layer.source]
        layers.append(layer)
    return replace(network, layers=tuple(layers))


def _factors(reach: Floats) -> Floats:
    factors: Floats = (np.maximum(reach / reach.max(), QUIETEST) ** EXPONENT).astype(np.float32)
    return factors


def _rescaled(layer: Conv, inputs: Floats, outputs: Floats) -> Conv:
    weights = layer.weights * inputs / outputs[:, None, None, None]
    return replace(layer, weights=weights, bias=layer.bias / outputs)
