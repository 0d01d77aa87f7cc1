"""The time that passes for the directors: the frames' own, but in standby it stands still."""

from __future__ import annotations


class Timeline:
    """Turns the time of a frame into the directors', to whom a standby never happened.

    So everything goes on where it was: nobody was missed, and the crop has moved no further. One
    thread calls `rest` and `go_on`; `at` may be called from any.
    """

    def __init__(self) -> None:
        # What was stood by so far, and since when it is now; replaced as one, for other threads.
        self._state: tuple[int, int | None] = 0, None

    @property
    def resting(self) -> bool:
        return self._state[1] is not None

    def at(self, pts_ns: int) -> int:
        """The directors' time of the frame of `pts_ns`."""
        skipped_ns, since_ns = self._state
        return (pts_ns if since_ns is None else min(pts_ns, since_ns)) - skipped_ns

    def rest(self, pts_ns: int) -> None:
        """Stand still from the frame of `pts_ns` on."""
        if not self.resting:
            self._state = self._state[0], pts_ns

    def go_on(self, pts_ns: int) -> None:
        """Go on after the frame of `pts_ns`, the last of the standby."""
        skipped_ns, since_ns = self._state
        if since_ns is not None:
            self._state = skipped_ns + max(0, pts_ns - since_ns), None
