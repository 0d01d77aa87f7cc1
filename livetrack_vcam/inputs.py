"""Text files the user names to be read."""

from __future__ import annotations

from pathlib import Path

from livetrack_vcam.errors import SourceBusyError, SourceError, SourceNotFoundError
from livetrack_vcam.outputs import expanded


def read_text(path: Path, what: str) -> str:
    """The text of `path`, which should be a `what`. Raises SourceError with what to do."""
    path = expanded(path)
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        raise SourceNotFoundError(f"there is no {what} {path}; check its name") from None
    except PermissionError:
        raise SourceBusyError(
            f"{path} may not be read by this user; try: chmod u+r {path}"
        ) from None
    except UnicodeDecodeError:
        raise SourceError(f"{path} is no {what}; check its name") from None
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}; check its name") from None
