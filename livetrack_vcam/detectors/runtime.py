"""Runs TensorFlow Lite networks; the only file that imports ai_edge_litert."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from livetrack_vcam.errors import ModelError

Array: TypeAlias = npt.NDArray[Any]


class TfliteNetwork:
    """One network with one input, on one thread.

    One thread, because two gained nothing on machines whose cores are busy with video
    (docs/adr/0002-inference-runtime.md). Raises ModelError when the weights cannot be used.
    """

    def __init__(self, weights: bytes, name: str, input_shape: Sequence[int] | None = None) -> None:
        interpreter_class = _interpreter_class()
        try:
            self._interpreter = interpreter_class(model_content=weights, num_threads=1)
            if input_shape is not None:
                index = self._interpreter.get_input_details()[0]["index"]
                self._interpreter.resize_tensor_input(index, list(input_shape))
            self._interpreter.allocate_tensors()
        except (RuntimeError, ValueError) as error:
            raise ModelError(
                f"model {name} cannot be loaded by this ai-edge-litert ({error}); "
                "type: pipx reinstall livetrack-vcam"
            ) from error
        details = self._interpreter.get_input_details()[0]
        self._input: int = details["index"]
        self.input_dtype: np.dtype[Any] = np.dtype(details["dtype"])
        self._outputs: list[int] = [d["index"] for d in self._interpreter.get_output_details()]

    def run(self, value: Array) -> list[Array]:
        """The outputs for `value` in the file's order, each a fresh array."""
        self._interpreter.set_tensor(self._input, value)
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(index) for index in self._outputs]


def _interpreter_class() -> Any:
    """The runtime's class, imported on first use: it takes longer than `--help` may."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise ModelError(
            f"the inference runtime ai-edge-litert cannot be imported ({error}); "
            "type: pipx reinstall livetrack-vcam"
        ) from error
    return Interpreter
