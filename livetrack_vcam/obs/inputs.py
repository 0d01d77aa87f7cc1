"""Our picture as an input of OBS: the kinds of input it can be, and how to tell ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from livetrack_vcam.obs.connection import Requests

DEFAULT_NAME = "LiveTrack Camera"
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
        return DEFAULT_NAME
    return "LiveTrack " + shot.replace("-", " ").replace("_", " ").title()


def camera_kind(kind: str) -> CameraKind | None:
    return next((each for each in CAMERA_KINDS if each.kind == kind), None)


def input_kinds(obs: Requests) -> dict[str, str]:
    """The kind of every input of OBS, by name. Raises ObsError."""
    inputs = obs.request("GetInputList")["inputs"]
    return {str(each["inputName"]): str(each["inputKind"]) for each in inputs}


def inputs_of_ours(obs: Requests, kinds: Mapping[str, str], name: str, port: int) -> list[str]:
    """The inputs that show our picture: by its name, or as Media Sources by their address.

    `port` is our web server's. Raises ObsError.
    """
    return [each for each, kind in kinds.items() if _is_ours(obs, each, kind, name, port)]


def _is_ours(obs: Requests, each: str, kind: str, name: str, port: int) -> bool:
    if each == name and (kind == MEDIA_SOURCE or camera_kind(kind) is not None):
        return True
    if kind != MEDIA_SOURCE:
        return False
    return shows_stream(obs.request("GetInputSettings", inputName=each)["inputSettings"], port)


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
