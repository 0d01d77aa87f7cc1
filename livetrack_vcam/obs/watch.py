"""Follows OBS for as long as we run: one thread, one connection, found again when it is lost."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from threading import Event
from typing import Protocol

from livetrack_vcam.control import ObsStatus
from livetrack_vcam.obs.connection import ObsError, ObsEvent, ObsLockedError, Requests

log = logging.getLogger(__name__)

EVENTS = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 17
"""General, Config, Scenes, Inputs, and InputActiveStateChanged, sent only to who asks for it."""
LOOK_S = 0.5
"""Between two looks when OBS tells of nothing; also how its loss is noticed."""
LISTEN_S = 0.2
"""Within this time the end of the program is noticed."""
FIRST_PAUSE_S, LONGEST_PAUSE_S, LOCKED_PAUSE_S = 0.5, 2.0, 15.0
"""Between attempts to connect; each wrong password is a line in OBS's log."""


class Connection(Requests, Protocol):
    """What is needed of a connection to OBS (see Obs)."""

    def next_event(self, wait_s: float) -> ObsEvent | None: ...

    def close(self) -> None: ...


class Duty(Protocol):
    """One thing done while OBS is there. Everything is called from the thread of the watch, and
    raises ObsError when OBS went away."""

    def begin(self) -> None:
        """OBS is there, perhaps again, and perhaps another one."""
        ...

    def hear(self, event: ObsEvent) -> bool:
        """Whether `look` should come at once."""
        ...

    def look(self, obs: Requests) -> None:
        """Often: what is heard is only a reason to look."""
        ...

    def lost(self) -> None:
        """OBS went away."""
        ...

    def end(self, obs: Requests) -> None:
        """We end while OBS is there: leave it as it was."""
        ...

    def tell(self, status: ObsStatus) -> ObsStatus:
        """The status with what this duty knows."""
        ...


class ObsWatch:
    """Runs its duties while OBS is there, and waits for OBS while it is not.

    The picture never waits for it. What is missing is said once.
    """

    name = "obs-watch"

    def __init__(
        self,
        connect: Callable[[], Connection],
        duties: Sequence[Duty],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`connect` raises ObsError."""
        self._connect = connect
        self._duties = tuple(duties)
        self._clock = clock
        self._stopping = Event()
        self._said = ""
        self.status = ObsStatus()

    def run(self) -> None:
        """Until `stop`."""
        pause_s = FIRST_PAUSE_S
        while not self._stopping.is_set():
            try:
                obs = self._connect()
            except ObsError as error:
                self._say(f"{error}. The picture goes on without it.")
                self.status = ObsStatus(error=str(error))
                locked = isinstance(error, ObsLockedError)
                self._stopping.wait(LOCKED_PAUSE_S if locked else pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
                continue
            pause_s = FIRST_PAUSE_S
            try:
                self._stay(obs)
            except ObsError as error:
                log.warning("%s; looking for it again", error)
                self.status = ObsStatus(error=str(error))
                for duty in self._duties:
                    duty.lost()
            finally:
                obs.close()

    def stop(self) -> None:
        """End soon, and leave OBS as it was."""
        self._stopping.set()

    def _stay(self, obs: Connection) -> None:
        """Until the end or the loss of the connection, which raises ObsError."""
        self._said = ""
        log.info("OBS is there; following it")
        for duty in self._duties:
            duty.begin()
        next_look_s = self._clock()
        while not self._stopping.is_set():
            if self._clock() >= next_look_s:
                self._look(obs)
                next_look_s = self._clock() + LOOK_S
            event = obs.next_event(min(LISTEN_S, max(0.01, next_look_s - self._clock())))
            if event is not None:
                wanted = [duty.hear(event) for duty in self._duties]
                next_look_s = self._clock() if any(wanted) else next_look_s
        for duty in self._duties:
            duty.end(obs)

    def _look(self, obs: Connection) -> None:
        status = ObsStatus(connected=True)
        for duty in self._duties:
            duty.look(obs)
            status = duty.tell(status)
        self.status = status

    def _say(self, sentence: str) -> None:
        """Once, not with every attempt."""
        if sentence != self._said:
            self._said = sentence
            log.warning("%s", sentence)
