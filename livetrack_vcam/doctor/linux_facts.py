"""What is true of a Linux machine: its kernel, the module v4l2loopback and its devices."""

from __future__ import annotations

from dataclasses import dataclass

from livetrack_vcam.sinks.loopback import DEFAULT_LABEL, Holder, LoopbackDevice
from livetrack_vcam.sinks.modprobe import (
    PlannedDevice,
    configured_buffers,
    configured_devices,
)


@dataclass(frozen=True, slots=True)
class ConfigLine:
    """A line about the module in one of modprobe's files; lines stand in modprobe's order."""

    file: str
    text: str

    @property
    def kind(self) -> str:
        """options, blacklist or install."""
        return self.text.split()[0]


@dataclass(frozen=True, slots=True)
class DkmsSource:
    """A version of the module whose source dkms has; `log`: where building it failed, or empty."""

    version: str
    built_for: tuple[str, ...] = ()
    log: str = ""


@dataclass(frozen=True, slots=True)
class LinuxFacts:
    """The system around the module; None and "" stand for what is not known or not there.

    `release` is `uname -r`; `package` the name of the kernel's package where the kernel says it
    (Arch's pkgbase); `modules`: /lib/modules has a folder for this kernel; `other_kernels`: the
    folders of others; `headers`: what modules are built with lies beside it; `media`: the kernel
    knows cameras at all; `akmod`: Fedora's source package is there; `lockdown` as the kernel names
    it; `mok_key`: the key that dkms or akmods sign with; `mok`: "enrolled", "pending" or "missing";
    `surroundings`: docker, podman, toolbox, lxc, wsl, flatpak, snap or another container;
    `ostree`: the system is an image (Silverblue, Bazzite); `rpm_fusion`: that repository is on.
    """

    release: str = ""
    package: str = ""
    modules: bool | None = None
    other_kernels: tuple[str, ...] = ()
    headers: bool | None = None
    media: bool | None = None
    dkms: tuple[DkmsSource, ...] = ()
    akmod: bool = False
    lockdown: str = ""
    mok_key: str = ""
    mok: str = ""
    surroundings: str = ""
    ostree: bool = False
    rpm_fusion: bool | None = None


@dataclass(frozen=True, slots=True)
class LoopbackFacts:
    """The kernel module and its devices; loaded, it holds `buffers` pictures for each. `options`
    and `load_files` are what is written for the next boot, `unread` modprobe's files that this user
    may not read; `load_folder` says whether there is a place for load files; `taken` are the
    numbers of video devices of other drivers; `users` is who has any device of the module open.

    The rest is about the device named `label`. `node`: it stands in /dev; `group` may write to it,
    `group_may_write` says whether it really may; `in_group`: this session has the joinable group,
    `joined_group`: the account has it, so that the next session will; `output`: it can be opened
    for writing now; `fed`: pictures arrive in it. None: not known, or there is no such device.
    """

    label: str = DEFAULT_LABEL
    installed: bool | None = None
    loaded: bool = False
    version: str = ""
    buffers: int | None = None
    options: tuple[ConfigLine, ...] = ()
    unread: tuple[str, ...] = ()
    load_files: tuple[str, ...] = ()
    load_folder: bool | None = None
    secure_boot: bool | None = None
    devices: tuple[LoopbackDevice, ...] = ()
    taken: tuple[int, ...] = ()
    users: tuple[Holder, ...] = ()
    node: bool | None = None
    writable: bool | None = None
    group: str = "video"
    group_may_write: bool | None = None
    in_group: bool | None = None
    joined_group: bool | None = None
    output: bool | None = None
    fed: bool = False
    holders: tuple[Holder, ...] = ()

    @property
    def device(self) -> LoopbackDevice | None:
        return next((d for d in self.devices if d.label == self.label), None)

    @property
    def configured(self) -> tuple[PlannedDevice, ...]:
        """The devices that the module makes when it is loaded without further words."""
        return configured_devices(line.text for line in self.options)

    @property
    def configured_buffers(self) -> int:
        """The pictures that it then holds for each."""
        return configured_buffers(line.text for line in self.options)

    @property
    def barriers(self) -> tuple[ConfigLine, ...]:
        """Lines that keep the module from being loaded at boot."""
        return tuple(line for line in self.options if line.kind in ("blacklist", "install"))

    @property
    def kept_after_boot(self) -> bool:
        """Whether the next boot makes our device, so that browsers list it."""
        ours = [d for d in self.configured if d.label == self.label and d.exclusive_caps]
        return bool(ours and self.load_files and not self.barriers)
