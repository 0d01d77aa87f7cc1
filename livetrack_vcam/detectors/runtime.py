"""Runs TensorFlow Lite networks and knows their file format.

The only file that imports ai_edge_litert.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from livetrack_vcam.errors import ModelError

Array: TypeAlias = npt.NDArray[Any]
Shape: TypeAlias = tuple[int, ...]

VERIFY = "type: livetrack-vcam models verify"

# What the C++ side prints when it starts, with no way to say that nobody asked.
_BANNER = b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU."
_STDERR = 2


class TfliteNetwork:
    """One network with one input.

    One thread, unless more are asked for: two gain nothing on machines whose cores are busy with
    live video (docs/adr/0002-inference-runtime.md). The results are the same. Raises ModelError
    when the weights cannot be used.
    """

    def __init__(
        self,
        weights: bytes,
        name: str,
        input_shape: Sequence[int] | None = None,
        threads: int = 1,
    ) -> None:
        interpreter_class = _interpreter_class()
        try:
            self._interpreter = interpreter_class(model_content=weights, num_threads=threads)
            if input_shape is not None:
                index = self._interpreter.get_input_details()[0]["index"]
                self._interpreter.resize_tensor_input(index, list(input_shape))
            with _banner_held_back():
                self._interpreter.allocate_tensors()
        except (RuntimeError, ValueError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ModelError(
                f"the file of model {name} cannot be used by this ai-edge-litert ({reason}); "
                f"{VERIFY}"
            ) from error
        self._name = name
        details = self._interpreter.get_input_details()[0]
        self._input: int = details["index"]
        self.input_shape: tuple[int, ...] = _sides(details)
        self.input_dtype: np.dtype[Any] = np.dtype(details["dtype"])
        outputs = self._interpreter.get_output_details()
        self._outputs: list[int] = [output["index"] for output in outputs]
        self._output_shapes = [_sides(output) for output in outputs]

    def expect(self, input_shape: Shape | None, *outputs: Shape | None) -> None:
        """Raises ModelError unless these are the network's shapes; None fits any shape."""
        wanted = (input_shape, *outputs)
        present = (self.input_shape, *self._output_shapes)
        pairs = zip(wanted, present, strict=False)
        if len(wanted) != len(present) or any(want not in (None, have) for want, have in pairs):
            raise ModelError(
                f"the file of model {self._name} is another network: it has input and outputs "
                f"{_written(present)} instead of {_written(wanted)}; {VERIFY}"
            )

    def run(self, value: Array) -> list[Array]:
        """The outputs for `value` in the file's order, each a fresh array."""
        self._interpreter.set_tensor(self._input, value)
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(index) for index in self._outputs]


def _sides(details: dict[str, Any]) -> tuple[int, ...]:
    return tuple(int(side) for side in details["shape"])


def _written(shapes: Iterable[Shape | None]) -> str:
    return ", ".join("any" if s is None else "x".join(map(str, s)) or "()" for s in shapes)


def _interpreter_class() -> Any:
    """The runtime's class, imported on first use: it takes longer than `--help` may."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise _not_installed(error) from error
    return Interpreter


def file_schema() -> Any:
    """The classes of the flatbuffers a model file is made of, as the runtime's authors wrote them.

    Raises ModelError when they cannot be imported.
    """
    try:
        from ai_edge_litert import schema_py_generated
    except ImportError as error:
        raise _not_installed(error) from error
    return schema_py_generated


def _not_installed(error: ImportError) -> ModelError:
    return ModelError(
        f"the inference runtime ai-edge-litert cannot be imported ({error}); "
        "type: pipx reinstall livetrack-vcam"
    )


@contextmanager
def _banner_held_back() -> Iterator[None]:
    """Keeps _BANNER out of the user's terminal; anything else said meanwhile comes out after."""
    try:
        terminal = os.dup(_STDERR)
    except OSError:  # no stderr at all: nothing to keep clean
        yield
        return
    with tempfile.TemporaryFile() as heard:
        os.dup2(heard.fileno(), _STDERR)
        try:
            yield
        finally:
            os.dup2(terminal, _STDERR)
            os.close(terminal)
            heard.seek(0)
            for line in heard:
                if line.strip() != _BANNER:
                    os.write(_STDERR, line)
