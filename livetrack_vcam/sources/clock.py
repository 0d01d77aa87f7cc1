"""From a stream's own timestamps to media time, and to the monotonic clock."""

from __future__ import annotations

SECOND_NS = 1_000_000_000
# A jump back by more than this is a stream that started over, not frames in disorder.
RESTART_NS = SECOND_NS
# How fast the mapping may follow a stream whose clock is slower than ours: 0.1 %, well over the
# 0.01 % that quartz drifts, well under what the eye or a velocity estimate would notice.
DRIFT = 1000


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


class LiveClock:
    """Places a live stream's media time on the monotonic clock without the network's jitter.

    A frame cannot arrive before it was made, so the smallest delay seen is nearest to the truth;
    it may grow slowly, for clocks drift, and starts over when a frame comes a second late.
    """

    def __init__(self) -> None:
        self._offset_ns: int | None = None
        self._last_media_ns = 0
        self._last_ns = -1

    def place(self, media_ns: int, now_ns: int) -> int:
        """When the frame at `media_ns`, arrived at `now_ns`, was captured; strictly increasing."""
        delay = now_ns - media_ns
        if self._offset_ns is None or delay > self._offset_ns + SECOND_NS:
            self._offset_ns = delay
        else:
            drift = max(0, media_ns - self._last_media_ns) // DRIFT
            self._offset_ns = min(self._offset_ns + drift, delay)
        self._last_media_ns = media_ns
        self._last_ns = max(self._last_ns + 1, media_ns + self._offset_ns)
        return self._last_ns

    def at(self, media_ns: int) -> int | None:
        """When something else at `media_ns` was captured; None before the first frame."""
        return None if self._offset_ns is None else media_ns + self._offset_ns
