"""The one exception tree. Each message says what happened, to what, and what to type next."""

from __future__ import annotations

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_NOT_FOUND = 3
EXIT_BUSY = 4
EXIT_MODEL = 5
EXIT_INTERRUPTED = 130


class LiveTrackError(Exception):
    """Something the user can read and act upon. `exit_code` is what the program then ends with."""

    exit_code = EXIT_FAILED


class SettingsError(LiveTrackError):
    """An option, a config file or a combination of them makes no sense."""

    exit_code = EXIT_USAGE


class SourceError(LiveTrackError):
    """The source failed or cannot be read.

    `retry_s`: to look for it again costs nothing, so do that often; None: ever more seldom.
    """

    retry_s: float | None = None


class SourceNotFoundError(SourceError):
    """No such camera, file or address."""

    exit_code = EXIT_NOT_FOUND


class SourceBusyError(SourceError):
    """The camera is held by another program, or may not be opened by this user."""

    exit_code = EXIT_BUSY


class SinkError(LiveTrackError):
    """An output failed or cannot be opened."""


class SinkNotFoundError(SinkError):
    """No such output device or folder."""

    exit_code = EXIT_NOT_FOUND


class SinkBusyError(SinkError):
    """The output is held by another program, or may not be written by this user."""

    exit_code = EXIT_BUSY


class ModelError(LiveTrackError):
    """Model weights are missing, corrupt or not what the manifest says."""

    exit_code = EXIT_MODEL
