"""Machines with recorded cameras: the kernel's trees in a folder, and what the drivers answer."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.device_nodes import Roots
from livetrack_vcam.sources.cameras import CameraInfo, list_cameras
from livetrack_vcam.sources.v4l2 import LOOPBACK_DRIVER, Answers, Mode

FOLDER = Path(__file__).parent / "data" / "cameras"


def recorded_name(record: str) -> str:
    return _lines(record)[0].removeprefix("name ")


def recorded_modes(record: str) -> tuple[Mode, ...]:
    """The modes in tests/data/cameras/RECORD.txt."""
    found = []
    for line in _lines(record)[2:]:
        name, size, *rates = line.split()
        width, height = map(int, size.split("x"))
        found += [Mode(name, Size(width, height), Fraction(rate)) for rate in rates]
    return tuple(found)


def _lines(record: str) -> list[str]:
    return (FOLDER / f"{record}.txt").read_text(encoding="utf-8").splitlines()


class RecordedMachine:
    """Cameras can be plugged in and out; each gets its node, its sysfs folder and udev's links."""

    def __init__(self, folder: Path) -> None:
        self.roots = Roots(folder / "sys", folder / "dev", folder / "proc")
        self._answers: dict[str, Answers] = {}
        self.asked: list[str] = []

    def plug_in(
        self,
        number: int,
        record: str,
        by_id: str = "",
        port: str = "1",
        name: str = "",
        modes: tuple[Mode, ...] | None = None,
        interface: int = 0,
    ) -> None:
        """`by_id` without "-video-index0"; none without it, as of an equal camera's second."""
        node = self._node(number, name or recorded_name(record))
        bus = f"usb-0000:00:14.0-{port}"
        modes = recorded_modes(record) if modes is None else modes
        self._answers[node] = Answers(True, "uvcvideo", bus, modes)
        self._link("by-path", f"pci-0000:00:14.0-usb-0:{port}:1.{interface}-video-index0", node)
        if by_id:
            self._link("by-id", f"{by_id}-video-index0", node)

    def add_metadata_node(self, number: int, record: str) -> None:
        self._answers[self._node(number, recorded_name(record))] = Answers(captures=False)

    def add_virtual_camera(self, number: int, label: str) -> None:
        node = self._node(number, label)
        modes = (Mode("YU12", Size(1280, 720), Fraction(30)),)
        self._answers[node] = Answers(True, LOOPBACK_DRIVER, "platform:v4l2loopback", modes)

    def unplug(self, number: int) -> None:
        node = f"video{number}"
        folder = self.roots.sys / "class/video4linux" / node
        (folder / "name").unlink()
        folder.rmdir()
        (self.roots.dev / node).unlink()
        for link in (self.roots.dev / "v4l").glob("*/*"):
            if link.readlink().name == node:
                link.unlink()

    def cameras(self, only: CameraInfo | None = None) -> tuple[CameraInfo, ...]:
        return list_cameras(self.roots, self._ask, only)

    def hold(self, number: int, pid: int, name: str) -> None:
        """Let a process have the node open."""
        process = self.roots.proc / str(pid)
        for folder in ("fd", "fdinfo"):
            (process / folder).mkdir(parents=True, exist_ok=True)
        (process / "comm").write_text(f"{name}\n")
        (process / "fd/9").symlink_to(self.roots.dev / f"video{number}")
        (process / "fdinfo/9").write_text("flags:\t0100002\n")

    def _ask(self, path: Path) -> Answers:
        self.asked.append(path.name)
        return self._answers[path.name]

    def _node(self, number: int, name: str) -> str:
        node = f"video{number}"
        folder = self.roots.sys / "class/video4linux" / node
        folder.mkdir(parents=True)
        (folder / "name").write_text(f"{name}\n")
        self.roots.dev.mkdir(exist_ok=True)
        (self.roots.dev / node).touch()
        return node

    def _link(self, kind: str, name: str, node: str) -> None:
        folder = self.roots.dev / "v4l" / kind
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(f"../../{node}")
