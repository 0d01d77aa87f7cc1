"""What is on program in OBS decides whether anybody is looked for, and which preset counts."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from livetrack_vcam.control import ObsStatus
from livetrack_vcam.errors import LiveTrackError
from livetrack_vcam.obs.connection import ObsEvent, ObsRefusal, Requests
from livetrack_vcam.obs.inputs import Ours, input_kinds

log = logging.getLogger(__name__)

DEBOUNCE_S = 1.0
"""So long we have to be off program before nobody is looked for: scenes flicker by."""
SEARCH_S = 5.0
"""Between two searches for inputs of ours when OBS told of no new one: settings change unsaid."""
_OFF_PROGRAM = "our picture is not on program in OBS; nobody is looked for"
_NEWS = {
    True: "our picture is on program in OBS",
    False: "our picture was on program in OBS a moment ago",
    None: "OBS does not say whether our picture is on program; people are looked for",
}
_NEW_INPUTS = {
    "InputCreated",
    "InputRemoved",
    "InputNameChanged",
    "CurrentSceneCollectionChanged",
}


class Operator(Protocol):
    """The program that shows the picture, told from the thread of the watch.

    Every method raises LiveTrackError with a sentence when the program is not there or refuses.
    """

    def identity(self) -> object:
        """Another one when the program was started anew and knows nothing of what was said."""
        ...

    def scenes(self) -> Mapping[str, str]:
        """The preset that goes with a scene of OBS."""
        ...

    def command(self, body: Mapping[str, Any]) -> None:
        """Carry out a command, in the words of `POST /api/command`."""
        ...


class Standby:
    """Whether nobody needs to be looked for: off program for a while, and known to be."""

    def __init__(self) -> None:
        self._off_since_s: float | None = None

    def decide(self, on_program: bool | None, now_s: float) -> bool:
        """`on_program` None: not known, so looked for. Coming on program counts at once."""
        if on_program is not False:
            self._off_since_s = None
            return False
        if self._off_since_s is None:
            self._off_since_s = now_s
        return now_s - self._off_since_s >= DEBOUNCE_S


class _Teller:
    """Says each thing once to the same program, and again to the next; failures are logged once."""

    def __init__(self, operator: Operator) -> None:
        self.operator = operator
        self._identity: object = None
        self._trouble = ""

    def is_another(self) -> bool:
        """Whether the program is another one since it was last asked. Raises LiveTrackError."""
        before, self._identity = self._identity, self.operator.identity()
        return before != self._identity

    def trouble(self, error: LiveTrackError) -> None:
        if str(error) != self._trouble:
            self._trouble = str(error)
            log.warning("%s", error)

    def well(self) -> None:
        self._trouble = ""


class PauseOffProgram:
    """A duty: nobody is looked for while no input of ours is on program."""

    def __init__(
        self,
        operator: Operator,
        ours: Ours,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._teller = _Teller(operator)
        self._which = ours
        self._standby = Standby()
        self._said: bool | None = None
        self._ours: list[str] = []
        self._search_at_s = -math.inf
        self._on_program: bool | None = None

    def begin(self) -> None:
        self._search_at_s = -math.inf
        self._on_program = None

    def hear(self, event: ObsEvent) -> bool:
        if event.name in _NEW_INPUTS:
            self._search_at_s = -math.inf
            return True
        return event.name == "InputActiveStateChanged"

    def look(self, obs: Requests) -> None:
        now_s = self._clock()
        if now_s >= self._search_at_s:
            self._ours = self._which.among(obs, input_kinds(obs))
            self._search_at_s = now_s + SEARCH_S
        self._on_program = self._ask(obs)
        self._say(self._standby.decide(self._on_program, now_s))

    def lost(self) -> None:
        self._on_program = None
        self._say(self._standby.decide(None, self._clock()))

    def end(self, obs: Requests) -> None:
        pass

    def tell(self, status: ObsStatus) -> ObsStatus:
        return replace(status, on_program=self._on_program)

    def release(self) -> None:
        """Have somebody looked for again, if we said otherwise. Raises LiveTrackError."""
        if self._said:
            self._teller.operator.command({"command": "standby", "on": False})

    def _ask(self, obs: Requests) -> bool | None:
        """None when there is no input of ours."""
        active = []
        for name in self._ours:
            try:
                active.append(bool(obs.request("GetSourceActive", sourceName=name)["videoActive"]))
            except ObsRefusal:  # it was removed a moment ago
                self._search_at_s = -math.inf
        return any(active) if active else None

    def _say(self, standby: bool) -> None:
        try:
            if self._teller.is_another():
                self._said = None
            if standby != self._said:
                self._teller.operator.command({"command": "standby", "on": standby})
                log.info("%s", _OFF_PROGRAM if standby else _NEWS[self._on_program])
            self._said = standby
            self._teller.well()
        except LiveTrackError as error:
            self._said = None
            self._teller.trouble(error)


class PresetOfScene:
    """A duty: a scene that comes on program brings the preset assigned to it."""

    def __init__(self, operator: Operator) -> None:
        self._teller = _Teller(operator)
        self._scene: str | None = None
        self._served: str | None = None

    def begin(self) -> None:
        """The scene served last stays known: an OBS that comes back with it changes nothing."""

    def hear(self, event: ObsEvent) -> bool:
        return event.name in ("CurrentProgramSceneChanged", "CurrentSceneCollectionChanged")

    def look(self, obs: Requests) -> None:
        self._scene = str(obs.request("GetCurrentProgramScene")["currentProgramSceneName"])
        try:
            if self._teller.is_another():
                self._served = None
            if self._scene != self._served:
                self._serve(self._scene)
            self._teller.well()
        except LiveTrackError as error:
            self._teller.trouble(error)

    def lost(self) -> None:
        self._scene = None

    def end(self, obs: Requests) -> None:
        pass

    def tell(self, status: ObsStatus) -> ObsStatus:
        return replace(status, scene=self._scene)

    def _serve(self, scene: str) -> None:
        """Raises LiveTrackError; a preset that is refused is not tried again for this scene."""
        preset = self._teller.operator.scenes().get(scene)
        self._served = scene
        if preset is not None:
            self._teller.operator.command({"command": "load_preset", "preset": preset})
            log.info("the scene %r of OBS brought the preset %r", scene, preset)
