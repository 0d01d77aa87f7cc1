"""The program that follows OBS: this process, or another one over its control API."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from livetrack_vcam.errors import LiveTrackError
from livetrack_vcam.obs.sound import told_delay_ms

STATUS_S = 0.5
"""Between two questions for the status of another process."""
RENEW_S, LEASE_S = 5.0, 20.0
"""So often a standby is said again to another process, and so long it holds without us."""


_STANDBY = {"command": "standby", "on": True}


class OperatorHere:
    """This process. What it is told goes to whoever was given last; before that, to nobody."""

    def __init__(self) -> None:
        self._tell: Callable[[Mapping[str, Any]], None] | None = None
        self._scenes: Callable[[], Mapping[str, str]] | None = None

    def give(
        self, tell: Callable[[Mapping[str, Any]], None], scenes: Callable[[], Mapping[str, str]]
    ) -> None:
        """Both are called from the thread of the watch; `tell` does not wait."""
        self._scenes = scenes
        self._tell = tell

    def identity(self) -> object:
        return self._tell

    def scenes(self) -> Mapping[str, str]:
        return self._scenes() if self._scenes is not None else {}

    def command(self, body: Mapping[str, Any]) -> None:
        if self._tell is not None:
            self._tell(body)


class Calls(Protocol):
    """What is needed of a connection to another process (see Client). Raises LiveTrackError."""

    def get(self, path: str) -> Any: ...

    def post(self, path: str, body: Mapping[str, Any]) -> Any: ...


class OperatorThere:
    """Another process, by its control API. Its status is asked for now and then, not each time.

    A standby that we ordered ends soon after we do, however that comes. Until somebody else ends
    it, it is said again whenever the status is asked for.
    """

    def __init__(self, calls: Calls, clock: Callable[[], float] = time.monotonic) -> None:
        self._calls = calls
        self._clock = clock
        self._status: Mapping[str, Any] = {}
        self._error: LiveTrackError | None = None
        self._next_s = 0.0
        self._renew_at_s: float | None = None

    def status(self) -> Mapping[str, Any]:
        """Raises LiveTrackError when it is not there."""
        if self._clock() >= self._next_s:
            self._next_s = self._clock() + STATUS_S
            try:
                self._status, self._error = dict(self._calls.get("/api/status")), None
                self._renew()
            except LiveTrackError as error:
                self._error = error
        if self._error is not None:
            raise self._error
        return self._status

    def identity(self) -> object:
        return self.status().get("pid")

    def scenes(self) -> Mapping[str, str]:
        return dict(self.status().get("scenes") or {})

    def delay_ms(self) -> float | None:
        """How late its first picture is; None when that is not known, as when it is not there."""
        try:
            return told_delay_ms(self.status())
        except LiveTrackError:
            return None

    def command(self, body: Mapping[str, Any]) -> None:
        if body == _STANDBY:
            self._stand_by()
            return
        if body["command"] == "standby":
            self._renew_at_s = None
        self._calls.post("/api/command", body)

    def _renew(self) -> None:
        if self._status.get("standby") is not True:
            self._renew_at_s = None
        elif self._renew_at_s is not None and self._clock() >= self._renew_at_s:
            self._stand_by()

    def _stand_by(self) -> None:
        self._calls.post("/api/command", {**_STANDBY, "for_s": LEASE_S})
        self._renew_at_s = self._clock() + RENEW_S
