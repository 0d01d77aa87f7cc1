"""The product's sink, fed a still test pattern until SIGTERM: one process of the checks."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from typing import NoReturn

import numpy as np

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.errors import LiveTrackError
from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.media import OUTPUT_COLOR, Frame, PixelFormat
from livetrack_vcam.sinks.virtual_camera import VirtualCamera

INTERVAL_S = 0.1


def pattern(size: Size) -> Frame:
    """Left half red, right half green (BT.601, limited), with a luma ramp in the top rows."""
    half = size.width // 2
    y = np.full((size.height, size.width), 81, np.uint8)
    y[:, half:] = 145
    y[:16] = np.linspace(16, 235, size.width).astype(np.uint8)
    chroma = (size.height // 2, size.width // 2)
    u, v = np.full(chroma, 90, np.uint8), np.full(chroma, 240, np.uint8)
    u[:, half // 2 :], v[:, half // 2 :] = 54, 34
    return Frame((y, u, v), PixelFormat.YUV420P, OUTPUT_COLOR, 0, 0)


def feed(size: Size, labels: tuple[str, ...], say: Callable[[str], None]) -> NoReturn:
    """Say "open DEVICE" and send until SIGTERM, or "refused STATUS SENTENCE"; then exit."""
    sink = VirtualCamera(*labels)
    # No Event: the handler would wait for ever for its lock where `wait` holds that just then.
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    try:
        sink.open(Canvas(size, Fraction(10)))
    except LiveTrackError as error:
        say(f"refused {error.exit_code} {error}")
        sys.exit(error.exit_code)
    say(f"open {sink.device}")
    frame = pattern(size)
    while not asked:
        sink.send(frame)
        time.sleep(INTERVAL_S)
    sink.close()
    sys.exit(0)
