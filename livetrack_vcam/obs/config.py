"""OBS's own settings of obs-websocket, read from its files: port, password and whether it is on.

OBS up to 30 keeps them in global.ini, newer ones in a JSON file of the plugin. Portable OBS keeps
them beside its program, where we do not look.
"""

from __future__ import annotations

import configparser
import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from livetrack_vcam.errors import SettingsError
from livetrack_vcam.obs.connection import TIMEOUT_S, Obs, ObsAddress, ObsError, ObsLockedError
from livetrack_vcam.outputs import expanded
from livetrack_vcam.user_folders import home_folder

PASSWORD_VARIABLE = "LIVETRACK_OBS_PASSWORD"  # noqa: S105 — the name, not the password
DEFAULT_PORT = 4455
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class OwnSettings:
    """What OBS's files say. The password is in no repr; empty when OBS wants none."""

    file: Path
    enabled: bool
    port: int = DEFAULT_PORT
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user said of OBS; None is what OBS's own files are asked for."""

    host: str = "127.0.0.1"
    port: int | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def is_here(self) -> bool:
        """Whether OBS runs on this machine, so that its files are ours to read."""
        return self.host in _LOOPBACK


def given_password(file: Path | None, environment: Mapping[str, str] = os.environ) -> str | None:
    """From the file when one is named, else from the environment; None when neither has one.

    Raises SettingsError.
    """
    if file is None:
        return environment.get(PASSWORD_VARIABLE) or None
    try:
        return expanded(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise SettingsError(
            f"the OBS password file {file} cannot be read ({reason}); "
            f"write the password into it, or set {PASSWORD_VARIABLE} instead"
        ) from None


def find_address(wanted: Wanted, own: OwnSettings | None) -> ObsAddress:
    """What the user said, else what OBS's files say, else OBS's defaults."""
    port = wanted.port or (own.port if own else DEFAULT_PORT)
    password = wanted.password
    if password is None:
        password = own.password if own else ""
    return ObsAddress(wanted.host, port, password)


def connect(wanted: Wanted, events: int = 0, timeout_s: float = TIMEOUT_S) -> Obs:
    """OBS as the user described it; its files are read anew each time. Raises ObsError."""
    own = own_settings() if wanted.is_here else None
    address = find_address(wanted, own)
    try:
        return Obs(address, events, timeout_s)
    except ObsLockedError:
        raise
    except ObsError as error:
        if own is None or own.enabled:
            raise
        raise ObsError(
            f"OBS's WebSocket server is switched off ({own.file}); in OBS, tick "
            "Tools > WebSocket Server Settings > Enable WebSocket server"
        ) from error


def own_settings(folders: list[Path] | None = None) -> OwnSettings | None:
    """Of the OBS whose files changed last, one with the server on before one without."""
    found = [
        (own.enabled, own.file.stat().st_mtime_ns, own)
        for folder in (obs_folders() if folders is None else folders)
        if (own := _read_folder(folder)) is not None
    ]
    return max(found, key=lambda entry: entry[:2])[2] if found else None


def obs_folders(
    environment: Mapping[str, str] = os.environ,
    home: Path | None = None,
    platform: str = sys.platform,
) -> list[Path]:
    """Where an OBS of this user may keep its files: its own package, Flatpak and Snap."""
    home = home_folder() if home is None else home
    if platform == "win32":
        roaming = environment.get("APPDATA")
        return [Path(roaming) / "obs-studio"] if roaming else []
    config = environment.get("XDG_CONFIG_HOME")
    if home is None:
        return [Path(config) / "obs-studio"] if config else []
    if platform == "darwin":
        return [home / "Library" / "Application Support" / "obs-studio"]
    return [
        (Path(config) if config else home / ".config") / "obs-studio",
        home / ".var" / "app" / "com.obsproject.Studio" / "config" / "obs-studio",
        home / "snap" / "obs-studio" / "current" / ".config" / "obs-studio",
    ]


def _read_folder(folder: Path) -> OwnSettings | None:
    """The newer form counts where both are there: OBS moves the older one over once."""
    for settings in (_from_json(folder), _from_ini(folder)):
        if settings is not None:
            return settings
    return None


def _from_json(folder: Path) -> OwnSettings | None:
    file = folder / "plugin_config" / "obs-websocket" / "config.json"
    try:
        data = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(data, dict) or "server_enabled" not in data:
        return None
    password = str(data.get("server_password", "")) if data.get("auth_required", True) else ""
    return OwnSettings(file, data["server_enabled"] is True, _port(data), password)


def _from_ini(folder: Path) -> OwnSettings | None:
    file = folder / "global.ini"
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(file.read_text(encoding="utf-8-sig"))
        section: Mapping[str, str] = parser["OBSWebSocket"]
    except (OSError, ValueError, KeyError, configparser.Error):
        return None
    needs_password = section.get("AuthRequired", "true").lower() != "false"
    password = _unescaped(section.get("ServerPassword", "")) if needs_password else ""
    enabled = section.get("ServerEnabled", "false").lower() == "true"
    return OwnSettings(file, enabled, _port({"server_port": section.get("ServerPort")}), password)


def _port(data: Mapping[str, Any]) -> int:
    try:
        port = int(data.get("server_port") or DEFAULT_PORT)
    except (TypeError, ValueError):
        return DEFAULT_PORT
    return port if 1 <= port <= 65535 else DEFAULT_PORT


def _unescaped(text: str) -> str:
    """OBS writes a backslash as two, and line ends as letters (libobs/util/config-file.c)."""
    letters = {"n": "\n", "r": "\r", "\\": "\\"}
    return re.sub(r"\\([nr\\])", lambda match: letters[match[1]], text)
