"""The sending stage: one sink, fed from a mailbox of its own."""

from __future__ import annotations

import time

from livetrack_vcam.errors import LiveTrackError, SinkBusyError
from livetrack_vcam.events import Report, SinkBack, SinkFailed
from livetrack_vcam.interfaces import Canvas, KeptSink, Link, LinkedSink, ReturningSink, Sink
from livetrack_vcam.mailbox import Closed, Mailbox
from livetrack_vcam.media import Frame, black_frame
from livetrack_vcam.stats import Clock, Flow

RETRY_FIRST_S, RETRY_MOST_S = 0.5, 5.0
# Whether somebody else feeds a device can only be found by reading it for a second.
RETRY_BUSY_S = 15.0


class Outlet:
    """One sink behind its own bounded mailbox.

    A sink whose device may return is opened again and again while it is `failed`; until then its
    pictures have nobody to go to and do not count as dropped.
    """

    def __init__(self, shot: str, sink: Sink, canvas: Canvas, report: Report, clock: Clock) -> None:
        self.shot = shot
        self.sink = sink
        self.mailbox: Mailbox[Frame] = Mailbox(sink.depth)
        self.flow = Flow()
        self.state = "opening"
        # Frames that had nobody to go to, and the count of drops when it failed; one value, for the
        # status is asked from other threads.
        self._unheard: tuple[int, int | None] = (0, None)
        self._pause_s = RETRY_FIRST_S
        self._called_off = False
        self._was_open = False
        self._error: LiveTrackError | None = None
        self._canvas = canvas
        self._report = report
        self._clock = clock

    def run(self) -> None:
        while not self._ran():
            busy = isinstance(self._error, SinkBusyError)
            if not self._wait(RETRY_BUSY_S if busy else self._pause_s):
                return
            self._pause_s = min(2 * self._pause_s, RETRY_MOST_S)

    def stop(self) -> None:
        self.mailbox.close()

    def call_off(self) -> None:
        """Wait for no server elsewhere any longer; that the output never opened is no failure."""
        if isinstance(self.sink, LinkedSink):
            self._called_off = True
            self.sink.give_up()

    def discard(self) -> None:
        """Leave nothing of a run that was refused, once `run` has returned."""
        if isinstance(self.sink, KeptSink):
            self.sink.discard()

    @property
    def is_over(self) -> bool:
        """Whether nothing is to be expected of it. One that was open and is tried again counts as
        working; one that never was is an offer that nobody took up."""
        return self.state == "failed" and not (self._was_open and self._error is not None)

    @property
    def dropped(self) -> int:
        """Frames that waited too long; what comes after a failure had nobody to go to."""
        unheard, failed_at = self._unheard
        waited = self.mailbox.dropped if failed_at is None else failed_at
        link = self.link
        return waited - unheard + (link.dropped if link else 0)

    @property
    def link(self) -> Link | None:
        """How the sink stands with its server or its device, if it may be away for a while."""
        if isinstance(self.sink, LinkedSink):
            return self.sink.link
        error = self._error
        return Link("retrying", str(error), 0) if error is not None else None

    def _ran(self) -> bool:
        """Open the sink and feed it to the end; whether that was all, or it is to be tried again.

        Reports the first failure, and when it is over.
        """
        try:
            self.sink.open(self._canvas)
        except LiveTrackError as error:
            if not self._called_off:
                return self._fail(error, opening=True)
            self.state = "closed"
            return True
        self._begin()
        try:
            self._feed()
            self.state = "closed"
            return True
        except LiveTrackError as error:
            return self._fail(error, opening=False)
        finally:
            self.sink.close()

    def _begin(self) -> None:
        unheard, failed_at = self._unheard
        if failed_at is not None:
            self._unheard = (unheard + self.mailbox.dropped - failed_at, None)
        self._pause_s = RETRY_FIRST_S
        self._was_open = True
        self.state = "open"  # before the error goes: `is_over` is asked from another thread
        if self._error is not None:
            self._error = None
            self._report(SinkBack(self.shot, self.sink.name))

    def _wait(self, pause_s: float) -> bool:
        """Let pictures pass for so long; whether there will be more."""
        until_s = time.monotonic() + pause_s
        try:
            while (left_s := until_s - time.monotonic()) > 0:
                self.mailbox.get(left_s)
        except Closed:
            return False
        return True

    def _feed(self) -> None:
        """Send what arrives; devices that must not starve get a picture at once and repeats."""
        last: Frame | None = None
        if self.sink.repeat_after_s is not None:
            last = black_frame(self._canvas.size, self._clock())
            self.sink.send(last)
        while True:
            try:
                frame = self.mailbox.get(self.sink.repeat_after_s)
            except Closed:
                return
            if frame is not None:
                unsent = self.link.dropped if self.link else 0
                self.sink.send(frame)
                if self.link is None or self.link.dropped == unsent:
                    self.flow.add(frame.pts_ns, self._clock())
                last = frame
            elif last is not None:
                self.sink.send(last)

    def _fail(self, error: LiveTrackError, *, opening: bool) -> bool:
        """Whether that is the end of it; else it is to be tried again."""
        again = isinstance(self.sink, ReturningSink) and self.sink.may_return
        known = self._error is not None
        self._error = error if again else None
        self.state = "failed"
        unheard, failed_at = self._unheard
        if failed_at is None:
            self._unheard = (unheard, self.mailbox.dropped)
        if not again:
            self.mailbox.close()
        if not known or not again:
            self._report(SinkFailed(self.shot, self.sink.name, error, opening, again))
        return not again
