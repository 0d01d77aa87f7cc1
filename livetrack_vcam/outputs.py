"""Files the program writes: what may be written, and drafts that get their name when whole."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterable
from pathlib import Path

from livetrack_vcam.errors import SettingsError, SinkBusyError, SinkError, SinkNotFoundError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
# A draft's name must not be too long where the name itself is not; 40 letters tell whose it is.
DRAFT_STEM = 40


def check_writable(path: Path, overwrite: bool) -> None:
    """Raise the SinkError that says why nothing should or can be written to `path`.

    What is no ordinary file, such as /dev/stdout or a pipe, need not be new.
    """
    if not _can_be(path):
        raise SinkError(f"{str(path)!r} cannot be the name of a file; choose another")
    try:
        if not path.parent.is_dir():
            raise SinkNotFoundError(
                f"there is no folder {path.parent} for {path.name}; try: mkdir -p {path.parent}"
            )
        if path.is_dir():
            raise SinkError(f"{path} is a folder; name a file in it")
        if path.is_file() and not overwrite:
            raise SinkError(f"{path} exists already; choose another name, or add --overwrite")
        allowed = os.access(path if path.exists() else path.parent, os.W_OK)
    except OSError as error:
        raise write_error(path, error) from None
    if not allowed:
        raise _forbidden(path)


def check_outputs(outputs: Iterable[Path], source: str, overwrite: bool) -> None:
    """Raise unless every output can be written and none is another one or the source itself."""
    clip = expanded(source)
    taken: list[Path] = []
    for path in map(expanded, outputs):
        if _same_file(path, clip):
            raise SettingsError(
                f"{path} is the clip itself; name another file, so that nothing is lost"
            )
        if any(_same_file(path, other) for other in taken):
            raise SettingsError(f"two outputs are the same file {path}; name them apart")
        check_writable(path, overwrite)
        taken.append(path)


def expanded(path: str | Path) -> Path:
    """`~` as the user's folder, also where the shell leaves it alone, as in `--sink file:~/a.mp4`.

    An unknown user's `~name` is a name like any other.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def exists(path: Path) -> bool:
    """Whether there is such a file, as far as this user can tell: opening it tells the rest."""
    try:
        path.stat()
    except PermissionError:
        return True
    except (OSError, ValueError):  # ValueError: what cannot be a name
        return False
    return True


def _can_be(path: Path) -> bool:
    """Whether there can be such a name; a config file can hold others."""
    return "\0" not in str(path)


def _same_file(one: Path, other: Path) -> bool:
    if not (_can_be(one) and _can_be(other)):
        return False
    try:
        return one.samefile(other)
    except OSError:
        return os.path.realpath(one) == os.path.realpath(other)


def draft_of(path: Path) -> Path:
    """Where a file is written until it is whole: beside it, so that renaming is one step.

    Of a link that is beside what it leads to, which may lie on another disk. What is no ordinary
    file is its own draft: it can be written to, never replaced.
    """
    if path.exists() and not path.is_file():
        return path
    return _led_to(path).with_name(f".{path.stem[:DRAFT_STEM]}.{os.getpid()}.part{path.suffix}")


def publish(draft: Path, path: Path) -> None:
    """Give a finished draft its name."""
    if draft != path:
        draft.replace(_led_to(path))


def _led_to(path: Path) -> Path:
    """What a link leads to; the path itself where it is none."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def discard(draft: Path, path: Path) -> None:
    """Remove a draft that is not wanted; safe more than once."""
    if draft != path:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


class Draft:
    """A file that has another name until it is whole; `path` is that one.

    Raises SinkError with what to type next.
    """

    def __init__(self, name: Path, overwrite: bool) -> None:
        check_writable(name, overwrite)
        self.path = draft_of(name)
        self._name = name
        self._published = False

    def publish(self) -> None:
        """Give the finished file its name, or remove it."""
        try:
            publish(self.path, self._name)
        except OSError as error:
            self.abort()
            raise write_error(self._name, error) from None
        self._published = True

    def abort(self) -> None:
        """Remove it, under either name; safe after a failure and more than once."""
        if self._published and self.path != self._name:
            with contextlib.suppress(OSError):
                _led_to(self._name).replace(self.path)
        self._published = False
        discard(self.path, self._name)


def remove_begun(path: Path) -> None:
    """Remove a file that was begun for a run that was refused.

    What is no ordinary file stays: it is not ours.
    """
    if path.is_file() and not path.is_symlink():
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def write_error(path: Path, error: Exception, kept: bool = False) -> SinkError:
    """What the user should know when `path` could not be written.

    `kept`: what was written until then is there and can be used.
    """
    code = getattr(error, "errno", None)
    if code in FORBIDDEN:
        return _forbidden(path)
    if code in FULL:
        end = f"{path} ends here and is playable up to this point" if kept else f"no {path}"
        return SinkError(f"the disk is full: {end}; free some space and start again")
    if code == errno.ENAMETOOLONG:
        return SinkError(f"the name {path.name[:20]}… is too long for this disk; choose another")
    reason = getattr(error, "strerror", None) or error.__class__.__name__
    return SinkError(f"{path} cannot be written ({reason}); check its disk or network")


def _forbidden(path: Path) -> SinkError:
    return SinkBusyError(
        f"{path} may not be written by this user; choose another folder, or check it with: "
        f"ls -ld {path.parent}"
    )
