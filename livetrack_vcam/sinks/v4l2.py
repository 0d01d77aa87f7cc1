"""The few V4L2 requests that pyvirtualcam leaves out (linux/videodev2.h), 64-bit layouts."""

from __future__ import annotations

import errno
import os
import select
import struct
import sys
from pathlib import Path

from livetrack_vcam.core.geometry import Size

if sys.platform != "win32":
    import fcntl

_QUERYCAP = 0x80685600
_G_FMT = 0xC0D05604
_STREAMON = 0x40045612
_CAPTURE, _OUTPUT = 1, 2
_CAP_VIDEO_OUTPUT = 0x2
_HELD_PICTURES = 2


def open_device(path: Path) -> int:
    """A non-blocking file descriptor for reading and writing. Raises OSError."""
    return os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)


def accepts_output(fd: int) -> bool:
    """Whether the device calls itself a video output now: free to be written."""
    answer = bytearray(104)
    fcntl.ioctl(fd, _QUERYCAP, answer)
    capabilities: int = struct.unpack_from("I", answer, 84)[0]
    return bool(capabilities & _CAP_VIDEO_OUTPUT)


def output_size(fd: int) -> Size:
    """The picture size that the device really has. Raises OSError."""
    answer = bytearray(208)
    struct.pack_into("I", answer, 0, _OUTPUT)
    fcntl.ioctl(fd, _G_FMT, answer)
    return Size(*struct.unpack_from("II", answer, 8))


def mark_as_writer(fd: int) -> None:
    """Tell v4l2loopback that this descriptor belongs to the writer.

    Up to 0.12 the module gives the output capability back only when a descriptor closes that had
    asked to stream; writers that only write() never do, so with exclusive_caps=1 the device works
    once per module load (pyvirtualcam #61, obs-studio #4808). Newer modules answer EINVAL.
    """
    try:
        fcntl.ioctl(fd, _STREAMON, struct.pack("I", _OUTPUT))
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EBUSY, errno.ENOTTY):
            raise


def is_being_written(path: Path, watch_s: float = 1.0) -> bool:
    """Whether pictures arrive in the device, found by reading a byte of them.

    The capabilities cannot tell a device in use from one that a killed writer left stuck. Asks for
    no buffers: up to 0.12 the module would take our number of them for everybody.
    """
    try:
        fd = open_device(path)
    except OSError:
        return False
    try:
        # EIO: nothing was ever written. Newer modules want buffers first, but do not get stuck.
        fcntl.ioctl(fd, _STREAMON, struct.pack("I", _CAPTURE))
        # The module first hands out pictures it still holds: only a later one proves a writer.
        for _ in range(_HELD_PICTURES):
            if _is_readable(fd, 0.0):
                os.read(fd, 1)
        return _is_readable(fd, watch_s)
    except OSError:
        return False
    finally:
        os.close(fd)


def _is_readable(fd: int, timeout_s: float) -> bool:
    return bool(select.select([fd], [], [], timeout_s)[0])
