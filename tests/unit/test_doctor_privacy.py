"""A bug report is made to be shown: nothing in it says who made it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from livetrack_vcam.cli import run_cli
from livetrack_vcam.detectors.catalog import read_catalog
from livetrack_vcam.doctor.privacy import Private, gather_private, without_private

ANNA = Private(("/people/anna",), frozenset({"anna"}))
PASSWORD, TOKEN = "open-sesame", "t0ken-of-the-daemon-that-nobody-may-see"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("/people/anna/models is not readable", "~/models is not readable"),
        ("/people/anna", "~"),
        ("/people/annabel/x", "/people/annabel/x"),
        ("/media/Anna/disk/file", "/media/USER/disk/file"),
        ("/home/bert/venv/bin/python", "~/venv/bin/python"),
        ("/var/home/bert/venv", "~/venv"),
        ("/Users/bert/venv: no such file", "~/venv: no such file"),
        (r"C:\Users\bert\AppData", r"~\AppData"),
        ("/dev/video10", "/dev/video10"),
        ("anna", "anna"),
    ],
)
def test_paths_tell_nobodys_name(before: str, after: str) -> None:
    assert without_private({before: [before]}, ANNA) == {after: [after]}


def test_a_user_who_is_called_like_a_folder_of_the_system_leaves_it_alone() -> None:
    private = Private((), frozenset({"dev", "debian"}))
    data = {"distribution": ["debian"], "path": "/dev/video0"}
    assert without_private(data, private) == data


def test_a_camera_keeps_its_kind_and_loses_its_owner_and_serial_number() -> None:
    path = r"@device_pnp_\\?\usb#vid_046d&pid_082d#8A3B1C5F#{65e8773d-8f56}\global"
    data = {"capture": {"cameras": [{"name": "iPhone von Anna", "path": path}]}}
    camera = without_private(data, ANNA)["capture"]["cameras"][0]
    assert camera == {"name": "iPhone von USER", "path": path.replace("8A3B1C5F", "…")}


def test_a_home_folder_that_is_the_root_hides_no_slashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/")
    assert "/" not in gather_private({}).homes


@pytest.fixture
def anna(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of a user who is in no list of this machine but the one that is asked."""
    pwd = pytest.importorskip("pwd")
    home = tmp_path / "people" / "anna"
    (home / "models").mkdir(parents=True)
    (home / "models" / read_catalog()[0].file).write_bytes(b"damaged")
    websocket = home / ".config/obs-studio/plugin_config/obs-websocket"
    websocket.mkdir(parents=True)
    settings = {"server_enabled": True, "server_password": PASSWORD}
    (websocket / "config.json").write_text(json.dumps(settings))
    token = home / ".local/share/livetrack-vcam/token"
    token.parent.mkdir(parents=True)
    token.write_text(TOKEN)
    users = {"anna": SimpleNamespace(pw_dir=str(home), pw_gecos="Anna Muster,,")}
    monkeypatch.setattr(pwd, "getpwnam", users.__getitem__)
    monkeypatch.setenv("LIVETRACK_MODELS", str(home / "models"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setenv("USER", "anna")
    return home


def as_anna(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(home))


def under_sudo(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home.parent.parent / "root").mkdir()
    monkeypatch.setenv("HOME", str(home.parent.parent / "root"))
    monkeypatch.setenv("USER", "root")
    monkeypatch.setenv("SUDO_USER", "anna")


@pytest.mark.skipif(sys.platform != "linux", reason="where Linux keeps the files")
@pytest.mark.parametrize("become", [as_anna, under_sudo])
def test_what_doctor_facts_prints_of_a_real_machine_names_nobody(
    become: Callable[[Path, pytest.MonkeyPatch], None],
    anna: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    become(anna, monkeypatch)
    assert run_cli(["doctor", "--facts"]) == 0
    printed = capsys.readouterr().out
    data: dict[str, Any] = json.loads(printed)
    assert data["obs"]["settings"].startswith("~/.config/obs-studio/")
    assert any("~/models/" in problem for problem in data["models"].values())
    for secret in (str(anna), "/anna", "Muster", PASSWORD, TOKEN):
        assert secret not in printed
