"""The computer really sleeps (suspend to memory) and its clock wakes it, while the program runs.

Whoever has slept has lost the host's file system, for 9p knows no sleep: so everything that is
needed from then on has been read before, the program writes to memory, and at the end the power is
cut. Nothing may be started then, not even v4l2-ctl; nor can the program end, which reads on.
"""

from __future__ import annotations

import fcntl
import os
import re
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

from livetrack_vcam.live.capturing import REOPEN_MOST_S
from tests.e2e.vm.bars import ALL, bars
from tests.e2e.vm.guest import answers, load_devices, output, status, wait_until
from tests.e2e.vm.guest_program import Program, start
from tests.e2e.vm.product_checks import VIVID_OPTIONS
from tests.e2e.vm.reader import Reader, attached
from tests.e2e.vm.recovery_checks import CAMERA, COMMAND, DEVICE, HEIGHT, PORT, WIDTH

ASLEEP_S = 5
LIMIT_S, TELL_S = 400.0, 3.0
# Means of a picture: the bars have 96, the slate is them dimmed.
SLATE, BARS = (5, 60), 80
_S_CTRL = 0xC008561C


@dataclass(frozen=True, slots=True)
class Stage:
    """The program, a reader of its camera, and the control that takes the real one away."""

    program: Program
    reader: Reader
    disconnect: int

    def shows_bars(self) -> bool:
        newest = self.reader.newest()
        return float(newest.mean()) > BARS and bars(newest) == ALL

    def lose(self) -> int:
        """Unplug the camera and wait for the slate; the descriptor that keeps the camera away."""
        holder = os.open(CAMERA, os.O_RDWR)
        fcntl.ioctl(holder, _S_CTRL, struct.pack("Ii", self.disconnect, 1))
        wait_until(lambda: status(PORT)["source"]["state"] == "lost", self.program)
        wait_until(lambda: SLATE[0] < self.reader.newest().mean() < SLATE[1], self.program)
        return holder

    def expect_picture(self) -> None:
        wait_until(self.shows_bars, self.program, every_s=0.05)
        wait_until(lambda: status(PORT)["source"]["state"] == "running", self.program)
        assert self.reader.poll() is None, "the reader gave up"
        assert self.reader.odd == 0
        assert "Traceback" not in self.program.words, self.program.words


@contextmanager
def on_stage() -> Iterator[Stage]:
    power = os.open("/proc/sysrq-trigger", os.O_WRONLY)
    watchdog = Timer(LIMIT_S, os.write, (power, b"o"))
    watchdog.daemon = True
    watchdog.start()
    load_devices()
    output("modprobe", "vivid", *VIVID_OPTIONS)
    program = start(*COMMAND)
    try:
        with attached(DEVICE, WIDTH, HEIGHT) as reader:
            wait_until(lambda: answers(PORT), program)
            stage = Stage(program, reader, _disconnect())
            wait_until(lambda: reader.count and stage.shows_bars(), program)
            # The way back is loaded by going it once, the rest by reading it.
            os.close(stage.lose())
            stage.expect_picture()
            for each in (program.process.pid, reader.process.pid, os.getpid()):
                _read_what_is_mapped(f"/proc/{each}/maps")
            yield stage
    finally:
        # When what went wrong has been told. The program cannot be waited for: it may be reading.
        Timer(TELL_S, os.write, (power, b"o")).start()


def while_the_machine_sleeps_nothing_is_lost_and_the_picture_goes_on_after_it(stage: Stage) -> str:
    before = stage.reader.count
    slept_s, woke_s = _sleep()
    wait_until(lambda: _after(woke_s, stage.reader, before), stage.program, every_s=0.02)
    came_s = _after(woke_s, stage.reader, before)[0]
    stage.expect_picture()
    return f"slept {slept_s:.1f} s, the next picture {came_s - woke_s:.2f} s after it"


def a_camera_that_was_lost_is_looked_for_as_soon_as_the_machine_wakes(stage: Stage) -> str:
    holder = stage.lose()
    # Long enough that the program looks for it but seldom.
    time.sleep(4 * REOPEN_MOST_S)
    slept_s, woke_s = _sleep()
    os.close(holder)
    stage.expect_picture()
    back_s = time.monotonic() - woke_s
    words = f"the machine slept for {slept_s:.0f} s; looking for the source at once"
    assert words in stage.program.words, stage.program.words
    return f"slept {slept_s:.1f} s, the picture back {back_s:.1f} s after it"


def _after(woke_s: float, reader: Reader, since: int) -> list[float]:
    """When pictures came since the machine woke."""
    return [came_s for came_s, _ in reader.seen(since) if came_s > woke_s]


def _sleep() -> tuple[float, float]:
    """How long the machine slept, by the clock that counts sleep, and when by the other it woke."""
    alarm = Path("/sys/class/rtc/rtc0/wakealarm")
    alarm.write_text("0")
    alarm.write_text(f"+{ASLEEP_S}")
    before_s = _ahead_s()
    Path("/sys/power/state").write_text("mem")
    slept_s = _ahead_s() - before_s
    assert slept_s > 1, f"it slept for {slept_s} s"
    return slept_s, time.monotonic()


def _ahead_s() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic()


def _disconnect() -> int:
    """The number of vivid's control that unplugs it."""
    controls = output("v4l2-ctl", "-d", CAMERA, "--list-ctrls")
    found = re.search(r"^\s*disconnect 0x([0-9a-f]+)", controls, re.MULTILINE)
    assert found, controls
    return int(found[1], 16)


def _read_what_is_mapped(maps: str) -> None:
    """Into memory, where pages that are needed for the first time are then found."""
    lines = Path(maps).read_text(encoding="utf-8").splitlines()
    for file in {line.partition("/")[2] for line in lines if "/" in line and "/dev/" not in line}:
        path = Path(f"/{file}")
        if path.is_file():
            path.read_bytes()


CHECKS: tuple[Callable[[Stage], str | None], ...] = (
    while_the_machine_sleeps_nothing_is_lost_and_the_picture_goes_on_after_it,
    a_camera_that_was_lost_is_looked_for_as_soon_as_the_machine_wakes,
)
