"""The few V4L2 requests that pyvirtualcam leaves out (linux/videodev2.h), 64-bit layouts."""

from __future__ import annotations

import errno
import os
import select
import struct
import sys
import time
from pathlib import Path

from livetrack_vcam.core.geometry import Size

if sys.platform != "win32":
    import fcntl

_QUERYCAP = 0x80685600
_G_FMT = 0xC0D05604
_REQBUFS = 0xC0145608
_QBUF = 0xC058560F
_DQBUF = 0xC0585611
_STREAMON = 0x40045612
_CAPTURE, _OUTPUT, _MMAP = 1, 2, 1
_CAP_VIDEO_OUTPUT = 0x2


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


def is_being_written(path: Path, watch_s: float = 0.5) -> bool:
    """Whether pictures arrive in the device, found as any reader would: by streaming from it.

    The capabilities cannot tell a device in use from one that a killed writer left stuck.
    """
    if struct.calcsize("P") != 8:
        return False
    try:
        fd = open_device(path)
    except OSError:
        return False
    try:
        return _streams(fd, watch_s)
    except OSError:
        return False
    finally:
        os.close(fd)


def _streams(fd: int, watch_s: float) -> bool:
    request = bytearray(struct.pack("5I", 2, _CAPTURE, _MMAP, 0, 0))
    fcntl.ioctl(fd, _REQBUFS, request)
    buffers: int = struct.unpack_from("I", request)[0]
    for index in range(buffers):
        fcntl.ioctl(fd, _QBUF, _buffer(index))
    fcntl.ioctl(fd, _STREAMON, struct.pack("I", _CAPTURE))
    deadline = time.monotonic() + watch_s
    seen = 0
    # The module hands out the pictures it still holds first: only one more proves a live writer.
    while seen <= buffers and (left := deadline - time.monotonic()) > 0:
        if not select.select([fd], [], [], left)[0]:
            return False
        filled = _buffer(0)
        fcntl.ioctl(fd, _DQBUF, filled)
        fcntl.ioctl(fd, _QBUF, _buffer(struct.unpack_from("I", filled)[0]))
        seen += 1
    return seen > buffers


def _buffer(index: int) -> bytearray:
    """A struct v4l2_buffer: index and type in front, memory at offset 60."""
    data = bytearray(88)
    struct.pack_into("II", data, 0, index, _CAPTURE)
    struct.pack_into("I", data, 60, _MMAP)
    return data
