"""The virtual camera alone, fed a test pattern, and its readers; runs as root in the guest.

Each check is a function whose name is a sentence; it raises AssertionError. They run in this order
on one loaded module, as a day of use would.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

from livetrack_vcam.core.geometry import Size
from tests.e2e.vm.feed import feed, pattern
from tests.e2e.vm.guest import capabilities, is_camera, labels, output, read_raw
from tests.e2e.vm.other_programs import leave_stuck, read_by_ffmpeg

DEVICE = "/dev/video11"
OPEN_DEVICE = "/dev/video12"
# Ours is the second device, so that whoever takes the first one found is caught.
MODULE_OPTIONS = (
    "devices=3",
    "video_nr=10,11,12",
    'card_label="OBS Virtual Camera,LiveTrack Camera,Open Camera"',
    "exclusive_caps=1,1,0",
    "max_buffers=4",
)
WIDTH, HEIGHT = 640, 360
START_S, PATIENCE_S = 120.0, 20.0


@dataclass(frozen=True, slots=True)
class Feeder:
    """A process that feeds a device, and the first line it said."""

    process: BaseProcess
    line: str

    def end(self) -> int | None:
        """Ask it to end; its exit status."""
        self.process.terminate()
        self.process.join(PATIENCE_S)
        return self.process.exitcode

    def kill(self) -> None:
        self.process.kill()
        self.process.join()


def _start(width: int = WIDTH, height: int = HEIGHT, *label: str) -> Feeder:
    """Forked, for a new interpreter takes seconds in the guest to load what this one has."""
    fork = get_context("fork")
    hears, says = fork.Pipe(duplex=False)
    process = fork.Process(target=feed, args=(Size(width, height), label, says.send))
    process.start()
    says.close()
    assert hears.poll(START_S), "the feeder says nothing"
    return Feeder(process, hears.recv())


@contextmanager
def _feeding(width: int = WIDTH, height: int = HEIGHT, *label: str) -> Iterator[str]:
    """A running feeder; ends it gracefully and expects exit status 0."""
    feeder = _start(width, height, *label)
    try:
        yield feeder.line
        assert feeder.end() == 0
    finally:
        feeder.kill()


def _refusal(width: int = WIDTH, height: int = HEIGHT, *label: str) -> str:
    """What a feeder that may not start says: "refused STATUS SENTENCE"."""
    feeder = _start(width, height, *label)
    feeder.kill()
    assert feeder.line.startswith("refused"), feeder.line
    return feeder.line


def _expected(width: int = WIDTH, height: int = HEIGHT) -> bytes:
    return b"".join(plane.tobytes() for plane in pattern(Size(width, height)).planes)


def the_doctors_commands_make_two_lasting_devices() -> None:
    try:
        _follow_the_doctor()
    finally:
        subprocess.run(("modprobe", "-r", "v4l2loopback"), check=False)
        Path("/etc/modprobe.d/livetrack.conf").unlink(missing_ok=True)
        output("modprobe", "v4l2loopback", *MODULE_OPTIONS)


def _follow_the_doctor() -> None:
    from livetrack_vcam.doctor.facts import Facts
    from livetrack_vcam.doctor.machine import gather_loopback
    from livetrack_vcam.doctor.report import Level
    from livetrack_vcam.doctor.virtual_camera import check_virtual_camera

    def look() -> Facts:
        packages = {"pyvirtualcam": "any"}
        return Facts("linux", "3.11", ("debian",), packages=packages, loopback=gather_loopback())

    assert look().loopback.installed
    fixes = [fix for finding in check_virtual_camera(look()) for fix in finding.fixes]
    for fix in fixes:
        output("sh", "-c", fix.replace("sudo ", ""))
    by_command = check_virtual_camera(look())
    assert [finding.level for finding in by_command] == [Level.OK], by_command
    # The files alone must do it too: that is what happens at the next boot.
    output("modprobe", "-r", "v4l2loopback")
    output("modprobe", "v4l2loopback")
    assert check_virtual_camera(look()) == by_command
    labels = [device.label for device in look().loopback.devices]
    assert labels == ["LiveTrack Camera", "OBS Virtual Camera"], labels


def before_the_first_picture_the_device_is_no_camera() -> None:
    assert "Video Output" in capabilities(DEVICE)
    assert not is_camera(DEVICE)


def the_sink_takes_the_device_with_our_label_and_not_the_first() -> None:
    with _feeding() as line:
        assert line == f"open {DEVICE}", line
        assert is_camera(DEVICE)
        assert not is_camera("/dev/video10")


def a_reader_gets_the_bytes_that_were_sent() -> None:
    with _feeding():
        assert read_raw(DEVICE) == _expected()


def opencv_and_ffmpeg_see_red_left_and_green_right() -> None:
    import cv2

    with _feeding():
        capture = cv2.VideoCapture(DEVICE, cv2.CAP_V4L2)
        ok, picture = capture.read()
        capture.release()
        assert ok
        assert picture.shape == (HEIGHT, WIDTH, 3)
        left, right = picture[200, 100].astype(int), picture[200, 500].astype(int)
        assert abs(left - (0, 0, 254)).max() < 6, left
        assert abs(right - (1, 255, 0)).max() < 6, right
        assert read_by_ffmpeg(DEVICE) == _expected()


def a_second_writer_is_refused_and_told_who_the_first_is() -> None:
    with _feeding():
        line = _refusal()
        assert line.startswith("refused 4"), line
        assert "already fed by python" in line, line
        assert read_raw(DEVICE) == _expected(), "the first writer was disturbed"


def after_a_graceful_end_it_can_start_again_at_another_size() -> None:
    with _feeding(480, 480) as line:
        assert line == f"open {DEVICE}", line
        assert read_raw(DEVICE) == _expected(480, 480)


def after_kill_9_it_starts_again() -> None:
    feeder = _start()
    assert feeder.line == f"open {DEVICE}"
    feeder.kill()
    with _feeding() as line:
        assert line == f"open {DEVICE}", line
        assert read_raw(DEVICE) == _expected()


def a_device_that_another_program_left_stuck_is_freed() -> None:
    leave_stuck(DEVICE)
    assert "Video Output" not in capabilities(DEVICE), "the module no longer wedges: drop this"
    with _feeding() as line:
        assert line == f"open {DEVICE}", line
        assert read_raw(DEVICE) == _expected()


@contextmanager
def _reader() -> Iterator[None]:
    stream = ("--stream-mmap", "--stream-count=100000")
    reader = subprocess.Popen(
        ("v4l2-ctl", "-d", DEVICE, *stream), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    time.sleep(2)
    assert reader.poll() is None, "the reader ended early"
    try:
        yield
    finally:
        reader.kill()
        reader.wait()


def killed_while_somebody_reads_it_starts_again_at_that_size_only() -> None:
    feeder = _start()
    assert feeder.line == f"open {DEVICE}"
    with _reader():
        feeder.kill()
        line = _refusal(480, 480)
        assert line.startswith("refused 4"), line
        assert f"stays at {WIDTH}x{HEIGHT}" in line, line
        assert "v4l2-ctl" in line, line
        with _feeding() as line:
            assert line == f"open {DEVICE}", line


def a_device_without_exclusive_caps_works_and_is_not_shared_by_two_writers() -> None:
    with _feeding(WIDTH, HEIGHT, "Open Camera") as line:
        assert line == f"open {OPEN_DEVICE}", line
        assert read_raw(OPEN_DEVICE) == _expected()
        line = _refusal(WIDTH, HEIGHT, "Open Camera")
        assert line.startswith("refused 4"), line
    with _feeding(WIDTH, HEIGHT, "Open Camera") as line:
        assert line == f"open {OPEN_DEVICE}", line


def an_unknown_label_is_refused_with_the_names_there_are() -> None:
    line = _refusal(WIDTH, HEIGHT, "No Such Camera")
    assert line.startswith("refused 3"), line
    assert "'OBS Virtual Camera' at /dev/video10" in line, line
    assert "modprobe" in line, line


def the_command_in_a_refusal_adds_the_device_and_keeps_the_others() -> None:
    command = _refusal(WIDTH, HEIGHT, "LiveTrack Vertical").partition("or make ours: ")[2]
    output("sh", "-c", command.replace("sudo ", ""))
    assert labels() == {
        "/dev/video10": "OBS Virtual Camera",
        "/dev/video11": "LiveTrack Camera",
        "/dev/video12": "Open Camera",
        "/dev/video13": "LiveTrack Vertical",
    }


CHECKS: tuple[Callable[[], None], ...] = (
    the_doctors_commands_make_two_lasting_devices,
    before_the_first_picture_the_device_is_no_camera,
    the_sink_takes_the_device_with_our_label_and_not_the_first,
    a_reader_gets_the_bytes_that_were_sent,
    opencv_and_ffmpeg_see_red_left_and_green_right,
    a_second_writer_is_refused_and_told_who_the_first_is,
    after_a_graceful_end_it_can_start_again_at_another_size,
    after_kill_9_it_starts_again,
    a_device_that_another_program_left_stuck_is_freed,
    killed_while_somebody_reads_it_starts_again_at_that_size_only,
    a_device_without_exclusive_caps_works_and_is_not_shared_by_two_writers,
    an_unknown_label_is_refused_with_the_names_there_are,
    the_command_in_a_refusal_adds_the_device_and_keeps_the_others,
)
