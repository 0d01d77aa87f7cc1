"""Puts our picture into a scene of OBS, and changes nothing the second time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from livetrack_vcam.errors import LiveTrackError
from livetrack_vcam.obs.connection import ObsRefusal, Requests
from livetrack_vcam.obs.inputs import (
    CAMERA_KINDS,
    MEDIA_SOURCE,
    CameraKind,
    Ours,
    Stream,
    camera_kind,
    input_kinds,
)

GOING_S = 2.0
_TOP_LEFT, _CENTERED = 5, 0


@dataclass(frozen=True, slots=True)
class Wish:
    """The input to have. `scene` None is the one on program; `camera` None asks for the stream."""

    name: str
    camera: str | None
    stream: Stream
    ours: Ours
    scene: str | None = None


@dataclass(slots=True)
class Outcome:
    """What came of it: `did`, a sentence each, and `notes` on what was left as it is."""

    scene: str
    name: str
    kind: str
    did: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {
            "scene": self.scene,
            "input": self.name,
            "kind": self.kind,
            "changed": bool(self.did),
            "did": self.did,
            "notes": self.notes,
        }


def set_up(obs: Requests, wish: Wish) -> Outcome:
    """Create, mend or complete the input. Raises ObsError, and LiveTrackError when the name is
    taken by something else."""
    scene = _scene(obs, wish.scene)
    kind = input_kinds(obs).get(wish.name)
    if kind is None:
        return _create(obs, wish, scene)
    outcome = Outcome(scene, wish.name, kind)
    settings = _settings_for(obs, wish, kind, outcome)
    _mend(obs, outcome, settings)
    _place(obs, outcome)
    return outcome


def _scene(obs: Requests, asked: str | None) -> str:
    scenes = obs.request("GetSceneList")
    names = [str(each["sceneName"]) for each in reversed(scenes["scenes"])]
    if asked is None:
        return str(scenes["currentProgramSceneName"])
    if asked not in names:
        there = ", ".join(repr(name) for name in names)
        raise LiveTrackError(f"OBS has no scene {asked!r}; name one of these with --scene: {there}")
    return asked


def _create(obs: Requests, wish: Wish, scene: str) -> Outcome:
    kind, settings, did = MEDIA_SOURCE, wish.stream.settings(), ""
    outcome = Outcome(scene, wish.name, kind)
    for each in wish.ours.among(obs, input_kinds(obs)):
        outcome.notes.append(f"{each!r} shows our picture, too; --name {each!r} is for that one")
    found = _find_camera(obs, wish, scene)
    if found is not None:
        camera, device = found
        kind, settings = camera.kind, {camera.device: device, **camera.settings}
        outcome.kind, did = kind, f"on the camera {wish.camera!r}"
    else:
        did = f"on {wish.stream.url}"
        if wish.camera is not None:
            outcome.notes.append(
                f"OBS sees no camera named {wish.camera!r}, so the input plays the stream instead"
            )
    made = obs.request(
        "CreateInput",
        sceneName=scene,
        inputName=wish.name,
        inputKind=kind,
        inputSettings=settings,
        sceneItemEnabled=True,
    )
    what = "a Media Source" if kind == MEDIA_SOURCE else "a Video Capture Device"
    outcome.did.append(f"made the input {wish.name!r}, {what} {did}, in the scene {scene!r}")
    _fit(obs, outcome, int(made["sceneItemId"]))
    return outcome


def _find_camera(obs: Requests, wish: Wish, scene: str) -> tuple[CameraKind, str] | None:
    """Our device as OBS lists it. OBS lists devices only for an input that is there, so one is
    made for the question, hidden, and taken away again."""
    if wish.camera is None:
        return None
    kinds = obs.request("GetInputKindList")["inputKinds"]
    for camera in CAMERA_KINDS:
        if camera.kind not in kinds:
            continue
        name = f"{wish.name} (looking for it)"
        if name in input_kinds(obs):
            # Left by a run that OBS kept waiting for too long.
            _remove(obs, name)
        obs.request(
            "CreateInput",
            sceneName=scene,
            inputName=name,
            inputKind=camera.kind,
            inputSettings={},
            sceneItemEnabled=False,
        )
        try:
            device = _device(obs, name, camera, wish.camera)
        finally:
            _remove(obs, name)
        if device is not None:
            return camera, device
    return None


def _remove(obs: Requests, name: str) -> None:
    """OBS answers before the input is gone; what comes next is not to find it there."""
    obs.request("RemoveInput", inputName=name)
    deadline = time.monotonic() + GOING_S
    while name in input_kinds(obs) and time.monotonic() < deadline:
        time.sleep(0.02)


def _device(obs: Requests, name: str, camera: CameraKind, label: str) -> str | None:
    items = obs.request(
        "GetInputPropertiesListPropertyItems", inputName=name, propertyName=camera.device
    )["propertyItems"]
    for item in items:
        if _is_named(str(item["itemName"]).strip(), label) and item.get("itemEnabled", True):
            return str(item["itemValue"])
    return None


def _is_named(shown: str, label: str) -> bool:
    """On Linux OBS puts the bus behind the name: "LiveTrack Camera (platform:v4l2loopback-000)"."""
    return shown == label or shown.startswith(f"{label} (")


def _settings_for(obs: Requests, wish: Wish, kind: str, outcome: Outcome) -> Mapping[str, Any]:
    """What the existing input should be set to. Raises LiveTrackError when it is no input for us.

    An input that plays the stream stays one: OBS cannot turn it into another kind.
    """
    camera = camera_kind(kind)
    if camera is not None and wish.camera is not None:
        device = _device(obs, wish.name, camera, wish.camera)
        if device is not None:
            return {camera.device: device, **camera.settings}
        outcome.notes.append(
            f"OBS sees no camera named {wish.camera!r} now; start livetrack-vcam with --sink vcam, "
            f"or remove {wish.name!r} in OBS and run this again to play the stream"
        )
        return camera.settings
    if kind == MEDIA_SOURCE:
        return wish.stream.settings()
    raise LiveTrackError(
        f"the input {wish.name!r} in OBS is of another kind ({kind}); remove it there, "
        "or choose another name with --name"
    )


def _mend(obs: Requests, outcome: Outcome, settings: Mapping[str, Any]) -> None:
    answer = obs.request("GetInputSettings", inputName=outcome.name)
    defaults = obs.request("GetInputDefaultSettings", inputKind=outcome.kind)
    now = {**defaults["defaultInputSettings"], **answer["inputSettings"]}
    wrong = {key: value for key, value in settings.items() if now.get(key) != value}
    if not wrong:
        return
    obs.request("SetInputSettings", inputName=outcome.name, inputSettings=wrong, overlay=True)
    changes = ", ".join(f"{key} = {value}" for key, value in wrong.items())
    outcome.did.append(f"set the input {outcome.name!r} right: {changes}")


def _place(obs: Requests, outcome: Outcome) -> None:
    """See to it that the input is in the scene; where it is already, its place is the user's."""
    item = _item(obs, outcome.scene, outcome.name)
    if item is None:
        made = obs.request(
            "CreateSceneItem",
            sceneName=outcome.scene,
            sourceName=outcome.name,
            sceneItemEnabled=True,
        )
        outcome.did.append(f"added the input {outcome.name!r} to the scene {outcome.scene!r}")
        _fit(obs, outcome, int(made["sceneItemId"]))
        return
    outcome.notes.append(
        f"where {outcome.name!r} stands in {outcome.scene!r} and how large is left to you"
    )
    if not item.get("sceneItemEnabled", True):
        outcome.notes.append(f"it is hidden there: click the eye beside {outcome.name!r} in OBS")


def _item(obs: Requests, scene: str, name: str) -> Mapping[str, Any] | None:
    items = obs.request("GetSceneItemList", sceneName=scene)["sceneItems"]
    for item in items:
        if item["sourceName"] == name:
            return dict(item)
        if item.get("isGroup"):
            group = obs.request("GetGroupSceneItemList", sceneName=item["sourceName"])
            for inner in group["sceneItems"]:
                if inner["sourceName"] == name:
                    return dict(inner)
    return None


def _fit(obs: Requests, outcome: Outcome, item: int) -> None:
    """The whole picture, centered, as large as the canvas has room for it."""
    video = obs.request("GetVideoSettings")
    width, height = video["baseWidth"], video["baseHeight"]
    transform = {
        "positionX": 0.0,
        "positionY": 0.0,
        "rotation": 0.0,
        "alignment": _TOP_LEFT,
        "boundsType": "OBS_BOUNDS_SCALE_INNER",
        "boundsAlignment": _CENTERED,
        "boundsWidth": float(width),
        "boundsHeight": float(height),
    }
    try:
        obs.request(
            "SetSceneItemTransform",
            sceneName=outcome.scene,
            sceneItemId=item,
            sceneItemTransform=transform,
        )
    except ObsRefusal as error:
        outcome.notes.append(f"it could not be fitted to the canvas ({error}); do so in OBS")
        return
    outcome.did.append(f"fitted it to the canvas, {width}x{height}, centered")
