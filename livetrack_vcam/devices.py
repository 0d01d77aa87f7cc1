"""The devices of this machine as data: cameras, microphones, virtual cameras."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.device_nodes import THIS_MACHINE, Roots, holders
from livetrack_vcam.errors import LiveTrackError
from livetrack_vcam.sinks.loopback import loopback_devices
from livetrack_vcam.sources.camera_modes import FORMATS, choose_mode, reason
from livetrack_vcam.sources.cameras import CameraInfo, labels, list_cameras
from livetrack_vcam.sources.v4l2 import Mode

FOLDED = 4
"""Sizes of a format that are shown in a terminal, the largest among them."""
_PCM_LINE = re.compile(r"(?P<card>\d+)-(?P<device>\d+): (?P<name>[^:]*?) :.*\bcapture \d+")


@dataclass(frozen=True, slots=True)
class CameraSize:
    """A picture size and the rates it comes at, in frames a second, fastest first."""

    width: int
    height: int
    fps: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class CameraFormat:
    """A format by its FourCC, such as MJPG, with its sizes, largest first. `readable`: by us."""

    format: str
    readable: bool
    sizes: tuple[CameraSize, ...]


@dataclass(frozen=True, slots=True)
class CameraMode:
    """The mode that is opened when nothing else is asked for, and why."""

    format: str
    width: int
    height: int
    fps: float
    reason: str


@dataclass(frozen=True, slots=True)
class Camera:
    """What `--source` takes: `label`, `stable_id`, `path` or `number`.

    `label` is the name, and where several have it also their place. `stable_id` is the same after
    the camera was plugged in again; empty where the system has none. `largest`: picture size,
    empty when not known. `kind`: camera, infrared or virtual. `held_by`: who has it open, as far
    as we may see.
    """

    name: str
    path: str
    number: int
    largest: str
    label: str = ""
    stable_id: str = ""
    kind: str = "camera"
    held_by: tuple[str, ...] = ()
    mode: CameraMode | None = None
    formats: tuple[CameraFormat, ...] = ()


@dataclass(frozen=True, slots=True)
class Microphone:
    """What `--sound mic:` takes by name or path: ALSA's "hw:CARD,DEVICE", elsewhere a number."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class VirtualCameraDevice:
    """What `--sink vcam:LABEL` takes. `held_by`: who has it open, as far as we may see.

    `exclusive_caps`: programs see it as a camera only while it is fed, as browsers want it; None
    where the module does not tell.
    """

    label: str
    path: str
    in_use: bool
    held_by: tuple[str, ...]
    exclusive_caps: bool | None = None


@dataclass(frozen=True, slots=True)
class Devices:
    """Everything `livetrack-vcam devices` lists."""

    cameras: tuple[Camera, ...]
    microphones: tuple[Microphone, ...]
    virtual_cameras: tuple[VirtualCameraDevice, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def to_text(self) -> str:
        """Three short lists for a terminal; what a camera offers is folded to a line a format."""
        cameras = [line for camera in self.cameras for line in _camera_lines(camera)]
        microphones = [_columns("", m.name, m.path, "") for m in self.microphones]
        virtual = [_columns("", v.label, v.path, _virtual_note(v)) for v in self.virtual_cameras]
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
    return Devices(cameras(list_cameras(roots), roots), heard, virtual_cameras(roots))


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
            VirtualCameraDevice(
                device.label,
                str(device.path),
                bool(held),
                tuple(map(str, held)),
                device.exclusive_caps,
            )
        )
    return tuple(found)


def cameras(found: tuple[CameraInfo, ...], roots: Roots = THIS_MACHINE) -> tuple[Camera, ...]:
    """The cameras as they are listed, with who holds each."""
    called = labels(found)
    return tuple(_camera(each, called[each.path], roots) for each in found)


def _camera(camera: CameraInfo, label: str, roots: Roots) -> Camera:
    sizes = [mode.size for mode in camera.modes]
    kind = "infrared" if camera.infrared else "virtual" if camera.virtual else "camera"
    return Camera(
        camera.name,
        camera.path,
        camera.number,
        str(max(sizes, key=_area)) if sizes else "",
        label,
        camera.stable_id,
        kind,
        tuple(map(str, holders(Path(camera.path), roots, own=True))),
        _chosen(camera.modes),
        _formats(camera.modes),
    )


def _chosen(modes: tuple[Mode, ...]) -> CameraMode | None:
    mode = choose_mode(modes)
    if mode is None:
        return None
    why = reason(mode, modes)
    return CameraMode(mode.format, mode.size.width, mode.size.height, _rate(mode.fps), why)


def _formats(modes: tuple[Mode, ...]) -> tuple[CameraFormat, ...]:
    found: dict[str, dict[Size, list[float]]] = {}
    for mode in modes:
        found.setdefault(mode.format, {}).setdefault(mode.size, []).append(_rate(mode.fps))
    return tuple(
        CameraFormat(
            name,
            name in FORMATS,
            tuple(
                CameraSize(size.width, size.height, tuple(sorted(sizes[size], reverse=True)))
                for size in sorted(sizes, key=_area, reverse=True)
            ),
        )
        for name, sizes in found.items()
    )


def _area(size: Size) -> int:
    return size.width * size.height


def _rate(fps: Fraction) -> float:
    return round(float(fps), 3)


def _camera_lines(camera: Camera) -> list[str]:
    held = f"open in {', '.join(camera.held_by)}" if camera.held_by else ""
    kind = "" if camera.kind == "camera" else camera.kind
    note = ", ".join(part for part in (kind, held) if part)
    lines = [_columns(str(camera.number), camera.label or camera.name, camera.path, note)]
    if camera.stable_id:
        lines.append(f"     id    {camera.stable_id}")
    if camera.mode is not None:
        mode = camera.mode
        chosen = f"{mode.format} {mode.width}x{mode.height} at {mode.fps:g} fps"
        lines.append(f"     opens {chosen} ({mode.reason})")
    return lines + [f"     {each.format:<5} {_folded(each)}" for each in camera.formats]


def _folded(offered: CameraFormat) -> str:
    """The largest size at each rate that no larger one reaches, fastest first; not all of many."""
    shown: list[str] = []
    largest = 0
    for fps in sorted({size.fps[0] for size in offered.sizes}, reverse=True):
        best = next(size for size in offered.sizes if size.fps[0] >= fps)
        if best.width * best.height > largest:
            largest = best.width * best.height
            shown.append(f"{best.width}x{best.height} at {fps:g}")
    if len(shown) > FOLDED:
        shown = [*shown[: FOLDED - 1], f"… {shown[-1]}"]
    unread = "" if offered.readable else " (not read)"
    return f"up to {', '.join(shown)} fps{unread}"


def _virtual_note(device: VirtualCameraDevice) -> str:
    return f"open in {', '.join(device.held_by)}" if device.held_by else "free"


def _columns(number: str, name: str, path: str, note: str) -> str:
    return f"  {number:>2} {name:<32} {path:<16} {note}".rstrip()


def _section(title: str, lines: list[str], nothing: str) -> list[str]:
    return [title, *(lines or [f"     {nothing}"])]
