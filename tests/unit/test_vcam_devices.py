"""Listing devices, on recorded trees."""

from __future__ import annotations

import json
from pathlib import Path

from livetrack_vcam.devices import (
    Camera,
    Devices,
    Microphone,
    VirtualCameraDevice,
    list_devices,
    microphones,
    virtual_cameras,
)
from livetrack_vcam.sinks.loopback import Roots

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


def test_this_machine_can_be_listed() -> None:
    assert json.dumps(list_devices().to_json())
