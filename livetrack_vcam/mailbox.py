"""The only object two threads share: bounded, the newest wins, every drop is counted."""

from __future__ import annotations

from collections import deque
from threading import Condition
from typing import Generic, TypeVar

T = TypeVar("T")


class Closed(Exception):
    """Raised by `get` when the mailbox is closed and empty."""


class Woken(Exception):
    """Raised by `get` when nothing came, but somebody called `wake`."""


class Mailbox(Generic[T]):
    """A queue of at most `depth` items. `put` never blocks: a full one drops the oldest item."""

    def __init__(self, depth: int = 1) -> None:
        if depth < 1:
            raise ValueError("a mailbox holds at least one item")
        self._items: deque[T] = deque()
        self._depth = depth
        self._dropped = 0
        self._closed = False
        self._woken = False
        self._changed = Condition()

    def put(self, item: T) -> T | None:
        """Add the newest item; the one that had to go for it, if any, counted as dropped.

        After `close` that is the item itself.
        """
        with self._changed:
            if self._closed:
                self._dropped += 1
                return item
            dropped = None
            if len(self._items) == self._depth:
                dropped = self._items.popleft()
                self._dropped += 1
            self._items.append(item)
            self._changed.notify()
            return dropped

    def get(self, timeout_s: float | None = None) -> T | None:
        """The oldest item; None when none came within `timeout_s`.

        Raises Closed at the end, and Woken after `wake`.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._closed or self._woken, timeout_s)
            if self._items:
                return self._items.popleft()
            if self._closed:
                raise Closed
            if self._woken:
                self._woken = False
                raise Woken
            return None

    def wake(self) -> None:
        """Let whoever waits for an item, or is about to, see to something else first."""
        with self._changed:
            self._woken = True
            self._changed.notify_all()

    def drain(self) -> list[T]:
        """Every waiting item, oldest first, without blocking."""
        with self._changed:
            items = list(self._items)
            self._items.clear()
            return items

    def close(self) -> None:
        """Accept nothing more; readers still get what is inside. Safe to call more than once."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def wait_closed(self, timeout_s: float) -> bool:
        """Whether it is closed, now or within `timeout_s`."""
        with self._changed:
            return self._changed.wait_for(lambda: self._closed, timeout_s)

    @property
    def closed(self) -> bool:
        with self._changed:
            return self._closed

    @property
    def dropped(self) -> int:
        with self._changed:
            return self._dropped
