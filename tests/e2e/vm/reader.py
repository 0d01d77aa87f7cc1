"""OpenCV in a process of its own, attached to a device for as long as the checks want it."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from typing import Any

import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]

MOST = 200_000
"""Pictures of which a reader notes the time and the brightness."""
FORK = get_context("fork")


@dataclass(frozen=True, slots=True)
class Reader:
    """What it has received: how many pictures, when each came, how bright it was; the newest."""

    process: BaseProcess
    size: tuple[int, int]
    _count: Any
    _odd: Any
    _times_s: Any
    _means: Any
    _newest: Any

    def poll(self) -> int | None:
        return self.process.exitcode

    @property
    def count(self) -> int:
        return int(self._count.value)

    @property
    def odd(self) -> int:
        """Pictures of another size."""
        return int(self._odd.value)

    def seen(self, since: int = 0) -> list[tuple[float, float]]:
        """Arrival (monotonic seconds) and mean brightness of each picture from number `since`."""
        until = self.count
        return list(zip(self._times_s[since:until], self._means[since:until], strict=True))

    def newest(self) -> Picture:
        """The newest picture, BGR."""
        width, height = self.size
        with self._newest.get_lock():
            flat = np.frombuffer(self._newest.get_obj(), np.uint8).copy()
        return flat.reshape(height, width, 3)


@contextmanager
def attached(device: str, width: int, height: int) -> Iterator[Reader]:
    """A reader that opens `device` as soon as it can and then never lets go."""
    shared = (
        FORK.RawValue(ctypes.c_long, 0),
        FORK.RawValue(ctypes.c_long, 0),
        FORK.RawArray(ctypes.c_double, MOST),
        FORK.RawArray(ctypes.c_float, MOST),
        FORK.Array(ctypes.c_ubyte, width * height * 3),
    )
    process = FORK.Process(target=_read, args=(device, (height, width, 3), *shared))
    process.start()
    try:
        yield Reader(process, (width, height), *shared)
        assert process.exitcode is None, "the reader ended by itself"
    finally:
        process.kill()
        process.join()


def _read(
    device: str, shape: tuple[int, ...], count: Any, odd: Any, times_s: Any, means: Any, newest: Any
) -> None:
    import cv2

    capture = cv2.VideoCapture(device, cv2.CAP_V4L2)
    while not capture.isOpened():
        time.sleep(0.1)
        capture.open(device, cv2.CAP_V4L2)
    while True:
        ok, picture = capture.read()
        if not ok:
            continue
        if picture.shape != shape:
            odd.value += 1
            continue
        number = count.value
        times_s[number], means[number] = time.monotonic(), picture[::8, ::8].mean()
        with newest.get_lock():
            np.frombuffer(newest.get_obj(), np.uint8)[:] = picture.reshape(-1)
        count.value = number + 1
