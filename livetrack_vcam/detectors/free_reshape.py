"""Frees a TensorFlow Lite file from the one input size it was exported for.

BlazeFace is a network of convolutions and would take any input, but its last operators reshape
the outputs to a stored number of rows. In TensorFlow's reshape -1 stands for "as many as there
are", so writing -1 there is enough. The file is a flatbuffer: every table starts with the distance
back to its vtable, which has the offset of each field (flatbuffers.dev, "FlatBuffer Internals").
The numbers of tables' fields are those of TensorFlow's `schema.fbs`, version 3.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from livetrack_vcam.detectors.runtime import VERIFY
from livetrack_vcam.errors import ModelError

# Numbers of fields in their tables.
_MODEL_SUBGRAPHS = 2
_SUBGRAPH_OPERATORS = 3
_OPERATOR_OPTIONS_TYPE = 3
_OPERATOR_OPTIONS = 4
_RESHAPE_NEW_SHAPE = 0
# ReshapeOptions in the union BuiltinOptions.
_RESHAPE = 17


def with_free_reshapes(weights: bytes, name: str) -> bytes:
    """`weights` with every reshape to (1, rows, numbers) made to take any number of rows.

    Raises ModelError when the file is none, or has no such reshape.
    """
    content = bytearray(weights)
    try:
        places = list(_row_counts(content))
        for place in places:
            struct.pack_into("<i", content, place, -1)
    except struct.error as error:
        raise ModelError(f"the file of model {name} is damaged ({error}); {VERIFY}") from error
    if not places:
        raise ModelError(f"the file of model {name} is another network; {VERIFY}")
    return bytes(content)


def _row_counts(content: bytearray) -> Iterator[int]:
    """Where the files's reshapes store their number of rows."""
    for graph in _tables(content, _follow(content, 0), _MODEL_SUBGRAPHS):
        for operator in _tables(content, graph, _SUBGRAPH_OPERATORS):
            kind = _field(content, operator, _OPERATOR_OPTIONS_TYPE)
            options = _field(content, operator, _OPERATOR_OPTIONS)
            if kind is None or options is None or content[kind] != _RESHAPE:
                continue
            shape = _field(content, _follow(content, options), _RESHAPE_NEW_SHAPE)
            if shape is not None:
                vector = _follow(content, shape)
                if _unsigned(content, vector) == 3:
                    yield vector + 8


def _tables(content: bytearray, table: int, number: int) -> Iterator[int]:
    """Where the tables of a field that is a vector of tables start."""
    field = _field(content, table, number)
    if field is not None:
        vector = _follow(content, field)
        for index in range(_unsigned(content, vector)):
            yield _follow(content, vector + 4 + 4 * index)


def _field(content: bytearray, table: int, number: int) -> int | None:
    """Where a field of `table` is; None when the file leaves it out."""
    vtable = table - int(struct.unpack_from("<i", content, table)[0])
    if 4 + 2 * number >= struct.unpack_from("<H", content, vtable)[0]:
        return None
    offset = int(struct.unpack_from("<H", content, vtable + 4 + 2 * number)[0])
    return table + offset if offset else None


def _follow(content: bytearray, place: int) -> int:
    return place + _unsigned(content, place)


def _unsigned(content: bytearray, place: int) -> int:
    return int(struct.unpack_from("<I", content, place)[0])
