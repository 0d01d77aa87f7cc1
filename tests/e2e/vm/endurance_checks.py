"""Ten thousand numbered pictures through the product's sink, each looked at whole by real readers.

The feeder goes by its own clock, as the program does, and waits for no reader.
"""

from __future__ import annotations

import ctypes
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from typing import Any

import numpy as np

from livetrack_vcam.sinks.modprobe import BUFFERS, MODULES_BUFFERS
from tests.e2e.vm.guest import load_devices, wait_until
from tests.e2e.vm.mapped_reader import mapped
from tests.e2e.vm.numbered import SIZE, bytes_of, feeding, levels, number_of, oldest_in

COUNT = 10_000
RATE = 75
"""Pictures a second: more than twice what the program usually sends."""
# A device for each: where one program opens a device, the module (0.12) may fail the others' reads.
LABELS = ("LiveTrack Camera", "LiveTrack Vertical", "Wide")
DEVICE, FOR_FFMPEG, FOR_OPENCV = "/dev/video11", "/dev/video13", "/dev/video14"
PIPES = {
    "v4l2-ctl": ("v4l2-ctl", "-d", DEVICE, "--stream-mmap", "--stream-to=-"),
    "FFmpeg": (
        *("ffmpeg", "-nostdin", "-v", "error", "-f", "v4l2", "-i", FOR_FFMPEG),
        *("-f", "rawvideo", "-pix_fmt", "yuv420p", "-fps_mode", "passthrough", "-"),
    ),
}
SLOW_RATE, SLOW_COUNT = 10, 20
# Longer than a picture lasts, and shorter than two.
SLOW_S = 1.5 / SLOW_RATE
# On a busy host a reader is kept waiting for longer than two pictures last, and may see one torn.
MOST_REPLACED = 0.05
RECENT = 50
"""Pictures among which one that OpenCV has read is looked for."""
FORK = get_context("fork")


class Tally(ctypes.Structure):
    """Pictures read whole, those missed between them, the number of the last, the most that one was
    behind, and those that were replaced while the reader was at them, because it was too slow."""

    _fields_ = tuple(
        (name, ctypes.c_long) for name in ("read", "missed", "last", "behind", "replaced")
    )

    def note(self, whole: bool, number: int, newest: int) -> None:
        """`number`: the oldest that is in the picture; `newest`: that whose sending has begun.

        Raises AssertionError for one that is torn though its place was not due again.
        """
        if not whole or number <= self.last:
            assert newest >= number + BUFFERS or whole, f"{number} is torn, the newest is {newest}"
            self.replaced += 1
            return
        self.missed += number - self.last - 1 if self.last else 0
        self.behind = max(self.behind, newest - number)
        self.last = number
        self.read += 1


@dataclass(frozen=True, slots=True)
class Readers:
    """Each reader's process and what it has counted; it ends with 1 at a picture that is wrong."""

    processes: tuple[BaseProcess, ...]
    tallies: tuple[Any, ...]

    @property
    def are_done(self) -> bool:
        codes = [process.exitcode for process in self.processes]
        assert not any(codes), f"exit statuses {codes} after {self.total('read')} pictures"
        return all(code == 0 for code in codes)

    def total(self, what: str) -> int:
        return sum(getattr(tally, what) for tally in self.tallies)


def of_ten_thousand_pictures_none_is_torn_or_of_another_size() -> str:
    load_devices()
    with feeding(RATE, LABELS) as feeder, _reading(feeder.newest) as readers:
        began_s, before = time.monotonic(), feeder.newest.value
        wait_until(lambda: readers.are_done, feeder, 600.0)
        rate = (feeder.newest.value - before) / (time.monotonic() - began_s)
    replaced = readers.total("replaced")
    assert replaced < MOST_REPLACED * COUNT, f"{replaced} pictures were replaced"
    behind = max(tally.behind for tally in readers.tallies)
    return (
        f"{readers.total('read')} pictures in {', '.join((*PIPES, 'OpenCV'))} at {rate:.0f} a "
        f"second; {readers.total('missed')} missed, at most {behind} behind, "
        f"{replaced} replaced while a reader was too slow"
    )


def a_reader_that_is_slow_gets_whole_pictures_with_our_buffers_and_torn_ones_with_two() -> str:
    torn = {count: _torn(count) for count in (MODULES_BUFFERS, BUFFERS)}
    assert torn[BUFFERS] == 0, torn
    assert torn[MODULES_BUFFERS] > 0, "the module needs no more than its own: drop max_buffers"
    return f"torn of {SLOW_COUNT}, by max_buffers: {torn}"


def _torn(buffers: int) -> int:
    """Of SLOW_COUNT pictures, with so many buffers."""
    load_devices(buffers)
    with feeding(SLOW_RATE) as feeder, mapped(DEVICE, BUFFERS) as reader:
        assert len(reader.buffers) == buffers
        size = len(bytes_of(0))
        seen = [reader.read(size, SLOW_S) for _ in range(SLOW_COUNT)]
        newest = feeder.newest.value
    return sum(picture != bytes_of(number_of(picture, newest)) for picture in seen)


@contextmanager
def _reading(newest: Any) -> Iterator[Readers]:
    """All readers at once, which share the COUNT pictures."""
    tallies = tuple(FORK.RawValue(Tally) for _ in range(len(PIPES) + 1))
    each = -(-COUNT // len(tallies))
    looks = [(_look_by_pipe, (command,)) for command in PIPES.values()] + [(_look_by_opencv, ())]
    processes = tuple(
        FORK.Process(target=look, args=(*args, each, newest, tally))
        for (look, args), tally in zip(looks, tallies, strict=True)
    )
    for process in processes:
        process.start()
    try:
        yield Readers(processes, tallies)
    finally:
        for process in processes:
            process.kill()
            process.join()


def _look_by_pipe(command: tuple[str, ...], count: int, newest: Any, tally: Any) -> None:
    size = len(bytes_of(0))
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as reader:
        assert reader.stdout is not None
        while tally.read < count:
            picture = reader.stdout.read(size)
            assert len(picture) == size, f"{command[0]} ended after number {tally.last}"
            number = number_of(picture, newest.value)
            whole = picture == bytes_of(number)
            tally.note(whole, number if whole else oldest_in(picture, newest.value), newest.value)
        reader.kill()


def _look_by_opencv(count: int, newest: Any, tally: Any) -> None:
    import cv2

    capture = cv2.VideoCapture(FOR_OPENCV, cv2.CAP_V4L2)
    while tally.read < count:
        ok, picture = capture.read()
        assert ok, f"OpenCV ended after number {tally.last}"
        assert picture.shape == (SIZE.height, SIZE.width, 3)
        whole = bool((picture == picture[0, 0]).all())
        some = picture[:1, :1] if whole else picture[::4, :1]
        colors = {tuple(color) for color in some.reshape(-1, 3)}
        recent = range(newest.value, newest.value - RECENT, -1)
        numbers = [number for number in recent if _bgr(levels(number)) in colors]
        assert numbers or not whole, f"OpenCV: {colors} is no color up to {newest.value}"
        # Of a torn picture the chroma may be one number's and the luma another's.
        oldest = numbers[-1] if numbers else tally.last + 1
        tally.note(whole, numbers[0] if whole else oldest, newest.value)


@cache
def _bgr(yuv: tuple[int, int, int]) -> tuple[int, ...]:
    """What OpenCV makes of this color."""
    import cv2

    y, u, v = yuv
    smallest = np.array([y] * 4 + [u, v], np.uint8).reshape(3, 2)
    return tuple(cv2.cvtColor(smallest, cv2.COLOR_YUV2BGR_I420)[0, 0])


CHECKS: tuple[Callable[[], str | None], ...] = (
    of_ten_thousand_pictures_none_is_torn_or_of_another_size,
    a_reader_that_is_slow_gets_whole_pictures_with_our_buffers_and_torn_ones_with_two,
)
