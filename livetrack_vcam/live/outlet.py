"""The sending stage: one sink, fed from a mailbox of its own."""

from __future__ import annotations

from livetrack_vcam.errors import LiveTrackError
from livetrack_vcam.events import Report, SinkFailed
from livetrack_vcam.interfaces import Canvas, Link, LinkedSink, Sink
from livetrack_vcam.mailbox import Closed, Mailbox
from livetrack_vcam.media import Frame, black_frame
from livetrack_vcam.stats import Clock, Flow


class Outlet:
    """One sink behind its own bounded mailbox."""

    def __init__(self, shot: str, sink: Sink, canvas: Canvas, report: Report, clock: Clock) -> None:
        self.shot = shot
        self.sink = sink
        self.mailbox: Mailbox[Frame] = Mailbox(sink.depth)
        self.flow = Flow()
        self.state = "opening"
        self._dropped: int | None = None
        self._called_off = False
        self._canvas = canvas
        self._report = report
        self._clock = clock

    def run(self) -> None:
        try:
            self.sink.open(self._canvas)
        except LiveTrackError as error:
            if self._called_off:
                self.state = "closed"
            else:
                self._fail(error, opening=True)
            return
        self.state = "open"
        try:
            self._feed()
            self.state = "closed"
        except LiveTrackError as error:
            self._fail(error, opening=False)
        finally:
            self.sink.close()

    def stop(self) -> None:
        self.mailbox.close()

    def call_off(self) -> None:
        """Wait for no server elsewhere any longer; that the output never opened is no failure."""
        if isinstance(self.sink, LinkedSink):
            self._called_off = True
            self.sink.give_up()

    @property
    def dropped(self) -> int:
        """Frames that waited too long; what comes after a failure had nobody to go to."""
        waited = self.mailbox.dropped if self._dropped is None else self._dropped
        return waited + (self.link.dropped if self.link else 0)

    @property
    def link(self) -> Link | None:
        """How the sink stands with its server, if it has one."""
        return self.sink.link if isinstance(self.sink, LinkedSink) else None

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

    def _fail(self, error: LiveTrackError, *, opening: bool) -> None:
        self.state = "failed"
        self._dropped = self.mailbox.dropped
        self.mailbox.close()
        self._report(SinkFailed(self.shot, self.sink.name, error, opening))
