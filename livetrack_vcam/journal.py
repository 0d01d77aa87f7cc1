"""Text files written beside the run, line by line, without ever delaying it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TextIO

from livetrack_vcam.mailbox import Closed, Mailbox
from livetrack_vcam.outputs import Draft, check_writable, expanded, remove_begun, write_error

# Some minutes of lines of a disk that does not answer; more would be a leak.
DEPTH = 20_000


class LineWriter:
    """A text file behind a mailbox: `put` takes whole lines and never blocks, `run` writes them.

    Raises SinkError from `run` when the disk refuses; `dropped` counts the lines that were lost.
    """

    def __init__(self, path: Path, file: TextIO) -> None:
        self.path = path
        self._file = file
        self._lines: Mailbox[str] = Mailbox(DEPTH)

    def put(self, line: str) -> None:
        self._lines.put(line)

    def stop(self) -> None:
        self._lines.close()

    def discard(self) -> None:
        """Leave nothing of a run that never began, once `run` has ended, or instead of it."""
        with contextlib.suppress(OSError):
            self._file.close()
        remove_begun(self.path)

    @property
    def dropped(self) -> int:
        return self._lines.dropped

    def run(self) -> None:
        try:
            with self._file:
                while True:
                    line = self._lines.get()
                    if line is not None:
                        self._file.write(line)
        except Closed:
            return
        except OSError as error:
            self._lines.close()
            raise write_error(self.path, error, kept=True) from None


def create_text_file(path: Path, overwrite: bool) -> TextIO:
    """Open a new text file for writing. Raises SinkError with what to type next."""
    path = expanded(path)
    check_writable(path, overwrite)
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise write_error(path, error) from None


class TextDraft:
    """A text file that is there only when it is whole. Raises SinkError with what to type next.

    `finish` is `complete` and `publish`, for a file that belongs to no other.
    """

    def __init__(self, path: Path, overwrite: bool) -> None:
        self._path = expanded(path)
        self._draft = Draft(self._path, overwrite)
        try:
            self._file = self._draft.path.open("w", encoding="utf-8")
        except OSError as error:
            raise write_error(self._path, error) from None

    def write(self, text: str) -> None:
        try:
            self._file.write(text)
        except OSError as error:
            self.abort()
            raise write_error(self._path, error) from None

    def finish(self) -> None:
        self.complete()
        self.publish()

    def complete(self) -> None:
        """Write what is left; nothing but the name is missing then."""
        try:
            self._file.close()
        except OSError as error:
            self.abort()
            raise write_error(self._path, error) from None

    def publish(self) -> None:
        """Give the completed file its name."""
        self._draft.publish()

    def abort(self) -> None:
        """Remove what was written, under either name; safe after a failure and more than once."""
        with contextlib.suppress(OSError):
            self._file.close()
        self._draft.abort()
