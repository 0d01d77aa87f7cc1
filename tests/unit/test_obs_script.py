"""The script for OBS: what it is made of, and where it looks for the token."""

from __future__ import annotations

import ast
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from platformdirs.macos import MacOS
from platformdirs.unix import Unix
from platformdirs.windows import get_win_folder_from_env_vars

from livetrack_vcam.control import request_from_json
from livetrack_vcam.core.config import Fill, Shot, Speed, WhenLost
from livetrack_vcam.core.fields import LIVE_FIELDS
from livetrack_vcam.doctor.obs import SNAP_COPIES
from livetrack_vcam.obs.script import script_path
from livetrack_vcam.web.token import token_path
from tests.obs_stub import SCRIPT, running_studio
from tests.obs_wire import TOKEN

YOUNGER_THAN_3_6 = {"contextvars", "dataclasses", "graphlib", "tomllib", "zoneinfo"}
OBS_OWN = {"obspython"}


@pytest.fixture
def script() -> Iterator[Any]:
    with running_studio(port=1) as studio:
        yield studio.script


def tree() -> ast.Module:
    return ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 6))


def test_it_is_python_3_6() -> None:
    nodes = list(ast.walk(tree()))
    assert not [node for node in nodes if isinstance(node, (ast.NamedExpr, ast.Match))]
    assert not [
        node for node in nodes if isinstance(node, ast.ImportFrom) and node.module == "__future__"
    ]


def test_it_needs_nothing_but_the_standard_library_of_3_6() -> None:
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree())
        for name in (
            [each.name for each in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported - OBS_OWN <= sys.stdlib_module_names - YOUNGER_THAN_3_6


def test_no_function_of_it_is_long() -> None:
    functions = [node for node in ast.walk(tree()) if isinstance(node, ast.FunctionDef)]
    assert len(functions) > 50
    lengths = {each.name: (each.end_lineno or 0) - each.lineno + 1 for each in functions}
    assert {name: length for name, length in lengths.items() if length > 40} == {}


def test_the_program_says_where_it_lies() -> None:
    assert script_path() == SCRIPT


@pytest.mark.parametrize(
    ("setting", "kind"),
    [("shot", Shot), ("speed", Speed), ("when_lost", WhenLost), ("fill", Fill)],
)
def test_its_lists_hold_every_choice_of_the_daemon(
    script: Any, setting: str, kind: type[Enum]
) -> None:
    values = {value for value, _ in script.SETTINGS[setting].among}
    assert values == {member.value for member in kind}


def test_it_has_every_live_setting_within_the_daemon_s_bounds(script: Any) -> None:
    own = {each.name: each for each in (*script.LIVE, *script.ADVANCED)}
    assert set(own) - {"tracking", "headroom_auto", "dead_zone_auto"} == set(LIVE_FIELDS)
    for name, field in LIVE_FIELDS.items():
        if "minimum" in field.schema:
            low, high, _ = own[name].among
            assert low >= field.schema["minimum"]
            assert high <= field.schema["maximum"]


def test_the_daemon_understands_every_command_it_can_send(script: Any) -> None:
    bodies = [each.body for each in (*script.MOVES, *script.HOTKEYS) if each.body]
    for setting in (*script.LIVE, *script.ADVANCED):
        if setting.name.endswith("_auto"):
            continue
        values = [value for value, _ in setting.among] if "list" in setting.kind else []
        bodies += [script.command_for(setting.name, value) for value in (setting.default, *values)]
    bodies += [script.command_for("subject", "track:3"), script.command_for("headroom", None)]
    for body in bodies:
        request_from_json(body)
    assert len(bodies) > 60


def test_every_label_and_hotkey_is_there_once_and_explained() -> None:
    with running_studio(port=1) as studio:
        widgets = [each for each in studio.props.every() if each.kind != "group"]
        labels = [each.label for each in widgets]
        assert len(set(labels)) == len(labels) == len({each.name for each in widgets})
        assert [each.name for each in widgets if not each.tip] == ["status"]
        keys = studio.obs.hotkeys.values()
        assert len({key.name for key in keys}) == len({key.description for key in keys}) > 40
        assert all(key.description.startswith("LiveTrack: ") for key in keys)


@pytest.mark.parametrize(("platform", "folders"), [("linux", Unix), ("darwin", MacOS)])
@pytest.mark.parametrize("named", ["", "/somewhere/else"])
def test_it_looks_for_the_token_where_the_daemon_puts_it(
    script: Any, monkeypatch: pytest.MonkeyPatch, platform: str, folders: Any, named: str
) -> None:
    assert script.token_files()[0] == token_path()
    monkeypatch.setenv("XDG_DATA_HOME", named)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "platform", platform)
        found = script.token_files()
    assert found[0] == Path(folders("livetrack-vcam", appauthor=False).user_data_dir) / "token"


def test_on_windows_it_looks_into_the_local_data_and_that_of_the_store_s_python(
    script: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store = "Packages/PythonSoftwareFoundation.Python.3.12_x/LocalCache/Local"
    (tmp_path / store).mkdir(parents=True)
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    with monkeypatch.context() as patch:
        patch.setattr(sys, "platform", "win32")
        found = script.token_files()
    assert get_win_folder_from_env_vars("CSIDL_LOCAL_APPDATA") == str(tmp_path)
    folders = (tmp_path, tmp_path / store)
    assert found == [folder / "livetrack-vcam" / "token" for folder in folders]


def test_in_a_sandbox_the_token_of_the_home_folder_is_found(
    script: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "sandbox"))
    path = tmp_path / ".local" / "share" / "livetrack-vcam" / "token"
    path.parent.mkdir(parents=True)
    path.write_text(TOKEN)
    assert script.read_token("") == TOKEN


@pytest.mark.skipif(sys.platform != "linux", reason="Snaps are Linux's")
def test_what_the_doctor_has_copied_for_a_snap_is_found_in_it(
    script: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    token = tmp_path / ".local/share/livetrack-vcam/token"
    token.parent.mkdir(parents=True)
    token.write_text(TOKEN)
    token.chmod(0o600)
    snap = tmp_path / "snap" / "obs-studio"
    for folder in ("common", "1302"):
        (snap / folder).mkdir(parents=True)
    (snap / "current").symlink_to("1302")
    monkeypatch.setenv("HOME", str(tmp_path))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for command in SNAP_COPIES:
        subprocess.run(["sh", "-c", command], check=True, env=os.environ | {"PATH": path})
    assert (snap / "common" / SCRIPT.name).read_bytes() == SCRIPT.read_bytes()

    monkeypatch.setenv("HOME", str(snap / "1302"))
    monkeypatch.setenv("XDG_DATA_HOME", str(snap / "1302/.local/share"))
    assert script.read_token("") == TOKEN
    (found, *_rest) = script.token_files()
    assert stat.S_IMODE(found.stat().st_mode) == 0o600
