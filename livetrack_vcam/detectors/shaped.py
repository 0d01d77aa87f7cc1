"""One network at the few input sizes that fit the frames of a camera and the regions in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.detectors.pixels import network_size
from livetrack_vcam.detectors.runtime import TfliteNetwork

Array: TypeAlias = npt.NDArray[Any]
Shape: TypeAlias = tuple[int, ...]

# Beside the shape of the frame: a square, and a person standing upright.
REGION_SHAPES = (Size(1, 1), Size(9, 16))
USUAL_FRAME = Size(16, 9)


def rows_columns_channels(size: Size) -> Shape:
    """How TensorFlow Lite's networks take a picture."""
    return (1, size.height, size.width, 3)


class Network(Protocol):
    """One network made for one input size; TfliteNetwork says what these mean."""

    input_dtype: np.dtype[Any]

    def expect(self, input_shape: Shape | None, *outputs: Shape | None) -> None: ...

    def run(self, value: Array) -> list[Array]: ...


class ShapedNetworks:
    """A network of convolutions computes any input; each size costs a copy of it, made once.

    Inputs have at most `max_pixels`, in multiples of `stride`. `make(weights, name, shape)` makes
    the network, `shaped` the shape of its input for a size. Raises ModelError when the weights
    cannot be used.
    """

    def __init__(
        self,
        weights: bytes,
        name: str,
        max_pixels: int,
        stride: int = 32,
        make: Callable[[bytes, str, Sequence[int]], Network] = TfliteNetwork,
        shaped: Callable[[Size], Shape] = rows_columns_channels,
    ) -> None:
        self._weights = weights
        self._name = name
        self._make = make
        self._shaped = shaped
        self._max_pixels = max_pixels
        self._stride = stride
        self._frame = Size(0, 0)
        self._sizes: tuple[Size, ...] = ()
        self._networks: dict[Size, Network] = {}

    def expect(self, outputs: Callable[[Size], list[tuple[int, ...]]]) -> None:
        """Raises ModelError unless the network's outputs have the shapes that fit its input."""
        network, size = self.fitting(USUAL_FRAME, Box(0.0, 0.0, 16.0, 9.0))
        network.expect(self._shaped(size), *outputs(size))

    def fitting(self, frame: Size, region: Box) -> tuple[Network, Size]:
        """The network, and its input size, that shows `region` of a frame of that size largest."""
        if frame != self._frame:
            self._frame = frame
            shapes = (frame, *REGION_SHAPES)
            sizes = (network_size(shape, self._max_pixels, self._stride) for shape in shapes)
            self._sizes = tuple(dict.fromkeys(sizes))
            self._networks = {
                size: made for size, made in self._networks.items() if size in self._sizes
            }
        width, height = max(region.width, 1.0), max(region.height, 1.0)
        size = max(
            self._sizes,
            key=lambda size: min(size.width / width, size.height / height),
        )
        return self._network(size), size

    def _network(self, size: Size) -> Network:
        made = self._networks.get(size)
        if made is None:
            made = self._make(self._weights, self._name, self._shaped(size))
            self._networks[size] = made
        return made
