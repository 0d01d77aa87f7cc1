"""`livetrack-vcam doctor` on a real kernel module: what it finds, and that its commands mend it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from livetrack_vcam.doctor.facts import Facts
from livetrack_vcam.doctor.machine_loopback import gather_loopback
from livetrack_vcam.doctor.report import Finding, Level
from livetrack_vcam.doctor.virtual_camera import check_virtual_camera
from livetrack_vcam.errors import EXIT_FAILED, EXIT_OK
from livetrack_vcam.sinks.loopback import loopback_devices
from livetrack_vcam.sinks.modprobe import BUFFERS, MODULES_BUFFERS
from tests.e2e.vm.guest import output
from tests.e2e.vm.guest_program import ended
from tests.e2e.vm.other_programs import fed_by_ffmpeg, leave_stuck

MODULE = "v4l2loopback"
OURS, OBS, STUDIO = "LiveTrack Camera", "OBS Virtual Camera", "Studio Camera"
OURS_AND_OBS = {"/dev/video10": (OURS, True), "/dev/video11": (OBS, True)}
MODPROBE, LOADED_AT_BOOT = Path("/etc/modprobe.d"), Path("/etc/modules-load.d")
USERS_FILE = MODPROBE / "studio.conf"
USERS_LINES = (
    "# the camera of my studio\n"
    f'options {MODULE} devices=1 video_nr=7 card_label="{STUDIO}"\n'
    "options snd_hda_intel power_save=0\n"
)
NOBODY = 65534


@dataclass(frozen=True, slots=True)
class Examined:
    """What the doctor found of the virtual camera: level, sentence, and the commands it offers."""

    level: str
    what: str
    advice: str
    fixes: tuple[str, ...]


@contextmanager
def on_stage() -> Iterator[None]:
    # The host may be a container, of which this is a sign; the guest is none.
    Path("/.dockerenv").unlink(missing_ok=True)
    _forget()
    try:
        yield
    finally:
        _forget()


def a_module_that_is_not_loaded_is_loaded_and_will_be_at_every_start(_: None) -> None:
    words = _fix(EXIT_OK)
    assert f"{MODULE} is installed but not loaded" in words, words
    assert _devices() == OURS_AND_OBS
    _restart()
    assert _devices() == OURS_AND_OBS, "the files alone do not make them"


def what_was_mended_is_right_in_the_next_report(_: None) -> None:
    (found,) = _examine()
    assert found.level == "ok", found
    assert found.what.startswith(f"{OURS!r} at /dev/video10"), found


def a_user_without_permission_is_let_in_by_the_command(_: None) -> None:
    # As udev makes such devices on any desktop.
    output("chgrp", "video", "/dev/video10")
    Path("/dev/video10").chmod(0o660)
    found = _examine(user=NOBODY)[0]
    assert (found.level, found.fixes) == ("warn", ("sudo usermod -aG video $USER",)), found
    assert "no permission to write" in found.what, found
    output("sh", "-c", found.fixes[0].replace("sudo ", "").replace("$USER", "nobody"))
    try:
        assert _examine(user=NOBODY)[0].level == "ok"
    finally:
        output("gpasswd", "-d", "nobody", "video")


def a_device_that_was_left_stuck_is_told_from_one_in_use(_: None) -> None:
    leave_stuck("/dev/video10")
    (found,) = _look()
    assert found.level is Level.OK, found
    assert "left stuck by the last program" in found.what, found
    _load(OURS, OBS)
    with fed_by_ffmpeg("/dev/video10") as feeder:
        (found,) = _look()
        assert found.level is Level.OK, found
        assert f"in use now by ffmpeg (process {feeder.pid})" in found.what, found


def a_camera_of_the_users_own_survives_the_fix_and_so_do_his_lines(_: None) -> None:
    _forget()
    USERS_FILE.write_text(USERS_LINES, encoding="utf-8")
    output("modprobe", MODULE)
    assert _devices() == {"/dev/video7": (STUDIO, False)}
    words = _fix(EXIT_OK)
    assert f"no device is named {OURS!r} (there is: {STUDIO!r} at /dev/video7)" in words, words
    together = {"/dev/video7": (STUDIO, False)} | OURS_AND_OBS
    assert _devices() == together
    _restart()
    assert _devices() == together, "the files alone do not make them"
    assert USERS_FILE.read_text(encoding="utf-8") == USERS_LINES
    assert [found.level for found in _look()] == [Level.OK]


def a_camera_that_browsers_do_not_list_is_made_anew(_: None) -> None:
    _forget()
    _load(OURS, OBS, exclusive_caps=False)
    words = _fix(EXIT_OK)
    assert "/dev/video10 was made without exclusive_caps=1" in words, words
    assert "Chrome, Meet and Teams in the browser do not list such a camera" in words, words
    assert _devices()["/dev/video10"] == (OURS, True)


def a_module_with_too_few_buffers_is_loaded_anew_with_enough(_: None) -> None:
    _forget()
    _load(OURS, OBS, buffers=MODULES_BUFFERS)
    words = _fix(EXIT_OK)
    assert f"was loaded with max_buffers={MODULES_BUFFERS}" in words, words
    assert gather_loopback().buffers == BUFFERS
    assert _devices() == OURS_AND_OBS


def a_single_device_gets_a_second_one_beside_it_for_obs(_: None) -> None:
    _forget()
    _load(OURS)
    words = _fix(EXIT_OK)
    assert "there is only one loopback device" in words, words
    assert _devices() == OURS_AND_OBS


def a_device_in_use_is_not_taken_away_and_its_user_is_named(_: None) -> None:
    _forget()
    _load(OURS)
    with fed_by_ffmpeg("/dev/video10") as feeder:
        words = _fix(EXIT_FAILED)
        assert f"close ffmpeg (process {feeder.pid})" in words, words
        assert f"Module {MODULE} is in use" in words, words
        assert _devices() == {"/dev/video10": (OURS, True)}


def _examine(user: int | None = None) -> tuple[Examined, ...]:
    """What `doctor --json` says of the virtual camera."""
    program = ended("doctor", "--json", user=user)
    assert program.poll() == EXIT_OK, program.words
    report: dict[str, Any] = json.loads(program.words)
    return tuple(
        Examined(found["level"], found["what"], found["advice"], tuple(found["fixes"]))
        for found in report["findings"]
        if found["name"] == "virtual camera"
    )


def _look() -> list[Finding]:
    """The same without all that the doctor looks at besides, which takes seconds in the guest."""
    facts = Facts("linux", "3.11", packages={"pyvirtualcam": "any"}, loopback=gather_loopback())
    return check_virtual_camera(facts)


def _fix(status: int) -> str:
    """What `doctor --fix --yes` says, its lines joined."""
    program = ended("doctor", "--fix", "--yes")
    assert program.poll() == status, program.words
    assert "Traceback" not in program.words, program.words
    return " ".join(program.words.split())


def _devices() -> dict[str, tuple[str, bool | None]]:
    """Label and exclusive_caps of each device of the module, by path."""
    return {str(each.path): (each.label, each.exclusive_caps) for each in loopback_devices()}


def _unload() -> None:
    subprocess.run(("modprobe", "-r", MODULE), check=False)
    assert not _devices(), "somebody still has a device open"


def _restart() -> None:
    """As the next start of the computer: the module is loaded with what is written down."""
    loads = [file.read_text(encoding="utf-8") for file in LOADED_AT_BOOT.glob("*.conf")]
    assert any(MODULE in text.split() for text in loads), loads
    _unload()
    output("modprobe", MODULE)


def _forget() -> None:
    """Unloads the module and removes, in the guest, whatever is written about it."""
    _unload()
    for file in (*MODPROBE.glob("*"), *LOADED_AT_BOOT.glob("*")):
        if MODULE in file.read_text(encoding="utf-8"):
            file.unlink()


def _load(*labels: str, exclusive_caps: bool = True, buffers: int = BUFFERS) -> None:
    """Load the module from /dev/video10 on, as somebody may have done by hand."""
    _unload()
    output(
        *("modprobe", MODULE, f"devices={len(labels)}", f"card_label={','.join(labels)}"),
        f"video_nr={','.join(str(10 + index) for index in range(len(labels)))}",
        f"exclusive_caps={','.join(str(int(exclusive_caps)) for _ in labels)}",
        f"max_buffers={buffers}",
    )


CHECKS: tuple[Callable[[None], None], ...] = (
    a_module_that_is_not_loaded_is_loaded_and_will_be_at_every_start,
    what_was_mended_is_right_in_the_next_report,
    a_user_without_permission_is_let_in_by_the_command,
    a_device_that_was_left_stuck_is_told_from_one_in_use,
    a_camera_of_the_users_own_survives_the_fix_and_so_do_his_lines,
    a_camera_that_browsers_do_not_list_is_made_anew,
    a_module_with_too_few_buffers_is_loaded_anew_with_enough,
    a_single_device_gets_a_second_one_beside_it_for_obs,
    a_device_in_use_is_not_taken_away_and_its_user_is_named,
)
