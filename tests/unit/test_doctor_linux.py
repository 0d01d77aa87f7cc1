"""The doctor's judgment of v4l2loopback: what no single recorded machine shows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from livetrack_vcam.doctor import Level, render_text
from livetrack_vcam.doctor.checks import check_all
from livetrack_vcam.doctor.linux_facts import ConfigLine, LoopbackFacts
from livetrack_vcam.sinks.loopback import Holder, LoopbackDevice
from livetrack_vcam.sinks.modprobe import options_line, plan_devices
from tests.doctored import (
    LOAD,
    OBS,
    OURS,
    RELOAD,
    RELOAD_BY_HAND,
    UBUNTU,
    texts,
    with_loopback,
    without_module,
)

OBS_ONLY = ConfigLine(
    "/etc/modprobe.d/v4l2loopback.conf",
    'options v4l2loopback devices=1 video_nr=2 card_label="OBS Virtual Camera" exclusive_caps=1',
)


def test_a_missing_module_is_installed_written_down_and_loaded_in_this_order() -> None:
    fixes = without_module().fixes
    assert fixes[0].startswith("sudo apt-get install -y v4l2loopback-dkms linux-headers-")
    assert fixes[1].endswith(
        "sudo mv /etc/modprobe.d/livetrack.conf.new /etc/modprobe.d/livetrack.conf"
    )
    assert "/etc/modules-load.d/livetrack.conf" in fixes[2]
    assert fixes[3:] == (LOAD,)


@pytest.mark.parametrize(
    ("release", "package", "headers"),
    [
        ("6.11.9-arch1-1", "", "linux-headers"),
        ("6.6.63-1-lts", "", "linux-lts-headers"),
        ("6.11.9-zen1-1-zen", "linux-zen", "linux-zen-headers"),
        ("6.6.63-1-MANJARO", "", "linux66-headers"),
        ("6.12.1-4-MANJARO", "linux612", "linux612-headers"),
    ],
)
def test_on_arch_the_headers_are_those_of_the_running_kernel(
    release: str, package: str, headers: str
) -> None:
    facts = replace(UBUNTU.linux, release=release, package=package)
    missing = LoopbackFacts(installed=False)
    report = check_all(
        replace(UBUNTU, distribution=("manjaro", "arch"), linux=facts, loopback=missing)
    )
    assert report.fixes[0].endswith(f" v4l2loopback-dkms {headers}")


def test_an_unknown_distribution_gets_words_instead_of_a_wrong_command() -> None:
    missing = LoopbackFacts(installed=False)
    report = check_all(replace(UBUNTU, distribution=("plan9",), loopback=missing))
    assert report.fixes == ()
    assert "your distribution's package of v4l2loopback, then load it\nsudo modprobe" in texts(
        report
    )


@pytest.mark.parametrize(
    ("mok", "words"),
    [("missing", "sudo mokutil --import /var/lib/dkms/mok.pub"), ("pending", "restart")],
)
def test_no_load_is_offered_that_secure_boot_would_refuse(mok: str, words: str) -> None:
    loopback = LoopbackFacts(installed=True, secure_boot=True)
    report = without_module(loopback, mok=mok, mok_key="/var/lib/dkms/mok.pub")
    assert report.fixes == ()
    assert words in texts(report)


def test_a_key_that_is_enrolled_or_not_asked_for_is_no_hindrance() -> None:
    enrolled = LoopbackFacts(installed=True, secure_boot=True)
    assert without_module(enrolled, mok="enrolled").fixes[-1] == LOAD
    assert "Secure Boot" not in texts(without_module(enrolled, mok="enrolled"))
    assert "Secure Boot is on" in texts(without_module(enrolled))
    free = LoopbackFacts(installed=True, secure_boot=False)
    assert without_module(free, mok="missing", lockdown="none").fixes[-1] == LOAD


@pytest.mark.parametrize("around", ["docker", "podman", "lxc", "wsl", "flatpak", "snap"])
def test_where_there_is_no_kernel_of_its_own_nothing_is_run(around: str) -> None:
    assert without_module(surroundings=around).fixes == ()
    hidden = replace(OURS, exclusive_caps=False)
    loaded = LoopbackFacts(loaded=True, devices=(hidden,), node=True, writable=False)
    report = without_module(loaded, surroundings=around)
    assert report.fixes == ()
    assert f"on the host\n{RELOAD_BY_HAND}" in texts(report)


def test_where_etc_is_declared_nothing_is_written_there() -> None:
    nixos = replace(UBUNTU, distribution=("nixos",))
    hidden = replace(OURS, exclusive_caps=False)
    for changes in ({"devices": (hidden, OBS)}, {"devices": ()}, {"options": ()}):
        loopback = replace(UBUNTU.loopback, **changes)  # type: ignore[arg-type]
        report = check_all(replace(nixos, loopback=loopback))
        assert report.fixes == ()
        assert "configuration.nix" in texts(report)
    closed = replace(UBUNTU.loopback, writable=False, output=None)
    assert check_all(replace(nixos, loopback=closed)).fixes == ("sudo usermod -aG video $USER",)


def test_the_users_own_devices_are_loaded_again_with_ours() -> None:
    mine = LoopbackDevice(Path("/dev/video3"), "Scope", False)
    report = with_loopback(devices=(mine,), options=(), load_files=(), taken=(0, 10))
    assert report.fixes[0].startswith(
        "echo 'options v4l2loopback devices=3 video_nr=3,11,12 "
        'card_label="Scope,LiveTrack Camera,OBS Virtual Camera" exclusive_caps=0,1,1 '
        "max_buffers=4' | sudo tee"
    )
    assert report.fixes[-1] == RELOAD


def test_too_few_buffers_are_written_anew_with_the_devices_as_they_are() -> None:
    old = ConfigLine(OBS_ONLY.file, options_line(plan_devices(), buffers=2))
    report = with_loopback(buffers=2, options=(old,))
    (found,) = (each for each in report.wrong if "max_buffers" in each.what)
    assert found.level is Level.WARN
    assert "max_buffers=2" in found.what
    assert "exclusive_caps=1,1 max_buffers=4' | sudo tee" in found.fixes[0]
    assert found.fixes[-1] == RELOAD


def test_enough_buffers_are_nothing_to_talk_about_and_more_are_kept() -> None:
    assert all("max_buffers" not in each.what for each in with_loopback(buffers=4).wrong)
    many = ConfigLine("/etc/modprobe.d/v4l2loopback.conf", "options v4l2loopback max_buffers=16")
    loopback = LoopbackFacts(installed=True, options=(many,))
    assert "max_buffers=16" in without_module(loopback).fixes[0]


def test_devices_that_are_only_written_down_are_kept_too() -> None:
    loopback = LoopbackFacts(installed=True, options=(OBS_ONLY,), load_files=("/etc/modules",))
    fixes = without_module(loopback).fixes
    assert len(fixes) == 2
    assert "video_nr=2,10 " in fixes[0]
    assert fixes[1] == LOAD


def test_our_file_comes_after_those_that_say_otherwise_and_they_stay() -> None:
    loopback = LoopbackFacts(installed=True, options=(OBS_ONLY,), load_files=("/etc/modules",))
    write = without_module(loopback).fixes[0]
    assert "/etc/modprobe.d/zz-livetrack.conf" in write
    assert OBS_ONLY.file not in " ".join(without_module(loopback).fixes)
    early = replace(OBS_ONLY, file="/usr/lib/modprobe.d/98-obs.conf")
    write = without_module(replace(loopback, options=(early,))).fixes[0]
    assert "/etc/modprobe.d/livetrack.conf" in write


def test_a_file_of_ours_that_comes_last_is_the_one_written_again() -> None:
    ours = ConfigLine("/etc/modprobe.d/zz-livetrack.conf", "options v4l2loopback devices=1")
    loopback = LoopbackFacts(installed=True, options=(ours,), load_files=("/etc/modules",))
    assert without_module(loopback).fixes[0].endswith(" /etc/modprobe.d/zz-livetrack.conf")


def test_what_is_written_down_already_is_not_written_again() -> None:
    report = with_loopback(devices=(replace(OURS, exclusive_caps=False), OBS))
    assert report.fixes == (RELOAD,)


def test_nothing_is_written_half() -> None:
    writes = [fix for fix in without_module().fixes if "tee" in fix]
    assert len(writes) == 2
    for fix in writes:
        file = fix.split()[-1]
        assert f"| sudo tee {file}.new && sudo mv {file}.new {file}" in fix


def test_nine_devices_are_more_than_the_module_makes() -> None:
    many = tuple(LoopbackDevice(Path(f"/dev/video{n}"), f"Camera {n}", True) for n in range(8))
    report = with_loopback(devices=many)
    assert report.fixes == ()
    assert "--sink vcam:NAME" in texts(report)


def test_who_has_to_be_closed_first_is_named() -> None:
    report = with_loopback(devices=(OURS,), users=(Holder(7, "obs", True),))
    assert "close obs (process 7) and make a second one" in texts(report)


def test_who_uses_the_device_is_named_and_that_is_no_fault() -> None:
    report = with_loopback(output=False, fed=True, holders=(Holder(7, "obs", True),))
    assert "in use now by obs (process 7)" in render_text(report)
    assert texts(report) == ""


def test_a_stuck_device_is_no_fault_because_we_free_it() -> None:
    report = with_loopback(output=False, fed=False)
    assert "livetrack-vcam frees it" in render_text(report)
    assert texts(report) == ""


def test_the_version_of_the_module_is_told() -> None:
    assert "(v4l2loopback 0.13.2)" in render_text(with_loopback(version="0.13.2"))


@pytest.mark.parametrize(
    ("changes", "fixes"),
    [
        ({"group": "plugdev"}, ("sudo usermod -aG plugdev $USER",)),
        ({"joined_group": True, "in_group": False}, ()),
        (
            {"group": "root", "joined_group": True, "in_group": True},
            ("sudo chgrp video /dev/video10 && sudo chmod g+rw /dev/video10",),
        ),
        (
            {"group": "root", "joined_group": False, "in_group": False},
            (
                "sudo chgrp video /dev/video10 && sudo chmod g+rw /dev/video10",
                "sudo usermod -aG video $USER",
            ),
        ),
        (
            {"group_may_write": False, "joined_group": True, "in_group": True},
            ("sudo chgrp video /dev/video10 && sudo chmod g+rw /dev/video10",),
        ),
    ],
)
def test_nobody_joins_the_group_of_root_or_one_they_have(
    changes: dict[str, object], fixes: tuple[str, ...]
) -> None:
    assert with_loopback(writable=False, output=None, **changes).fixes == fixes


def test_a_camera_that_is_gone_after_a_restart_is_made_permanent() -> None:
    fixes = with_loopback(options=(), load_files=()).fixes
    assert [fix.split()[-1] for fix in fixes] == [
        "/etc/modprobe.d/livetrack.conf",
        "/etc/modules-load.d/livetrack.conf",
    ]


def test_every_finding_that_is_not_ok_says_why_and_what_to_do() -> None:
    machines = (without_module(), with_loopback(devices=()), with_loopback(options=()))
    found = [f for report in machines for f in report.findings if f.level is not Level.OK]
    assert found
    assert all(finding.why and finding.advice for finding in found)
