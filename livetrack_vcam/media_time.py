"""From a stream's own timestamps to media time."""

from __future__ import annotations

SECOND_NS = 1_000_000_000
# A jump back by more than this is a stream that started over, not frames in disorder.
RESTART_NS = SECOND_NS


class Timeline:
    """Media time since the first frame, in nanoseconds, strictly increasing.

    Frames without a timestamp follow at the nominal interval; after a jump back the time goes on
    from where it was.
    """

    def __init__(self, interval_ns: int) -> None:
        self._interval_ns = interval_ns
        self._origin_ns: int | None = None
        self.last_ns: int | None = None

    def place(self, stream_ns: int | None) -> int:
        """The media time of the frame stamped `stream_ns`, or of the next one without a stamp."""
        last_ns = self.last_ns
        following = 0 if last_ns is None else last_ns + self._interval_ns
        if stream_ns is None:
            self.last_ns = following
            return following
        if self._origin_ns is None or self._started_over(stream_ns):
            self._origin_ns = stream_ns - following
        media_ns = stream_ns - self._origin_ns
        self.last_ns = media_ns if last_ns is None else max(media_ns, last_ns + 1)
        return self.last_ns

    def at(self, stream_ns: int) -> int | None:
        """The media time of what else the stream stamped so; None before the first frame."""
        return None if self._origin_ns is None else stream_ns - self._origin_ns

    def _started_over(self, stream_ns: int) -> bool:
        if self._origin_ns is None or self.last_ns is None:
            return False
        return stream_ns - self._origin_ns < self.last_ns - RESTART_NS

    def restart(self) -> None:
        """The next frame starts the stream over; media time goes on."""
        self._origin_ns = None
