"""v4l2loopback devices on Linux: found by label in sysfs, judged before anybody opens them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from livetrack_vcam.device_nodes import (
    THIS_MACHINE,
    Holder,
    Roots,
    holders,
    listing,
    node_number,
    read_line,
)
from livetrack_vcam.errors import SinkNotFoundError

__all__ = [
    "DEFAULT_LABEL",
    "MODULE",
    "OBS_LABEL",
    "THIS_MACHINE",
    "Holder",
    "LoopbackDevice",
    "Roots",
    "find_device",
    "holders",
    "is_module_loaded",
    "loopback_devices",
    "modprobe_command",
    "modprobe_options",
    "reload_command",
]

MODULE = "v4l2loopback"
DEFAULT_LABEL = "LiveTrack Camera"
OBS_LABEL = "OBS Virtual Camera"


@dataclass(frozen=True, slots=True)
class LoopbackDevice:
    """One v4l2loopback device. `exclusive_caps` None: the module does not tell."""

    path: Path
    label: str
    exclusive_caps: bool | None


def modprobe_command(*labels: str) -> str:
    """Makes a device of each label, ours without any, and one more, because OBS takes the first
    free device it finds."""
    names = [*(labels or (DEFAULT_LABEL,)), OBS_LABEL]
    numbers = ",".join(str(10 + index) for index in range(len(names)))
    quoted = ",".join(f'"{name}"' for name in names)
    caps = ",".join("1" for _ in names)
    return (
        f"sudo modprobe {MODULE} devices={len(names)} video_nr={numbers} card_label={quoted} "
        f"exclusive_caps={caps}"
    )


def reload_command(label: str, roots: Roots = THIS_MACHINE) -> str:
    """Loads the module again with a device of this label beside those there are."""
    there = [device.label for device in loopback_devices(roots)]
    kept = [each for each in there if each not in (label, OBS_LABEL)]
    return f"sudo modprobe -r {MODULE} && {modprobe_command(*kept, label)}"


def modprobe_options(label: str = DEFAULT_LABEL) -> str:
    """The same as a line of /etc/modprobe.d, where inner quotes would end up in the labels."""
    labels = f'"{label},{OBS_LABEL}"'
    return f"options {MODULE} devices=2 video_nr=10,11 card_label={labels} exclusive_caps=1,1"


def is_module_loaded(roots: Roots = THIS_MACHINE) -> bool:
    return (roots.sys / "module" / MODULE).is_dir()


def loopback_devices(roots: Roots = THIS_MACHINE) -> tuple[LoopbackDevice, ...]:
    """Every v4l2loopback device, by number. `max_openers` is an attribute only this driver has."""
    folder = roots.sys / "class" / "video4linux"
    nodes = [node for node in listing(folder) if (node / "max_openers").exists()]
    nodes.sort(key=lambda node: node_number(node.name))
    flags = _exclusive_caps([node_number(node.name) for node in nodes], roots)
    return tuple(
        LoopbackDevice(roots.dev / node.name, read_line(node / "name"), flags.get(node_number(node.name)))
        for node in nodes
    )


def find_device(label: str, roots: Roots = THIS_MACHINE) -> LoopbackDevice:
    """The device with this label. Raises SinkNotFoundError with the command that makes one."""
    devices = loopback_devices(roots)
    for device in devices:
        if device.label == label:
            return device
    if devices:
        others = ", ".join(f"{d.label!r} at {d.path}" for d in devices)
        raise SinkNotFoundError(
            f"no virtual camera is named {label!r} (there is {others}); choose that one with "
            f"--sink 'vcam:{devices[0].label}', or make ours: {reload_command(label, roots)}"
        )
    if is_module_loaded(roots):
        raise SinkNotFoundError(
            f"{MODULE} is loaded but has no device; load it again: {reload_command(label, roots)}"
        )
    raise SinkNotFoundError(
        f"there is no virtual camera {label!r}, because the kernel module {MODULE} is not loaded; "
        f"load it: {modprobe_command(label)} (not installed? run: livetrack-vcam doctor)"
    )


def _exclusive_caps(numbers: list[int], roots: Roots) -> dict[int, bool]:
    """exclusive_caps by device number: the n-th value belongs to the n-th device made."""
    parameters = roots.sys / "module" / MODULE / "parameters"
    values = [value == "Y" for value in read_line(parameters / "exclusive_caps").split(",") if value]
    asked = [int(n) for n in read_line(parameters / "video_nr").split(",") if n.lstrip("-").isdigit()]
    made = [number for number in asked if number in numbers]
    order = made + [number for number in numbers if number not in made]
    return dict(zip(order, values, strict=False))
