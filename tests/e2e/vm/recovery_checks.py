"""A camera that is unplugged, freezes or comes back elsewhere, and a reader that stays throughout.

The camera is vivid, the kernel's own. Its control `disconnect` takes the device away until the
last program that had it open lets go.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.vm.bars import ALL, bars
from tests.e2e.vm.guest import answers, load_devices, output, status, wait_until
from tests.e2e.vm.guest_program import Program, running
from tests.e2e.vm.product_checks import VIVID_OPTIONS
from tests.e2e.vm.reader import Reader, attached

CAMERA, DEVICE = "/dev/video20", "/dev/video11"
ELSEWHERE = 21
WIDTH, HEIGHT, PORT = 320, 180, 8787
COMMAND = (
    *("run", "--source", CAMERA, "--size", f"{WIDTH}x{HEIGHT}", "--sink", "vcam"),
    *("--detector", "blazeface", "--detect-hz", "0.1", "--port", str(PORT)),
)
DRIVER = Path("/sys/bus/platform/drivers/vivid")
CONTROL = re.compile(r"^\s*(\w+) 0x.*\bvalue=(\S+)")
FLOWING = 10
"""Pictures that prove that a reader is fed."""
YEAR_S = 365 * 24 * 3600
LATE_MS, FASTEST = 10_000, 60
"""More than the slowest guest needs for a picture, and than the camera gives in a second."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The program, a reader of its camera, how bright that camera's picture is, and what the user
    had set on it before the program came."""

    program: Program
    reader: Reader
    brightness: float
    controls: tuple[str, ...]

    def is_back(self) -> bool:
        picture = self.reader.newest()
        same = abs(float(picture.mean()) - self.brightness) < 5
        return same and bars(picture) == ALL

    def is_slate(self) -> bool:
        """The last picture dimmed."""
        return 5 < float(self.reader.newest().mean()) < 0.6 * self.brightness

    def expect_slate(self) -> None:
        """The slate comes and goes on coming, and the program says why."""
        wait_until(self.is_slate, self.program)
        assert status(PORT)["source"]["state"] == "lost"
        count = self.reader.count
        wait_until(lambda: self.reader.count > count + FLOWING, self.program)
        assert self.is_slate()

    def expect_picture(self) -> str:
        """The picture comes back by itself."""
        start = time.monotonic()
        wait_until(self.is_back, self.program, every_s=0.1)
        assert status(PORT)["source"]["state"] == "running"
        assert self.reader.odd == 0
        return f"back after {time.monotonic() - start:.1f} s"


@contextmanager
def on_stage() -> Iterator[Stage]:
    load_devices()
    output("modprobe", "vivid", *VIVID_OPTIONS)
    _set("integer_32_bits=7")
    controls = _controls()
    try:
        with running(*COMMAND) as program, attached(DEVICE, WIDTH, HEIGHT) as reader:
            wait_until(lambda: answers(PORT), program)
            wait_until(lambda: reader.count and bars(reader.newest()) == ALL, program)
            yield Stage(program, reader, float(reader.newest().mean()), controls)
    finally:
        # The checks that follow want it where it was at first.
        output("modprobe", "-r", "vivid")


def what_the_user_set_on_the_camera_stays(stage: Stage) -> str:
    assert _controls() == stage.controls, set(_controls()) ^ set(stage.controls)
    assert "integer_32_bits=7" in stage.controls, stage.controls
    return f"{len(stage.controls)} controls"


def a_clock_that_is_set_forth_and_back_by_a_year_changes_nothing(stage: Stage) -> str:
    """As NTP sets it on a board without a clock of its own, and a user who mistypes."""
    said, before = stage.program.words, stage.reader.count
    for jump_s in (YEAR_S, -YEAR_S):
        count = stage.reader.count
        time.clock_settime(time.CLOCK_REALTIME, time.time() + jump_s)
        wait_until(lambda: stage.reader.count > count + 3 * FLOWING, stage.program)  # noqa: B023
        now = status(PORT)
        assert now["source"]["state"] == "running", now["source"]
        assert 0 < now["latency_p50_ms"] < LATE_MS, now["latency_p50_ms"]
        assert 0 < now["fps"] < FASTEST, now["fps"]
        assert stage.is_back()
    assert stage.program.words == said, "it had something to say of the clock"
    return f"{stage.reader.count - before} pictures"


def while_the_camera_is_unplugged_the_slate_keeps_flowing(stage: Stage) -> str:
    # Whoever holds it keeps it away.
    holder = os.open(CAMERA, os.O_RDWR)
    try:
        _set("disconnect=1")
        stage.expect_slate()
    finally:
        os.close(holder)
    return stage.expect_picture()


def a_camera_that_freezes_counts_as_lost_until_it_moves_again(stage: Stage) -> str:
    _set("percentage_of_dropped_buffers=100")
    stage.expect_slate()
    _set("percentage_of_dropped_buffers=0")
    return stage.expect_picture()


def a_camera_plugged_in_elsewhere_is_found_again(stage: Stage) -> str:
    (DRIVER / "unbind").write_text("vivid.0")
    stage.expect_slate()
    output("modprobe", "-r", "vivid")
    others = [option for option in VIVID_OPTIONS if not option.startswith("vid_cap_nr")]
    output("modprobe", "vivid", f"vid_cap_nr={ELSEWHERE}", *others)
    return stage.expect_picture()


def the_program_tells_each_loss_and_each_return_once(stage: Stage) -> None:
    lines = stage.program.words.splitlines()
    lost = [line for line in lines if "looking for it again" in line]
    back = [line for line in lines if "is back" in line]
    assert (len(lost), len(back)) == (3, 3), stage.program.words
    assert "Traceback" not in stage.program.words


def _controls() -> tuple[str, ...]:
    """Every control with its value, but those that the driver itself changes."""
    lines = output("v4l2-ctl", "-d", CAMERA, "--list-ctrls").splitlines()
    kept = [line for line in lines if "volatile" not in line and "read-only" not in line]
    # Flags are left out: while pictures flow some controls are held.
    return tuple(f"{each[1]}={each[2]}" for each in map(CONTROL.search, kept) if each)


def _set(control: str) -> None:
    output("v4l2-ctl", "-d", CAMERA, "-c", control)


CHECKS: tuple[Callable[[Stage], str | None], ...] = (
    what_the_user_set_on_the_camera_stays,
    a_clock_that_is_set_forth_and_back_by_a_year_changes_nothing,
    while_the_camera_is_unplugged_the_slate_keeps_flowing,
    a_camera_that_freezes_counts_as_lost_until_it_moves_again,
    a_camera_plugged_in_elsewhere_is_found_again,
    the_program_tells_each_loss_and_each_return_once,
)
