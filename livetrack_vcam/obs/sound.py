"""Keeps the sound in OBS as late as the picture we give it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from livetrack_vcam.control import ObsStatus
from livetrack_vcam.live.outlet import Outlet
from livetrack_vcam.obs.connection import ObsEvent, ObsRefusal, Requests
from livetrack_vcam.obs.inputs import input_kinds

log = logging.getLogger(__name__)

WORTH_MS = 10
"""A change of delay smaller than this is not heard, but each change of offset may be."""
WORTH_SHARE = 0.05
SETTLE_S = 3.0
"""A delay that stayed within that share of itself, or WORTH_MS, for so long has settled."""
LEAST_OFFSET_MS, MOST_OFFSET_MS = -950, 20_000
"""What SetInputAudioSyncOffset takes."""
_NOT_FOUND = 600
"""obs-websocket's RequestStatus::ResourceNotFound."""
_SLOT = {"realm": "OBS_WEBSOCKET_DATA_REALM_GLOBAL", "slotName": "livetrack_offsets"}


class SoundDelay:
    """A duty: the sync offset of some of OBS's inputs is `delay_ms()`, and theirs at the end.

    What they had before is kept in OBS itself, by scene collection, before it is changed. So a
    run that was killed is put right by the next one, unless the user turned the offset since.
    """

    def __init__(self, inputs: Sequence[str], delay_ms: Callable[[], float | None]) -> None:
        """`delay_ms` is None while the delay is not known."""
        self._inputs = tuple(inputs)
        self._delay_ms = delay_ms
        self._collection = ""
        self._stale = True
        self._former: dict[str, int] = {}
        self._given: dict[str, int] = {}
        self._said: set[str] = set()

    def begin(self) -> None:
        self._stale = True

    def hear(self, event: ObsEvent) -> bool:
        if event.name == "CurrentSceneCollectionChanged":
            self._stale = True
        return self._stale

    def look(self, obs: Requests) -> None:
        if self._stale:
            self._take_stock(obs)
        delay_ms = self._delay_ms()
        if delay_ms is None:
            return
        for name in self._inputs:
            self._keep(obs, name, min(max(round(delay_ms), LEAST_OFFSET_MS), MOST_OFFSET_MS))

    def lost(self) -> None:
        """An OBS that ends has saved our offset, and by then takes no other."""
        self._stale = True
        for name, given in self._given.items():
            log.warning(
                "the sound of %r stays %d ms late in OBS until livetrack-vcam is there with it",
                *(name, given),
            )

    def end(self, obs: Requests) -> None:
        """Restore what is ours still; an offset that the user turned since is the user's."""
        if self._stale:
            return
        for name in list(self._former):
            self._put_back(obs, name)
        self._note(obs)

    def tell(self, status: ObsStatus) -> ObsStatus:
        return status

    def _take_stock(self, obs: Requests) -> None:
        """Learn from OBS what earlier runs left behind in this scene collection."""
        answer = obs.request("GetSceneCollectionList")
        self._collection = str(answer["currentSceneCollectionName"])
        self._said.clear()
        left = _read_notes(obs).get(self._collection, {})
        self._former = {name: former for name, (former, _) in left.items()}
        self._given = {name: given for name, (_, given) in left.items()}
        self._stale = False
        for name in list(self._former):
            if name not in self._inputs or self._offset(obs, name) != self._given[name]:
                self._put_back(obs, name)
        if left:
            self._note(obs)

    def _keep(self, obs: Requests, name: str, delay_ms: int) -> None:
        """One input's offset, set when the delay has changed by what can be heard.

        Who turns the offset by hand is obeyed until the delay changes.
        """
        given = self._given.get(name)
        if given is not None and abs(given - delay_ms) < WORTH_MS:
            return
        try:
            now = obs.request("GetInputAudioSyncOffset", inputName=name)["inputAudioSyncOffset"]
            if given != now:
                self._former[name] = int(now)
            self._given[name] = delay_ms
            # Noted first: who is killed in between leaves a note that fits nothing.
            self._note(obs)
            obs.request("SetInputAudioSyncOffset", inputName=name, inputAudioSyncOffset=delay_ms)
        except ObsRefusal as error:
            self._say(_unusable(obs, name, error))
            return
        log.info("OBS: the sound of %r is now %d ms late, as the picture is", name, delay_ms)

    def _put_back(self, obs: Requests, name: str) -> None:
        former, given = self._former.pop(name), self._given.pop(name)
        with suppress(ObsRefusal):  # an input that was removed needs nothing back
            if self._offset(obs, name) == given:
                obs.request("SetInputAudioSyncOffset", inputName=name, inputAudioSyncOffset=former)

    def _offset(self, obs: Requests, name: str) -> int | None:
        try:
            answer = obs.request("GetInputAudioSyncOffset", inputName=name)
        except ObsRefusal:
            return None
        return int(answer["inputAudioSyncOffset"])

    def _note(self, obs: Requests) -> None:
        """Keep in OBS what we changed here; what was changed in other collections stays noted."""
        notes: dict[str, Any] = {**_read_notes(obs)}
        notes[self._collection] = {
            name: [self._former[name], self._given[name]] for name in self._former
        }
        kept = {collection: inputs for collection, inputs in notes.items() if inputs}
        with suppress(ObsRefusal):  # what cannot be kept is at least set
            obs.request("SetPersistentData", **_SLOT, slotValue=kept)

    def _say(self, sentence: str) -> None:
        """Once, not with every look."""
        if sentence not in self._said:
            self._said.add(sentence)
            log.warning("%s", sentence)


def _read_notes(obs: Requests) -> dict[str, dict[str, tuple[int, int]]]:
    """By scene collection and input: the offset before us, and the one that we gave."""
    notes: dict[str, dict[str, tuple[int, int]]] = {}
    # Somebody else may have written into it, and it may be unreadable.
    with suppress(ObsRefusal, TypeError, ValueError, AttributeError):
        value = obs.request("GetPersistentData", **_SLOT).get("slotValue")
        for collection, inputs in dict(value or {}).items():
            notes[collection] = {
                name: (int(former), int(given)) for name, (former, given) in inputs.items()
            }
    return notes


def _unusable(obs: Requests, name: str, error: ObsRefusal) -> str:
    if error.code != _NOT_FOUND:
        return f"OBS cannot delay the sound of {name!r} ({error})"
    known = ", ".join(repr(each) for each in sorted(input_kinds(obs))) or "none"
    return f"OBS has no input {name!r}; it has {known}: name one of them with --obs-audio"


class Settled:
    """A delay that is told only once it has hardly changed for a while.

    The first pictures of a run are later than the rest, and each change of offset may be heard.
    """

    def __init__(
        self, delay_ms: Callable[[], float | None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._delay_ms = delay_ms
        self._clock = clock
        self._since: tuple[float, float] | None = None

    def __call__(self) -> float | None:
        delay_ms, now_s = self._delay_ms(), self._clock()
        if delay_ms is None:
            self._since = None
            return None
        worth_ms = max(WORTH_MS, WORTH_SHARE * delay_ms)
        if self._since is None or abs(self._since[1] - delay_ms) > worth_ms:
            self._since = now_s, delay_ms
        return delay_ms if now_s - self._since[0] >= SETTLE_S else None


def picture_delay_ms(outlets: Sequence[Outlet], shot: str, now_ns: int) -> float | None:
    """How late a shot's picture leaves us, in the median; recordings aside, for OBS sees none."""
    sent = [
        outlet.flow.snapshot(now_ns).latency_p50_ms
        for outlet in outlets
        if outlet.shot == shot and outlet.state == "open" and outlet.sink.name != "file"
    ]
    return max((late for late in sent if late is not None), default=None)


def told_delay_ms(status: Mapping[str, Any]) -> float | None:
    """The same for the first shot, from the status of another process."""
    shots = status.get("shots") or [{}]
    sent = [
        sink.get("latency_p50_ms")
        for sink in status.get("sinks", ())
        if sink.get("shot") == shots[0].get("name")
        and sink.get("state") == "open"
        and not str(sink.get("name")).startswith("file")
    ]
    return max((late for late in sent if late is not None), default=None)
