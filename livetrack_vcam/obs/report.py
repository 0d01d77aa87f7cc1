"""How OBS is, in one look: versions, our input, what is on program and what goes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from livetrack_vcam.obs.connection import ObsRefusal, Requests
from livetrack_vcam.obs.inputs import Ours, input_kinds


@dataclass(frozen=True, slots=True)
class ObsInput:
    """An input that shows our picture. `on_program` also when it is in a nested scene; the size is
    that of the picture that arrives, 0 when none does, None where it is in no scene looked at."""

    name: str
    kind: str
    on_program: bool
    width: int | None
    height: int | None


@dataclass(frozen=True, slots=True)
class ObsReport:
    """OBS at one moment. `virtual_camera` is None where OBS has none; offsets are of inputs whose
    sound is delayed, in ms."""

    connected: bool
    address: str
    obs_version: str
    websocket_version: str
    platform: str
    scene: str
    inputs: tuple[ObsInput, ...]
    streaming: bool
    recording: bool
    virtual_camera: bool | None
    audio_offsets_ms: Mapping[str, int]
    hints: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def to_text(self) -> str:
        going_out = {
            "streaming": self.streaming,
            "recording": self.recording,
            "virtual camera": self.virtual_camera,
        }
        on = [name for name, state in going_out.items() if state]
        lines = [
            f"OBS {self.obs_version} at {self.address}, obs-websocket {self.websocket_version}",
            f"On program: scene {self.scene!r}",
            f"Going out: {', '.join(on) or 'nothing'}",
            *(_line(each) for each in self.inputs),
            *(f"Sound of {name!r}: {ms} ms late" for name, ms in self.audio_offsets_ms.items()),
            *(f"hint: {hint}" for hint in self.hints),
        ]
        return "\n".join(lines)


def examine(obs: Requests, address: str, ours: Ours) -> ObsReport:
    """Asks only, changes nothing. Raises ObsError."""
    version = obs.request("GetVersion")
    scene = str(obs.request("GetSceneList")["currentProgramSceneName"])
    kinds = input_kinds(obs)
    inputs = tuple(_examine_input(obs, each, kinds[each], scene) for each in ours.among(obs, kinds))
    return ObsReport(
        connected=True,
        address=address,
        obs_version=str(version["obsVersion"]),
        websocket_version=str(version["obsWebSocketVersion"]),
        platform=str(version.get("platformDescription") or version.get("platform", "")),
        scene=scene,
        inputs=inputs,
        streaming=_is_active(obs, "GetStreamStatus") is True,
        recording=_is_active(obs, "GetRecordStatus") is True,
        virtual_camera=_is_active(obs, "GetVirtualCamStatus"),
        audio_offsets_ms=_offsets(obs, kinds),
        hints=_hints(inputs, scene),
    )


def _examine_input(obs: Requests, name: str, kind: str, scene: str) -> ObsInput:
    active = bool(obs.request("GetSourceActive", sourceName=name)["videoActive"])
    width = height = None
    for item in obs.request("GetSceneItemList", sceneName=scene)["sceneItems"]:
        if item["sourceName"] == name:
            shape = item["sceneItemTransform"]
            width, height = int(shape["sourceWidth"]), int(shape["sourceHeight"])
    return ObsInput(name, kind, active, width, height)


def _is_active(obs: Requests, request: str) -> bool | None:
    try:
        return bool(obs.request(request)["outputActive"])
    except ObsRefusal:
        return None


def _offsets(obs: Requests, names: Mapping[str, str]) -> dict[str, int]:
    offsets = {}
    for name in names:
        try:
            answer = obs.request("GetInputAudioSyncOffset", inputName=name)
        except ObsRefusal:  # an input without sound
            continue
        if answer["inputAudioSyncOffset"]:
            offsets[name] = int(answer["inputAudioSyncOffset"])
    return offsets


def _hints(inputs: tuple[ObsInput, ...], scene: str) -> tuple[str, ...]:
    if not inputs:
        return ("OBS does not show our picture yet; `livetrack-vcam obs setup` puts it in",)
    hints = [
        f"no picture arrives in {each.name!r}; is livetrack-vcam running?"
        for each in inputs
        if each.width == 0
    ]
    if not any(each.on_program for each in inputs):
        hints.append(
            f"our picture is not on program in {scene!r}; switch the scene, or "
            "`livetrack-vcam obs setup` adds it there"
        )
    return tuple(hints)


def _line(each: ObsInput) -> str:
    where = "on program" if each.on_program else "not on program"
    size = f", {each.width}x{each.height}" if each.width and each.height else ""
    return f"Our picture: {each.name!r} ({each.kind}), {where}{size}"
