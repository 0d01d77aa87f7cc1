"""Finding the loopback device, on recorded trees of /sys and /proc."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from livetrack_vcam.errors import SinkNotFoundError
from livetrack_vcam.sinks.loopback import (
    Holder,
    LoopbackDevice,
    Roots,
    find_device,
    holders,
    loopback_devices,
)
from livetrack_vcam.sinks.modprobe import load_command, plan_devices


class Machine:
    """A recorded machine: cameras and loopback devices as sysfs and procfs show them."""

    def __init__(self, folder: Path) -> None:
        self.roots = Roots(folder / "sys", folder / "dev", folder / "proc")

    def load_module(self, exclusive_caps: str = "N,N", video_nr: str = "-1,-1") -> None:
        parameters = self.roots.sys / "module/v4l2loopback/parameters"
        parameters.mkdir(parents=True)
        (parameters / "exclusive_caps").write_text(exclusive_caps + "\n")
        (parameters / "video_nr").write_text(video_nr + "\n")

    def add_video(self, number: int, label: str, loopback: bool = True) -> Path:
        node = self.roots.sys / f"class/video4linux/video{number}"
        node.mkdir(parents=True)
        (node / "name").write_text(label + "\n")
        if loopback:
            (node / "max_openers").write_text("10\n")
        return self.roots.dev / f"video{number}"

    def add_process(self, pid: int, name: str, device: Path, flags: str) -> None:
        process = self.roots.proc / str(pid)
        for folder in ("fd", "fdinfo"):
            (process / folder).mkdir(parents=True)
        (process / "comm").write_text(name + "\n")
        (process / "fd/3").symlink_to(device)
        (process / "fd/4").symlink_to("/dev/null")
        (process / "fdinfo/3").write_text(f"pos:\t0\nflags:\t{flags}\nmnt_id:\t25\n")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_the_device_is_found_by_label_even_behind_others(machine: Machine) -> None:
    machine.load_module("Y,Y", "10,11")
    machine.add_video(0, "Integrated Camera", loopback=False)
    machine.add_video(10, "OBS Virtual Camera")
    path = machine.add_video(11, "LiveTrack Camera")
    assert find_device("LiveTrack Camera", machine.roots) == LoopbackDevice(
        path, "LiveTrack Camera", True
    )


def test_a_real_camera_with_our_label_is_not_taken(machine: Machine) -> None:
    machine.add_video(0, "LiveTrack Camera", loopback=False)
    with pytest.raises(SinkNotFoundError, match="is not loaded"):
        find_device("LiveTrack Camera", machine.roots)


def test_exclusive_caps_follow_the_order_of_creation(machine: Machine) -> None:
    machine.load_module("Y,N", "20,4")
    machine.add_video(4, "Second")
    machine.add_video(20, "First")
    flags = {d.label: d.exclusive_caps for d in loopback_devices(machine.roots)}
    assert flags == {"First": True, "Second": False}


def test_without_a_module_the_message_says_how_to_load_it(machine: Machine) -> None:
    with pytest.raises(SinkNotFoundError) as refusal:
        find_device("LiveTrack Camera", machine.roots)
    assert load_command(plan_devices()) in str(refusal.value)
    assert refusal.value.exit_code == 3


def test_a_module_without_devices_is_another_message(machine: Machine) -> None:
    machine.load_module()
    with pytest.raises(SinkNotFoundError, match=r"is loaded but has no device.*modprobe -r"):
        find_device("LiveTrack Camera", machine.roots)


def test_a_device_of_another_name_is_offered(machine: Machine) -> None:
    machine.load_module()
    machine.add_video(2, "Dummy video device (0x0000)")
    with pytest.raises(SinkNotFoundError, match=r"vcam:Dummy video device \(0x0000\)"):
        find_device("LiveTrack Camera", machine.roots)


def test_the_command_that_adds_a_device_keeps_those_there_are_as_they_are(
    machine: Machine,
) -> None:
    machine.load_module("N,Y", "10,2")
    machine.add_video(0, "HD Pro Webcam C920", loopback=False)
    machine.add_video(2, "OBS Virtual Camera")
    machine.add_video(10, "Scope")
    with pytest.raises(SinkNotFoundError) as refusal:
        find_device("LiveTrack Camera", machine.roots)
    assert (
        "sudo modprobe -r v4l2loopback && sudo modprobe v4l2loopback devices=3 video_nr=2,10,11 "
        'card_label="OBS Virtual Camera","Scope","LiveTrack Camera" exclusive_caps=1,0,1'
    ) in str(refusal.value)


def test_no_command_is_given_that_the_module_cannot_obey(machine: Machine) -> None:
    machine.load_module()
    for number in range(20, 28):
        machine.add_video(number, f"Scope {number}")
    with pytest.raises(SinkNotFoundError) as refusal:
        find_device("LiveTrack Camera", machine.roots)
    assert "in place of another one, for v4l2loopback makes 8 at most" in str(refusal.value)
    assert "--sink 'vcam:Scope 20'" in str(refusal.value)
    assert "modprobe" not in str(refusal.value)


def test_the_command_gives_no_number_that_a_camera_has(machine: Machine) -> None:
    machine.add_video(10, "HD Pro Webcam C920", loopback=False)
    with pytest.raises(SinkNotFoundError, match="video_nr=11,12"):
        find_device("LiveTrack Camera", machine.roots)


def test_holders_are_named_and_write_only_ones_are_writers(machine: Machine) -> None:
    path = machine.add_video(10, "LiveTrack Camera")
    machine.add_process(41, "ffmpeg", path, "0100001")
    machine.add_process(42, "zoom", path, "0100002")
    machine.add_process(43, "bash", Path("/dev/video99"), "0100002")
    machine.add_process(os.getpid(), "ourselves", path, "0100001")
    found = holders(path, machine.roots)
    assert found == (Holder(41, "ffmpeg", writes=True), Holder(42, "zoom", writes=False))
    assert str(found[0]) == "ffmpeg (process 41)"


def test_a_machine_without_the_trees_has_no_devices(tmp_path: Path) -> None:
    nothing = Roots(tmp_path / "a", tmp_path / "b", tmp_path / "c")
    assert loopback_devices(nothing) == ()
    assert holders(Path("/dev/video10"), nothing) == ()
