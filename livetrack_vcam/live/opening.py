"""The first pictures, held until there is somebody to compose them for."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")

PATIENCE_NS = 350_000_000
"""Nobody misses so much of a camera that has just opened; most detectors find people sooner."""


class Opening(Generic[T]):
    """Holds what comes first until somebody is found, or for PATIENCE_NS; nothing is lost.

    A director that has seen somebody before its first picture begins well composed, instead of with
    a move from the middle. Once open, everything passes at once.
    """

    def __init__(self, awaited: bool = True) -> None:
        """`awaited` False: nobody looks, so nothing is worth waiting for."""
        self._held: list[T] = []
        self._first_ns: int | None = None
        self._open = not awaited

    def __bool__(self) -> bool:
        """Whether anything is held."""
        return bool(self._held)

    def put(self, item: T, pts_ns: int, found: bool) -> list[T]:
        """Take the newest item; what may be shown now, oldest first."""
        if self._first_ns is None:
            self._first_ns = pts_ns
        self._held.append(item)
        self._open = self._open or found or pts_ns - self._first_ns >= PATIENCE_NS
        return self.rest() if self._open else []

    def rest(self) -> list[T]:
        """All that is held, when no more comes."""
        held, self._held = self._held, []
        return held
