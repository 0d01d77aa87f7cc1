"""The doctor on OBS and on programs in sandboxes, over what snap, flatpak and obs answered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from livetrack_vcam.device_nodes import Roots
from livetrack_vcam.doctor.asking import Ask, ask
from livetrack_vcam.doctor.facts import Facts
from livetrack_vcam.doctor.facts_json import facts_from_json, facts_to_json
from livetrack_vcam.doctor.obs import SNAP_COPIES, ObsFacts, check_obs, gather_obs, linux_installs
from livetrack_vcam.doctor.report import Finding, Level
from livetrack_vcam.doctor.sandboxes import (
    FLATPAK,
    SNAP,
    Installed,
    check_programs,
    find_flatpak,
    find_snap,
    gather_programs,
)

SECRET = "se%same;#42"
LINUX = Facts(platform="linux", python="3.12.3")
OBS_30 = Installed("obs", "package", "30.2.3")
READY = ObsFacts((OBS_30,), "~/.config/obs-studio/global.ini", True, 4455, True, "")

# As `snap connections obs-studio` and `flatpak info` print them.
CONNECTIONS = """\
Interface        Plug                       Slot             Notes
alsa             obs-studio:alsa            -                -
audio-playback   obs-studio:audio-playback  :audio-playback  -
camera           obs-studio:camera          {slot}           -
home             obs-studio:home            :home            -
"""
INFO = """
OBS Studio - Live stream and record videos

          ID: com.obsproject.Studio
         Ref: app/com.obsproject.Studio/x86_64/stable
        Arch: x86_64
      Branch: stable
     Version: 31.0.2
     License: GPL-2.0-or-later
"""
PERMISSIONS = "[Context]\nshared=network;ipc;\nsockets=x11;pulseaudio;\ndevices={devices};\n"


def answering(answers: Mapping[str, str]) -> Ask:
    """Recorded answers; what was not recorded is a program that is missing."""
    return lambda *words: answers.get(" ".join(words), "")


def with_snap(root: Path, name: str, version: str) -> Path:
    place = root / "snap" / name / "current/meta"
    place.mkdir(parents=True)
    (place / "snap.yaml").write_text(f"name: {name}\nversion: '{version}'\nbase: core22\n")
    return root


def with_flatpak(home: Path, name: str) -> Path:
    (home / ".local/share/flatpak/app" / name).mkdir(parents=True)
    return home


def wrong(facts: Facts) -> list[Finding]:
    found = [*check_programs(facts), *check_obs(facts)]
    return [finding for finding in found if finding.level is not Level.OK]


@pytest.mark.parametrize(("slot", "cameras"), [("-", False), (":camera", True)])
def test_a_snap_tells_by_its_connections_whether_it_may_use_cameras(
    tmp_path: Path, slot: str, cameras: bool
) -> None:
    root = with_snap(tmp_path, "obs-studio", "30.2.3")
    said = answering({"snap connections obs-studio": CONNECTIONS.format(slot=slot)})
    assert find_snap("obs-studio", said, root) == Installed("obs-studio", SNAP, "30.2.3", cameras)


def test_a_snap_of_fedora_lies_in_another_folder(tmp_path: Path) -> None:
    with_snap(tmp_path / "var/lib/snapd", "firefox", "132.0")
    found = find_snap("firefox", answering({}), tmp_path)
    assert found == Installed("firefox", SNAP, "132.0", None)


@pytest.mark.parametrize(("devices", "cameras"), [("all", True), ("dri", False), ("dri;all", True)])
def test_a_flatpak_tells_by_its_permissions_whether_it_may_use_cameras(
    tmp_path: Path, devices: str, cameras: bool
) -> None:
    name = "com.obsproject.Studio"
    said = answering(
        {
            f"flatpak info {name}": INFO,
            f"flatpak info --show-permissions {name}": PERMISSIONS.format(devices=devices),
        }
    )
    found = find_flatpak(name, said, tmp_path, with_flatpak(tmp_path, name))
    assert found == Installed(name, FLATPAK, "31.0.2", cameras)


def test_a_flatpak_that_does_not_answer_is_not_judged(tmp_path: Path) -> None:
    home = with_flatpak(tmp_path, "org.mozilla.firefox")
    programs = gather_programs(answering({}), tmp_path, home)
    assert programs == (Installed("org.mozilla.firefox", FLATPAK, "", None),)
    assert wrong(replace(LINUX, programs=programs)) == []


def test_a_snap_browser_without_cameras_is_connected_by_one_command() -> None:
    blocked = Installed("chromium", SNAP, "131.0", False)
    (finding,) = wrong(replace(LINUX, programs=(blocked,)))
    assert (finding.name, finding.fixes) == ("Chromium", ("sudo snap connect chromium:camera",))


def test_a_flatpaks_sandbox_is_opened_by_the_user_and_not_by_us() -> None:
    blocked = Installed("com.google.Chrome", FLATPAK, "131.0", False)
    (finding,) = wrong(replace(LINUX, programs=(blocked,)))
    assert finding.by_hand == ("flatpak override --user --device=all com.google.Chrome",)
    assert finding.fixes == ()


def test_every_obs_of_the_machine_is_found(tmp_path: Path) -> None:
    with_snap(tmp_path, "obs-studio", "29.1.3")
    said = answering(
        {"obs --version": "OBS Studio - 29.0.2.1-1+b1 (linux)\n", "flatpak info x": ""}
    )
    home = with_flatpak(tmp_path, "com.obsproject.Studio")
    found = linux_installs(said, tmp_path, home)
    assert [(each.how, each.version) for each in found] == [
        ("package", "29.0.2.1"),
        ("flatpak", ""),
        ("snap", "29.1.3"),
    ]


def test_the_password_of_obs_is_in_no_fact(tmp_path: Path) -> None:
    place = tmp_path / "plugin_config/obs-websocket"
    place.mkdir(parents=True)
    settings = {"server_enabled": True, "server_port": 4460, "server_password": SECRET}
    (place / "config.json").write_text(json.dumps(settings))
    facts = gather_obs((OBS_30,), [tmp_path], Roots(proc=tmp_path))
    assert (facts.enabled, facts.port, facts.password) == (True, 4460, True)
    text = json.dumps(facts_to_json(replace(LINUX, obs=facts)))
    assert "4460" in text
    assert SECRET not in text


def test_a_machine_without_obs_is_all_right() -> None:
    assert wrong(LINUX) == []


def test_an_obs_that_is_ready_is_all_right_whether_it_runs_or_not() -> None:
    assert wrong(replace(LINUX, obs=READY)) == []
    assert wrong(replace(LINUX, obs=replace(READY, listener="obs (process 77)"))) == []


def test_an_old_obs_is_told_to_be_renewed_and_nothing_about_its_server() -> None:
    old = ObsFacts((Installed("obs", "package", "27.2.3"),))
    (finding,) = wrong(replace(LINUX, obs=old))
    assert "older than 28" in finding.what
    assert "28 or newer" in finding.advice


@pytest.mark.parametrize(
    ("changes", "what", "advice"),
    [
        ({"settings": ""}, "no settings yet", "start OBS once"),
        ({"enabled": False}, "switched off (~/.config", "Enable WebSocket server"),
        ({"listener": "node (process 9)"}, "4455 is held by node", "another Server Port"),
        ({"password": False}, "without a password", "Enable Authentication"),
    ],
)
def test_what_keeps_us_from_obs_is_named_with_the_switch_that_mends_it(
    changes: dict[str, object], what: str, advice: str
) -> None:
    (finding,) = wrong(replace(LINUX, obs=replace(READY, **changes)))  # type: ignore[arg-type]
    assert finding.name == "OBS WebSocket"
    assert what in finding.what
    assert advice in finding.advice
    assert finding.why


def test_an_obs_from_snap_needs_its_camera_and_a_script_outside_hidden_folders() -> None:
    snap = Installed("obs-studio", SNAP, "30.2.3", False)
    hidden, camera = wrong(replace(LINUX, obs=replace(READY, installs=(snap,))))
    assert ("Tools > Scripts" in hidden.advice, hidden.by_hand) == (True, SNAP_COPIES)
    assert camera.fixes == ("sudo snap connect obs-studio:camera",)


def test_the_facts_of_obs_survive_json() -> None:
    facts = replace(LINUX, obs=READY, programs=(Installed("chromium", SNAP, "131", None),))
    assert facts_from_json(facts_to_json(facts)) == (facts, ())


def test_asking_gives_nothing_when_a_program_is_missing_or_fails() -> None:
    assert ask("no-such-program-of-livetrack") == ""
    assert ask("false") == ""
    assert ask("echo", "yes").strip() == "yes"
