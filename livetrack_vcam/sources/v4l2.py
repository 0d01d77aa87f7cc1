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

if sys.platform != "win32":
    import fcntl

SYSFS = Path("/sys/class/video4linux")

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


def _code(direction: int, number: int, layout: struct.Struct) -> int:
    return direction << 30 | layout.size << 16 | ord("V") << 8 | number


QUERYCAP = _code(_READ, 0, _CAPABILITY)
ENUM_FMT = _code(_READ_WRITE, 2, _FORMAT)
ENUM_FRAMESIZES = _code(_READ_WRITE, 74, _SIZE)
ENUM_FRAMEINTERVALS = _code(_READ_WRITE, 75, _INTERVAL)


def device_nodes() -> list[tuple[Path, str]]:
    """Every video node's path under /dev and name, by number; also those that are no cameras."""
    if not SYSFS.is_dir():
        return []
    nodes = [node for node in SYSFS.iterdir() if node.name.removeprefix("video").isdigit()]
    nodes.sort(key=lambda node: int(node.name.removeprefix("video")))
    return [(Path("/dev") / node.name, (node / "name").read_text().strip()) for node in nodes]


def is_camera(path: Path) -> bool:
    """Whether the node captures pictures (metadata and output-only nodes do not).

    A node this user may not open counts as one, so that opening it can say what to do.
    """
    try:
        with _opened(path) as device:
            data = bytearray(_CAPABILITY.size)
            fcntl.ioctl(device, QUERYCAP, data)
    except PermissionError:
        return True
    except OSError as error:
        return error.errno == errno.EBUSY
    capabilities, device_caps = _CAPABILITY.unpack(data)[4:6]
    effective = device_caps if capabilities & CAP_DEVICE_CAPS else capabilities
    return bool(effective & CAP_VIDEO_CAPTURE and effective & CAP_STREAMING)


def modes(path: Path) -> tuple[Mode, ...]:
    """What the camera offers; empty when it does not say (or may not be asked)."""
    try:
        with _opened(path) as device:
            return tuple(
                Mode(fourcc.to_bytes(4, "little").decode("ascii", "replace").strip(), size, fps)
                for fourcc in _formats(device)
                for size in _sizes(device, fourcc)
                for fps in _rates(device, fourcc, size)
            )
    except OSError:
        return ()


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
    usual = ((640, 360), (640, 480), (1280, 720), (1920, 1080), (3840, 2160))
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
