"""Where this user's things are kept. A user id without an entry may have no such place."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import platformdirs

from livetrack_vcam.errors import SettingsError

PROGRAM = "livetrack-vcam"


def home_folder() -> Path | None:
    """None where neither $HOME nor the list of users names one, as in some containers."""
    try:
        return Path.home()
    except RuntimeError:
        return None


def data_folder(what: str) -> Path:
    """For `what` the program makes or fetches. Raises SettingsError when there is no home."""
    return _own(platformdirs.user_data_dir, what)


def config_folder() -> Path:
    """For presets and certificates: $LIVETRACK_CONFIG_DIR, else the user's: on Linux
    $XDG_CONFIG_HOME/livetrack-vcam. Raises SettingsError when there is no home."""
    named = os.environ.get("LIVETRACK_CONFIG_DIR")
    return Path(named) if named else _own(platformdirs.user_config_dir, "presets")


def _own(find: Callable[..., str], what: str) -> Path:
    try:
        folder = Path(find(PROGRAM, appauthor=False))
    except RuntimeError:
        folder = Path()
    if not folder.is_absolute():  # older platformdirs leave a "~" that stands for nobody
        raise SettingsError(
            f"this user has no home folder to keep {what} in; "
            "name a folder and type the same again: export HOME=/path/of/a/folder"
        )
    return folder
