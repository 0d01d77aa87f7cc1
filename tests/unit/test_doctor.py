"""The doctor's judgment, on recorded machines."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from livetrack_vcam.doctor import Level, Report, diagnose, render_text
from livetrack_vcam.doctor.checks import check_all
from livetrack_vcam.doctor.facts import Facts, LoopbackFacts
from livetrack_vcam.doctor.machine import gather_loopback
from livetrack_vcam.sinks.loopback import Holder, LoopbackDevice, Roots, modprobe_command

OURS = LoopbackDevice(Path("/dev/video10"), "LiveTrack Camera", True)
OBS = LoopbackDevice(Path("/dev/video11"), "OBS Virtual Camera", True)
WORKING = LoopbackFacts(
    installed=True,
    loaded=True,
    kept_after_boot=True,
    secure_boot=False,
    devices=(OURS, OBS),
    writable=True,
    output=True,
)
UBUNTU = Facts(
    platform="linux",
    python="3.12.3",
    distribution=("ubuntu", "debian"),
    packages={"aiohttp": "3.14.5", "pyvirtualcam": "0.15.0"},
    cpu_count=8,
    resize_ms=2.5,
    cameras=("HD Pro Webcam C920",),
    models={"yolov4-tiny": "", "blazeface": ""},
    loopback=WORKING,
)


def with_loopback(**changes: object) -> Report:
    return check_all(replace(UBUNTU, loopback=replace(WORKING, **changes)))  # type: ignore[arg-type]


def texts(report: Report) -> str:
    """What the user reads about everything that is not right."""
    return "\n".join(f"{f.what} {f.advice}" for f in report.findings if f.level is not Level.OK)


def test_a_machine_with_everything_gets_no_advice() -> None:
    report = check_all(UBUNTU)
    assert {finding.level for finding in report.findings} == {Level.OK}
    assert report.fixes == ()
    assert render_text(report).endswith("livetrack-vcam runs here.")


@pytest.mark.parametrize(
    ("distribution", "command"),
    [
        (("debian",), "sudo apt-get install -y v4l2loopback-dkms linux-headers-$(uname -r)"),
        (("linuxmint", "ubuntu", "debian"), "sudo apt-get install -y v4l2loopback-dkms"),
        (("fedora",), "sudo dnf install -y v4l2loopback"),
        (("endeavouros", "arch"), "sudo pacman -S --needed v4l2loopback-dkms"),
        (("opensuse-leap", "suse", "opensuse"), "sudo zypper install -y v4l2loopback"),
    ],
)
def test_a_missing_module_is_installed_kept_and_loaded(
    distribution: tuple[str, ...], command: str
) -> None:
    loopback = LoopbackFacts(installed=False)
    report = check_all(replace(UBUNTU, distribution=distribution, loopback=loopback))
    assert report.ok
    assert report.fixes[0].startswith(command)
    assert "/etc/modprobe.d/livetrack.conf" in report.fixes[1]
    assert "/etc/modules-load.d/livetrack.conf" in report.fixes[2]
    assert report.fixes[3] == modprobe_command()


def test_an_unknown_distribution_gets_words_instead_of_a_wrong_command() -> None:
    report = check_all(
        replace(UBUNTU, distribution=("nixos",), loopback=LoopbackFacts(installed=False))
    )
    assert report.fixes == ()
    assert "your distribution's package of v4l2loopback" in texts(report)


def test_an_installed_module_is_only_loaded() -> None:
    report = check_all(replace(UBUNTU, loopback=LoopbackFacts(installed=True)))
    assert not any("install" in fix for fix in report.fixes)
    assert report.fixes[-1] == modprobe_command()


def test_secure_boot_is_mentioned_where_it_can_be_the_cause() -> None:
    loopback = LoopbackFacts(installed=True, secure_boot=True)
    assert "Secure Boot is on" in texts(check_all(replace(UBUNTU, loopback=loopback)))
    assert "Secure Boot" not in texts(with_loopback(secure_boot=True))


def test_inside_a_container_nothing_is_run() -> None:
    report = check_all(replace(UBUNTU, container=True, loopback=LoopbackFacts(installed=False)))
    assert report.fixes == ()
    assert "on the host" in texts(report)


def test_a_device_of_another_name_is_named_and_may_be_chosen() -> None:
    report = with_loopback(devices=(LoopbackDevice(Path("/dev/video0"), "Dummy", True),))
    assert "'Dummy' at /dev/video0" in texts(report)
    assert "--sink vcam:NAME" in texts(report)
    assert report.fixes == (f"sudo modprobe -r v4l2loopback && {modprobe_command()}",)


def test_a_missing_permission_names_the_devices_own_group() -> None:
    report = with_loopback(writable=False, output=None, group="plugdev")
    assert report.fixes == ("sudo usermod -aG plugdev $USER",)


def test_who_uses_the_device_is_named_and_that_is_no_fault() -> None:
    report = with_loopback(output=False, fed=True, holders=(Holder(7, "obs", True),))
    assert "in use now by obs (process 7)" in render_text(report)
    assert texts(report) == ""


def test_a_stuck_device_is_no_fault_because_we_free_it() -> None:
    report = with_loopback(output=False, fed=False)
    assert "livetrack-vcam frees it" in render_text(report)
    assert texts(report) == ""


def test_a_device_that_browsers_cannot_see_is_reported() -> None:
    ours = replace(OURS, exclusive_caps=False)
    assert "without exclusive_caps=1" in texts(with_loopback(devices=(ours, OBS)))


def test_a_single_device_warns_of_obs_taking_it() -> None:
    assert "only one loopback device" in texts(with_loopback(devices=(OURS,)))


def test_a_camera_that_is_gone_after_a_restart_is_made_permanent() -> None:
    report = with_loopback(kept_after_boot=False)
    assert [fix.split("tee ")[1] for fix in report.fixes] == [
        "/etc/modprobe.d/livetrack.conf",
        "/etc/modules-load.d/livetrack.conf",
    ]


@pytest.mark.parametrize(
    ("installer", "command"),
    [
        ("pipx", "pipx inject livetrack-vcam pyvirtualcam"),
        ("uv", "uv tool install --with pyvirtualcam livetrack-vcam"),
        ("pip", "python -m pip install pyvirtualcam"),
    ],
)
def test_a_missing_pyvirtualcam_is_installed_where_we_are(installer: str, command: str) -> None:
    packages = {"aiohttp": "3.14.5", "pyvirtualcam": None}
    report = check_all(replace(UBUNTU, packages=packages, installer=installer))
    assert report.ok
    assert report.fixes == (command,)


def test_a_missing_package_or_a_damaged_model_is_a_failure() -> None:
    assert not check_all(replace(UBUNTU, packages={"aiohttp": None})).ok
    broken = check_all(replace(UBUNTU, models={"blazeface": "wrong sha256"}))
    assert not broken.ok
    assert "FAIL  models" in render_text(broken)
    assert "cannot run here" in render_text(broken)


def test_a_taken_port_a_slow_machine_and_no_camera_are_warnings() -> None:
    report = check_all(
        replace(UBUNTU, port_problem="Address already in use", resize_ms=30.0, cameras=())
    )
    assert report.ok
    assert [f.name for f in report.findings if f.level is Level.WARN] == [
        "speed",
        "camera",
        "web port",
    ]


def test_cameras_without_permission_are_told_from_no_cameras() -> None:
    report = check_all(replace(UBUNTU, cameras=(), unreadable_cameras=("/dev/video0",)))
    assert report.fixes == ("sudo usermod -aG video $USER",)


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_systems_are_sent_to_the_page_that_describes_them(platform: str) -> None:
    report = check_all(replace(UBUNTU, platform=platform, loopback=LoopbackFacts()))
    assert "docs/virtual-camera.md" in render_text(report)


def test_the_same_fix_is_offered_once() -> None:
    ours = replace(OURS, exclusive_caps=False)
    report = with_loopback(devices=(ours,), kept_after_boot=False)
    assert len(report.fixes) == len(set(report.fixes)) == 3


def test_the_report_is_plain_json() -> None:
    report = with_loopback(writable=False)
    data = json.loads(json.dumps(report.to_json()))
    assert data["ok"] is True
    assert data["fixes"] == list(report.fixes)
    assert {"level", "name", "what", "why", "advice", "fixes"} == set(data["findings"][0])


def test_facts_of_the_virtual_camera_come_from_the_kernels_trees(tmp_path: Path) -> None:
    node = tmp_path / "sys/class/video4linux/video10"
    (tmp_path / "sys/module/v4l2loopback/parameters").mkdir(parents=True)
    node.mkdir(parents=True)
    (node / "name").write_text("LiveTrack Camera\n")
    (node / "max_openers").write_text("10\n")
    (tmp_path / "etc/modprobe.d").mkdir(parents=True)
    (tmp_path / "etc/modules-load.d").mkdir()
    (tmp_path / "etc/modprobe.d/x.conf").write_text(
        'options v4l2loopback card_label="LiveTrack Camera"\n'
    )
    roots = Roots(tmp_path / "sys", tmp_path / "dev", tmp_path / "proc")
    before = gather_loopback(roots, root=tmp_path)
    (tmp_path / "etc/modules-load.d/x.conf").write_text("v4l2loopback\n")
    facts = gather_loopback(roots, root=tmp_path)
    assert facts.loaded
    assert facts.device is not None
    assert facts.writable is False
    assert (before.kept_after_boot, facts.kept_after_boot) == (False, True)


def test_this_machine_can_be_examined() -> None:
    report = diagnose(port=0)
    assert report.ok, render_text(report)
    assert {"Python", "packages", "models", "camera", "virtual camera", "web port"} <= {
        finding.name for finding in report.findings
    }
