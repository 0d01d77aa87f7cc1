"""Reads TensorFlow.js graph models: model.json and, right behind it, the files with the weights.

What model.json means is defined by TensorFlow.js: GraphModel's `modelTopology` is TensorFlow's
GraphDef as JSON, `weightsManifest` says which numbers lie where in the joined files, and weights
stored as uint8 or uint16 stand for `stored * scale + min` (tfjs-core, io_utils.decodeWeights).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
T = TypeVar("T")

_STORED = {"float32": np.float32, "int32": np.int32, "uint8": np.uint8, "uint16": np.uint16}


@dataclass(frozen=True, slots=True)
class Node:
    """One operation; `inputs` are names of nodes, with ":1" behind for a second output."""

    name: str
    op: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, Any]

    def integer(self, key: str) -> int:
        return self._value(key, lambda value: int(value["i"]))

    def flag(self, key: str) -> bool:
        return self._value(key, lambda value: bool(value["b"]))

    def number(self, key: str) -> float:
        return self._value(key, lambda value: float(value["f"]))

    def text(self, key: str) -> str:
        """Strings are stored as the numbers of their bytes."""
        return self._value(key, lambda value: bytes(value["s"]).decode("ascii"))

    def integers(self, key: str) -> tuple[int, ...]:
        return self._value(key, lambda value: tuple(map(int, value["list"]["i"])))

    def _value(self, key: str, read: Callable[[Any], T]) -> T:
        try:
            return read(self.attributes[key])
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{self.name} has no {key}") from error


@dataclass(frozen=True, slots=True)
class TfjsModel:
    """The operations, and the values of those that are constants, by name."""

    nodes: Mapping[str, Node]
    constants: Mapping[str, Array]


def read_tfjs(content: bytes) -> TfjsModel:
    """The model whose files, model.json first, are joined in `content`.

    Raises ValueError when it is something else or does not end where its weights do.
    """
    try:
        # Every byte is a character of Latin-1, so the weights behind the JSON do no harm.
        described, end = json.JSONDecoder().raw_decode(content.decode("latin-1"))
        nodes = [_node(entry) for entry in described["modelTopology"]["node"]]
        entries = [entry for group in described["weightsManifest"] for entry in group["weights"]]
        constants = _constants(entries, memoryview(content)[end:])
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"no TensorFlow.js graph: {type(error).__name__} {error}") from error
    return TfjsModel({node.name: node for node in nodes}, constants)


def _node(entry: dict[str, Any]) -> Node:
    # A "^" marks an input that only has to be computed earlier.
    inputs = (name for name in entry.get("input", ()) if not name.startswith("^"))
    references = tuple(name.removesuffix(":0") for name in inputs)
    return Node(str(entry["name"]), str(entry["op"]), references, entry.get("attr", {}))


def _constants(entries: list[dict[str, Any]], stored: memoryview) -> dict[str, Array]:
    """The weights in the order of the manifest, which is that of the bytes."""
    constants: dict[str, Array] = {}
    place = 0
    for entry in entries:
        shape = tuple(int(side) for side in entry["shape"])
        how = entry.get("quantization")
        dtype = np.dtype(_STORED[how["dtype"] if how else entry["dtype"]])
        real = ("float32",) if how else ("float32", "int32")
        if entry["dtype"] not in real or min((*shape, 1)) < 0:
            raise ValueError(f"weights {entry['name']} are of an unknown kind")
        size = dtype.itemsize * math.prod(shape)
        if place + size > len(stored):
            raise ValueError(f"the weights end inside {entry['name']}")
        value = np.frombuffer(stored[place : place + size], dtype.newbyteorder("<")).reshape(shape)
        constants[entry["name"]] = _real(value, how)
        place += size
    if place != len(stored):
        raise ValueError(f"{len(stored) - place} bytes follow the weights")
    return constants


def _real(stored: Array, how: Mapping[str, Any] | None) -> Array:
    if how is None:
        return stored
    real: Array = (stored * float(how["scale"]) + float(how["min"])).astype(np.float32)
    return real
