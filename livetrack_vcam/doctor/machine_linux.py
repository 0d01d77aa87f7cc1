"""Gathers what is true of the kernel and of the system around it; never changes it."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterator
from pathlib import Path

from livetrack_vcam.device_nodes import listing, read_line
from livetrack_vcam.doctor.asking import Ask
from livetrack_vcam.doctor.linux_facts import ConfigLine, DkmsSource, LinuxFacts
from livetrack_vcam.outputs import exists
from livetrack_vcam.sinks.modprobe import MODULE

# Where modprobe looks; a file of the same name in an earlier one hides the later one's.
MODPROBE_FOLDERS = (
    "etc/modprobe.d",
    "run/modprobe.d",
    "usr/local/lib/modprobe.d",
    "usr/lib/modprobe.d",
    "lib/modprobe.d",
)
LOAD_FOLDERS = ("etc/modules-load.d", "run/modules-load.d", "usr/lib/modules-load.d")
MOK_KEYS = (
    "var/lib/shim-signed/mok/MOK.der",
    "var/lib/dkms/mok.pub",
    "etc/pki/akmods/certs/public_key.der",
)
SAID_OF_KEYS = {
    "is already enrolled": "enrolled",
    "is already in the enrollment request": "pending",
    "is not enrolled": "missing",
}


def _may_read(path: Path) -> bool:
    return os.access(path, os.R_OK | os.X_OK if path.is_dir() else os.R_OK)


def gather_linux(ask: Ask, root: Path = Path("/"), release: str = "") -> LinuxFacts:
    """From the folders under `root`, for the kernel `release`; "": the one that runs."""
    release = release or platform.release()
    modules = _modules(root)
    ours = modules / release
    key = next((root / key for key in MOK_KEYS if (root / key).exists()), None)
    return LinuxFacts(
        release=release,
        package=read_line(ours / "pkgbase"),
        modules=(ours / "modules.dep").exists() if modules.is_dir() else None,
        other_kernels=tuple(sorted(f.name for f in listing(modules) if f.name != release)),
        headers=(ours / "build").exists() if ours.is_dir() else None,
        media=_knows(ours, "videodev"),
        dkms=tuple(_dkms_sources(root / "var/lib/dkms" / MODULE)),
        akmod=bool(list((root / "usr/src/akmods").glob(f"{MODULE}-kmod*"))),
        lockdown=_chosen(read_line(root / "sys/kernel/security/lockdown")),
        mok_key=str(key) if key else "",
        mok=_mok_state(ask, key) if key else "",
        surroundings=_surroundings(root, release),
        ostree=(root / "run/ostree-booted").exists(),
        rpm_fusion=_rpm_fusion(root / "etc/yum.repos.d"),
    )


def is_installed(root: Path, release: str = "") -> bool | None:
    """Whether depmod's list, which modprobe itself goes by, has the module for this kernel."""
    return _knows(_modules(root) / (release or platform.release()), MODULE)


def modprobe_lines(root: Path) -> tuple[ConfigLine, ...]:
    """What modprobe's files say of the module, in the order in which modprobe reads them."""
    return tuple(
        ConfigLine(_shown(file, root), line)
        for file in _modprobe_files(root)
        for line in _lines(file)
        if _is_about_us(line)
    )


def unread_files(root: Path, may_read: Callable[[Path], bool] = _may_read) -> tuple[str, ...]:
    """Modprobe's files and folders that are closed to this user: what they say is not known."""
    folders = (root / folder for folder in MODPROBE_FOLDERS)
    there = (path for path in (*folders, *_modprobe_files(root)) if exists(path))
    return tuple(_shown(path, root) for path in there if not may_read(path))


def load_files(root: Path) -> tuple[str, ...]:
    """The files that have the module loaded at boot."""
    files = [file for folder in LOAD_FOLDERS for file in listing(root / folder)]
    files = [*sorted(file for file in files if file.suffix == ".conf"), root / "etc/modules"]
    return tuple(
        _shown(file, root)
        for file in files
        if any(line.split()[0] == MODULE for line in _lines(file))
    )


def _modprobe_files(root: Path) -> list[Path]:
    """In the order in which modprobe reads them."""
    files: dict[str, Path] = {}
    for folder in MODPROBE_FOLDERS:
        for file in listing(root / folder):
            if file.suffix == ".conf":
                files.setdefault(file.name, file)
    return [files[name] for name in sorted(files)]


def _modules(root: Path) -> Path:
    """Where the kernels' modules are; NixOS has them elsewhere."""
    nix = root / "run/booted-system/kernel-modules/lib/modules"
    return nix if nix.is_dir() else root / "lib/modules"


def _is_about_us(line: str) -> bool:
    words = line.split(maxsplit=2)
    return words[0] in ("options", "blacklist", "install") and words[1:2] == [MODULE]


def _lines(file: Path) -> Iterator[str]:
    """Lines that say something, those that end in a backslash joined with the next."""
    text = read_line(file).replace("\\\n", " ")
    lines = (line.strip() for line in text.splitlines())
    return (line for line in lines if line and line[0] not in "#;")


def _shown(file: Path, root: Path) -> str:
    return f"/{file.relative_to(root)}"


def _knows(folder: Path, module: str) -> bool | None:
    """Whether the kernel of this folder has the module, as a file or built in."""
    if not (folder / "modules.dep").exists():
        return None
    texts = (read_line(folder / name) for name in ("modules.dep", "modules.builtin"))
    return any(f"/{module}.ko" in text for text in texts)


def _dkms_sources(folder: Path) -> Iterator[DkmsSource]:
    """What `dkms status` tells, from the tree that it reads."""
    for version in sorted(listing(folder)):
        if not (version / "source").exists():
            continue
        kernels = [
            kernel.name
            for kernel in listing(version)
            if kernel.name not in ("source", "build") and any(kernel.glob(f"*/module/{MODULE}.ko*"))
        ]
        log = version / "build/make.log"
        yield DkmsSource(version.name, tuple(sorted(kernels)), str(log) if log.exists() else "")


def _chosen(line: str) -> str:
    """The word that stands in brackets: "none [integrity] confidentiality"."""
    return line.partition("[")[2].partition("]")[0]


def _mok_state(ask: Ask, key: Path) -> str:
    # mokutil's exit status is 1 for keys that are enrolled, and `ask` wants 0.
    said = ask("sh", "-c", 'mokutil --test-key "$0"; true', str(key))
    return next((state for words, state in SAID_OF_KEYS.items() if words in said), "")


def _surroundings(root: Path, release: str) -> str:
    if (root / ".flatpak-info").exists():
        return "flatpak"
    if os.environ.get("SNAP_NAME") == "livetrack-vcam":
        return "snap"
    if "microsoft" in release.lower():
        return "wsl"
    # Before podman, which both are made of: they share the host's /dev.
    if (root / "run/.toolboxenv").exists() or (root / "usr/bin/distrobox-host-exec").exists():
        return "toolbox"
    if (root / "run/.containerenv").exists():
        return "podman"
    if (root / ".dockerenv").exists():
        return "docker"
    # systemd writes here what manages the container it runs in.
    return read_line(root / "run/systemd/container")


def _rpm_fusion(folder: Path) -> bool | None:
    if not folder.is_dir():
        return None
    return any("enabled=1" in read_line(file) for file in folder.glob("rpmfusion-free*.repo"))
