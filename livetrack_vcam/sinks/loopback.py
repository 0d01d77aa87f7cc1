"""v4l2loopback devices on Linux: found by label in sysfs, judged before anybody opens them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from livetrack_vcam.errors import SinkNotFoundError

MODULE = "v4l2loopback"
DEFAULT_LABEL = "LiveTrack Camera"
OBS_LABEL = "OBS Virtual Camera"


@dataclass(frozen=True, slots=True)
class Roots:
    """Where the kernel's trees are mounted; tests give recorded ones."""

    sys: Path = Path("/sys")
    dev: Path = Path("/dev")
    proc: Path = Path("/proc")


THIS_MACHINE = Roots()


@dataclass(frozen=True, slots=True)
class LoopbackDevice:
    """One v4l2loopback device. `exclusive_caps` None: the module does not tell."""

    path: Path
    label: str
    exclusive_caps: bool | None


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that has the device open; `writes` when one of its descriptors cannot read."""

    pid: int
    name: str
    writes: bool

    def __str__(self) -> str:
        return f"{self.name} (process {self.pid})"


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
    nodes = [node for node in _listing(folder) if (node / "max_openers").exists()]
    nodes.sort(key=lambda node: _number(node.name))
    flags = _exclusive_caps([_number(node.name) for node in nodes], roots)
    return tuple(
        LoopbackDevice(roots.dev / node.name, _read(node / "name"), flags.get(_number(node.name)))
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


def holders(path: Path, roots: Roots = THIS_MACHINE) -> tuple[Holder, ...]:
    """Processes that have `path` open, as far as this user may see, without this process."""
    found: dict[int, Holder] = {}
    for process in _listing(roots.proc):
        if not process.name.isdigit() or int(process.name) == os.getpid():
            continue
        modes = list(_open_modes(process, path))
        if modes:
            pid = int(process.name)
            name = _read(process / "comm") or "a program"
            found[pid] = Holder(pid, name, os.O_WRONLY in modes)
    return tuple(found[pid] for pid in sorted(found))


def _open_modes(process: Path, path: Path) -> Iterator[int]:
    for link in _listing(process / "fd"):
        try:
            if link.readlink() != path:
                continue
        except OSError:
            continue
        for line in _read(process / "fdinfo" / link.name).splitlines():
            if line.startswith("flags:"):
                yield int(line.split()[1], 8) & os.O_ACCMODE


def _exclusive_caps(numbers: list[int], roots: Roots) -> dict[int, bool]:
    """exclusive_caps by device number: the n-th value belongs to the n-th device made."""
    parameters = roots.sys / "module" / MODULE / "parameters"
    values = [value == "Y" for value in _read(parameters / "exclusive_caps").split(",") if value]
    asked = [int(n) for n in _read(parameters / "video_nr").split(",") if n.lstrip("-").isdigit()]
    made = [number for number in asked if number in numbers]
    order = made + [number for number in numbers if number not in made]
    return dict(zip(order, values, strict=False))


def _number(name: str) -> int:
    digits = name.removeprefix("video")
    return int(digits) if digits.isdigit() else -1


def _listing(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
