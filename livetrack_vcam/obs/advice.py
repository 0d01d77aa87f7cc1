"""What the running program has to say to a new input in OBS: whether its picture will arrive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from livetrack_vcam.core.crew import no_shot
from livetrack_vcam.errors import SettingsError
from livetrack_vcam.obs.inputs import MEDIA_SOURCE


def check_shot(status: Mapping[str, Any], shot: str | None) -> None:
    """Raises SettingsError when the program has no such shot."""
    names = [str(each["name"]) for each in status["shots"]]
    if shot is not None and shot not in names:
        raise SettingsError(no_shot(shot, names))


def advice(status: Mapping[str, Any], shot: str | None, kind: str) -> str | None:
    """What keeps the picture of a shot, by default the first, from an input of this kind."""
    name = shot or status["shots"][0]["name"]
    wanted = "mjpeg" if kind == MEDIA_SOURCE else "vcam"
    states = [
        each["state"] for each in status["sinks"] if (each["shot"], each["name"]) == (name, wanted)
    ]
    if not states:
        return f"shot {name!r} is not sent there yet; start livetrack-vcam with --sink {wanted}"
    if states == ["failed"]:
        return f"output {wanted} of shot {name!r} has failed; `livetrack-vcam doctor` says more"
    return None
