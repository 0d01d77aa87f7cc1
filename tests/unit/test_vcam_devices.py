"""Listing devices, on recorded trees."""

from __future__ import annotations

import json
from pathlib import Path

from livetrack_vcam.device_nodes import Roots
from livetrack_vcam.devices import (
    Camera,
    CameraMode,
    CameraSize,
    Devices,
    Microphone,
    VirtualCameraDevice,
    cameras,
    list_devices,
    microphones,
    virtual_cameras,
)
from tests.recorded_cameras import RecordedMachine

PCM = """\
00-00: ALC257 Analog : ALC257 Analog : playback 1 : capture 1
00-03: HDMI 0 : HDMI 0 : playback 1
02-00: USB Audio : USB Audio : capture 1
"""


def test_microphones_are_alsas_capture_devices(tmp_path: Path) -> None:
    (tmp_path / "asound").mkdir()
    (tmp_path / "asound/pcm").write_text(PCM)
    found = microphones(Roots(proc=tmp_path))
    assert found == (Microphone("ALC257 Analog", "hw:0,0"), Microphone("USB Audio", "hw:2,0"))


def test_virtual_cameras_show_who_has_them_open(tmp_path: Path) -> None:
    for number, label in ((10, "LiveTrack Camera"), (11, "OBS Virtual Camera")):
        node = tmp_path / f"sys/class/video4linux/video{number}"
        node.mkdir(parents=True)
        (node / "name").write_text(label + "\n")
        (node / "max_openers").write_text("10\n")
    for folder in ("fd", "fdinfo"):
        (tmp_path / "proc/88" / folder).mkdir(parents=True)
    (tmp_path / "proc/88/comm").write_text("zoom\n")
    (tmp_path / "proc/88/fd/9").symlink_to(tmp_path / "dev/video10")
    (tmp_path / "proc/88/fdinfo/9").write_text("flags:\t0100002\n")
    dev = tmp_path / "dev"
    assert virtual_cameras(Roots(tmp_path / "sys", dev, tmp_path / "proc")) == (
        VirtualCameraDevice("LiveTrack Camera", str(dev / "video10"), True, ("zoom (process 88)",)),
        VirtualCameraDevice("OBS Virtual Camera", str(dev / "video11"), False, ()),
    )


def test_the_lists_read_well_in_a_terminal_and_as_json() -> None:
    devices = Devices(
        (Camera("HD Pro Webcam C920", "/dev/video0", 0, "1920x1080"),),
        (),
        (VirtualCameraDevice("LiveTrack Camera", "/dev/video10", False, ()),),
    )
    text = devices.to_text()
    assert "0 HD Pro Webcam C920" in text
    assert "Microphones\n     none found" in text
    assert "free" in text
    assert json.loads(json.dumps(devices.to_json()))["cameras"][0]["largest"] == "1920x1080"


def test_a_camera_is_listed_with_its_id_its_mode_and_who_holds_it(tmp_path: Path) -> None:
    machine = RecordedMachine(tmp_path)
    machine.plug_in(0, "c920", "usb-046d_HD_Pro_Webcam_C920_A0A0A0A0")
    machine.hold(0, 88, "zoom")
    (camera,) = cameras(machine.cameras(), machine.roots)
    assert camera.stable_id == "usb-046d_HD_Pro_Webcam_C920_A0A0A0A0-video-index0"
    assert camera.mode == CameraMode(
        "MJPG", 1920, 1080, 30.0, "the size we ask for; YUYV would bring 5 fps"
    )
    assert camera.held_by == ("zoom (process 88)",)
    assert camera.largest == "2304x1536"
    first = camera.formats[0]
    assert (first.format, first.readable) == ("YUYV", True)
    assert first.sizes[0] == CameraSize(2304, 1536, (2.0,))
    assert first.sizes[-1] == CameraSize(160, 90, (30.0, 24.0, 20.0, 15.0, 10.0, 7.5, 5.0))


def test_what_a_camera_offers_is_folded_to_a_line_a_format(tmp_path: Path) -> None:
    machine = RecordedMachine(tmp_path)
    machine.plug_in(0, "c920", "usb-046d_HD_Pro_Webcam_C920_A0A0A0A0")
    machine.plug_in(2, "brio", port="2")
    machine.plug_in(4, "facetime", port="3")
    text = Devices(cameras(machine.cameras(), machine.roots), (), ()).to_text()
    for line in (
        "     opens MJPG 1920x1080 at 30 fps (the size we ask for; YUYV would bring 5 fps)",
        "     YUYV  up to 640x480 at 30, 800x600 at 24, 1024x576 at 15, … 2304x1536 at 2 fps",
        "     MJPG  up to 640x480 at 120, 1280x720 at 90, 1920x1080 at 60, 4096x2160 at 30 fps",
        "     YVYU  up to 1280x720 at 30 fps (not read)",
    ):
        assert line in text.splitlines()
    assert max(map(len, text.replace(str(tmp_path), "").splitlines())) < 90


def test_an_infrared_sensor_and_a_virtual_camera_are_marked(tmp_path: Path) -> None:
    machine = RecordedMachine(tmp_path)
    machine.plug_in(0, "laptop_infrared")
    machine.add_virtual_camera(2, "Droidcam")
    listed = cameras(machine.cameras(), machine.roots)
    assert [(each.kind, each.mode is None) for each in listed] == [
        ("infrared", True),
        ("virtual", False),
    ]


def test_this_machine_can_be_listed() -> None:
    assert json.dumps(list_devices().to_json())
