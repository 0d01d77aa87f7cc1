"""What must be loaded before what, so that the process lives."""

from __future__ import annotations

import contextlib
import sys
from importlib import import_module


def before_tensorflow() -> None:
    """Call this before importing TensorFlow, or a package that may import it, as MediaPipe does.

    Importing pylibsrtp (a part of aiortc) after TensorFlow 2.20 or newer is a segmentation fault
    every time; in the other order both work. When it is too late nothing is done: whoever wants
    pylibsrtp after that has to look for TensorFlow first.
    """
    if "tensorflow" not in sys.modules:
        with contextlib.suppress(ImportError):
            import_module("pylibsrtp")
