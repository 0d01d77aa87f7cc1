"""The doctor on macOS and Windows, over recorded outputs and registries."""

from __future__ import annotations

import plistlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from livetrack_vcam.doctor.facts import Facts
from livetrack_vcam.doctor.facts_json import facts_from_json, facts_to_json
from livetrack_vcam.doctor.macos import (
    MacFacts,
    check_macos,
    extension_state,
    gather_macos,
    obs_apps,
)
from livetrack_vcam.doctor.obs import ObsFacts
from livetrack_vcam.doctor.report import Finding, Level
from livetrack_vcam.doctor.sandboxes import Installed
from livetrack_vcam.doctor.windows import (
    CLASSES,
    CONSENT,
    MACHINE,
    OBS_CAMERA,
    USER,
    Read,
    WindowsFacts,
    check_windows,
    gather_windows,
    obs_programs,
    read_registry,
)

# `systemextensionsctl list`, as people posted it: obs-studio pull request 9638 and issue 10381.
ON = """\
6 extension(s)
--- com.apple.system_extension.cmio
enabled\tactive\tteamID\tbundleID (version)\tname\t[state]
*\t*\t2MMRE5MTB8\tcom.obsproject.obs-studio.mac-camera-extension (30.0.0/6132306234)\t[activated enabled]
--- com.apple.system_extension.endpoint_security
enabled\tactive\tteamID\tbundleID (version)\tname\t[state]
*\t*\tMLZF7K7B5R\tat.obdev.littlesnitch.endpointsecurity (5.7.1/6292)\tLittle Snitch\t[activated enabled]
"""  # noqa: E501
WAITING = """\
--- com.apple.system_extension.cmio (Go to 'System Settings > General > Login Items & Extensions > Camera Extensions' to modify these system extension(s))
enabled active teamID bundleID (version) name [state]
        * 2MMRE5MTB8 com.obsproject.obs-studio.mac-camera-extension (32.1.1/23916622335) OBS Virtual Camera [activated waiting for user]
"""  # noqa: E501
REPLACED = ON.replace("activated enabled]\n---", "terminated waiting to uninstall on reboot]\n---")

MAC = Facts(
    platform="darwin",
    python="3.12.3",
    macos=MacFacts("15.1.1", "activated enabled", "iTerm.app"),
    obs=ObsFacts((Installed("OBS", "app", "30.2.3"),)),
)
UNITY = r"CLSID\{5C2CD55C-92AD-4999-8666-912BD3E700"
PC = Facts(
    platform="win32",
    python="3.12.3",
    windows=WindowsFacts(True, obs_camera=True, unity=("LiveTrack Camera",)),
)


def registry(values: Mapping[tuple[str, str, str], str]) -> Read:
    return lambda hive, key, name: values.get((hive, key, name))


def mac(**changes: object) -> Finding:
    (finding,) = check_macos(replace(MAC, macos=replace(MAC.macos, **changes)))  # type: ignore[arg-type]
    return finding


def windows(**changes: object) -> list[Finding]:
    return check_windows(replace(PC, windows=replace(PC.windows, **changes)))  # type: ignore[arg-type]


def test_the_camera_extensions_state_is_read_from_what_the_system_prints() -> None:
    assert extension_state(ON) == "activated enabled"
    assert extension_state(WAITING) == "activated waiting for user"
    assert extension_state(REPLACED) == "terminated waiting to uninstall on reboot"
    assert extension_state("0 extension(s)\n") == ""


def test_of_two_versions_of_the_extension_the_one_in_use_counts() -> None:
    assert extension_state(REPLACED + ON) == "activated enabled"


def test_a_mac_is_asked_with_one_command() -> None:
    asked = []

    def ask(*words: str) -> str:
        asked.append(words)
        return WAITING

    facts = gather_macos(ask, "15.1.1", "Apple_Terminal")
    assert asked == [("systemextensionsctl", "list")]
    assert facts == MacFacts("15.1.1", "activated waiting for user", "Apple_Terminal")


def test_obs_is_found_among_the_apps_of_all_and_of_this_user(tmp_path: Path) -> None:
    for folder, version in (("Applications", "30.2.3"), ("me/Applications", "29.1.3")):
        contents = tmp_path / folder / "OBS.app/Contents"
        contents.mkdir(parents=True)
        data = plistlib.dumps({"CFBundleShortVersionString": version})
        (contents / "Info.plist").write_bytes(data)
    found = obs_apps(tmp_path, tmp_path / "me")
    assert [each.version for each in found] == ["30.2.3", "29.1.3"]


def test_a_damaged_app_is_no_app(tmp_path: Path) -> None:
    contents = tmp_path / "Applications/OBS.app/Contents"
    contents.mkdir(parents=True)
    (contents / "Info.plist").write_bytes(b"<?xml version='1.0'?><plist><dict>")
    assert obs_apps(tmp_path, tmp_path) == ()


def test_a_mac_that_is_ready_gets_no_advice() -> None:
    finding = mac()
    assert (finding.level, finding.advice) == (Level.OK, "")


@pytest.mark.parametrize(
    ("changes", "what", "advice"),
    [
        ({"extension": "activated waiting for user"}, "waits to be allowed", "Login Items"),
        ({"extension": ""}, "never installed", "Start Virtual Camera"),
        ({"extension": "terminated waiting to uninstall on reboot"}, "terminated", "restart"),
        ({"version": "12.7.6"}, "macOS 12.7.6 has no camera extensions", "macOS 13"),
    ],
)
def test_what_a_mac_lacks_is_named_with_the_step_that_mends_it(
    changes: dict[str, object], what: str, advice: str
) -> None:
    finding = mac(**changes)
    assert finding.level is Level.WARN
    assert what in finding.what
    assert advice in finding.advice


@pytest.mark.parametrize(
    ("installs", "what"),
    [
        ((), "OBS Studio is not installed"),
        ((Installed("OBS", "app", "29.1.3"),), "OBS 29.1.3 has no camera extension"),
    ],
)
def test_a_mac_without_a_new_enough_obs_is_told_to_install_it(
    installs: tuple[Installed, ...], what: str
) -> None:
    bare = replace(MAC, macos=replace(MAC.macos, extension=""), obs=ObsFacts(installs))
    (finding,) = check_macos(bare)
    assert what in finding.what
    assert "install OBS 30 or newer" in finding.advice


def test_unity_captures_names_are_those_that_pyvirtualcam_looks_for() -> None:
    """Its native_windows_unity_capture/virtual_output.h: 10, then 12 and on; 11 is the driver's."""
    read = registry(
        {
            (CLASSES, UNITY + "10}", ""): "LiveTrack Camera ",
            (CLASSES, UNITY + "11}", ""): "Unity Capture Configuration",
            (CLASSES, UNITY + "12}", ""): "LiveTrack Camera #2",
            (CLASSES, UNITY + "5A}", ""): "last",
            (CLASSES, UNITY + "5B}", ""): "one too many",
            (CLASSES, OBS_CAMERA, ""): "OBS Virtual Camera",
        }
    )
    facts = gather_windows(read)
    assert facts.unity == ("LiveTrack Camera", "LiveTrack Camera #2", "last")
    assert facts.obs_camera


@pytest.mark.parametrize(
    ("hive", "key", "switch"),
    [
        (MACHINE, CONSENT, "Camera access"),
        (USER, CONSENT, "Let apps access your camera"),
        (USER, CONSENT + r"\NonPackaged", "Let desktop apps access your camera"),
    ],
)
def test_each_privacy_switch_that_is_off_is_named(hive: str, key: str, switch: str) -> None:
    facts = gather_windows(registry({(hive, key, "Value"): "Deny"}))
    assert facts.denied == switch
    assert switch in check_windows(replace(PC, windows=facts))[-1].what


def test_an_allowed_camera_is_no_finding() -> None:
    facts = gather_windows(registry({(USER, CONSENT, "Value"): "Allow"}))
    assert facts.denied == ""


@pytest.mark.parametrize("part", ["", "WOW6432Node\\"])
def test_obs_is_found_by_its_installers_entry(part: str) -> None:
    key = rf"SOFTWARE\{part}Microsoft\Windows\CurrentVersion\Uninstall\OBS Studio"
    read = registry({(MACHINE, key, "DisplayVersion"): "30.2.3"})
    assert obs_programs(read) == (Installed("OBS", "program", "30.2.3"),)


def test_a_pc_that_is_ready_gets_no_advice() -> None:
    (finding,) = windows()
    assert (finding.level, finding.advice) == (Level.OK, "")


@pytest.mark.parametrize(
    ("changes", "advice"),
    [
        ({"unity": ("Unity Video Capture",)}, '--sink "vcam:Unity Video Capture"'),
        ({"unity": ()}, '--sink "vcam:OBS Virtual Camera"'),
        ({"unity": (), "obs_camera": False}, "InstallCustomName.bat"),
    ],
)
def test_a_pc_without_our_camera_is_told_which_it_may_use(
    changes: dict[str, object], advice: str
) -> None:
    (finding,) = windows(**changes)
    assert finding.level is Level.WARN
    assert advice in " ".join((finding.advice, *finding.by_hand))


def test_the_registry_is_read_by_pythons_own_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """`winreg` is there on Windows only; this stand-in answers as it does."""
    import sys
    from contextlib import nullcontext
    from types import SimpleNamespace

    def opened(hive: int, key: str) -> nullcontext[str]:
        if (hive, key) != (7, "known"):
            raise FileNotFoundError(2, "no such key")
        return nullcontext("handle")

    def value(handle: str, name: str) -> tuple[str, int]:
        if (handle, name) != ("handle", "Value"):
            raise FileNotFoundError(2, "no such value")
        return "Deny", 1

    winreg = SimpleNamespace(HKEY_CURRENT_USER=7, OpenKey=opened, QueryValueEx=value)
    monkeypatch.setitem(sys.modules, "winreg", winreg)
    assert read_registry(USER, "known", "Value") == "Deny"
    assert read_registry(USER, "known", "") == ""
    assert read_registry(USER, "known", "Other") is None
    assert read_registry(USER, "unknown", "Value") is None


def test_a_system_without_a_registry_has_nothing_in_it() -> None:
    assert gather_windows(registry({})) == WindowsFacts(looked=True)
    assert obs_programs(read_registry) == ()


def test_nothing_is_said_of_systems_that_this_is_not() -> None:
    linux = Facts(platform="linux", python="3.12")
    assert check_macos(linux) == check_windows(linux) == []


def test_what_is_not_known_of_these_systems_is_not_held_against_them() -> None:
    for platform, check in (("darwin", check_macos), ("win32", check_windows)):
        (finding,) = check(Facts(platform=platform, python="3.12"))
        assert finding.level is Level.OK
        assert "docs/windows-and-macos.md" in finding.advice


@pytest.mark.parametrize("facts", [MAC, PC], ids=["macos", "windows"])
def test_the_facts_of_these_systems_survive_json(facts: Facts) -> None:
    assert facts_from_json(facts_to_json(facts)) == (facts, ())
