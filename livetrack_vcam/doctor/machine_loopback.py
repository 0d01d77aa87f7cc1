"""Gathers what is true of v4l2loopback and its devices; never changes it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from livetrack_vcam.device_nodes import Roots, read_line
from livetrack_vcam.doctor.linux_facts import LoopbackFacts
from livetrack_vcam.doctor.machine_linux import (
    is_installed,
    load_files,
    modprobe_lines,
    unread_files,
)
from livetrack_vcam.node_access import gather_access
from livetrack_vcam.sinks import loopback, v4l2
from livetrack_vcam.sinks.loopback import DEFAULT_LABEL, THIS_MACHINE, Holder, LoopbackDevice

ROOT = Path("/")
_SECURE_BOOT = "firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"


def gather_loopback(
    roots: Roots = THIS_MACHINE, label: str = DEFAULT_LABEL, root: Path = ROOT
) -> LoopbackFacts:
    """The virtual camera's part, from the kernel's trees and the folders under `root`."""
    devices = loopback.loopback_devices(roots)
    ours = next((device for device in devices if device.label == label), None)
    module = roots.sys / "module" / loopback.MODULE
    facts = LoopbackFacts(
        label=label,
        installed=is_installed(root),
        loaded=loopback.is_module_loaded(roots),
        version=read_line(module / "version"),
        buffers=_buffers(module),
        options=modprobe_lines(root),
        unread=unread_files(root),
        load_files=load_files(root),
        load_folder=(root / "etc/modules-load.d").is_dir(),
        secure_boot=_secure_boot(roots),
        devices=devices,
        taken=loopback.other_numbers(roots),
        users=_users(devices, roots),
    )
    return _with_device(facts, ours, roots) if ours else facts


def _with_device(facts: LoopbackFacts, ours: LoopbackDevice, roots: Roots) -> LoopbackFacts:
    writable = os.access(ours.path, os.R_OK | os.W_OK)
    output = _is_output(ours) if writable else None
    access = gather_access(ours.path)
    return replace(
        facts,
        node=ours.path.exists(),
        writable=writable,
        group=access.group,
        group_may_write=access.group_may_write,
        in_group=access.in_group,
        joined_group=access.joined_group,
        output=output,
        fed=output is False and v4l2.is_being_written(ours.path),
        holders=loopback.holders(ours.path, roots),
    )


def _buffers(module: Path) -> int | None:
    count = read_line(module / "parameters/max_buffers")
    return int(count) if count.isdecimal() else None


def _users(devices: Iterable[LoopbackDevice], roots: Roots) -> tuple[Holder, ...]:
    found = {h.pid: h for device in devices for h in loopback.holders(device.path, roots)}
    return tuple(found[pid] for pid in sorted(found))


def _secure_boot(roots: Roots) -> bool | None:
    try:
        return (roots.sys / _SECURE_BOOT).read_bytes()[-1:] == b"\x01"
    except OSError:
        return None


def _is_output(device: LoopbackDevice) -> bool | None:
    try:
        fd = v4l2.open_device(device.path)
    except OSError:
        return None
    try:
        return v4l2.accepts_output(fd)
    except OSError:
        return None
    finally:
        os.close(fd)
