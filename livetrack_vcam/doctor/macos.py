"""macOS: OBS's camera extension, which is the only virtual camera there is for us.

Where this is written down: pyvirtualcam 0.15 feeds the extension that OBS 30 and newer installs on
macOS 13 and newer (its native_macos_obs_cmioextension); how `systemextensionsctl list` shows it:
obs-studio pull request 9638 (on) and issue 10381 (not yet allowed).
"""

from __future__ import annotations

import plistlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from xml.parsers.expat import ExpatError

from livetrack_vcam.doctor.asking import Ask
from livetrack_vcam.doctor.report import Finding, Level
from livetrack_vcam.doctor.sandboxes import Installed

if TYPE_CHECKING:
    from livetrack_vcam.doctor.facts import Facts

NAME = "virtual camera"
APP = "app"
FIRST_WITH_EXTENSION = 30
FIRST_MACOS = 13
EXTENSION = "com.obsproject.obs-studio.mac-camera-extension"
ENABLED = "activated enabled"
WITHOUT = (
    "Without it, OBS and browsers still get the picture as MJPEG; Zoom, Meet and Teams do not."
)
PAGE = "docs/windows-and-macos.md"
_BUTTON = "in OBS press Start Virtual Camera, allow the extension, press Stop Virtual Camera"
_SETTINGS = (
    "System Settings > General > Login Items & Extensions > Camera Extensions (macOS 15 and "
    "newer), or Privacy & Security (13 and 14)"
)


@dataclass(frozen=True, slots=True)
class MacFacts:
    """`version` of macOS, empty when this is none; `extension`: the state of OBS's camera
    extension in the system's words, empty when it was never installed; `terminal`: the program we
    run in, which is the one that macOS asks about the camera."""

    version: str = ""
    extension: str = ""
    terminal: str = ""


def gather_macos(ask: Ask, version: str, terminal: str) -> MacFacts:
    """What the system tells without rights: whether a camera may be used it tells nobody."""
    return MacFacts(version, extension_state(ask("systemextensionsctl", "list")), terminal)


def extension_state(said: str) -> str:
    """What stands in brackets behind OBS's extension; of several, that of the one in use."""
    lines = [line for line in said.splitlines() if EXTENSION in line]
    states = [found.group(1) for line in lines if (found := re.search(r"\[([^]]*)\]\s*$", line))]
    return ENABLED if ENABLED in states else next(iter(states), "")


def obs_apps(root: Path, home: Path) -> tuple[Installed, ...]:
    """OBS.app of all users and of this one."""
    found = []
    for folder in (root / "Applications", home / "Applications"):
        try:
            data = plistlib.loads((folder / "OBS.app/Contents/Info.plist").read_bytes())
        except (OSError, ValueError, ExpatError):
            continue
        found.append(Installed("OBS", APP, str(data.get("CFBundleShortVersionString", ""))))
    return tuple(found)


def check_macos(facts: Facts) -> list[Finding]:
    """From what is missing first to what is only switched off."""
    if facts.platform != "darwin":
        return []
    if not facts.macos.version:
        what = "not looked for; OBS Virtual Camera, which comes with OBS Studio"
        return [Finding(Level.OK, NAME, what, advice=f"how to set it up: {PAGE}")]
    return [_camera(facts)]


def _camera(facts: Facts) -> Finding:
    mac, obs = facts.macos, facts.obs.installs
    if _major(mac.version) < FIRST_MACOS:
        what = f"macOS {mac.version} has no camera extensions"
        return _missing(what, f"update to macOS {FIRST_MACOS} or newer")
    if mac.extension == ENABLED:
        what = "OBS Virtual Camera; OBS itself cannot show it, but the MJPEG stream"
        return Finding(Level.OK, NAME, what)
    if not obs:
        what = "OBS Studio is not installed, and the virtual camera is a part of it"
        return _missing(what, f"install OBS {FIRST_WITH_EXTENSION} or newer; then {_BUTTON}")
    if all(_major(each.version) < FIRST_WITH_EXTENSION for each in obs):
        what = f"OBS {obs[0].version} has no camera extension"
        return _missing(what, f"install OBS {FIRST_WITH_EXTENSION} or newer; then {_BUTTON}")
    if not mac.extension:
        return _missing("OBS's camera extension was never installed", _BUTTON)
    if "waiting for user" in mac.extension:
        return _missing("OBS's camera extension waits to be allowed", f"allow it: {_SETTINGS}")
    what = f"OBS's camera extension is {mac.extension}"
    return _missing(what, f"restart the computer; if that is not enough: {_BUTTON}")


def _missing(what: str, advice: str) -> Finding:
    return Finding(Level.WARN, NAME, what, WITHOUT, f"{advice} ({PAGE})")


def _major(version: str) -> int:
    digits = version.split(".")[0]
    # What is not known is not held against anybody.
    return int(digits) if digits.isdigit() else 999
