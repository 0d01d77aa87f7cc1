"""The newest picture of a shot, for whoever encodes it: the room's renditions and WHIP."""

from __future__ import annotations

from threading import Lock

from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.mailbox import Mailbox
from livetrack_vcam.media import Frame


class RoomFeed:
    """Hands each picture to everybody who took it up; a slow one skips to the newest.

    Every method may be called from any thread, and none blocks.
    """

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self._lock = Lock()
        self._takers: set[Mailbox[Frame]] = set()
        self._last: Frame | None = None

    def put(self, frame: Frame) -> None:
        with self._lock:
            self._last = frame
            takers = list(self._takers)
        for taker in takers:
            taker.put(frame)

    def take_up(self) -> Mailbox[Frame]:
        """A mailbox of one place; the last picture, if any, lies in it already."""
        mailbox: Mailbox[Frame] = Mailbox()
        with self._lock:
            self._takers.add(mailbox)
            last = self._last
        if last is not None:
            mailbox.put(last)
        return mailbox

    def leave(self, mailbox: Mailbox[Frame]) -> None:
        """Close a mailbox that was taken up: whoever reads it gets Closed."""
        with self._lock:
            self._takers.discard(mailbox)
        mailbox.close()

    def end(self) -> None:
        """No picture will come any more: closes every mailbox."""
        with self._lock:
            takers, self._takers = list(self._takers), set()
            self._last = None
        for taker in takers:
            taker.close()


class RoomSink:
    """A Sink that fills a feed; encoding is the takers' work, so it costs next to nothing."""

    name = "room"
    depth = 1
    # Who joins while the camera is away still gets a picture, and a decoder something to show.
    repeat_after_s: float | None = 0.25

    def __init__(self, feed: RoomFeed) -> None:
        self._feed = feed

    def open(self, canvas: Canvas) -> None:
        pass

    def send(self, frame: Frame) -> None:
        self._feed.put(frame)

    def close(self) -> None:
        self._feed.end()
