"""Files known by their size and sha256, and used only when they are exactly that."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from livetrack_vcam.errors import ModelError


@dataclass(frozen=True, slots=True)
class Pin:
    """Which bytes a file must hold; `sha256` in lower-case hex."""

    bytes: int
    sha256: str


def problem_with(content: bytes, pins: Sequence[Pin]) -> str:
    """Why `content` is none of `pins`, as the end of "FILE …"; empty when it is one of them."""
    sizes = [pin.bytes for pin in pins]
    if len(content) not in sizes:
        return f"has {len(content)} bytes instead of {' or '.join(map(str, sizes))}"
    if hashlib.sha256(content).hexdigest() not in [pin.sha256 for pin in pins]:
        return "is damaged (wrong sha256)"
    return ""


def read_pinned(path: Path, pins: Sequence[Pin], remedy: str) -> bytes:
    """The whole file. Raises ModelError, ending in `remedy`, when it is none of `pins`."""
    content = read_file(path, max(pin.bytes for pin in pins), remedy)
    problem = problem_with(content, pins)
    if problem:
        raise ModelError(f"model file {path} {problem}; {remedy}")
    return content


def read_file(path: Path, max_bytes: int, remedy: str) -> bytes:
    """The file, or `max_bytes` + 1 of it. Raises ModelError when it cannot be read.

    The one more tells that a file is too large without reading a disk image into memory.
    """
    try:
        with path.open("rb") as file:
            return file.read(max_bytes + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ModelError(f"model file {path} cannot be read ({reason}); {remedy}") from error
