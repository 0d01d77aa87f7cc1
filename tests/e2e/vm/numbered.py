"""Pictures that tell their number, and a process that feeds them to a device by its own clock."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from typing import Any

import numpy as np

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.media import OUTPUT_COLOR, Frame, PixelFormat
from livetrack_vcam.sinks.modprobe import DEFAULT_LABEL
from livetrack_vcam.sinks.virtual_camera import VirtualCamera
from tests.e2e.vm.guest import wait_until

SIZE = Size(320, 180)
LUMA, CHROMA = SIZE.width * SIZE.height, SIZE.width * SIZE.height // 4
# Far enough from black, white and strong colors that every level is another one in RGB, too.
DARKEST, LUMA_LEVELS = 60, 140
BLUEST, CHROMA_LEVELS = 108, 40
FORK = get_context("fork")


def levels(number: int) -> tuple[int, int, int]:
    """Y, U and V of the picture with this number, the same all over it."""
    y = DARKEST + number % LUMA_LEVELS
    u = BLUEST + number // LUMA_LEVELS % CHROMA_LEVELS
    return y, u, BLUEST + number % CHROMA_LEVELS


def bytes_of(number: int) -> bytes:
    y, u, v = levels(number)
    return bytes((y,)) * LUMA + bytes((u,)) * CHROMA + bytes((v,)) * CHROMA


def number_of(picture: bytes, most: int) -> int:
    """The greatest number up to `most` whose picture begins and goes on as this one."""
    wanted = (picture[LUMA] - BLUEST) * LUMA_LEVELS + picture[0] - DARKEST
    return most - (most - wanted) % (LUMA_LEVELS * CHROMA_LEVELS)


def oldest_in(picture: bytes, most: int) -> int:
    """The smallest number that a torn picture shows something of, of the last LUMA_LEVELS."""
    y, v = set(picture[:LUMA]), set(picture[LUMA + CHROMA :])
    ages = [(most - each + DARKEST) % LUMA_LEVELS for each in y]
    return most - max(ages + [(most - each + BLUEST) % CHROMA_LEVELS for each in v])


@dataclass(frozen=True, slots=True)
class Feeder:
    """A process that feeds devices; `newest` is the number of the one whose sending has begun."""

    process: BaseProcess
    newest: Any

    def poll(self) -> int | None:
        return self.process.exitcode


@contextmanager
def feeding(
    rate: float, labels: tuple[str, ...] = (DEFAULT_LABEL,), size: Size = SIZE
) -> Iterator[Feeder]:
    """Through the product's sink, so many pictures a second, whatever the readers do; the same to
    each of the devices."""
    newest = FORK.RawValue(ctypes.c_long, 0)
    feeder = Feeder(FORK.Process(target=_feed, args=(rate, labels, size, newest)), newest)
    feeder.process.start()
    try:
        wait_until(lambda: newest.value > 1, feeder)
        yield feeder
    finally:
        feeder.process.kill()
        feeder.process.join()


def _feed(rate: float, labels: tuple[str, ...], size: Size, newest: Any) -> None:
    sinks = [VirtualCamera(label) for label in labels]
    for sink in sinks:
        sink.open(Canvas(size, Fraction(30)))
    whole, half = (size.height, size.width), (size.height // 2, size.width // 2)
    due_s = time.monotonic()
    while True:
        number = newest.value + 1
        y, u, v = levels(number)
        planes = (
            np.full(whole, y, np.uint8),
            np.full(half, u, np.uint8),
            np.full(half, v, np.uint8),
        )
        # As the program: who is late sends at once, and catches up with nothing.
        due_s = max(due_s + 1 / rate, time.monotonic() - 1 / rate)
        time.sleep(max(0.0, due_s - time.monotonic()))
        newest.value = number
        for sink in sinks:
            sink.send(Frame(planes, PixelFormat.YUV420P, OUTPUT_COLOR, number, number))
