"""Our picture as an input of OBS: the kinds of input it can be, and how to tell ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from livetrack_vcam.obs.connection import Requests
from livetrack_vcam.sinks.loopback import DEFAULT_LABEL, loopback_devices

MEDIA_SOURCE = "ffmpeg_source"


@dataclass(frozen=True, slots=True)
class CameraKind:
    """A kind of input that shows a camera of the system: which setting names the device."""

    kind: str
    device: str
    settings: Mapping[str, Any]


# Buffering off: it only delays the picture. OBS comes back by itself to a device of Linux that
# stopped for a while.
CAMERA_KINDS = (
    CameraKind("v4l2_input", "device_id", {"buffering": False, "auto_reset": True}),
    CameraKind("dshow_input", "video_device_id", {"buffering": 2}),
    CameraKind("av_capture_input", "device", {"buffering": False}),
)


@dataclass(frozen=True, slots=True)
class Stream:
    """Where OBS finds a shot as MJPEG."""

    host: str = "127.0.0.1"
    port: int = 8787
    shot: str | None = None

    @property
    def url(self) -> str:
        """`/stream.mjpg` is the first shot."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        path = "stream" if self.shot is None else f"stream/{quote(self.shot, safe='')}"
        return f"http://{host}:{self.port}/{path}.mjpg"

    def settings(self) -> dict[str, Any]:
        """A Media Source that is never late and is ready whenever its scene comes on."""
        return {
            "is_local_file": False,
            "input": self.url,
            "input_format": "mjpeg",
            "buffering_mb": 0,
            "reconnect_delay_sec": 1,
            "restart_on_activate": False,
            "close_when_inactive": False,
        }


def input_name(shot: str | None) -> str:
    """The shot "vertical" is shown as "LiveTrack Vertical", as its device would be named."""
    if shot is None:
        return DEFAULT_LABEL
    return "LiveTrack " + shot.replace("-", " ").replace("_", " ").title()


def camera_kind(kind: str) -> CameraKind | None:
    return next((each for each in CAMERA_KINDS if each.kind == kind), None)


def input_kinds(obs: Requests) -> dict[str, str]:
    """The kind of every input of OBS, by name. Raises ObsError."""
    inputs = obs.request("GetInputList")["inputs"]
    return {str(each["inputName"]): str(each["inputKind"]) for each in inputs}


@dataclass(frozen=True, slots=True)
class Ours:
    """What makes an input of OBS one that shows our picture: its name, the device it opens, or
    an address of ours that it plays, at our web server's `port`."""

    names: frozenset[str]
    port: int
    devices: frozenset[str] = frozenset()

    def among(self, obs: Requests, kinds: Mapping[str, str]) -> list[str]:
        """Those of the inputs that show our picture. Raises ObsError."""
        return [name for name, kind in kinds.items() if self._is_ours(obs, name, kind)]

    def _is_ours(self, obs: Requests, name: str, kind: str) -> bool:
        camera = camera_kind(kind)
        if camera is None and kind != MEDIA_SOURCE:
            return False
        if name in self.names:
            return True
        settings = obs.request("GetInputSettings", inputName=name)["inputSettings"]
        if camera is None:
            return shows_stream(settings, self.port)
        return settings.get(camera.device) in self.devices


def ours(names: Iterable[str], cameras: Iterable[str], port: int, here: bool) -> Ours:
    """What is ours in the OBS of this machine (`here`) or of another one.

    `cameras` are the names of our virtual cameras; Windows calls a device as its camera.
    """
    labels = frozenset(cameras)
    found = loopback_devices() if here else ()
    devices = {str(device.path) for device in found if device.label in labels}
    return Ours(frozenset(names), port, frozenset(devices | {f"{label}:" for label in labels}))


def shows_stream(settings: Mapping[str, Any], port: int) -> bool:
    """Whether a Media Source plays one of our MJPEG addresses, whatever the user called it."""
    try:
        address = urlsplit(str(settings.get("input", "")))
        right_port = address.port == port
    except ValueError:
        return False
    path = address.path
    ours = path == "/stream.mjpg" or (path.startswith("/stream/") and path.endswith(".mjpg"))
    return address.scheme == "http" and right_port and ours and not settings.get("is_local_file")
