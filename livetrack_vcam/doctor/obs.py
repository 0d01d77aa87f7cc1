"""OBS Studio on this machine: from where it is installed, and whether its WebSocket server is on.

Where this is written down: the Flatpak sees /dev and the home folder but keeps its settings under
~/.var/app (its manifest in OBS's repository, `--device=all --filesystem=host`); the Snap may use
no camera until it is connected (README of snapcrafters/obs-studio) and sees no hidden folder
(snapcraft.io/docs/home-interface); OBS has the server of obs-websocket 5 since 28.0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from livetrack_vcam.device_nodes import THIS_MACHINE, Roots
from livetrack_vcam.doctor.asking import Ask
from livetrack_vcam.doctor.ports import listener
from livetrack_vcam.doctor.report import Finding, Level
from livetrack_vcam.doctor.sandboxes import (
    FLATPAK,
    SNAP,
    Installed,
    blocked,
    find_flatpak,
    find_snap,
)
from livetrack_vcam.obs.config import DEFAULT_PORT, obs_folders, own_settings

if TYPE_CHECKING:
    from livetrack_vcam.doctor.facts import Facts

NAME, SERVER = "OBS", "OBS WebSocket"
FIRST_WITH_SERVER = 28
FLATPAK_ID, SNAP_NAME = "com.obsproject.Studio", "obs-studio"
PACKAGE = "package"
# In a Snap the home folder is SNAP_USER_DATA, and there hidden folders are its own
# (snapcraft.io/docs/personal-files-interface); what lies in common outlives its updates.
SNAP_COPIES = (
    "mkdir -p ~/snap/obs-studio/current/.local/share/livetrack-vcam",
    "cp ~/.local/share/livetrack-vcam/token ~/snap/obs-studio/current/.local/share/livetrack-vcam/",
    'cp "$(livetrack-vcam obs script)" ~/snap/obs-studio/common/',
)
NEEDED = "livetrack-vcam obs setup, scenes that bring a preset and the delay of the sound need it."
SWITCH = "in OBS: Tools > WebSocket Server Settings > Enable WebSocket server"
_VERSION = re.compile(r"OBS Studio\D*(\d+(?:\.\d+)+)")
_SHOWN = {FLATPAK: "Flatpak", SNAP: "Snap", PACKAGE: "package", "app": "app", "program": "program"}


@dataclass(frozen=True, slots=True)
class ObsFacts:
    """`settings`: the file with the WebSocket server's settings, empty when there is none, and
    then the rest is unknown; `password`: one is asked for (which one is nobody's business);
    `listener`: who waits at `port`, empty when nobody does or it cannot be seen."""

    installs: tuple[Installed, ...] = ()
    settings: str = ""
    enabled: bool = False
    port: int = DEFAULT_PORT
    password: bool = False
    listener: str = ""


def gather_obs(
    installs: tuple[Installed, ...],
    folders: list[Path] | None = None,
    roots: Roots = THIS_MACHINE,
) -> ObsFacts:
    """The settings of whichever OBS wrote its own last, as `livetrack-vcam obs` takes them."""
    own = own_settings(obs_folders() if folders is None else folders)
    if own is None:
        return ObsFacts(installs, listener=listener(DEFAULT_PORT, roots))
    return ObsFacts(
        installs,
        str(own.file),
        own.enabled,
        own.port,
        bool(own.password),
        listener(own.port, roots),
    )


def linux_installs(ask: Ask, root: Path, home: Path) -> tuple[Installed, ...]:
    """Every OBS: of the distribution, from Flathub, from the Snap store."""
    said = _VERSION.search(ask("obs", "--version"))
    found = (
        Installed("obs", PACKAGE, said.group(1)) if said else None,
        find_flatpak(FLATPAK_ID, ask, root, home),
        find_snap(SNAP_NAME, ask, root),
    )
    return tuple(each for each in found if each is not None)


def check_obs(facts: Facts) -> list[Finding]:
    """Nothing is wrong with a machine without OBS; with one, it should be reachable."""
    obs = facts.obs
    if not obs.installs:
        return [Finding(Level.OK, NAME, "not found, and not needed")]
    findings = [_installed(each) for each in obs.installs]
    findings += [blocked(each, NAME) for each in obs.installs if each.cameras is False]
    if any(_has_server(each) for each in obs.installs):
        findings.append(_server(obs, facts.platform))
    return findings


def _installed(obs: Installed) -> Finding:
    what = f"{obs.version or 'of unknown version'}, {_SHOWN.get(obs.how, obs.how)}"
    if not _has_server(obs):
        return Finding(
            Level.WARN,
            NAME,
            f"{what}: older than {FIRST_WITH_SERVER}, so without a WebSocket server",
            NEEDED,
            f"install OBS {FIRST_WITH_SERVER} or newer, or add the stream by hand (docs/obs.md)",
        )
    if obs.how == SNAP:
        return Finding(
            Level.WARN,
            NAME,
            f"{what}: it sees no hidden folder of yours",
            "The panel's script and the token it needs lie in such folders.",
            "start OBS and livetrack-vcam once, copy both to where OBS may look, and choose the "
            "copy of the script in OBS: Tools > Scripts; copy it again after each update "
            "(docs/obs.md)",
            by_hand=SNAP_COPIES,
        )
    return Finding(Level.OK, NAME, what)


def _has_server(obs: Installed) -> bool:
    """Also where the version is not known: then the settings tell."""
    return not obs.version or int(obs.version.split(".")[0]) >= FIRST_WITH_SERVER


def _server(obs: ObsFacts, platform: str) -> Finding:
    if not obs.settings:
        what = "it has no settings yet"
        return Finding(Level.WARN, SERVER, what, NEEDED, f"start OBS once, then {SWITCH}")
    if not obs.enabled:
        return Finding(Level.WARN, SERVER, f"switched off ({obs.settings})", NEEDED, SWITCH)
    if obs.listener and not obs.listener.startswith("obs"):
        return Finding(
            Level.WARN,
            SERVER,
            f"its port {obs.port} is held by {obs.listener}",
            "OBS cannot listen there, and we would talk to the wrong program.",
            "end that program, or choose another Server Port in OBS: Tools > WebSocket Server "
            "Settings",
        )
    if not obs.password:
        return Finding(
            Level.WARN,
            SERVER,
            f"on at port {obs.port}, without a password",
            "Every program, and every web page open in a browser, may command OBS.",
            "in OBS: Tools > WebSocket Server Settings > Enable Authentication; livetrack-vcam "
            "reads the password from OBS's own settings",
        )
    what = f"on at port {obs.port}, with a password"
    if platform == "linux":
        what += f"; {obs.listener} answers" if obs.listener else "; OBS is not running now"
    return Finding(Level.OK, SERVER, what)
