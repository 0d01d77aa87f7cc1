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
PATIENCE_S = 5.0
"""A connection that lived so long was a good one: its loss is made up for quickly."""


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
            begun_s, locked = self._clock(), False
            try:
                self._follow()
            except ObsError as error:
                self._lose(error)
                locked = isinstance(error, ObsLockedError)
            except (LookupError, TypeError, ValueError) as error:
                # An OBS newer than we know is no reason to end the picture.
                self._lose(ObsError(f"OBS says what we do not understand ({error!r})"))
            if self._clock() - begun_s > PATIENCE_S:
                pause_s = FIRST_PAUSE_S
            self._stopping.wait(LOCKED_PAUSE_S if locked else pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def stop(self) -> None:
        """End soon, and leave OBS as it was."""
        self._stopping.set()

    def _follow(self) -> None:
        """From finding OBS to our end; raises ObsError when it is not there, or no longer."""
        obs = self._connect()
        try:
            for duty in self._duties:
                duty.begin()
            self._look(obs)
            self._said = ""
            log.info("OBS is there; following it")
            self._listen(obs)
            for duty in self._duties:
                duty.end(obs)
        finally:
            obs.close()

    def _listen(self, obs: Connection) -> None:
        next_look_s = self._clock() + LOOK_S
        while not self._stopping.is_set():
            event = obs.next_event(min(LISTEN_S, max(0.01, next_look_s - self._clock())))
            wanted = [event is not None and duty.hear(event) for duty in self._duties]
            if any(wanted) or self._clock() >= next_look_s:
                self._look(obs)
                next_look_s = self._clock() + LOOK_S

    def _look(self, obs: Connection) -> None:
        status = ObsStatus(connected=True)
        for duty in self._duties:
            duty.look(obs)
            status = duty.tell(status)
        self.status = status

    def _lose(self, error: ObsError) -> None:
        connected, self.status = self.status.connected, ObsStatus(error=str(error))
        self._say(f"{error}. The picture goes on without it.")
        if connected:
            for duty in self._duties:
                duty.lost()

    def _say(self, sentence: str) -> None:
        """Once, not with every attempt."""
        if sentence != self._said:
            self._said = sentence
            log.warning("%s", sentence)
