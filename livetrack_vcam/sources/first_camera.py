"""The source `auto`: the first of several cameras that opens."""

from __future__ import annotations

from collections.abc import Sequence

from livetrack_vcam.errors import SourceError
from livetrack_vcam.interfaces import Source, SourceInfo
from livetrack_vcam.media import Frame


class FirstCamera:
    """Tries the cameras in order when it is opened first, and stays with the one that did.

    `note` says which were passed over, and why. When none opens, the first one's error is raised.
    """

    def __init__(self, cameras: Sequence[Source]) -> None:
        self._cameras = cameras
        self._chosen: Source | None = None
        self._passed: list[str] = []

    @property
    def note(self) -> str | None:
        """One sentence for the user, or None."""
        own = getattr(self._chosen, "note", None)
        return " ".join(part for part in (*self._passed, own) if part) or None

    def open(self) -> SourceInfo:
        if self._chosen is not None:
            return self._chosen.open()
        errors: list[SourceError] = []
        for camera in self._cameras:
            try:
                info = camera.open()
            except SourceError as error:
                errors.append(error)
                continue
            self._chosen = camera
            self._passed = [f"Passed over: {error}." for error in errors]
            return info
        raise errors[0]

    def read(self) -> Frame | None:
        if self._chosen is None:
            raise SourceError("no camera is open yet; open one first")
        return self._chosen.read()

    def close(self) -> None:
        for camera in self._cameras:
            camera.close()
