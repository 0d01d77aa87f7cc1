"""The runtime loads what it is given or says why not, and keeps quiet."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from livetrack_vcam.detectors.manifest import load_weights
from livetrack_vcam.detectors.runtime import TfliteNetwork
from livetrack_vcam.errors import ModelError


def test_weights_that_are_no_network_are_a_sentence() -> None:
    with pytest.raises(
        ModelError, match=r"model nonsense cannot be used.*; type: livetrack-vcam models verify"
    ):
        TfliteNetwork(b"nonsense" * 100, "nonsense")


def test_a_missing_runtime_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(ModelError, match="ai-edge-litert cannot be imported"):
        TfliteNetwork(load_weights("blazeface"), "blazeface")


def test_outputs_of_one_run_survive_the_next() -> None:
    network = TfliteNetwork(load_weights("blazeface"), "blazeface")
    first = network.run(np.zeros((1, 256, 256, 3), np.float32))
    copies = [output.copy() for output in first]
    network.run(np.ones((1, 256, 256, 3), np.float32))
    assert all(np.array_equal(*pair) for pair in zip(first, copies, strict=True))


@pytest.mark.parametrize(("rows", "columns"), [(224, 416), (320, 320), (448, 32)])
def test_yolov4_tiny_takes_any_whole_number_of_cells(rows: int, columns: int) -> None:
    network = TfliteNetwork(load_weights("yolov4-tiny"), "yolov4-tiny", (1, rows, columns, 3))
    outputs = network.run(np.zeros((1, rows, columns, 3), np.int8))
    coarse, fine = (rows // 32, columns // 32), (rows // 16, columns // 16)
    assert [output.shape[1:] for output in outputs] == [
        (*coarse, 15), (*coarse, 240), (*fine, 15), (*fine, 240),
    ]  # fmt: skip


def test_opening_a_detector_prints_nothing_and_loses_nothing() -> None:
    code = (
        "import os, sys; from livetrack_vcam.detectors.registry import make_detector; "
        "from livetrack_vcam.detectors import runtime; "
        "make_detector('auto').open();"
        "held = runtime._banner_held_back(); held.__enter__(); "
        "os.write(2, b'something important'); held.__exit__(None, None, None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "something important")


def test_a_closed_stderr_does_not_matter() -> None:
    code = (
        "import os; os.close(2); from livetrack_vcam.detectors.registry import make_detector; "
        "make_detector('blazeface').open(); print('open')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "open\n"
