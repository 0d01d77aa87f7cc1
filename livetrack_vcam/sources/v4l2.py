"""Linux cameras as the kernel describes them: a few V4L2 ioctls, and nothing is streamed.

Numbers and layouts are those of linux/videodev2.h (the ABI is stable since 2.6.38).
"""

from __future__ import annotations

import errno
import os
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.device_nodes import THIS_MACHINE, Roots, listing, node_number, read_line

if sys.platform != "win32":
    import fcntl

LOOPBACK_DRIVER = "v4l2 loopback"
UNTOLD_FPS = Fraction(30)  # of drivers that name sizes but no rates
_READ_WRITE, _READ = 3, 2
CAPTURE = 1  # V4L2_BUF_TYPE_VIDEO_CAPTURE
CAP_VIDEO_CAPTURE, CAP_STREAMING = 0x1, 0x04000000
CAP_DEVICE_CAPS = 0x80000000
DISCRETE = 1  # V4L2_FRMSIZE_TYPE_DISCRETE, V4L2_FRMIVAL_TYPE_DISCRETE

_CAPABILITY = struct.Struct("=16s32s32s3I12x")  # struct v4l2_capability, 104 bytes
_FORMAT = struct.Struct("=3I32s5I")  # struct v4l2_fmtdesc, 64 bytes
_SIZE = struct.Struct("=3I6I2I")  # struct v4l2_frmsizeenum, 44 bytes
_INTERVAL = struct.Struct("=5I6I2I")  # struct v4l2_frmivalenum, 52 bytes


@dataclass(frozen=True, slots=True)
class Mode:
    """One way a camera can deliver: `format` is the FourCC, such as MJPG, YUYV or NV12."""

    format: str
    size: Size
    fps: Fraction

    def __str__(self) -> str:
        return f"{self.format} {self.size} at {float(self.fps):.4g} fps"


@dataclass(frozen=True, slots=True)
class VideoNode:
    """A video device's file and name, and the names of udev's links to it ("" without them)."""

    path: Path
    name: str
    by_id: str = ""
    by_path: str = ""


@dataclass(frozen=True, slots=True)
class Answers:
    """What the driver says of a node. `captures`: it gives pictures; `bus` is its place, such as
    usb-0000:00:14.0-1.2."""

    captures: bool
    driver: str = ""
    bus: str = ""
    modes: tuple[Mode, ...] = ()


def _code(direction: int, number: int, layout: struct.Struct) -> int:
    return direction << 30 | layout.size << 16 | ord("V") << 8 | number


QUERYCAP = _code(_READ, 0, _CAPABILITY)
ENUM_FMT = _code(_READ_WRITE, 2, _FORMAT)
ENUM_FRAMESIZES = _code(_READ_WRITE, 74, _SIZE)
ENUM_FRAMEINTERVALS = _code(_READ_WRITE, 75, _INTERVAL)


def device_nodes(roots: Roots = THIS_MACHINE) -> list[VideoNode]:
    """Every video node by number, also those that are no cameras. Opens none of them."""
    folder = roots.sys / "class" / "video4linux"
    numbered = {node_number(node.name): node for node in listing(folder)}
    by_id, by_path = _links(roots, "by-id"), _links(roots, "by-path")
    return [
        VideoNode(
            roots.dev / node.name,
            read_line(node / "name"),
            by_id.get(node.name, ""),
            by_path.get(node.name, ""),
        )
        for number, node in sorted(numbered.items())
        if number >= 0
    ]


def _links(roots: Roots, kind: str) -> dict[str, str]:
    """udev's links of one kind: the link's name by the node's. Where two lead to one node (udev
    adds some for USB 2 and 3), the first in the alphabet."""
    found: dict[str, str] = {}
    for link in sorted(listing(roots.dev / "v4l" / kind), reverse=True):
        try:
            found[link.readlink().name] = link.name
        except OSError:
            continue
    return found


def ask(path: Path) -> Answers:
    """What the driver says. A node this user may not open counts as a camera, so that opening it
    can say what to do; what is no video device captures nothing."""
    try:
        with _opened(path) as device:
            data = bytearray(_CAPABILITY.size)
            fcntl.ioctl(device, QUERYCAP, data)
            driver, _, bus, _, capabilities, device_caps = _CAPABILITY.unpack(data)
            effective = device_caps if capabilities & CAP_DEVICE_CAPS else capabilities
            captures = bool(effective & CAP_VIDEO_CAPTURE and effective & CAP_STREAMING)
            return Answers(captures, _text(driver), _text(bus), _modes(device) if captures else ())
    except PermissionError:
        return Answers(captures=True)
    except OSError as error:
        return Answers(captures=error.errno == errno.EBUSY)


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "replace")


def _modes(device: int) -> tuple[Mode, ...]:
    """What the camera offers, each once; as far as it says."""
    found: dict[Mode, None] = {}
    try:
        for fourcc in _formats(device):
            name = fourcc.to_bytes(4, "little").decode("ascii", "replace").strip()
            for size in _sizes(device, fourcc):
                rates = list(_rates(device, fourcc, size)) or [UNTOLD_FPS]
                found |= {Mode(name, size, fps): None for fps in rates}
    except OSError:
        pass
    return tuple(found)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """A file descriptor on the node, without becoming its streaming owner."""
    device = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        yield device
    finally:
        os.close(device)


def _enumerate(device: int, code: int, layout: struct.Struct, *head: int) -> Iterator[list[int]]:
    """Ask for item 0, 1, 2 … until the driver says EINVAL; `head` follows the index field."""
    for index in range(256):
        data = bytearray(layout.size)
        prefix = (index, *head)
        struct.pack_into(f"={len(prefix)}I", data, 0, *prefix)
        try:
            fcntl.ioctl(device, code, data)
        except OSError as error:
            if error.errno in (errno.EINVAL, errno.ENOTTY):
                return
            raise
        yield list(layout.unpack(data))


def _formats(device: int) -> Iterator[int]:
    for item in _enumerate(device, ENUM_FMT, _FORMAT, CAPTURE):
        yield item[4]


def _sizes(device: int, fourcc: int) -> Iterator[Size]:
    for item in _enumerate(device, ENUM_FRAMESIZES, _SIZE, fourcc):
        if item[2] == DISCRETE:
            yield Size(item[3], item[4])
        else:
            yield from _common_sizes(Size(item[3], item[6]), Size(item[4], item[7]))
            return


def _common_sizes(smallest: Size, largest: Size) -> Iterator[Size]:
    """The usual sizes inside a stepwise range, and the largest itself."""
    usual = ((640, 360), (640, 480), (1280, 720), (1920, 1080), (2560, 1440), (3840, 2160))
    for width, height in (*usual, (largest.width, largest.height)):
        if smallest.width <= width <= largest.width and smallest.height <= height <= largest.height:
            yield Size(width, height)


def _rates(device: int, fourcc: int, size: Size) -> Iterator[Fraction]:
    head = (fourcc, size.width, size.height)
    for item in _enumerate(device, ENUM_FRAMEINTERVALS, _INTERVAL, *head):
        numerator, denominator = item[5], item[6]
        if numerator and denominator:
            yield Fraction(denominator, numerator)
        if item[4] != DISCRETE:
            return  # a range: its first entry is the shortest interval, the fastest rate
