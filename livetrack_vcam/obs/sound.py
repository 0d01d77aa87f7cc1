"""Keeps the sound in OBS as late as the picture we give it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Event
from typing import Protocol

from livetrack_vcam.obs.connection import NOT_FOUND, ObsError, ObsRefusal
from livetrack_vcam.outlet import Outlet

log = logging.getLogger(__name__)

CHECK_S = 1.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 15.0
WORTH_MS = 10
"""A change of delay smaller than this is not heard, but each change of offset may be."""


class SoundDesk(Protocol):
    """What is needed of a connection to OBS (see Obs). Every method raises ObsError."""

    def input_names(self) -> list[str]: ...

    def audio_offset_ms(self, name: str) -> int: ...

    def set_audio_offset_ms(self, name: str, offset_ms: int) -> None: ...

    def close(self) -> None: ...


class ObsAudio:
    """Sets the sync offset of some of OBS's inputs to `delay_ms()`, and back to theirs at the end.

    Runs in a thread of its own; the picture never waits for it. Without OBS it waits for OBS, and
    says once what is missing. An offset that was set by hand before is what comes back.
    """

    name = "obs-audio"

    def __init__(
        self,
        inputs: Sequence[str],
        connect: Callable[[], SoundDesk],
        delay_ms: Callable[[], float | None],
    ) -> None:
        """`connect` raises ObsError; `delay_ms` is None while the delay is not known."""
        self._inputs = tuple(inputs)
        self._connect = connect
        self._delay_ms = delay_ms
        self._stopping = Event()
        self._former: dict[str, int] = {}
        self._given: dict[str, int] = {}
        self._said: set[str] = set()
        self.connected = False

    def run(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._stopping.is_set():
            try:
                obs = self._connect()
            except ObsError as error:
                self._say(f"{error}. The sound in OBS keeps its offset until then.")
                self._stopping.wait(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
                continue
            pause_s = FIRST_PAUSE_S
            try:
                self._stay(obs)
            except ObsError as error:
                log.warning("%s; looking for it again", error)
            finally:
                self.connected = False
                obs.close()

    def stop(self) -> None:
        """End soon, the former offsets restored."""
        self._stopping.set()

    def _stay(self, obs: SoundDesk) -> None:
        """Until the end or the loss of the connection, which raises ObsError."""
        self.connected = True
        self._said.clear()
        self._given.clear()
        while not self._stopping.is_set():
            delay_ms = self._delay_ms()
            if delay_ms is not None:
                for name in self._inputs:
                    self._keep(obs, name, round(delay_ms))
            self._stopping.wait(CHECK_S)
        for name, offset_ms in self._former.items():
            with suppress(ObsRefusal):  # an input that was removed needs nothing back
                obs.set_audio_offset_ms(name, offset_ms)

    def _keep(self, obs: SoundDesk, name: str, delay_ms: int) -> None:
        """One input's offset, set when the delay has changed by what can be heard.

        Asking every time is how the loss of OBS is noticed. Who turns the offset by hand is obeyed
        until the delay changes.
        """
        given = self._given.get(name)
        try:
            self._former.setdefault(name, obs.audio_offset_ms(name))
            if given is not None and abs(given - delay_ms) < WORTH_MS:
                return
            obs.set_audio_offset_ms(name, delay_ms)
        except ObsRefusal as error:
            self._say(_unusable(obs, name, error))
            return
        self._given[name] = delay_ms
        log.info("OBS: the sound of %r is now %d ms late, as the picture is", name, delay_ms)

    def _say(self, sentence: str) -> None:
        """Once, not every second."""
        if sentence not in self._said:
            self._said.add(sentence)
            log.warning("%s", sentence)


def _unusable(obs: SoundDesk, name: str, error: ObsRefusal) -> str:
    if error.code != NOT_FOUND:
        return f"OBS cannot delay the sound of {name!r} ({error})"
    known = ", ".join(repr(each) for each in sorted(obs.input_names())) or "none"
    return f"OBS has no input {name!r}; it has {known}: name one of them with --obs-audio"


def picture_delay_ms(outlets: Sequence[Outlet], shot: str, now_ns: int) -> float | None:
    """How late a shot's picture leaves us, in the median; recordings aside, for OBS sees none."""
    sent = [
        outlet.flow.snapshot(now_ns).latency_p50_ms
        for outlet in outlets
        if outlet.shot == shot and outlet.state == "open" and outlet.sink.name != "file"
    ]
    return max((late for late in sent if late is not None), default=None)
