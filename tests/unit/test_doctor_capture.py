"""The doctor on cameras and on speed, over recorded trees and facts."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.device_nodes import Roots
from livetrack_vcam.doctor.capture import (
    CameraFacts,
    CaptureFacts,
    check_cameras,
    gather_capture,
)
from livetrack_vcam.doctor.facts import Facts
from livetrack_vcam.doctor.facts_json import facts_from_json, facts_to_json
from livetrack_vcam.doctor.report import Finding, Level
from livetrack_vcam.doctor.speed import SpeedFacts, check_speed, gather_speed
from livetrack_vcam.node_access import NodeAccess
from livetrack_vcam.sources.v4l2 import Mode

LINUX = Facts(platform="linux", python="3.12.3", cpu_count=8, resize_ms=3.0)


def mode(fourcc: str, width: int, height: int, fps: int) -> Mode:
    return Mode(fourcc, Size(width, height), Fraction(fps))


C920 = CameraFacts(
    "HD Pro Webcam C920",
    "/dev/video0",
    (mode("YUYV", 640, 480, 30), mode("YUYV", 1920, 1080, 5), mode("MJPG", 1920, 1080, 30)),
    usb_mbps=480,
)
RAW_ONLY = replace(C920, name="No-name", modes=C920.modes[:2])


def judged(*cameras: CameraFacts) -> list[Finding]:
    return check_cameras(replace(LINUX, capture=CaptureFacts(cameras)))


def test_a_camera_is_shown_with_the_mode_it_will_be_opened_in() -> None:
    (finding,) = judged(C920)
    assert finding.level is Level.OK
    assert finding.what == "HD Pro Webcam C920 at /dev/video0: MJPG 1920x1080 at 30 fps"


def test_a_camera_that_is_slow_in_large_is_told_with_its_connection() -> None:
    (finding,) = judged(RAW_ONLY)
    assert finding.level is Level.WARN
    assert "YUYV 640x480 at 30 fps at best; it gives YUYV 1920x1080 at 5 fps" in finding.what
    assert "480 Mbit/s: plug it into a USB 3 port" in finding.advice


def test_a_small_camera_is_small_and_no_connection_mends_that() -> None:
    (finding,) = judged(replace(C920, modes=(mode("YUYV", 640, 480, 30),)))
    assert finding.level is Level.OK


def test_a_camera_on_a_fast_connection_is_not_sent_to_another_one() -> None:
    (finding,) = judged(replace(RAW_ONLY, usb_mbps=5000))
    assert "USB" not in finding.advice
    assert "MJPEG" in finding.advice


def test_who_uses_a_camera_is_named() -> None:
    (finding,) = judged(replace(C920, holders=("zoom (process 12)",)))
    assert finding.level is Level.WARN
    assert "in use by zoom (process 12)" in finding.what


@pytest.mark.parametrize("holder", ["wireplumber (process 3)", "livetrack-vcam (process 4)"])
def test_the_desktops_watcher_and_we_ourselves_are_no_strangers(holder: str) -> None:
    (finding,) = judged(replace(C920, holders=(holder,)))
    assert finding.level is Level.OK


def test_a_camera_that_is_closed_to_us_is_opened_by_its_own_group() -> None:
    (finding,) = judged(replace(C920, modes=(), locked=NodeAccess("/dev/video0", "plugdev")))
    assert finding.level is Level.WARN
    assert "no permission to open HD Pro Webcam C920 at /dev/video0" in finding.what
    assert finding.fixes == ("sudo usermod -aG plugdev $USER",)


def test_a_session_older_than_its_group_is_told_to_begin_anew() -> None:
    joined = NodeAccess("/dev/video0", "video", True, in_group=False, joined_group=True)
    (finding,) = judged(replace(C920, locked=joined))
    assert "log out and in again" in finding.advice
    assert finding.fixes == ()


def test_a_virtual_camera_of_another_program_may_be_held_by_it() -> None:
    fed = replace(C920, name="OBS Virtual Camera", fed=True, holders=("obs (process 5)",))
    assert [finding.level for finding in judged(C920, fed)] == [Level.OK, Level.OK]


def test_a_machine_with_virtual_cameras_alone_has_none() -> None:
    (finding,) = judged(replace(C920, name="OBS Virtual Camera", fed=True))
    assert finding.level is Level.WARN
    assert "none found but those that programs feed (OBS Virtual Camera)" in finding.what


def test_infrared_sensors_count_for_nothing() -> None:
    sensor = replace(C920, infrared=True)
    facts = replace(LINUX, cameras=(sensor.name,), capture=CaptureFacts((sensor,)))
    (finding,) = check_cameras(facts)
    assert finding.what == "none found"


def test_only_our_own_camera_and_a_node_for_metadata_are_no_camera() -> None:
    capture = CaptureFacts((), ("/dev/video1",), ("LiveTrack Camera",))
    (finding,) = check_cameras(replace(LINUX, capture=capture))
    assert finding.level is Level.WARN
    assert "none found but those that programs feed (LiveTrack Camera)" in finding.what
    assert finding.what.endswith("; no pictures come from /dev/video1")


def test_a_board_with_many_codec_nodes_does_not_fill_the_screen() -> None:
    nodes = tuple(f"/dev/video{number}" for number in range(10, 24))
    (finding,) = check_cameras(replace(LINUX, capture=CaptureFacts(silent=nodes)))
    assert finding.what.endswith("/dev/video10, /dev/video11, /dev/video12 and 11 more")


def test_a_recorded_tree_gives_speed_holders_and_nodes_without_pictures(tmp_path: Path) -> None:
    for number, name in enumerate(("C920", "LiveTrack Camera")):
        node = tmp_path / f"sys/class/video4linux/video{number}"
        node.mkdir(parents=True)
        (node / "name").write_text(name + "\n")
    usb = tmp_path / "sys/devices/usb1/1-4"
    (usb / "1-4:1.0").mkdir(parents=True)
    (usb / "speed").write_text("480\n")
    (tmp_path / "sys/class/video4linux/video0/device").symlink_to(usb / "1-4:1.0")
    facts = gather_capture(Roots(tmp_path / "sys", tmp_path / "dev", tmp_path / "proc"))
    # No device files are there: the kernel's tree names them, and opening finds nothing.
    assert facts.own == ("LiveTrack Camera",)
    assert facts.silent == (str(tmp_path / "dev/video0"),)


def test_the_facts_of_cameras_survive_json() -> None:
    facts = replace(LINUX, capture=CaptureFacts((C920,), ("/dev/video1",)))
    assert facts_from_json(facts_to_json(facts)) == (facts, ())


def test_a_processor_that_keeps_up_gets_no_advice() -> None:
    facts = replace(LINUX, speed=SpeedFacts(look_ms=17.0, avx2=True, governor="schedutil"))
    (finding,) = check_speed(facts)
    assert finding.level is Level.OK
    assert "17 ms to look for people: 35 looks a second" in finding.what


@pytest.mark.parametrize(
    ("facts", "advice"),
    [
        (replace(LINUX, cpu_count=1), "--size 854x480"),
        (replace(LINUX, resize_ms=12.0), "--size 854x480"),
        (replace(LINUX, speed=SpeedFacts(look_ms=80.0)), "--detect-cpu 1"),
    ],
)
def test_a_slow_processor_is_given_less_to_do(facts: Facts, advice: str) -> None:
    (finding,) = check_speed(facts)
    assert finding.level is Level.WARN
    assert finding.by_hand[0] == "livetrack-vcam bench"
    assert advice in finding.by_hand[1]


def test_a_processor_of_an_old_kind_is_told() -> None:
    (finding,) = check_speed(replace(LINUX, speed=SpeedFacts(look_ms=50.0, avx2=False)))
    assert "no AVX2" in finding.what


@pytest.mark.parametrize(
    ("speed", "mend"),
    [
        (SpeedFacts(profile="low-power"), "powerprofilesctl set balanced"),
        (SpeedFacts(governor="powersave", driver="acpi-cpufreq"), "cpupower frequency-set"),
    ],
)
def test_saving_power_is_named_as_what_slows_us(speed: SpeedFacts, mend: str) -> None:
    found = check_speed(replace(LINUX, speed=speed))
    assert mend in " ".join((*found[-1].by_hand, *found[-1].fixes))


def test_the_usual_governor_of_newer_processors_is_no_brake() -> None:
    speed = SpeedFacts(governor="powersave", driver="intel_pstate")
    assert [f.level for f in check_speed(replace(LINUX, speed=speed))] == [Level.OK]


def test_speed_is_measured_by_real_looks_and_read_from_the_kernels_files(tmp_path: Path) -> None:
    scaling = tmp_path / "sys/devices/system/cpu/cpu0/cpufreq"
    scaling.mkdir(parents=True)
    (scaling / "scaling_governor").write_text("powersave\n")
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nflags\t\t: fpu sse4_2 avx avx2\n")
    facts = gather_speed(Roots(sys=tmp_path / "sys", proc=tmp_path))
    assert facts.look_ms > 0
    assert (facts.governor, facts.avx2) == ("powersave", True)
