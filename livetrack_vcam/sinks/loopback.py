"""v4l2loopback devices on Linux: found by label in sysfs, judged before anybody opens them."""

from __future__ import annotations

from collections.abc import Iterable
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
from livetrack_vcam.sinks.modprobe import (
    DEFAULT_LABEL,
    MODULE,
    MOST_DEVICES,
    OBS_LABEL,
    PlannedDevice,
    are_too_many,
    load_command,
    plan_devices,
)

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
    "kept_devices",
    "label_of",
    "loopback_devices",
    "other_numbers",
    "reload_advice",
]


@dataclass(frozen=True, slots=True)
class LoopbackDevice:
    """One v4l2loopback device. `exclusive_caps` None: the module does not tell."""

    path: Path
    label: str
    exclusive_caps: bool | None


def reload_advice(to: str, label: str, roots: Roots = THIS_MACHINE) -> str:
    """`to` do what, and the command that does it: loads the module again with a device of this
    label beside those there are; or that there is no room for one."""
    kept = kept_devices(loopback_devices(roots))
    devices = plan_devices(label, kept, other_numbers(roots))
    if are_too_many(devices):
        return f"{to} in place of another one, for {MODULE} makes {MOST_DEVICES} at most"
    return f"{to}: sudo modprobe -r {MODULE} && {load_command(devices)}"


def kept_devices(devices: Iterable[LoopbackDevice]) -> tuple[PlannedDevice, ...]:
    """The devices there are, to be made again as they are."""
    return tuple(
        PlannedDevice(node_number(d.path.name), d.label, d.exclusive_caps is not False)
        for d in devices
    )


def other_numbers(roots: Roots = THIS_MACHINE) -> tuple[int, ...]:
    """The numbers of video devices that other drivers have."""
    nodes = listing(roots.sys / "class" / "video4linux")
    others = (node_number(node.name) for node in nodes if not _is_loopback(node))
    return tuple(sorted(number for number in others if number >= 0))


def is_module_loaded(roots: Roots = THIS_MACHINE) -> bool:
    return (roots.sys / "module" / MODULE).is_dir()


def loopback_devices(roots: Roots = THIS_MACHINE) -> tuple[LoopbackDevice, ...]:
    """Every v4l2loopback device, by number."""
    folder = roots.sys / "class" / "video4linux"
    nodes = [node for node in listing(folder) if _is_loopback(node)]
    nodes.sort(key=lambda node: node_number(node.name))
    flags = _exclusive_caps([node_number(node.name) for node in nodes], roots)
    return tuple(
        LoopbackDevice(
            roots.dev / node.name, read_line(node / "name"), flags.get(node_number(node.name))
        )
        for node in nodes
    )


def label_of(path: Path, roots: Roots = THIS_MACHINE) -> str:
    """The device's label now; empty when it is gone."""
    return read_line(roots.sys / "class" / "video4linux" / path.name / "name")


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
            f"--sink 'vcam:{devices[0].label}', or {reload_advice('make ours', label, roots)}"
        )
    if is_module_loaded(roots):
        raise SinkNotFoundError(
            f"{MODULE} is loaded but has no device; {reload_advice('load it again', label, roots)}"
        )
    planned = plan_devices(label, taken=other_numbers(roots))
    raise SinkNotFoundError(
        f"there is no virtual camera {label!r}, because the kernel module {MODULE} is not loaded; "
        f"load it: {load_command(planned)} (not installed? run: livetrack-vcam doctor)"
    )


def _is_loopback(node: Path) -> bool:
    """`max_openers` is an attribute that only this driver has."""
    return (node / "max_openers").exists()


def _exclusive_caps(numbers: list[int], roots: Roots) -> dict[int, bool]:
    """exclusive_caps by device number: the n-th value belongs to the n-th device made."""
    parameters = roots.sys / "module" / MODULE / "parameters"
    values = [
        value == "Y" for value in read_line(parameters / "exclusive_caps").split(",") if value
    ]
    asked = [
        int(n) for n in read_line(parameters / "video_nr").split(",") if n.lstrip("-").isdigit()
    ]
    made = [number for number in asked if number in numbers]
    order = made + [number for number in numbers if number not in made]
    return dict(zip(order, values, strict=False))
