"""Port and password of obs-websocket are found in OBS's own files, and shown to nobody."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from livetrack_vcam.errors import SettingsError
from livetrack_vcam.obs.config import (
    OwnSettings,
    Wanted,
    find_address,
    given_password,
    obs_folders,
    own_settings,
)
from livetrack_vcam.obs.connection import ObsAddress

SECRET = "se%same;#42"


def write_ini(folder: Path, password: str = SECRET, **changes: str) -> Path:
    values = {
        "ServerEnabled": "true",
        "ServerPort": "4460",
        "AuthRequired": "true",
        "ServerPassword": password,
    } | changes
    lines = "\n".join(f"{key}={value}" for key, value in values.items())
    folder.mkdir(parents=True, exist_ok=True)
    text = (
        f"[General]\nPre19Defaults=false\n\n[OBSWebSocket]\n{lines}\n\n[Python]\nPath64bit=/usr\n"
    )
    (folder / "global.ini").write_text(text, encoding="utf-8-sig")
    return folder


def write_json(folder: Path, **changes: Any) -> Path:
    values = {
        "alerts_enabled": False,
        "auth_required": True,
        "server_enabled": True,
        "server_password": SECRET,
        "server_port": 4461,
    } | changes
    place = folder / "plugin_config" / "obs-websocket"
    place.mkdir(parents=True, exist_ok=True)
    (place / "config.json").write_text(json.dumps(values), encoding="utf-8")
    return folder


def facts(folder: Path) -> tuple[bool, int, str] | None:
    own = own_settings([folder])
    return (own.enabled, own.port, own.password) if own else None


def test_both_forms_of_the_file_are_read_and_the_newer_one_counts(tmp_path: Path) -> None:
    assert facts(write_ini(tmp_path)) == (True, 4460, SECRET)
    assert facts(write_json(tmp_path)) == (True, 4461, SECRET)
    assert facts(tmp_path / "nowhere") is None


def test_an_obs_that_wants_no_password_gets_none(tmp_path: Path) -> None:
    assert facts(write_ini(tmp_path / "a", AuthRequired="false")) == (True, 4460, "")
    assert facts(write_json(tmp_path / "b", auth_required=False)) == (True, 4461, "")


def test_a_server_that_is_off_is_known_to_be(tmp_path: Path) -> None:
    assert facts(write_ini(tmp_path / "a", ServerEnabled="false")) == (False, 4460, SECRET)
    assert facts(write_json(tmp_path / "b", server_enabled=False)) == (False, 4461, SECRET)


def test_what_obs_escapes_in_its_ini_is_read_as_it_was_typed(tmp_path: Path) -> None:
    own = own_settings([write_ini(tmp_path, r"a\\nb\\\\c")])
    assert own is not None
    assert own.password == r"a\nb\\c"


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '"x"', "[OBSWebSocket\nServerEnabled", "\x00\xff", "[OBSWebSocket]\n\n="],
)
def test_a_file_that_is_damaged_is_as_good_as_none(tmp_path: Path, text: str) -> None:
    write_json(tmp_path)
    (tmp_path / "plugin_config/obs-websocket/config.json").write_bytes(text.encode("latin-1"))
    (tmp_path / "global.ini").write_bytes(text.encode("latin-1"))
    assert facts(tmp_path) in (None, (False, 4455, ""))


@pytest.mark.parametrize("port", ["", "x", "0", "70000", "-1"])
def test_a_port_that_is_none_is_the_default_one(tmp_path: Path, port: str) -> None:
    assert facts(write_ini(tmp_path, ServerPort=port)) == (True, 4455, SECRET)


def test_of_several_obs_the_one_counts_whose_server_is_on_and_then_the_newest(
    tmp_path: Path,
) -> None:
    off = write_json(tmp_path / "off", server_enabled=False, server_port=1)
    old = write_json(tmp_path / "old", server_port=2)
    new = write_ini(tmp_path / "new", ServerPort="3")
    for age, file in enumerate(
        (off / "plugin_config/obs-websocket/config.json", new / "global.ini",
         old / "plugin_config/obs-websocket/config.json")
    ):  # fmt: skip
        os.utime(file, (10**9 - age, 10**9 - age))
    own = own_settings([off, old, new])
    assert own is not None
    assert own.port == 3


def test_obs_is_looked_for_where_each_system_keeps_it() -> None:
    home = Path("/home/me")
    linux = obs_folders({}, home, "linux")
    assert linux == [
        home / ".config/obs-studio",
        home / ".var/app/com.obsproject.Studio/config/obs-studio",
        home / "snap/obs-studio/current/.config/obs-studio",
    ]
    assert obs_folders({"XDG_CONFIG_HOME": "/x"}, home, "linux")[0] == Path("/x/obs-studio")
    mac = obs_folders({}, home, "darwin")
    assert mac == [home / "Library/Application Support/obs-studio"]
    assert obs_folders({"APPDATA": "/roaming"}, home, "win32") == [Path("/roaming/obs-studio")]
    assert obs_folders({}, home, "win32") == []


def test_what_the_user_says_comes_first() -> None:
    own = OwnSettings(Path("config.json"), enabled=True, port=4461, password=SECRET)
    assert find_address(Wanted(), own) == ObsAddress("127.0.0.1", 4461, SECRET)
    assert find_address(Wanted(), None) == ObsAddress("127.0.0.1", 4455, "")
    said = Wanted("studio.local", 5000, "other")
    assert find_address(said, own) == ObsAddress("studio.local", 5000, "other")
    assert not said.is_here


def test_the_password_comes_from_a_file_or_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("sesame\n", encoding="utf-8")
    environment = {"LIVETRACK_OBS_PASSWORD": "other"}
    assert given_password(file, environment) == "sesame"
    assert given_password(None, environment) == "other"
    assert given_password(None, {}) is None
    with pytest.raises(SettingsError, match="set LIVETRACK_OBS_PASSWORD instead"):
        given_password(tmp_path / "missing")


def test_no_form_of_the_password_is_printed() -> None:
    own = OwnSettings(Path("config.json"), enabled=True, password=SECRET)
    wanted = Wanted(password=SECRET)
    address = find_address(wanted, own)
    assert address.password == SECRET
    assert SECRET not in f"{own} {own!r} {wanted} {wanted!r} {address} {address!r}"
