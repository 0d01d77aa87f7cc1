"""A reader that looks at the pictures where the module keeps them, as every streaming reader does,
and that can be as slow as a check wants (linux/videodev2.h, 64-bit layouts)."""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_REQBUFS, _QUERYBUF, _QBUF, _DQBUF = 0xC0145608, 0xC0585609, 0xC058560F, 0xC0585611
_STREAMON = 0x40045612
_CAPTURE, _MMAP = 1, 1


@dataclass(frozen=True, slots=True)
class MappedReader:
    """`buffers` are the module's own memory, as many as it gave."""

    fd: int
    buffers: tuple[mmap.mmap, ...]

    def read(self, size: int, look_s: float) -> bytes:
        """A picture of `size` bytes; between its first and its last half `look_s` pass."""
        answer = _request(0)
        fcntl.ioctl(self.fd, _DQBUF, answer)
        (index,) = struct.unpack_from("I", answer)
        picture = self.buffers[index]
        first = picture[: size // 2]
        time.sleep(look_s)
        whole = first + picture[size // 2 : size]
        fcntl.ioctl(self.fd, _QBUF, _request(index))
        return whole


@contextmanager
def mapped(device: str, count: int) -> Iterator[MappedReader]:
    """A reader that asks for `count` buffers."""
    fd = os.open(device, os.O_RDWR)
    buffers: list[mmap.mmap] = []
    try:
        answer = bytearray(struct.pack("III8x", count, _CAPTURE, _MMAP))
        fcntl.ioctl(fd, _REQBUFS, answer)
        (given,) = struct.unpack_from("I", answer)
        buffers.extend(_map(fd, index) for index in range(given))
        fcntl.ioctl(fd, _STREAMON, struct.pack("I", _CAPTURE))
        yield MappedReader(fd, tuple(buffers))
    finally:
        for each in buffers:
            each.close()
        os.close(fd)


def _map(fd: int, index: int) -> mmap.mmap:
    answer = _request(index)
    fcntl.ioctl(fd, _QUERYBUF, answer)
    (offset,), (length,) = struct.unpack_from("I", answer, 64), struct.unpack_from("I", answer, 72)
    fcntl.ioctl(fd, _QBUF, _request(index))
    return mmap.mmap(fd, length, offset=offset, prot=mmap.PROT_READ)


def _request(index: int) -> bytearray:
    buffer = bytearray(88)
    struct.pack_into("II", buffer, 0, index, _CAPTURE)
    struct.pack_into("I", buffer, 60, _MMAP)
    return buffer
