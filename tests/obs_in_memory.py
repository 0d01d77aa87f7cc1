"""An OBS in memory that answers the requests we make, as OBS 29 with obs-websocket 5.1 does."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from livetrack_vcam.obs.connection import ObsError, ObsEvent, ObsRefusal

CHANGES = ("Create", "Remove", "Set", "Start", "Stop")


@dataclass
class Input:
    kind: str
    settings: dict[str, Any] = field(default_factory=dict)
    offset_ms: int | None = None


@dataclass
class InMemoryObs:
    """Answers `request` and hands out `events`; `away` is an OBS that is not there.

    `devices` are the cameras that OBS lists, by kind of input: name to value.
    """

    inputs: dict[str, Input] = field(default_factory=dict)
    scenes: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {"Main": []})
    program: str = "Main"
    collection: str = "Test"
    kinds: tuple[str, ...] = ("ffmpeg_source", "v4l2_input", "image_source")
    devices: dict[str, dict[str, str]] = field(default_factory=dict)
    away: bool = False
    connections: int = 0
    closed: int = 0
    asked: list[str] = field(default_factory=list)
    events: deque[ObsEvent] = field(default_factory=deque)
    persistent: dict[str, Any] = field(default_factory=dict)

    def connect(self) -> InMemoryObs:
        if self.away:
            raise ObsError("OBS does not answer at 127.0.0.1:4455 (Connection refused); start OBS")
        self.connections += 1
        return self

    def close(self) -> None:
        self.closed += 1

    def next_event(self, wait_s: float) -> ObsEvent | None:
        if self.away:
            raise ObsError("OBS at 127.0.0.1:4455 went away (JSONDecodeError)")
        if not self.events:
            time.sleep(min(wait_s, 0.005))
        return self.events.popleft() if self.events else None

    def request(self, request: str, **data: Any) -> dict[str, Any]:
        if self.away:
            raise ObsError("OBS at 127.0.0.1:4455 went away (JSONDecodeError)")
        self.asked.append(request)
        answer: dict[str, Any] | None = getattr(self, f"_{request}")(**data)
        return answer or {}

    @property
    def changes(self) -> list[str]:
        """The requests that changed something."""
        return [name for name in self.asked if name.startswith(CHANGES)]

    def switch(self, scene: str, tell: bool = True) -> None:
        """Put another scene on program, with the events of OBS or without."""
        self.program = scene
        if tell:
            self.events.append(ObsEvent("CurrentProgramSceneChanged", {"sceneName": scene}))
            for name in self.inputs:
                self.events.append(ObsEvent("InputActiveStateChanged", {"inputName": name}))

    def item(self, scene: str, name: str) -> dict[str, Any]:
        return next(each for each in self.scenes[scene] if each["sourceName"] == name)

    def _GetVersion(self) -> dict[str, Any]:  # noqa: N802
        return {"obsVersion": "29.0.2", "obsWebSocketVersion": "5.1.0", "platform": "debian"}

    def _GetSceneCollectionList(self) -> dict[str, Any]:  # noqa: N802
        return {"currentSceneCollectionName": self.collection}

    def _GetCurrentProgramScene(self) -> dict[str, Any]:  # noqa: N802
        return {"currentProgramSceneName": self.program}

    def _GetSceneList(self) -> dict[str, Any]:  # noqa: N802
        names = [{"sceneName": name} for name in reversed(self.scenes)]
        return {"scenes": names, "currentProgramSceneName": self.program}

    def _GetInputKindList(self) -> dict[str, Any]:  # noqa: N802
        return {"inputKinds": list(self.kinds)}

    def _GetInputList(self) -> dict[str, Any]:  # noqa: N802
        inputs = [{"inputName": name, "inputKind": i.kind} for name, i in self.inputs.items()]
        return {"inputs": inputs}

    def _CreateInput(  # noqa: N802
        self,
        sceneName: str,  # noqa: N803
        inputName: str,  # noqa: N803
        inputKind: str,  # noqa: N803
        inputSettings: dict[str, Any],  # noqa: N803
        sceneItemEnabled: bool,  # noqa: N803
    ) -> dict[str, Any]:
        if inputName in self.inputs or inputName in self.scenes:
            raise ObsRefusal("OBS refused CreateInput: A source already exists", 601)
        self.inputs[inputName] = Input(inputKind, dict(inputSettings))
        return self._CreateSceneItem(sceneName, inputName, sceneItemEnabled)

    def _CreateSceneItem(  # noqa: N802
        self,
        sceneName: str,  # noqa: N803
        sourceName: str,  # noqa: N803
        sceneItemEnabled: bool,  # noqa: N803
    ) -> dict[str, Any]:
        items = self.scenes[sceneName]
        number = len(self.asked)
        items.append(
            {
                "sourceName": sourceName,
                "sceneItemId": number,
                "sceneItemEnabled": sceneItemEnabled,
                "isGroup": None,
                "sceneItemTransform": {"sourceWidth": 0.0, "sourceHeight": 0.0},
            }
        )
        return {"sceneItemId": number}

    def _RemoveInput(self, inputName: str) -> None:  # noqa: N802, N803
        del self._known(inputName)[inputName]
        for items in self.scenes.values():
            items[:] = [each for each in items if each["sourceName"] != inputName]

    def _GetInputPropertiesListPropertyItems(  # noqa: N802
        self,
        inputName: str,  # noqa: N803
        propertyName: str,  # noqa: N803
    ) -> dict[str, Any]:
        listed = self.devices.get(self._known(inputName)[inputName].kind, {})
        items = [{"itemName": k, "itemValue": v, "itemEnabled": True} for k, v in listed.items()]
        return {"propertyItems": items}

    def _GetInputSettings(self, inputName: str) -> dict[str, Any]:  # noqa: N802, N803
        return {"inputSettings": dict(self._known(inputName)[inputName].settings)}

    def _GetInputDefaultSettings(self, inputKind: str) -> dict[str, Any]:  # noqa: N802, N803
        return {"defaultInputSettings": {"buffering_mb": 2, "is_local_file": True}}

    def _SetInputSettings(  # noqa: N802
        self,
        inputName: str,  # noqa: N803
        inputSettings: Mapping[str, Any],  # noqa: N803
        overlay: bool,
    ) -> None:
        assert overlay
        self._known(inputName)[inputName].settings.update(inputSettings)

    def _GetSceneItemList(self, sceneName: str) -> dict[str, Any]:  # noqa: N802, N803
        return {"sceneItems": [dict(each) for each in self.scenes[sceneName]]}

    _GetGroupSceneItemList = _GetSceneItemList

    def _SetSceneItemTransform(  # noqa: N802
        self,
        sceneName: str,  # noqa: N803
        sceneItemId: int,  # noqa: N803
        sceneItemTransform: Mapping[str, Any],  # noqa: N803
    ) -> None:
        for item in self.scenes[sceneName]:
            if item["sceneItemId"] == sceneItemId:
                item["sceneItemTransform"].update(sceneItemTransform)

    def _GetVideoSettings(self) -> dict[str, Any]:  # noqa: N802
        return {"baseWidth": 1920, "baseHeight": 1080}

    def _GetSourceActive(self, sourceName: str) -> dict[str, Any]:  # noqa: N802, N803
        self._known(sourceName)
        items = self.scenes[self.program]
        on = any(each["sourceName"] == sourceName and each["sceneItemEnabled"] for each in items)
        return {"videoActive": on}

    def _GetStreamStatus(self) -> dict[str, Any]:  # noqa: N802
        return {"outputActive": True}

    def _GetRecordStatus(self) -> dict[str, Any]:  # noqa: N802
        return {"outputActive": False}

    def _GetVirtualCamStatus(self) -> dict[str, Any]:  # noqa: N802
        raise ObsRefusal("OBS refused GetVirtualCamStatus: VirtualCam is not available", 604)

    def _GetInputAudioSyncOffset(self, inputName: str) -> dict[str, Any]:  # noqa: N802, N803
        offset_ms = self._known(inputName)[inputName].offset_ms
        if offset_ms is None:
            raise ObsRefusal("OBS refused it: The specified input does not support audio", 604)
        return {"inputAudioSyncOffset": offset_ms}

    def _SetInputAudioSyncOffset(  # noqa: N802
        self,
        inputName: str,  # noqa: N803
        inputAudioSyncOffset: int,  # noqa: N803
    ) -> None:
        self._known(inputName)[inputName].offset_ms = inputAudioSyncOffset

    def _GetPersistentData(self, realm: str, slotName: str) -> dict[str, Any]:  # noqa: N802, N803
        return {"slotValue": self.persistent.get(f"{realm}/{slotName}")}

    def _SetPersistentData(  # noqa: N802
        self,
        realm: str,
        slotName: str,  # noqa: N803
        slotValue: Any,  # noqa: N803
    ) -> None:
        self.persistent[f"{realm}/{slotName}"] = slotValue

    def _known(self, name: str) -> dict[str, Input]:
        if name not in self.inputs:
            raise ObsRefusal(f"OBS refused it: No source was found by the name of `{name}`", 600)
        return self.inputs
