"""The program ended and killed ten times each, while one reader stays at its camera throughout.

What is measured: from the fork of a process that has every module loaded already to the first
picture of the camera at the reader; so without the seconds that the emulated processor takes to
load Python's modules, and with everything that the program does itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

from tests.e2e.vm.guest import capabilities, load_devices, wait_until
from tests.e2e.vm.guest_program import Program, running, start
from tests.e2e.vm.numbered import feeding
from tests.e2e.vm.other_programs import fed_by_ffmpeg
from tests.e2e.vm.reader import Reader, attached

WIDE, DEVICE = "/dev/video14", "/dev/video11"
WIDTH, HEIGHT, PORT = 320, 180, 8787
COMMAND = (
    *("run", "--source", WIDE, "--size", f"{WIDTH}x{HEIGHT}", "--sink", "vcam"),
    *("--detector", "blazeface", "--detect-hz", "0.5", "--port", str(PORT)),
)
TIMES = 10
RATE = 60
# The first picture of a program is black; the bars are far from it.
BRIGHT = 40.0


@dataclass(frozen=True, slots=True)
class Stage:
    """A reader that stays at the camera."""

    reader: Reader

    def start(self) -> tuple[Program, float]:
        """A program whose picture has come, and after how many seconds it came."""
        before = self.reader.count
        program = start(*COMMAND)
        wait_until(lambda: self._first_bright(before), program, every_s=0.05)
        came_s = self._first_bright(before)
        assert came_s is not None
        return program, came_s - program.started_s

    def _first_bright(self, since: int) -> float | None:
        """When the first picture of the camera came after a black one."""
        black = False
        for came_s, brightness in self.reader.seen(since):
            if black and brightness > BRIGHT:
                return came_s
            black = black or brightness < BRIGHT
        return None


@contextmanager
def on_stage() -> Iterator[Stage]:
    load_devices()
    bars = ("-f", "lavfi", "-i", f"smptebars=size={WIDTH}x{HEIGHT}:rate=10,realtime")
    with fed_by_ffmpeg(WIDE, bars), attached(DEVICE, WIDTH, HEIGHT) as reader:
        # A reader cannot open a device with exclusive_caps that was never fed.
        with running(*COMMAND) as first:
            wait_until(lambda: reader.count, first)
        yield Stage(reader)


def ten_times_it_ends_when_asked_and_starts_again(stage: Stage) -> str:
    took_s = []
    for _ in range(TIMES):
        program, after_s = stage.start()
        took_s.append(after_s)
        assert program.end() == 0, program.words
    return _summary(took_s)


def ten_times_it_is_killed_and_starts_again(stage: Stage) -> str:
    took_s = []
    for _ in range(TIMES):
        program, after_s = stage.start()
        took_s.append(after_s)
        program.kill()
    return _summary(took_s)


def the_reader_stayed_through_every_restart_and_the_device_is_free(stage: Stage) -> str:
    program, _ = stage.start()
    assert program.end() == 0, program.words
    assert stage.reader.poll() is None
    assert stage.reader.odd == 0
    assert "Video Output" in capabilities(DEVICE)
    return f"{stage.reader.count} pictures"


def the_device_itself_has_its_next_writer_in_no_time(stage: Stage) -> str:
    """Without the program: from a new process to the first picture, after each kill -9."""
    took_s = []
    for _ in range(TIMES):
        before, began_s = stage.reader.count, time.monotonic()
        with feeding(RATE) as feeder:
            wait_until(lambda: stage.reader.count > before, feeder, every_s=0.01)  # noqa: B023
        took_s.append(stage.reader.seen(before)[0][0] - began_s)
    return f"process to picture {median(took_s):.2f} s, at most {max(took_s):.2f} s"


def _summary(took_s: list[float]) -> str:
    return f"start to picture {median(took_s):.1f} s, at most {max(took_s):.1f} s"


CHECKS: tuple[Callable[[Stage], str | None], ...] = (
    ten_times_it_ends_when_asked_and_starts_again,
    ten_times_it_is_killed_and_starts_again,
    the_reader_stayed_through_every_restart_and_the_device_is_free,
    the_device_itself_has_its_next_writer_in_no_time,
)
