"""Which camera is meant by what the user typed, and which is taken when nothing was."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.errors import SourceNotFoundError
from livetrack_vcam.outputs import exists, expanded
from livetrack_vcam.sources.camera_modes import DEFAULT_FPS, DEFAULT_SIZE, FAST_ENOUGH, choose_mode
from livetrack_vcam.sources.cameras import CameraInfo, labels

OBS_NAME = "OBS Virtual Camera"
SHORT_NUMBER = 3
"""Digits: so few are a camera's number, more may be part of its serial."""


def find_camera(spec: str, cameras: tuple[CameraInfo, ...]) -> CameraInfo | None:
    """The camera with this path, number, stable id, place or name; None if there is none.

    A name or an id may be shortened as long as only one fits; a file of that name goes first.
    Raises SourceNotFoundError with the choices when several cameras fit.
    """
    exact = _exactly(spec, cameras)
    if exact is not None:
        return exact
    named = [camera for camera in cameras if spec == camera.name]
    fitting = named or _in_part(spec, cameras)
    if len(fitting) > 1:
        # A camera for pictures and its infrared twin share a name; nobody means the twin.
        fitting = [camera for camera in fitting if not camera.infrared] or fitting
    if len(fitting) > 1:
        raise SourceNotFoundError(_ambiguous(spec, tuple(fitting), labels(cameras)))
    return fitting[0] if fitting else None


def _exactly(spec: str, cameras: tuple[CameraInfo, ...]) -> CameraInfo | None:
    called = labels(cameras)
    path = _node_of(spec)
    for camera in cameras:
        names = {camera.path, str(camera.number), *camera.links}
        if called[camera.path] != camera.name:
            names.add(called[camera.path])
        if spec in names or path == camera.path:
            return camera
    places = [camera for camera in cameras if spec and spec == camera.bus]
    return places[0] if len(places) == 1 else None


def _node_of(spec: str) -> str | None:
    """Where a link such as /dev/v4l/by-id/… leads."""
    try:
        return str(Path(spec).resolve(strict=True)) if spec.startswith("/dev/") else None
    except OSError:
        return None


def _in_part(spec: str, cameras: tuple[CameraInfo, ...]) -> list[CameraInfo]:
    number = spec.isdigit() and len(spec) <= SHORT_NUMBER
    if not spec or number or spec.startswith("/") or exists(expanded(spec)):
        return []
    asked = spec.lower()
    return [
        camera
        for camera in cameras
        if asked in camera.name.lower() or asked in camera.stable_id.lower()
    ]


def _ambiguous(spec: str, fitting: tuple[CameraInfo, ...], called: dict[str, str]) -> str:
    choices = " or ".join(f"--source {called[each.path]!r}" for each in fitting)
    return f"{len(fitting)} cameras fit {spec!r}; say which: {choices}"


def by_preference(
    cameras: tuple[CameraInfo, ...],
    is_busy: Callable[[CameraInfo], bool],
    wanted: Size | None = None,
    fps: Fraction | None = None,
) -> tuple[CameraInfo, ...]:
    """The cameras that may be taken unasked, best first.

    Free before busy, real before virtual, then the one that comes nearest to the wish: fast
    enough, then large. Never: sensors for infrared, cameras whose formats we cannot read, and
    OBS's virtual camera, which may well show our own picture.
    """
    size, rate = wanted or DEFAULT_SIZE, fps or DEFAULT_FPS

    def rank(camera: CameraInfo) -> tuple[float, ...]:
        mode = choose_mode(camera.modes, wanted, fps)
        pace = min(float(mode.fps / rate), FAST_ENOUGH) if mode else 0.0
        area = mode.size.width * mode.size.height if mode else 0
        return (
            is_busy(camera),
            camera.virtual,
            -pace,
            -min(area, size.width * size.height),
            camera.number,
        )

    usable = [
        camera
        for camera in cameras
        if not camera.infrared
        and camera.name != OBS_NAME
        and (not camera.modes or choose_mode(camera.modes) is not None)
    ]
    return tuple(sorted(usable, key=rank))
