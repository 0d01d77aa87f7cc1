"""Takes out of a bug report what says who the user is: it is made to be shown to everybody."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from livetrack_vcam.user_folders import home_folder

if sys.platform != "win32":
    import pwd

HOME, USER, NUMBER = "~", "USER", "…"
# Who became root: in that shell the home folder may be root's, and the paths are still the user's.
BECAME_ROOT = ("SUDO_USER", "DOAS_USER")
OWN_NAME = ("USER", "LOGNAME", "USERNAME")
# Shorter ones are parts of other words of such facts.
SHORTEST_NAME = 3
# The home folders of anybody, also where nothing says whose.
_ANY_HOME = re.compile(
    r"(?:/var/home|/home|/Users|\b[A-Z]:[\\/]Users)[\\/][^\\/\s:,;'\")]+", re.IGNORECASE
)
# Windows knows a camera by its kind and, between the last two "#", by its serial number.
_INSTANCE = re.compile(r"#[^#]*(?=#\{)")


@dataclass(frozen=True, slots=True)
class Private:
    """`homes`: folders of this user; `names`: what they are called, in lower case."""

    homes: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()


def gather_private(environment: Mapping[str, str] = os.environ) -> Private:
    """Of who runs this, and of who became root to run it."""
    logins = {environment.get(key, "") for key in (*BECAME_ROOT, *OWN_NAME)}
    homes, names = [home_folder()], set(logins)
    for login in logins:
        home, called = _entry(login)
        homes.append(home)
        names |= called
    # Whoever has no home of their own ("/") hides nothing by it.
    found = {str(p) for home in homes if home for p in (home, _resolved(home)) if len(p.parts) > 1}
    kept = {name.lower() for name in names if len(name) >= SHORTEST_NAME} - {"root"}
    return Private(tuple(sorted(found, key=len, reverse=True)), frozenset(kept))


def without_private(data: Any, private: Private) -> Any:
    """JSON data without home folders, names of users and serial numbers of cameras."""
    return _cleaned(data, private, is_camera=False)


def _cleaned(data: Any, private: Private, is_camera: bool) -> Any:
    if isinstance(data, str):
        text = _paths_cleaned(data, private)
        return _named(_INSTANCE.sub(f"#{NUMBER}", text), private) if is_camera else text
    if isinstance(data, list):
        return [_cleaned(each, private, is_camera) for each in data]
    if isinstance(data, dict):
        return {
            _paths_cleaned(key, private): _cleaned(value, private, is_camera or key == "cameras")
            for key, value in data.items()
        }
    return data


def _paths_cleaned(text: str, private: Private) -> str:
    for home in private.homes:
        text = re.sub(rf"{re.escape(home)}(?![\w.-])", HOME, text)
    text = _ANY_HOME.sub(HOME, text)
    for name in private.names:
        # Never the first part: /dev and /lib are folders, whatever somebody is called.
        text = re.sub(rf"(?i)(?<=[\w.~:-])([\\/]){re.escape(name)}(?![\w.-])", rf"\1{USER}", text)
    return text


def _named(text: str, private: Private) -> str:
    """A phone is a camera as well, and its owner's name is a part of its own."""
    for name in private.names:
        text = re.sub(rf"(?i)\b{re.escape(name)}\b", USER, text)
    return text


def _entry(login: str) -> tuple[Path | None, set[str]]:
    """The home folder and the words of the full name in the list of users."""
    if sys.platform == "win32" or not login:
        return None, set()
    try:
        entry = pwd.getpwnam(login)
    except KeyError:
        return None, set()
    return Path(entry.pw_dir), set(re.findall(r"\w+", entry.pw_gecos.partition(",")[0]))


def _resolved(path: Path) -> Path:
    """As programs see it that follow links: /home is one on some systems."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path
