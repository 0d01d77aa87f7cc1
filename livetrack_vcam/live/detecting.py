"""The detecting stage: one worker looks, and a keeper replaces it when it fails or hangs.

Threads are started by the pipeline; the keeper asks it for them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event

from livetrack_vcam.core.attention import Attention
from livetrack_vcam.core.detection import Observation
from livetrack_vcam.detectors.watch import Watch
from livetrack_vcam.errors import LiveTrackError, ModelError
from livetrack_vcam.events import DetectorBack, DetectorFailed, Report
from livetrack_vcam.mailbox import Closed, Mailbox
from livetrack_vcam.media import Frame
from livetrack_vcam.stats import NS_PER_S, Clock, Flow

log = logging.getLogger(__name__)

OpenWatch = Callable[[], Watch]

# A look takes milliseconds; a machine that was suspended or starved may need this long.
HANG_S = 5.0
# Opening and the first look may load half of TensorFlow, on a slow machine.
STARTING_S = 30.0
# What the end of the run waits for a look that is under way.
LAST_LOOK_S = 5.0
RETRY_FIRST_S = 1.0
RETRY_MOST_S = 30.0
# So long without a failure, and the next one counts as the first.
HEALTHY_S = 60.0
CHECK_S = 0.25
# Each one left behind keeps its memory; more of them would endanger the picture.
MOST_HUNG = 3


class Detect:
    """Looks at the newest frame again and again, until it is stopped, fails, or is left behind."""

    def __init__(
        self,
        open_watch: OpenWatch,
        frames: Mailbox[Frame],
        observations: Mailbox[Observation],
        attention: Callable[[], Attention],
        interval_ns: int,
        clock: Clock,
        flow: Flow,
        time_of: Callable[[int], int],
    ) -> None:
        self._open_watch = open_watch
        self._frames = frames
        self._observations = observations
        self._attention = attention
        self._interval_ns = interval_ns
        self._clock = clock
        self._flow = flow
        self._time_of = time_of
        self._stopping = Event()
        self.ended = Event()
        self.error: Exception | None = None
        self.looks = 0
        self._patience_s = STARTING_S
        self._busy_since_ns: int | None = clock()

    def run(self) -> None:
        try:
            watch = self._open_watch()
            try:
                self._look(watch)
            finally:
                watch.close()
        except Closed:
            pass
        except Exception as error:
            log.debug("the detector failed", exc_info=True)
            self.error = error
        finally:
            self.ended.set()

    def stop(self) -> None:
        """Ends with the present look; what that finds is not told any more."""
        self._stopping.set()

    @property
    def overdue_s(self) -> float | None:
        """How long it has not answered, when that is too long."""
        since_ns = self._busy_since_ns
        patience_s = self._patience_s
        late = since_ns is not None and self._clock() - since_ns > patience_s * NS_PER_S
        return patience_s if late else None

    def _look(self, watch: Watch) -> None:
        due_ns = 0
        self._busy_since_ns = None
        while not self._stopping.wait(max(0, due_ns - self._clock()) / NS_PER_S):
            frame = self._frames.get(CHECK_S)
            if frame is None:
                continue
            now_ns = self._clock()
            due_ns = max(due_ns + self._interval_ns, now_ns)
            self._busy_since_ns = now_ns
            observation = watch.observe(frame, self._attention(), self._time_of(frame.pts_ns))
            self._busy_since_ns = None
            self._patience_s = HANG_S
            if observation is not None and not self._stopping.is_set():
                self._observations.put(observation)
                self._flow.add(frame.pts_ns, self._clock())
                self.looks += 1


class DetectorKeeper:
    """Sees to it that somebody looks, without ever holding up the picture.

    `watch` is open and used first; `reopen` gives another after a failure, later each time. A
    worker whose look does not end within HANG_S (its first, STARTING_S) is left behind and
    replaced. `state` is running, waiting (for the next try) or off (given up); `error` says why.
    It ends when `frames` is closed, by `stop` or by whoever fills it. `time_of` gives the time
    that observations carry for a frame's `pts_ns`.
    """

    def __init__(
        self,
        watch: Watch,
        reopen: OpenWatch,
        frames: Mailbox[Frame],
        observations: Mailbox[Observation],
        attention: Callable[[], Attention],
        interval_ns: int,
        clock: Clock,
        report: Report,
        start_thread: Callable[[Callable[[], None], str], None],
        time_of: Callable[[int], int] = lambda pts_ns: pts_ns,
    ) -> None:
        self.flow = Flow()
        self.state = "running"
        self.error: str | None = None
        self._watch: Watch | None = watch
        self._reopen = reopen
        self._frames = frames
        self._observations = observations
        self._attention = attention
        self._interval_ns = interval_ns
        self._clock = clock
        self._report = report
        self._start_thread = start_thread
        self._time_of = time_of
        self._hung: list[Detect] = []

    def run(self) -> None:
        pause_s = RETRY_FIRST_S
        while not self._frames.closed:
            begun_ns = self._clock()
            error = self._employ()
            if error is None:
                return
            if (self._clock() - begun_ns) / NS_PER_S > HEALTHY_S:
                pause_s = RETRY_FIRST_S
            self._hung = [worker for worker in self._hung if not worker.ended.is_set()]
            if len(self._hung) >= MOST_HUNG:
                self.state = "off"
                self._tell(error, None)
                return
            self.state = "waiting"
            self._tell(error, pause_s)
            self._frames.wait_closed(pause_s)
            pause_s = min(2 * pause_s, RETRY_MOST_S)

    def stop(self) -> None:
        self._frames.close()

    def _employ(self) -> Exception | None:
        """One worker from its first look to its end; None when there is nothing left to do."""
        worker = Detect(
            self._take_watch,
            self._frames,
            self._observations,
            self._attention,
            self._interval_ns,
            self._clock,
            self.flow,
            self._time_of,
        )
        self._start_thread(worker.run, "detect")
        while not worker.ended.wait(CHECK_S):
            if self._frames.closed:
                worker.stop()
                worker.ended.wait(LAST_LOOK_S)
                return None
            if self.state != "running" and worker.looks:
                self.state, self.error = "running", None
                self._report(DetectorBack())
            overdue_s = worker.overdue_s
            if overdue_s is not None:
                worker.stop()
                self._hung.append(worker)
                return ModelError(f"the detector has not answered for {overdue_s:.0f} s")
        return worker.error

    def _take_watch(self) -> Watch:
        watch, self._watch = self._watch, None
        return watch or self._reopen()

    def _tell(self, error: Exception, retry_s: float | None) -> None:
        known = isinstance(error, LiveTrackError)
        self.error = str(error) if known else f"the detector failed ({error!r})"
        self._report(DetectorFailed(self.error, retry_s))
