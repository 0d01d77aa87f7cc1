"""Text files written beside the run, line by line, without ever delaying it."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

from livetrack_vcam.errors import SinkBusyError, SinkError, SinkNotFoundError
from livetrack_vcam.mailbox import Closed, Mailbox

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
            raise SinkError(
                f"cannot write {self.path}: {error.strerror}; "
                "free some space or choose another path"
            ) from None


def create_text_file(path: Path, overwrite: bool) -> TextIO:
    """Open a new text file for writing. Raises SinkError with what to type next."""
    try:
        return path.open("w" if overwrite else "x", encoding="utf-8")
    except FileExistsError:
        raise SinkError(f"{path} exists already; choose another name or add --overwrite") from None
    except (FileNotFoundError, NotADirectoryError):
        raise SinkNotFoundError(
            f"the folder of {path} does not exist; make it with `mkdir -p {path.parent}`"
        ) from None
    except (PermissionError, IsADirectoryError):
        raise SinkBusyError(
            f"{path} may not be written by you; choose a path in a folder of your own, "
            f"such as ~/{path.name}"
        ) from None
