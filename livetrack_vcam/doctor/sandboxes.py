"""Programs from Flatpak and Snap that show cameras, and whether their sandbox lets them.

Where this is written down: Flatpak's `devices=all` (docs.flatpak.org, sandbox permissions); Snap's
interface `camera`, which is not connected by itself (snapcraft.io/docs/camera-interface); Firefox
and Chrome through the camera portal do not list v4l2loopback reliably (obs-studio issue 13873).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from livetrack_vcam.doctor.asking import Ask
from livetrack_vcam.doctor.report import Finding, Level

if TYPE_CHECKING:
    from livetrack_vcam.doctor.facts import Facts

FLATPAK, SNAP = "flatpak", "snap"
PROGRAMS = {
    "firefox": "Firefox",
    "chromium": "Chromium",
    "brave": "Brave",
    "zoom-client": "Zoom",
    "teams-for-linux": "Teams",
    "org.mozilla.firefox": "Firefox",
    "org.chromium.Chromium": "Chromium",
    "com.google.Chrome": "Chrome",
    "com.brave.Browser": "Brave",
    "com.microsoft.Edge": "Edge",
    "us.zoom.Zoom": "Zoom",
    "com.github.IsmaelMartinez.teams_for_linux": "Teams",
}
UNSEEN = "It does not see the virtual camera, and no other one either."


@dataclass(frozen=True, slots=True)
class Installed:
    """One installation of a program. `how`: package, flatpak, snap, app (macOS) or program
    (Windows); `cameras`: whether its sandbox lets it open any, None where there is no sandbox or
    it does not say."""

    name: str
    how: str
    version: str = ""
    cameras: bool | None = None


def gather_programs(ask: Ask, root: Path, home: Path) -> tuple[Installed, ...]:
    """Those of PROGRAMS that are installed in a sandbox."""
    found = (find_flatpak(n, ask, root, home) or find_snap(n, ask, root) for n in PROGRAMS)
    return tuple(each for each in found if each is not None)


def find_flatpak(name: str, ask: Ask, root: Path, home: Path) -> Installed | None:
    """The Flatpak with this id, for all users or for this one."""
    folders = [root / "var/lib/flatpak/app" / name, home / ".local/share/flatpak/app" / name]
    if not any(folder.is_dir() for folder in folders):
        return None
    version = re.search(r"^\s*Version:\s*(\S+)", ask("flatpak", "info", name), re.MULTILINE)
    said = ask("flatpak", "info", "--show-permissions", name)
    devices = re.search(r"^devices=(.*)$", said, re.MULTILINE)
    allowed = devices.group(1).split(";") if devices else []
    cameras = "all" in allowed if said else None
    return Installed(name, FLATPAK, version.group(1) if version else "", cameras)


def find_snap(name: str, ask: Ask, root: Path) -> Installed | None:
    """The Snap of this name."""
    for folder in ("snap", "var/lib/snapd/snap"):
        try:
            text = (root / folder / name / "current/meta/snap.yaml").read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        version = re.search(r"^version:\s*['\"]?([^'\"\s]+)", text, re.MULTILINE)
        said = ask("snap", "connections", name)
        return Installed(name, SNAP, version.group(1) if version else "", _snap_camera(said))
    return None


def _snap_camera(said: str) -> bool | None:
    """From `snap connections`: interface, plug, slot; the slot is a dash while unconnected."""
    for line in said.splitlines():
        words = line.split()
        if len(words) > 2 and words[0] == "camera":
            return words[2] != "-"
    return None


def check_programs(facts: Facts) -> list[Finding]:
    """Only programs whose sandbox keeps cameras from them are worth a word."""
    return [blocked(each, PROGRAMS[each.name]) for each in facts.programs if each.cameras is False]


def blocked(program: Installed, title: str) -> Finding:
    """What opens the sandbox of `program` to cameras."""
    if program.how == SNAP:
        return Finding(
            Level.WARN,
            title,
            f"the Snap {program.name} may not use cameras",
            UNSEEN,
            "connect it to them, then start it again",
            (f"sudo snap connect {program.name}:camera",),
        )
    return Finding(
        Level.WARN,
        title,
        f"the Flatpak {program.name} may not open /dev/video*",
        "It sees cameras only through the desktop's camera portal, which often leaves virtual "
        "ones out.",
        "open all devices to it, then start it again",
        by_hand=(f"flatpak override --user --device=all {program.name}",),
    )
