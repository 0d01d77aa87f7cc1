"""Runs ONNX networks with one input; the only file that imports onnxruntime, an extra."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy.typing as npt

from livetrack_vcam.errors import ModelError

Array: TypeAlias = npt.NDArray[Any]

# Severities of ONNX Runtime: only errors, not that an output is larger than the file says.
_ONLY_ERRORS = 3


class OnnxNetwork:
    """One network with one float32 input, on one thread of the processor.

    `input_shape` replaces the shape the file names, see `reshaped`. Raises ModelError when the
    runtime is missing or the weights cannot be used.
    """

    def __init__(
        self, weights: bytes, name: str, file_shape: Sequence[int], input_shape: Sequence[int]
    ) -> None:
        runtime = _runtime(name)
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = _ONLY_ERRORS
        content = reshaped(weights, name, file_shape, input_shape)
        try:
            self._session = runtime.InferenceSession(
                content, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its exceptions share no class of their own
            raise ModelError(
                f"model {name} cannot be loaded by onnxruntime ({_first_line(error)}); "
                f"type: livetrack-vcam models fetch {name}"
            ) from error
        self._input: str = self._session.get_inputs()[0].name

    def run(self, value: Array) -> list[Array]:
        """The outputs for `value` in the file's order, each a fresh array."""
        outputs: list[Array] = self._session.run(None, {self._input: value})
        return outputs


def reshaped(model: bytes, name: str, old: Sequence[int], new: Sequence[int]) -> bytes:
    """An ONNX file whose one tensor of shape `old` is declared to have shape `new`.

    A network of convolutions computes any size, but a file exported for one size refuses all
    others. Rewriting the declared shape needs no ONNX package: in Protocol Buffers it is a run
    of bytes (onnx.proto, TensorShapeProto) whose length stays the same, because every side is
    written in two bytes. Raises ModelError unless `old` stands in the file exactly once.
    """
    written = b"".join(_dimension(side, short=side < 0x80) for side in old)
    wanted = b"".join(
        _dimension(side, short=before < 0x80) for before, side in zip(old, new, strict=True)
    )
    if model.count(written) != 1:
        raise ModelError(
            f"the file of model {name} is damaged or another model: it has no single input of "
            f"{' x '.join(map(str, old))}; type: livetrack-vcam models fetch {name}"
        )
    return model.replace(written, wanted)


def _dimension(side: int, short: bool) -> bytes:
    """One dimension of less than 16384 as a field of TensorShapeProto."""
    value = bytes([side]) if short else bytes([side & 0x7F | 0x80, side >> 7])
    return bytes([0x0A, 1 + len(value), 0x08]) + value


def _runtime(name: str) -> Any:
    """The package, imported on first use: it takes longer than `--help` may."""
    try:
        import onnxruntime
    except ImportError as error:
        raise ModelError(
            f"detector {name} needs ONNX Runtime, which cannot be imported ({error}); type: "
            "pipx inject livetrack-vcam onnxruntime (or pip install 'livetrack-vcam[onnx]')"
        ) from error
    return onnxruntime


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), repr(error))
