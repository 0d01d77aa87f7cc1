"""The kernel's trees of device files, and who has one of them open."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Roots:
    """Where the kernel's trees are mounted; tests give recorded ones."""

    sys: Path = Path("/sys")
    dev: Path = Path("/dev")
    proc: Path = Path("/proc")


THIS_MACHINE = Roots()


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that has the device open; `writes` when one of its descriptors cannot read."""

    pid: int
    name: str
    writes: bool

    def __str__(self) -> str:
        return f"{self.name} (process {self.pid})"


def holders(path: Path, roots: Roots = THIS_MACHINE, own: bool = False) -> tuple[Holder, ...]:
    """Processes that have `path` open, as far as this user may see; without this one unless
    `own`."""
    found: dict[int, Holder] = {}
    for process in listing(roots.proc):
        if not process.name.isdigit() or (int(process.name) == os.getpid() and not own):
            continue
        modes = list(_open_modes(process, path))
        if modes:
            pid = int(process.name)
            name = read_line(process / "comm") or "a program"
            found[pid] = Holder(pid, name, os.O_WRONLY in modes)
    return tuple(found[pid] for pid in sorted(found))


def _open_modes(process: Path, path: Path) -> Iterator[int]:
    for link in listing(process / "fd"):
        try:
            if link.readlink() != path:
                continue
        except OSError:
            continue
        for line in read_line(process / "fdinfo" / link.name).splitlines():
            if line.startswith("flags:"):
                yield int(line.split()[1], 8) & os.O_ACCMODE


def listing(folder: Path) -> list[Path]:
    """What lies in the folder; nothing where there is none or it may not be read."""
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def read_line(path: Path) -> str:
    """The short text in one of the kernel's files, without its end of line; empty without it."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def node_number(name: str) -> int:
    """N of "videoN"; -1 of what is called otherwise."""
    digits = name.removeprefix("video")
    return int(digits) if digits.isdigit() else -1
