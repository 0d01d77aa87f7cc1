"""The capturing stage: reads the source, and looks for it again when it is lost."""

from __future__ import annotations

import logging
from threading import Event

from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.errors import SourceError
from livetrack_vcam.events import Report, SourceBack, SourceLost
from livetrack_vcam.interfaces import Source, SourceInfo
from livetrack_vcam.live.sleeping import SleepWatch
from livetrack_vcam.mailbox import Mailbox
from livetrack_vcam.media import ColorRange, Frame
from livetrack_vcam.picture.render import Renderer
from livetrack_vcam.stats import NS_PER_S, Clock, Flow

log = logging.getLogger(__name__)

REOPEN_FIRST_S = 0.5
REOPEN_MOST_S = 5.0
STUCK_NS = 15 * NS_PER_S
"""No source waits so long by itself; the longest is a network stream's (READ_TIMEOUT_S)."""
BRIGHTNESS_EVERY = 15
"""Frames, the time between two measurements."""

NO_ANSWER = (
    f"the source has given neither a picture nor an error for {STUCK_NS // NS_PER_S} s; plug it in "
    "again, and if that does not help start livetrack-vcam again"
)


def brightness(frame: Frame) -> float:
    """Mean luma of every 16th row and column: 0 is black, 1 white."""
    full = frame.color.range is ColorRange.FULL
    low, high = (0, 255) if full else (16, 235)
    mean = float(frame.planes[0][::16, ::16].mean())
    return min(max((mean - low) / (high - low), 0.0), 1.0)


class Capture:
    """Reads the source and hands each frame on. `brightness`: of a frame just now."""

    def __init__(
        self,
        source: Source,
        size: Size,
        live: bool,
        target: Mailbox[Frame],
        report: Report,
        clock: Clock,
        sleep: SleepWatch | None = None,
    ) -> None:
        self._source = source
        self._size = size
        self._live = live
        self._target = target
        self._report = report
        self._clock = clock
        self._stopping = Event()
        self.flow = Flow()
        self.state = "running"
        self.missed = 0
        self.brightness: float | None = None
        self._last_seq = -1
        # When the source was asked for the frame that it has not given yet; None: it is not asked.
        self._asked_ns: int | None = None
        self._stuck = False
        self._fitter = Renderer(size)
        self._sleep = SleepWatch() if sleep is None else sleep
        self._slept = False

    def run(self) -> None:
        try:
            while not self._stopping.is_set():
                frame = self._read()
                if frame is None:
                    break
                self._count(frame)
                self._target.put(frame)
        finally:
            self.state = "ended"
            self._source.close()
            self._target.close()

    def stop(self) -> None:
        self._stopping.set()
        self._source.close()

    def check(self) -> None:
        """Notice a live source whose `read` does not come back: some systems' drivers wait without
        end. Never blocks; from another thread, for this one is in `read`."""
        asked_ns = self._asked_ns
        if self._stuck or not self._live or asked_ns is None:
            return
        if self._clock() - asked_ns >= STUCK_NS:
            self._stuck = True
            self.state = "lost"
            self._report(SourceLost(SourceError(NO_ANSWER), stuck=True))

    def _count(self, frame: Frame) -> None:
        """A gap in `seq` is a frame the source had to skip; a smaller one is a new beginning."""
        self.missed += max(0, frame.seq - self._last_seq - 1)
        self._last_seq = frame.seq
        if frame.seq % BRIGHTNESS_EVERY == 0:
            self.brightness = brightness(frame)
        self.flow.add(frame.pts_ns, self._clock())

    def _read(self) -> Frame | None:
        """The next frame, through any loss of a live source; None at the end."""
        while True:
            self._asked_ns = self._clock()
            try:
                frame = self._source.read()
            except SourceError as error:
                if self._stopping.is_set():
                    return None
                if not self._live:
                    raise
                self.state = "lost"
                self._report(SourceLost(error))
            else:
                if self._stuck and frame is not None:
                    self.state = "running"
                    self._report(SourceBack())
                return None if frame is None else self._fitted(frame)
            finally:
                self._asked_ns = None
                self._stuck = False
            info = self._reopen()
            if info is None:
                return None
            self.state = "running"
            self._report(SourceBack(self._changed(info)))

    def _reopen(self) -> SourceInfo | None:
        """Try until it is back, ever more seldom; None when the run ends meanwhile."""
        pause_s = REOPEN_FIRST_S
        while self._pause(pause_s):
            if self._slept:
                pause_s = REOPEN_FIRST_S
            self._source.close()
            try:
                return self._source.open()
            except SourceError as error:
                log.debug("source not back yet: %s", error)
                pause_s = error.retry_s or min(2 * pause_s, REOPEN_MOST_S)
        return None

    def _pause(self, pause_s: float) -> bool:
        """Wait for so long, but not on after the machine slept; whether the run goes on."""
        self._slept = False
        while pause_s > 0 and not self._slept:
            if self._stopping.wait(min(pause_s, REOPEN_FIRST_S)):
                return False
            pause_s -= REOPEN_FIRST_S
            slept_s = self._sleep.slept_s()
            self._slept = slept_s > 0
            if self._slept:
                log.info("the machine slept for %.0f s; looking for the source at once", slept_s)
        return not self._stopping.is_set()

    def _changed(self, info: SourceInfo) -> str | None:
        """What the user should know of a source that came back another one."""
        if info.size == self._size:
            return None
        return (
            f"{info.name} came back with {info.size} instead of {self._size}; its picture is "
            "scaled to the old size, start livetrack-vcam again to have all of the new one"
        )

    def _fitted(self, frame: Frame) -> Frame:
        """The frame at the size the run began with: directors and detectors hold on to it.

        Another shape goes between black bars.
        """
        if frame.size == self._size:
            return frame
        return self._fitter.render(frame, Box(0, 0, frame.size.width, frame.size.height))
