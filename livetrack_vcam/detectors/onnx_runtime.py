"""Runs ONNX networks with one input; the only file that imports onnxruntime, an extra."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from livetrack_vcam.detectors.runtime import VERIFY
from livetrack_vcam.errors import ModelError

Array: TypeAlias = npt.NDArray[Any]
Shape: TypeAlias = tuple[int, ...]

# Severities of ONNX Runtime: only errors, not that an output is larger than the file says.
_ONLY_ERRORS = 3


class OnnxNetwork:
    """One network with one float32 input, on one thread of the processor.

    `input_shape` replaces the one the file was exported for, `file_shape`, see `reshaped`. Raises
    ModelError when the runtime is missing or the weights cannot be used.
    """

    input_dtype: np.dtype[Any] = np.dtype(np.float32)

    def __init__(
        self, weights: bytes, name: str, input_shape: Sequence[int], file_shape: Sequence[int]
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
            raise _unusable(name, error) from error
        self._name = name
        self._input: str = self._session.get_inputs()[0].name
        self._shape = tuple(input_shape)

    def expect(self, input_shape: Shape | None, *outputs: Shape | None) -> None:
        """Raises ModelError unless the network gives these from this input; None fits any shape.

        The shapes a file declares for its outputs are those of the size it was exported for; so
        the network is run once, which it has to be before its first frame anyway.
        """
        try:
            results = self.run(np.zeros(self._shape, self.input_dtype))
        except Exception as error:  # see __init__
            raise _unusable(self._name, error) from error
        present = (self._shape, *(result.shape for result in results))
        wanted = (input_shape, *outputs)
        if len(wanted) != len(present) or any(
            want not in (None, have) for want, have in zip(wanted, present, strict=True)
        ):
            raise ModelError(
                f"the file of model {self._name} is another network: it has input and outputs "
                f"{present} instead of {wanted}; {VERIFY}"
            )

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
            f"{' x '.join(map(str, old))}; {VERIFY}"
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


def _unusable(name: str, error: Exception) -> ModelError:
    reason = next(iter(str(error).splitlines()), repr(error))
    return ModelError(
        f"the file of model {name} cannot be used by this onnxruntime ({reason}); {VERIFY}"
    )
