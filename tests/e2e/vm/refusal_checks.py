"""What the program says where it may not have a camera, and that nobody else is disturbed."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from urllib.request import urlopen

from livetrack_vcam.errors import EXIT_BUSY, EXIT_NOT_FOUND
from tests.e2e.vm.guest import is_camera, load_devices, output, read_raw, wait_until
from tests.e2e.vm.guest_boot import PROJECT
from tests.e2e.vm.guest_program import Program, ended, running
from tests.e2e.vm.other_programs import QUIET, TEST_PICTURE_BYTES, fed_by_ffmpeg
from tests.e2e.vm.product_checks import CAMERA, VIVID_OPTIONS

DEVICE, VERTICAL, WIDE = "/dev/video11", "/dev/video13", "/dev/video14"
PORT, OTHER_PORT = 8787, 8790
WIDTH, HEIGHT = 320, 180
NOBODY = 65534
CLIP = Path("/tmp/refused.avi")
RUN = ("run", "--detector", "blazeface", "--detect-hz", "0.1", "--size", f"{WIDTH}x{HEIGHT}")


@dataclass(frozen=True, slots=True)
class Stage:
    """The program that was there first, and what it had said before others came."""

    first: Program
    said: str


@contextmanager
def on_stage() -> Iterator[Stage]:
    load_devices()
    output("modprobe", "vivid", *VIVID_OPTIONS)
    moving = ("-f", "lavfi", "-i", f"testsrc2=size={WIDTH}x{HEIGHT}:rate=5:duration=40")
    output(*QUIET, *moving, "-c:v", "mjpeg", str(CLIP))
    with running(*RUN, "--source", CAMERA, "--port", str(PORT)) as first:
        wait_until(lambda: is_camera(DEVICE) and "Operator's page" in first.words, first)
        yield Stage(first, first.words)


def a_second_program_on_the_same_camera_is_told_that_it_is_held(_: Stage) -> None:
    sentence = _refusal(EXIT_BUSY, "--source", CAMERA)
    assert f"({CAMERA}) is held by " in sentence, sentence


def a_second_program_at_the_same_port_is_told_of_it(_: Stage) -> None:
    sentence = _refusal(EXIT_BUSY, "--source", str(CLIP), "--port", str(PORT))
    assert f"port {PORT} on 127.0.0.1 is in use" in sentence, sentence
    assert f"--port {PORT + 1}" in sentence, sentence


def a_second_program_at_another_port_goes_on_and_says_who_feeds_the_camera(stage: Stage) -> None:
    with running(*RUN, "--source", str(CLIP), "--port", str(OTHER_PORT)) as second:
        wait_until(lambda: "The other outputs go on without it" in second.words, second)
        assert f"already fed by python (process {stage.first.process.pid})" in second.words


def a_second_program_that_asks_for_the_same_device_is_refused_it(stage: Stage) -> None:
    sentence = _refusal(EXIT_BUSY, "--source", str(CLIP), "--sink", "vcam", "--no-web")
    assert f"already fed by python (process {stage.first.process.pid})" in sentence, sentence
    assert "--sink vcam:NAME" in sentence, sentence


def the_first_program_never_noticed(stage: Stage) -> None:
    assert stage.first.poll() is None, stage.first.words
    assert len(read_raw(DEVICE)) == WIDTH * HEIGHT * 3 // 2
    assert stage.first.words == stage.said, "it had something to say about the others"


def a_device_that_ffmpeg_feeds_is_left_to_it(_: Stage) -> None:
    with fed_by_ffmpeg(WIDE) as other:
        wish = ("--sink", "vcam:Wide", "--no-web")
        sentence = _refusal(EXIT_BUSY, "--source", str(CLIP), *wish)
        assert f"already fed by ffmpeg (process {other.pid})" in sentence, sentence
        assert len(read_raw(WIDE)) == TEST_PICTURE_BYTES


def without_permission_the_stream_goes_on_and_the_mend_is_named(_: Stage) -> None:
    _let_everybody_read(PROJECT, Path(sys.prefix), Path(sys.base_prefix))
    words = ("--source", str(CLIP), "--port", str(OTHER_PORT))
    with running(*RUN, *words, user=NOBODY) as program:
        wait_until(lambda: "no permission" in program.words, program)
        assert f"no permission to write to {DEVICE}" in program.words, program.words
        assert "sudo usermod -aG video $USER" in program.words, program.words
        assert "The other outputs go on without it" in program.words, program.words
        with _open(f"http://127.0.0.1:{OTHER_PORT}/stream.mjpg") as stream:
            assert any(line.lower().startswith(b"content-length:") for line in stream)


def without_permission_for_the_asked_device_the_named_commands_mend_it(_: Stage) -> None:
    wish = ("--source", str(CLIP), "--sink", "vcam:LiveTrack Vertical", "--no-web")
    sentence = _sentence(ended(*RUN, *wish, user=NOBODY), EXIT_BUSY)
    assert f"no permission to write to {VERTICAL}" in sentence, sentence
    mend = sentence.partition("log out and in again: ")[2]
    assert "chgrp" in mend, sentence
    assert "usermod" in mend, sentence
    output("sh", "-c", mend.replace("sudo ", "").replace("$USER", "nobody"))
    try:
        with running(*RUN, *wish, user=NOBODY) as program:
            wait_until(lambda: is_camera(VERTICAL), program)
    finally:
        output("gpasswd", "-d", "nobody", "video")


def a_device_of_another_name_is_refused_with_its_name_which_then_works(stage: Stage) -> None:
    assert stage.first.end() == 0, stage.first.words
    output("modprobe", "-r", "v4l2loopback")
    label = "card_label=Studio Camera"
    output("modprobe", "v4l2loopback", "devices=1", "video_nr=10", label, "exclusive_caps=1")
    file = ("--source", str(CLIP), "--no-web")
    sentence = _refusal(EXIT_NOT_FOUND, *file, "--sink", "vcam")
    assert "no virtual camera is named 'LiveTrack Camera'" in sentence, sentence
    assert "'Studio Camera' at /dev/video10" in sentence, sentence
    choice = re.search(r"--sink '([^']+)'", sentence)
    assert choice, sentence
    with running(*RUN, *file, "--sink", choice[1]) as program:
        wait_until(lambda: is_camera("/dev/video10"), program)


def a_camera_that_is_made_later_is_fed_then(_: Stage) -> str:
    output("modprobe", "-r", "v4l2loopback")
    with running(*RUN, "--source", CAMERA, "--port", str(PORT)) as program:
        wait_until(lambda: "is not loaded" in program.words, program)
        load_devices()
        began = time.monotonic()
        wait_until(lambda: is_camera(DEVICE), program)
        waited_s = time.monotonic() - began
        assert len(read_raw(DEVICE)) == WIDTH * HEIGHT * 3 // 2
        wait_until(lambda: "output vcam is open now" in program.words, program)
        assert program.words.count("is not loaded") == 1, program.words
    return f"after {waited_s:.1f} s"


def _refusal(status: int, *words: str) -> str:
    return _sentence(ended(*RUN, *words), status)


def _sentence(program: Program, status: int) -> str:
    """The one sentence with which the program ended, and with this status."""
    assert program.poll() == status, program.words
    assert "Traceback" not in program.words, program.words
    last = program.words.rstrip().rpartition("\n")[2]
    assert last.startswith("livetrack-vcam: "), program.words
    return last


def _open(address: str) -> HTTPResponse:
    answer: HTTPResponse = urlopen(address, timeout=60)
    return answer


def _let_everybody_read(*folders: Path) -> None:
    """Open the way to these folders, which may lie in somebody's home; in the guest only."""
    for folder in {parent for each in folders for parent in (each, *each.parents)}:
        mode = folder.stat().st_mode & 0o7777
        if mode & 0o005 != 0o005:
            folder.chmod(mode | 0o005)


CHECKS: tuple[Callable[[Stage], str | None], ...] = (
    a_second_program_on_the_same_camera_is_told_that_it_is_held,
    a_second_program_at_the_same_port_is_told_of_it,
    a_second_program_at_another_port_goes_on_and_says_who_feeds_the_camera,
    a_second_program_that_asks_for_the_same_device_is_refused_it,
    the_first_program_never_noticed,
    a_device_that_ffmpeg_feeds_is_left_to_it,
    without_permission_the_stream_goes_on_and_the_mend_is_named,
    without_permission_for_the_asked_device_the_named_commands_mend_it,
    a_device_of_another_name_is_refused_with_its_name_which_then_works,
    a_camera_that_is_made_later_is_fed_then,
)
