"""Pictures shown late on purpose, so that the crop of each is decided knowing what comes."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Generic, TypeVar

T = TypeVar("T")


class DelayLine(Generic[T]):
    """Holds the last `length` items; none is lost or handed out twice. Length 0 holds nothing."""

    def __init__(self, length: int) -> None:
        if length < 0:
            raise ValueError("a delay line cannot be shorter than 0")
        self.length = length
        self._items: deque[T] = deque()

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: T) -> T | None:
        """Take the newest item; the one whose turn has come, None while the line fills."""
        self._items.append(item)
        return self._items.popleft() if len(self._items) > self.length else None

    def take(self) -> T | None:
        """The oldest item before its turn, when no more come; None when nothing is held."""
        return self._items.popleft() if self._items else None


class LookAhead(Generic[T]):
    """One delay line a shot. The frames in them are shared, not copied.

    While nothing comes, `advance` lets the lines run empty; they then fill again, which holds the
    picture for as long as the delay is.
    """

    def __init__(self, frames: Mapping[str, int]) -> None:
        self._lines: dict[str, DelayLine[T]] = {
            shot: DelayLine(length) for shot, length in frames.items()
        }

    def __bool__(self) -> bool:
        """Whether anything is held."""
        return any(len(line) for line in self._lines.values())

    @property
    def held(self) -> int:
        """How many frames are kept alive, at most the longest line."""
        return max((len(line) for line in self._lines.values()), default=0)

    def frames(self, shot: str) -> int:
        """By how many frames the shot is shown late."""
        return self._lines[shot].length

    def put(self, frame: T) -> dict[str, T]:
        """What each shot shows now that `frame` has come; shots whose line still fills are out."""
        shown = {shot: line.put(frame) for shot, line in self._lines.items()}
        return {shot: item for shot, item in shown.items() if item is not None}

    def advance(self) -> dict[str, T]:
        """What each shot shows when it is time for the next picture and no frame has come."""
        shown = {shot: line.take() for shot, line in self._lines.items()}
        return {shot: item for shot, item in shown.items() if item is not None}
