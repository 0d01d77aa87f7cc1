"""The cameras: what each can do, who has it, and what keeps us from it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from livetrack_vcam.device_nodes import THIS_MACHINE, Roots, holders, listing, read_line
from livetrack_vcam.doctor.report import Finding, Level
from livetrack_vcam.node_access import NodeAccess, gather_access, way_in
from livetrack_vcam.sources.camera_modes import DEFAULT_FPS, DEFAULT_SIZE, choose_mode
from livetrack_vcam.sources.cameras import is_own, list_cameras
from livetrack_vcam.sources.v4l2 import Mode

if TYPE_CHECKING:
    from livetrack_vcam.doctor.facts import Facts

NAME = "camera"
# They have every camera open and stream only when a program asks them to.
WATCHERS = ("pipewire", "wireplumber")
OURS = "livetrack-vcam"
USB2_MBPS = 480
# A tight crop of a smaller picture is soft, whatever the output's size.
SMALLEST_LINES = 720
MOST_NODES = 3


@dataclass(frozen=True, slots=True)
class CameraFacts:
    """One camera. `holders`: who has it open; `usb_mbps`: the speed of its connection, 0 when it
    is none of USB's or not known; `fed`: other programs feed it, as virtual cameras are;
    `locked`: this user may not open it."""

    name: str
    path: str
    modes: tuple[Mode, ...] = ()
    infrared: bool = False
    fed: bool = False
    usb_mbps: int = 0
    holders: tuple[str, ...] = ()
    locked: NodeAccess | None = None

    def __str__(self) -> str:
        return f"{self.name} at {self.path}" if self.path.startswith("/") else self.name


@dataclass(frozen=True, slots=True)
class CaptureFacts:
    """`silent`: nodes that give no picture, such as those for metadata; `own`: names of cameras
    that we feed ourselves."""

    cameras: tuple[CameraFacts, ...] = ()
    silent: tuple[str, ...] = ()
    own: tuple[str, ...] = ()


def gather_capture(roots: Roots = THIS_MACHINE) -> CaptureFacts:
    """Asks every camera for its modes; streams from none."""
    cameras = tuple(
        CameraFacts(
            each.name,
            each.path,
            each.modes,
            each.infrared,
            each.virtual,
            _usb_mbps(each.path, roots),
            tuple(map(str, holders(Path(each.path), roots))),
            _locked(Path(each.path)),
        )
        for each in list_cameras(roots)
    )
    nodes = {node.name: read_line(node / "name") for node in listing(_nodes(roots))}
    known = {Path(each.path).name for each in cameras}
    own = {node for node, name in nodes.items() if is_own(name)}
    silent = sorted(nodes.keys() - known - own)
    return CaptureFacts(
        cameras,
        tuple(str(roots.dev / node) for node in silent),
        tuple(sorted(nodes[node] for node in own)),
    )


def check_cameras(facts: Facts) -> list[Finding]:
    """A camera to look through, in a mode worth it, that nobody else has."""
    cameras = [each for each in facts.capture.cameras if not each.infrared]
    if not all(each.fed for each in cameras):
        return [finding for each in cameras for finding in _judge(each, facts)]
    if facts.cameras and not facts.capture.cameras:
        return [Finding(Level.OK, NAME, ", ".join(facts.cameras))]
    if facts.unreadable_cameras:
        return [
            Finding(
                Level.WARN,
                NAME,
                f"no permission to open {', '.join(facts.unreadable_cameras)}",
                "Cameras belong to the group video.",
                "join it, then log out and in again",
                ("sudo usermod -aG video $USER",),
            )
        ]
    return [_none(facts)]


def _none(facts: Facts) -> Finding:
    hint = "plug one in"
    if facts.container:
        hint = "pass it in with --device /dev/video0"
    capture = facts.capture
    what = "none found"
    if fed := (*capture.own, *(each.name for each in capture.cameras if each.fed)):
        what += f" but those that programs feed ({', '.join(fed)})"
    if capture.silent:
        nodes = ", ".join(capture.silent[:MOST_NODES])
        more = len(capture.silent) - MOST_NODES
        what += f"; no pictures come from {nodes}" + (f" and {more} more" if more > 0 else "")
    return Finding(
        Level.WARN,
        NAME,
        what,
        "Files, network streams and the demo work without one.",
        f"{hint}, or try the demo",
        by_hand=("livetrack-vcam demo",),
    )


def _judge(camera: CameraFacts, facts: Facts) -> list[Finding]:
    if camera.locked:
        advice, commands = way_in(camera.locked, facts.container, facts.linux.ostree)
        what = f"no permission to open {camera}"
        why = "Cameras belong to a group of the system."
        return [Finding(Level.WARN, NAME, what, why, advice, commands)]
    users = [each for each in camera.holders if not each.startswith(WATCHERS)]
    others = [each for each in users if not each.startswith(OURS)]
    if others and not camera.fed:
        return [
            Finding(
                Level.WARN,
                NAME,
                f"{camera} is in use by {', '.join(others)}",
                "A camera gives its pictures to one program at a time.",
                "close it there; that program can have our picture instead",
            )
        ]
    best = choose_mode(camera.modes)
    if best is None:
        told = "does not tell its modes" if not camera.modes else "has no mode that we can read"
        return [Finding(Level.OK, NAME, f"{camera}: {told}")]
    if _is_small(best, camera.modes):
        return [_small(camera, best)]
    used = f", in use by {users[0]}" if users else ""
    return [Finding(Level.OK, NAME, f"{camera}: {best}{used}")]


def _is_small(best: Mode, modes: tuple[Mode, ...]) -> bool:
    """Whether it is because larger pictures come too slowly."""
    largest = max(mode.size.height for mode in modes)
    return best.size.height < SMALLEST_LINES <= largest or float(best.fps) < 0.8 * DEFAULT_FPS


def _small(camera: CameraFacts, best: Mode) -> Finding:
    large = [mode for mode in camera.modes if mode.size.height >= SMALLEST_LINES]
    fastest = max(large, key=lambda mode: (mode.fps, mode.size.height), default=best)
    slow = f"; it gives {fastest}" if fastest != best else ""
    advice = "choose a camera that has MJPEG, or ask for a smaller picture"
    if 0 < camera.usb_mbps <= USB2_MBPS:
        advice = (
            f"it is connected at {camera.usb_mbps} Mbit/s: plug it into a USB 3 port, without a "
            f"hub; or {advice}"
        )
    return Finding(
        Level.WARN,
        NAME,
        f"{camera}: {best} at best{slow}",
        f"{DEFAULT_SIZE} at {DEFAULT_FPS} leaves room to zoom in; this comes out soft, or jerks.",
        advice,
        by_hand=("livetrack-vcam --size 854x480",),
    )


def _locked(node: Path) -> NodeAccess | None:
    """Other systems' names of cameras are no files."""
    if not node.is_absolute() or not node.exists() or os.access(node, os.R_OK | os.W_OK):
        return None
    return gather_access(node)


def _nodes(roots: Roots) -> Path:
    return roots.sys / "class" / "video4linux"


def _usb_mbps(path: str, roots: Roots) -> int:
    """Of the USB device that the node's interface belongs to."""
    try:
        return int(read_line(_nodes(roots) / Path(path).name / "device" / ".." / "speed"))
    except ValueError:
        return 0
