"""A user id without an entry and without $HOME, as `docker run --user` or a service may have it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from livetrack_vcam.cli import run_cli
from livetrack_vcam.errors import EXIT_USAGE, SettingsError
from livetrack_vcam.obs.config import given_password, obs_folders
from livetrack_vcam.user_folders import config_folder, data_folder, home_folder

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the list of users of Linux")


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "LIVETRACK_CONFIG_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("LIVETRACK_MODELS", raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 3_999_999)


def test_there_is_no_home_to_look_into() -> None:
    assert home_folder() is None
    assert obs_folders() == []
    assert obs_folders({"XDG_CONFIG_HOME": "/kept"}) == [Path("/kept/obs-studio")]


@pytest.mark.parametrize("home", [None, "relative/home"])
def test_what_is_kept_nowhere_says_what_to_set(
    home: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if home is not None:
        monkeypatch.setenv("HOME", home)
    with pytest.raises(SettingsError, match=r"models in; name a folder .*: export HOME=/"):
        data_folder("models")
    with pytest.raises(SettingsError, match=r"presets in; name a folder .*: export HOME=/"):
        config_folder()


def test_a_folder_that_is_named_needs_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/kept/data")
    monkeypatch.setenv("LIVETRACK_CONFIG_DIR", "/kept/presets")
    assert data_folder("models") == Path("/kept/data/livetrack-vcam")
    assert config_folder() == Path("/kept/presets")


@pytest.mark.parametrize(
    "words",
    ["run --source demo --sink none --duration 0.1", "models list", "models verify"],
)
def test_a_command_that_keeps_something_ends_with_that_sentence(
    words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_cli(words.split()) == EXIT_USAGE
    assert "no home folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        "doctor",
        "doctor --facts",
        "devices",
        "ctl status --port 9",
        "obs setup --obs-port 9",
        "obs script",
    ],
)
def test_a_command_that_keeps_nothing_does_its_work(
    words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run_cli(words.split())
    printed = capsys.readouterr()
    assert "fault of ours" not in printed.err
    assert "HOME" not in printed.err


def test_a_tilde_of_nobody_is_a_name_like_any_other() -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        given_password(Path("~nobody-of-this-name/password"))
