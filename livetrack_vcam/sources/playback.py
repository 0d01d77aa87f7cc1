"""Recorded media played like a camera, or as fast as it decodes."""

from __future__ import annotations

import time
from threading import Event

from livetrack_vcam.media import Frame
from livetrack_vcam.media_time import SECOND_NS, Timeline
from livetrack_vcam.picture.av_frames import Picture
from livetrack_vcam.sources.stream_reader import StreamReader

# A frame this late is skipped rather than shown in a burst ...
LATE_NS = 100_000_000
# ... but never more than this many in a row, so that a slow machine still shows something,
MAX_SKIPPED = 8
# and after a longer stop (a suspended process) the clock starts over instead of racing.
STALLED_NS = 2 * SECOND_NS


class Playback:
    """Frames of a StreamReader in media time.

    Paced, `pts_ns` is the monotonic time at which the frame is due (the first at the first
    `read`) and `read` waits for it. Unpaced, it is the media time since the first frame.
    """

    def __init__(self, reader: StreamReader, paced: bool, loop: bool) -> None:
        self._reader = reader
        self._paced = paced
        self._loop = loop
        self._timeline = Timeline(reader.interval_ns)
        self._start_ns: int | None = None
        self._seq = 0
        self._skipped = 0
        self._closed = Event()

    @property
    def played_ns(self) -> int:
        """Media time from the first frame to the end of the last."""
        last = self._timeline.last_ns
        return 0 if last is None else last + self._reader.interval_ns

    @property
    def closed(self) -> bool:
        return self._closed.is_set()

    def read(self) -> Frame | None:
        while not self._closed.is_set():
            decoded = self._decode()
            if decoded is None:
                return None
            picture, stream_ns = decoded
            pts_ns = self._timeline.place(stream_ns)
            seq, self._seq = self._seq, self._seq + 1
            if self._paced:
                due_ns = self._due(pts_ns)
                if due_ns is None:
                    continue
                pts_ns = due_ns
            return Frame(picture.planes, picture.format, picture.color, pts_ns, seq)
        return None

    def close(self) -> None:
        self._closed.set()
        self._reader.close()

    def _decode(self) -> tuple[Picture, int | None] | None:
        decoded = self._reader.read()
        if decoded is None and self._loop and not self._closed.is_set():
            self._reader.rewind()
            self._timeline.restart()
            decoded = self._reader.read()
        return decoded

    def _due(self, media_ns: int) -> int | None:
        """Wait for the frame's time and return it; None when it is not to be shown: too late, or
        closed meanwhile."""
        now_ns = time.monotonic_ns()
        if self._start_ns is None:
            self._start_ns = now_ns - media_ns
        self._reader.give_sound(self._heard_at, self._start_ns + media_ns)
        late_ns = now_ns - (self._start_ns + media_ns)
        if late_ns > STALLED_NS:
            self._start_ns += late_ns
        elif late_ns > LATE_NS and self._skipped < MAX_SKIPPED:
            self._skipped += 1
            return None
        elif late_ns < 0:
            self._closed.wait(-late_ns / SECOND_NS)
            if self._closed.is_set():
                return None
        self._skipped = 0
        return self._start_ns + media_ns

    def _heard_at(self, stream_ns: int) -> int | None:
        media_ns = self._timeline.at(stream_ns)
        if media_ns is None or self._start_ns is None:
            return None
        return self._start_ns + media_ns
