"""Which cameras there are, what tells them apart, and where one is after it was unplugged."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from livetrack_vcam.device_nodes import THIS_MACHINE, Roots, node_number
from livetrack_vcam.sources import v4l2
from livetrack_vcam.sources.camera_modes import DEFAULT_FPS, DEFAULT_SIZE, FORMATS, choose_mode
from livetrack_vcam.sources.ffmpeg_devices import Listed
from livetrack_vcam.sources.v4l2 import Answers, Mode, VideoNode

__all__ = [
    "DEFAULT_FPS",
    "DEFAULT_SIZE",
    "FORMATS",
    "CameraInfo",
    "capture_format",
    "choose_mode",
    "found_again",
    "is_own",
    "labels",
    "list_cameras",
]

OWN_NAMES = ("LiveTrack Camera", "LiveTrack Vertical")
# Gray and depth pictures: the sensors that unlock laptops, beside the one for people.
INFRARED_FORMATS = frozenset(
    {"GREY", "Y8I", "Y10", "Y10B", "Y12", "Y12I", "Y14", "Y16", "Z16", "INVZ", "INZI", "L8"}
)
INFRARED_NAME = re.compile(r"\b(IR|infrared)\b", re.IGNORECASE)

Ask = Callable[[Path], Answers]


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """A camera as `livetrack-vcam devices` lists it.

    `path` is what is opened (a device node, or on macOS and Windows the system's own name of
    it), `number` its place in the list (on Linux N of /dev/videoN). `modes` is empty when the
    system does not tell. `stable_id` stays the same when the camera is plugged in again: the name
    of udev's link on Linux, "" where there is none; `links` are all names the system has for it.
    `bus` is the place it is plugged in at. `virtual`: other programs feed it.
    """

    name: str
    path: str
    number: int
    modes: tuple[Mode, ...] = ()
    stable_id: str = ""
    bus: str = ""
    virtual: bool = False
    links: tuple[str, ...] = ()

    @property
    def infrared(self) -> bool:
        """Whether it is a sensor for unlocking rather than for pictures, by formats or name."""
        formats = {mode.format for mode in self.modes}
        gray = bool(formats) and formats <= INFRARED_FORMATS
        return gray or INFRARED_NAME.search(self.name) is not None


def list_cameras(
    roots: Roots = THIS_MACHINE, ask: Ask = v4l2.ask, only: CameraInfo | None = None
) -> tuple[CameraInfo, ...]:
    """Every camera, without opening one for streaming and without our own virtual cameras.

    `only`: those that may be this one, so that no other is woken.
    """
    if capture_format() != "v4l2":
        return _listed_by_ffmpeg(only)
    nodes = [node for node in v4l2.device_nodes(roots) if not is_own(node.name)]
    if only is not None:
        nodes = [node for node in nodes if node.name == only.name or only.stable_id in _links(node)]
    return _identified([(node, ask(node.path)) for node in nodes])


def _identified(found: list[tuple[VideoNode, Answers]]) -> tuple[CameraInfo, ...]:
    """Equal cameras without serial numbers have one by-id link between them, which leads to
    whichever came last: these are known by their place instead."""
    cameras = [(node, answers) for node, answers in found if answers.captures]
    shared = {node.name for node, _ in cameras if not node.by_id}
    return tuple(
        CameraInfo(
            node.name,
            str(node.path),
            node_number(node.path.name),
            answers.modes,
            node.by_path if node.name in shared else node.by_id,
            answers.bus,
            answers.driver == v4l2.LOOPBACK_DRIVER,
            _links(node),
        )
        for node, answers in cameras
    )


def _links(node: VideoNode) -> tuple[str, ...]:
    return tuple(link for link in (node.by_id, node.by_path) if link)


def is_own(name: str) -> bool:
    """Whether this is a camera that LiveTrack feeds: following our own picture would be a loop."""
    return name.startswith(OWN_NAMES)


def capture_format() -> str:
    """FFmpeg's input format for cameras on this system."""
    return {"darwin": "avfoundation", "win32": "dshow"}.get(sys.platform, "v4l2")


def _listed_by_ffmpeg(only: CameraInfo | None) -> tuple[CameraInfo, ...]:
    from livetrack_vcam.sources import ffmpeg_devices

    kind = capture_format()
    devices = ffmpeg_devices.listed(kind)
    return described(devices, lambda name: ffmpeg_devices.modes(kind, name), only)


def described(
    devices: tuple[Listed, ...],
    modes: Callable[[str], tuple[Mode, ...]],
    only: CameraInfo | None = None,
) -> tuple[CameraInfo, ...]:
    """Cameras of macOS and Windows; `modes` is asked with FFmpeg's name of each that is taken."""
    found = []
    for number, device in enumerate(devices):
        # DirectShow's own name holds the device's path; a bare place in the list moves.
        unique = "" if device.name.isdigit() else device.name
        other = only and device.title != only.name and (unique or None) != only.stable_id
        if is_own(device.title) or other:
            continue
        links = (unique,) if unique else ()
        virtual = device.is_virtual
        offers = modes(device.name)
        found.append(
            CameraInfo(
                device.title, device.name, number, offers, unique, virtual=virtual, links=links
            )
        )
    return tuple(found)


def labels(cameras: tuple[CameraInfo, ...]) -> dict[str, str]:
    """What to call each camera, by its path: the name, and where several have it also the place,
    as in "C920 (usb-0000:00:14.0-1.2)". One device may have two sensors, one for infrared."""
    names = Counter((camera.name, camera.infrared) for camera in cameras)
    places = Counter((camera.name, camera.infrared, camera.bus) for camera in cameras)
    found = {}
    for camera in cameras:
        told = []
        if names[camera.name, camera.infrared] > 1:
            alone = camera.bus and places[camera.name, camera.infrared, camera.bus] == 1
            told.append(camera.bus if alone else camera.path)
        if camera.infrared and names[camera.name, False]:
            told.append("infrared")
        found[camera.path] = f"{camera.name} ({', '.join(told)})" if told else camera.name
    return found


def found_again(
    camera: CameraInfo, now: tuple[CameraInfo, ...], beside: tuple[CameraInfo, ...] = ()
) -> CameraInfo | None:
    """Where the camera is now that it may have been plugged in again; None while it is away.

    By its stable id, or as the only one of its name that is not one of those `beside` it at first:
    another camera of the same model is not taken in its place.
    """
    for each in now:
        if camera.stable_id and camera.stable_id in each.links:
            return each
    others = {other.stable_id or other.path for other in beside if other != camera}
    alike = [
        each
        for each in now
        if each.name == camera.name
        and each.infrared == camera.infrared
        and not others & {*each.links, each.path}
    ]
    if len(alike) > 1 and not camera.stable_id:
        # Nothing but the node tells these apart; with an id, its link will be there in a moment.
        alike = [each for each in alike if each.path == camera.path]
    return alike[0] if len(alike) == 1 else None
