"""The bearer token of the control API: a file that only its owner can read.

The OBS script computes the same default place without our package: see `token_path`.
"""

from __future__ import annotations

import os
import secrets
import stat
import string
from pathlib import Path

from livetrack_vcam.errors import LiveTrackError, SinkBusyError
from livetrack_vcam.user_folders import data_folder
from livetrack_vcam.web.private_file import write_private

_ALPHABET = set(string.ascii_letters + string.digits + "-_")


def token_path() -> Path:
    """Linux: $XDG_DATA_HOME (or ~/.local/share)/livetrack-vcam/token; macOS: ~/Library/Application
    Support/livetrack-vcam/token; Windows: %LOCALAPPDATA%\\livetrack-vcam\\token.

    Raises SettingsError when this user has no home folder.
    """
    return data_folder("the control token") / "token"


def ensure_token(path: Path | None = None) -> str:
    """The token in the file, made anew when there is none or others could have read it.

    Raises SinkBusyError when the file cannot be written.
    """
    path = path or token_path()
    try:
        token = _private_token(path)
        return token if token is not None else _write_token(path)
    except OSError as error:
        raise SinkBusyError(
            f"the control token cannot be written to {path}: {error.strerror}; make that folder "
            "writable, or switch the web server off with --no-web"
        ) from error


def read_token(path: Path | None = None) -> str:
    """The running daemon's token. Raises LiveTrackError when it never ran as this user."""
    path = path or token_path()
    try:
        token = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        token = ""
    if not token or not set(token) <= _ALPHABET:
        raise LiveTrackError(
            f"there is no control token at {path}; start the program first, as this user: "
            "livetrack-vcam run"
        )
    return token


def _private_token(path: Path) -> str | None:
    """The file's token if it is whole and was never readable by others."""
    try:
        if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
            return None
        token = path.read_text(encoding="ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return None
    return token if len(token) >= 32 and set(token) <= _ALPHABET else None


def _write_token(path: Path) -> str:
    """A new token, put in place in one step, so that no reader ever sees half of it."""
    token = secrets.token_urlsafe(32)
    write_private(path, f"{token}\n".encode("ascii"))
    return token
