"""Archives that models come in: only what is looked for is read, and no more than it may have.

Everything is unpacked in memory and nothing by the names in the archive, so none of them can lead
anywhere.
"""

from __future__ import annotations

import tarfile
import zipfile
import zlib
from collections.abc import Sequence
from io import BytesIO

from livetrack_vcam.detectors.catalog import Parts
from livetrack_vcam.detectors.pins import Pin, problem_with
from livetrack_vcam.errors import ModelError

# How these files begin.
ZIP = b"PK\x03\x04"
GZIP = b"\x1f\x8b"
# zlib's "window bits" for gzip with its header and checksum.
_GZIP_FORMAT = 31
# What zipfile and tarfile raise for damaged, encrypted and oddly packed members.
_BAD_ARCHIVE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    RuntimeError,
    ValueError,
    OSError,
    EOFError,
)


def unpack(content: bytes, members: Sequence[str], max_bytes: int) -> bytes:
    """The first of `members` that a zip file has, at most `max_bytes` + 1 of it.

    Raises ModelError that reads on from "FILE …".
    """
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            there = [member for member in members if member in archive.namelist()]
            if not there:
                raise ModelError(f"has no {' or '.join(members)} in it")
            with archive.open(there[0]) as file:
                return file.read(max_bytes + 1)
    except _BAD_ARCHIVE as error:
        raise ModelError(f"cannot be unpacked ({error})") from error


def unpack_parts(content: bytes, choices: Sequence[Parts], max_bytes: int) -> bytes:
    """The joined files of the first of `choices` whose folder a .tgz file has.

    The archive may unpack to at most `max_bytes`. Raises ModelError that reads on from "FILE …".
    """
    try:
        with tarfile.open(fileobj=BytesIO(_gunzip(content, max_bytes)), mode="r:") as archive:
            members = {member.name: member for member in archive.getmembers()}
            for parts in choices:
                if any(name.startswith(parts.archive_folder) for name in members):
                    names = [parts.archive_folder + name for name in parts.names]
                    pinned = zip(names, parts.pins, strict=True)
                    return b"".join(_part(archive, members, *each) for each in pinned)
    except _BAD_ARCHIVE as error:
        raise ModelError(f"cannot be unpacked ({error})") from error
    raise ModelError(f"has no {' or '.join(parts.archive_folder for parts in choices)} in it")


def _part(
    archive: tarfile.TarFile, members: dict[str, tarfile.TarInfo], name: str, pin: Pin
) -> bytes:
    """One plain file of the archive, which must be the pinned one."""
    member = members.get(name)
    file = archive.extractfile(member) if member is not None and member.isreg() else None
    if file is None:
        raise ModelError(f"has no {name} in it")
    content = file.read(pin.bytes + 1)
    problem = problem_with(content, [pin])
    if problem:
        raise ModelError(f"has a {name} in it that {problem}")
    return content


def _gunzip(content: bytes, max_bytes: int) -> bytes:
    unpacking = zlib.decompressobj(_GZIP_FORMAT)
    plain = unpacking.decompress(content, max_bytes + 1)
    if len(plain) > max_bytes:
        raise ModelError("unpacks to more than any model has")
    if not unpacking.eof:
        raise ModelError("cannot be unpacked (it is cut off)")
    return plain
