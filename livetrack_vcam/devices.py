"""The devices of this machine as data: cameras, microphones, virtual cameras."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

from livetrack_vcam.errors import LiveTrackError
from livetrack_vcam.sinks.loopback import THIS_MACHINE, Roots, holders, loopback_devices

_PCM_LINE = re.compile(r"(?P<card>\d+)-(?P<device>\d+): (?P<name>[^:]*?) :.*\bcapture \d+")


@dataclass(frozen=True, slots=True)
class Camera:
    """What `--source` takes by name or path. `largest`: picture size, empty when not known."""

    name: str
    path: str
    number: int
    largest: str


@dataclass(frozen=True, slots=True)
class Microphone:
    """What `--sound mic:` takes by name or path: ALSA's "hw:CARD,DEVICE", elsewhere a number."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class VirtualCameraDevice:
    """What `--sink vcam:LABEL` takes. `held_by`: who has it open, as far as we may see."""

    label: str
    path: str
    in_use: bool
    held_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Devices:
    """Everything `livetrack-vcam devices` lists."""

    cameras: tuple[Camera, ...]
    microphones: tuple[Microphone, ...]
    virtual_cameras: tuple[VirtualCameraDevice, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def to_text(self) -> str:
        """Three short lists for a terminal."""
        cameras = [_columns(str(c.number), c.name, c.path, c.largest) for c in self.cameras]
        microphones = [_columns("", m.name, m.path, "") for m in self.microphones]
        virtual = [
            _columns(
                "", v.label, v.path, f"open in {', '.join(v.held_by)}" if v.held_by else "free"
            )
            for v in self.virtual_cameras
        ]
        return "\n".join(
            [
                *_section("Cameras", cameras, "none found; --source demo needs none"),
                *_section("Microphones", microphones, "none found"),
                *_section("Virtual cameras", virtual, "none found; see: livetrack-vcam doctor"),
            ]
        )


def list_devices(roots: Roots = THIS_MACHINE) -> Devices:
    """Ask the system. Opens no camera for streaming."""
    heard = microphones(roots) or _heard_by_portaudio()
    return Devices(_cameras(), heard, virtual_cameras(roots))


def microphones(roots: Roots = THIS_MACHINE) -> tuple[Microphone, ...]:
    """ALSA's capture devices; empty on other systems and where ALSA is absent."""
    try:
        lines = (roots.proc / "asound" / "pcm").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ()
    found = [match for line in lines if (match := _PCM_LINE.match(line))]
    return tuple(Microphone(m["name"], f"hw:{int(m['card'])},{int(m['device'])}") for m in found)


def _heard_by_portaudio() -> tuple[Microphone, ...]:
    """Where ALSA lists none; none without the extra `audio`."""
    from livetrack_vcam.sources.microphone import list_microphones

    try:
        return tuple(Microphone(each.name, str(each.number)) for each in list_microphones())
    except LiveTrackError:
        return ()


def virtual_cameras(roots: Roots = THIS_MACHINE) -> tuple[VirtualCameraDevice, ...]:
    """The v4l2loopback devices; other systems do not list theirs."""
    found = []
    for device in loopback_devices(roots):
        held = holders(device.path, roots)
        found.append(
            VirtualCameraDevice(device.label, str(device.path), bool(held), tuple(map(str, held)))
        )
    return tuple(found)


def _cameras() -> tuple[Camera, ...]:
    from livetrack_vcam.sources.cameras import list_cameras

    found = []
    for camera in list_cameras():
        sizes = [mode.size for mode in camera.modes]
        largest = str(max(sizes, key=lambda s: s.width * s.height)) if sizes else ""
        found.append(Camera(camera.name, camera.path, camera.number, largest))
    return tuple(found)


def _columns(number: str, name: str, path: str, note: str) -> str:
    return f"  {number:>2} {name:<32} {path:<16} {note}".rstrip()


def _section(title: str, lines: list[str], nothing: str) -> list[str]:
    return [title, *(lines or [f"     {nothing}"])]
