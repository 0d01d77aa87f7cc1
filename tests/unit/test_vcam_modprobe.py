"""What v4l2loopback is told when it is loaded, and what modprobe's files tell it."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from livetrack_vcam.sinks.modprobe import (
    ANY_NUMBER,
    BUFFERS,
    MODULES_BUFFERS,
    MOST_DEVICES,
    PlannedDevice,
    configured_buffers,
    configured_devices,
    load_command,
    options_line,
    plan_devices,
)

OURS = PlannedDevice(10, "LiveTrack Camera")
OBS = PlannedDevice(11, "OBS Virtual Camera")


def test_two_devices_are_made_because_obs_takes_the_first() -> None:
    assert plan_devices() == (OURS, OBS)
    assert load_command(plan_devices()) == (
        "sudo modprobe v4l2loopback devices=2 video_nr=10,11 "
        'card_label="LiveTrack Camera","OBS Virtual Camera" exclusive_caps=1,1 max_buffers=4'
    )


def test_in_a_file_the_labels_stand_in_one_pair_of_quotes() -> None:
    assert options_line(plan_devices()) == (
        "options v4l2loopback devices=2 video_nr=10,11 "
        'card_label="LiveTrack Camera,OBS Virtual Camera" exclusive_caps=1,1 max_buffers=4'
    )


def test_devices_that_are_kept_keep_number_order_and_kind() -> None:
    mine = PlannedDevice(3, "Scope", exclusive_caps=False)
    auto = PlannedDevice(ANY_NUMBER, "DroidCam")
    assert plan_devices(kept=(mine, auto)) == (mine, auto, OURS, OBS)


def test_ours_is_made_visible_to_browsers_where_it_is() -> None:
    hidden = PlannedDevice(4, "LiveTrack Camera", exclusive_caps=False)
    assert plan_devices(kept=(hidden,))[0] == PlannedDevice(4, "LiveTrack Camera")


def test_numbers_that_are_taken_are_given_to_nobody() -> None:
    kept = (PlannedDevice(10, "DroidCam"), PlannedDevice(5, "A"), PlannedDevice(5, "B"))
    numbers = [device.number for device in plan_devices(kept=kept, taken=(10, 11, 13))]
    assert numbers == [12, 5, 14, 15, 16]


@pytest.mark.parametrize("label", ['a"; reboot; "', "$(reboot)", "`reboot`", "a'b", "a,b", "\\"])
def test_a_label_never_becomes_a_command_of_roots_shell(label: str) -> None:
    devices = plan_devices(kept=(PlannedDevice(0, label),))
    words = shlex.split(load_command(devices))
    assert words[:3] == ["sudo", "modprobe", "v4l2loopback"]
    assert len(words) == 8
    assert not set(words[5]) & set("\"$`'\\;")
    assert len(configured_devices([options_line(devices)])) == 3


def test_what_is_written_is_read_back() -> None:
    devices = (OURS, PlannedDevice(2, "Mine (old)", exclusive_caps=False), OBS)
    assert configured_devices([options_line(devices)]) == devices


@pytest.mark.parametrize(
    ("lines", "devices"),
    [
        (["options v4l2loopback"], ()),
        (["options vivid devices=3", "# options v4l2loopback devices=2"], ()),
        (
            ['options v4l2loopback exclusive_caps=1 card_label="OBS Virtual Camera"'],
            (PlannedDevice(ANY_NUMBER, "OBS Virtual Camera"),),
        ),
        (
            ["options  v4l2loopback video-nr=7,8 card_label=One"],
            (
                PlannedDevice(7, "One", exclusive_caps=False),
                PlannedDevice(8, "Dummy video device (0x0001)", exclusive_caps=False),
            ),
        ),
        (
            ["options v4l2loopback max_buffers=4"],
            (PlannedDevice(ANY_NUMBER, "Dummy video device (0x0000)", exclusive_caps=False),),
        ),
        (
            [
                'options v4l2loopback devices=2 video_nr=10,11 card_label="A,B" exclusive_caps=1,1',
                'options v4l2loopback card_label="C"',
            ],
            (PlannedDevice(10, "C"), PlannedDevice(11, "B")),
        ),
        (
            ['options v4l2loopback devices=2 card_label="A","B" exclusive_caps=Y,N'],
            (
                PlannedDevice(ANY_NUMBER, 'A"'),
                PlannedDevice(ANY_NUMBER, '"B', exclusive_caps=False),
            ),
        ),
    ],
)
def test_options_are_read_as_the_kernel_reads_them(
    lines: list[str], devices: tuple[PlannedDevice, ...]
) -> None:
    assert configured_devices(lines) == devices


@pytest.mark.parametrize(
    ("lines", "buffers"),
    [
        ([], MODULES_BUFFERS),
        (["options v4l2loopback devices=1"], MODULES_BUFFERS),
        ([options_line(plan_devices())], BUFFERS),
        (["options v4l2loopback max-buffers=8"], 8),
        (["options v4l2loopback max_buffers=8", "options v4l2loopback max_buffers=3"], 3),
        (["options v4l2loopback max_buffers=many"], MODULES_BUFFERS),
    ],
)
def test_the_buffers_are_read_as_the_kernel_reads_them(lines: list[str], buffers: int) -> None:
    assert configured_buffers(lines) == buffers


def test_the_module_makes_no_more_devices_than_it_can() -> None:
    assert len(configured_devices(["options v4l2loopback devices=20"])) == MOST_DEVICES


def test_modprobe_passes_our_file_on_behind_those_of_others(tmp_path: Path) -> None:
    modprobe = shutil.which("modprobe", path="/sbin:/usr/sbin")
    kernels = [file.parent.name for file in Path("/lib/modules").glob("*/modules.dep.bin")]
    kernel = next((name for name in kernels if has_module(name)), "")
    if not (modprobe and kernel):
        pytest.skip("needs kmod, and v4l2loopback built for some kernel")
    (tmp_path / "v4l2loopback.conf").write_text("options v4l2loopback devices=1 max_buffers=4\n")
    (tmp_path / "zz-livetrack.conf").write_text(options_line(plan_devices()) + "\n")
    words = ("-S", kernel, "-C", str(tmp_path), "--show-depends", "v4l2loopback")
    done = subprocess.run((modprobe, *words), capture_output=True, text=True, check=True)
    said = done.stdout.partition("v4l2loopback.ko")[2].partition(" ")[2]
    assert configured_devices([f"options v4l2loopback {said}"]) == (OURS, OBS), done.stdout
    assert "max_buffers=4" in said


def has_module(kernel: str) -> bool:
    return "/v4l2loopback.ko" in Path(f"/lib/modules/{kernel}/modules.dep").read_text()
