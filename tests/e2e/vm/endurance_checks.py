"""Ten thousand numbered pictures through the product's sink, each looked at whole by a reader."""

from __future__ import annotations

import ctypes
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from typing import IO, Any

import numpy as np

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.media import OUTPUT_COLOR, Frame, PixelFormat
from livetrack_vcam.sinks.virtual_camera import VirtualCamera
from tests.e2e.vm.guest import capabilities, load_devices, wait_until

DEVICE = "/dev/video11"
SIZE = Size(320, 180)
LUMA, CHROMA = SIZE.width * SIZE.height, SIZE.width * SIZE.height // 4
COUNT = 10_000
LEVELS = 200
"""Numbers that one plane can tell apart: the picture of number n is n and n // LEVELS all over."""
# The module holds two pictures, and whoever is further behind gets torn ones from it. v4l2-ctl
# keeps the end of a picture back until it has the next one, so with one there is no going on.
LEAD = 2
PATIENCE_S = 1.0
FORK = get_context("fork")


def levels(number: int) -> tuple[int, int, int]:
    """Y, U and V of the picture with this number."""
    return 16 + number % LEVELS, 16 + number // LEVELS % LEVELS, 235 - number % LEVELS


def expected(number: int) -> bytes:
    y, u, v = levels(number)
    return bytes((y,)) * LUMA + bytes((u,)) * CHROMA + bytes((v,)) * CHROMA


def feed(seen: Any) -> None:
    """Sends number after number, at most LEAD ahead of the one that was `seen` last."""
    sink = VirtualCamera()
    sink.open(Canvas(SIZE, Fraction(30)))
    size, half = (SIZE.height, SIZE.width), (SIZE.height // 2, SIZE.width // 2)
    for number in range(1, 4 * COUNT):
        y, u, v = levels(number)
        planes = (
            np.full(size, y, np.uint8),
            np.full(half, u, np.uint8),
            np.full(half, v, np.uint8),
        )
        sink.send(Frame(planes, PixelFormat.YUV420P, OUTPUT_COLOR, number, number))
        waiting_s = time.monotonic()
        while number - seen.value >= LEAD and time.monotonic() - waiting_s < PATIENCE_S:
            time.sleep(0.0005)


def look_at_each(pictures: IO[bytes], seen: Any) -> int:
    """How many numbers were missed. A torn picture, or one of another size, is no number's."""
    first = last = 0
    for _ in range(COUNT):
        picture = pictures.read(LUMA + 2 * CHROMA)
        assert len(picture) == LUMA + 2 * CHROMA, f"the reader ended after number {last}"
        last += (picture[0] - 16 - last) % LEVELS or LEVELS
        first = first or last
        assert picture == expected(last), f"torn after number {seen.value}"
        seen.value = last
    return last - first + 1 - COUNT


@dataclass(frozen=True, slots=True)
class Feeder:
    """So that one can wait for it."""

    process: BaseProcess

    def poll(self) -> int | None:
        return self.process.exitcode


def of_ten_thousand_pictures_none_is_torn_or_of_another_size() -> str:
    load_devices()
    seen = FORK.RawValue(ctypes.c_long, 0)
    feeder = FORK.Process(target=feed, args=(seen,))
    feeder.start()
    stream = ("--stream-mmap", f"--stream-count={COUNT}", "--stream-to=-")
    try:
        wait_until(lambda: "Video Capture" in capabilities(DEVICE), Feeder(feeder))
        command = ("v4l2-ctl", "-d", DEVICE, *stream)
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as reader:
            assert reader.stdout is not None
            missed = look_at_each(reader.stdout, seen)
            assert reader.wait() == 0
    finally:
        feeder.kill()
        feeder.join()
    return f"{COUNT} pictures, {missed} missed between them"


CHECKS: tuple[Callable[[], str | None], ...] = (
    of_ten_thousand_pictures_none_is_torn_or_of_another_size,
)
