"""From media time to the monotonic clock."""

from __future__ import annotations

from livetrack_vcam.media_time import SECOND_NS

# How fast the mapping may follow a stream whose clock is slower than ours: 0.1 %, well over the
# 0.01 % that quartz drifts, well under what the eye or a velocity estimate would notice.
DRIFT = 1000


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
