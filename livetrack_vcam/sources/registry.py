"""From what the user typed after --source to the source."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from urllib.parse import urlsplit

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.device_nodes import holders
from livetrack_vcam.errors import SourceNotFoundError
from livetrack_vcam.interfaces import Source
from livetrack_vcam.outputs import exists, expanded
from livetrack_vcam.sound import SoundFeed
from livetrack_vcam.sources.camera_choice import by_preference, find_camera
from livetrack_vcam.sources.cameras import CameraInfo, list_cameras

NETWORK_SCHEMES = frozenset(
    {"rtsp", "rtsps", "http", "https", "udp", "tcp", "rtp", "rtmp", "rtmps", "srt", "mms", "mmsh"}
)
NO_CAMERA = (
    "no camera was found, so this is the built-in demo; plug a camera in, or choose a source "
    "with --source (see: livetrack-vcam devices)"
)


def open_source(
    spec: str,
    *,
    paced: bool = True,
    wanted: Size | None = None,
    fps: Fraction | None = None,
    sound: SoundFeed | None = None,
) -> Source:
    """The source for `spec`, not opened yet.

    `spec` is auto, demo, browser[:WxH], a camera's name, stable id, number or path, a file, or an
    address. `wanted` and `fps` are what a camera is asked for; `paced=False` reads files as fast
    as they decode. A source that has something to tell the user (the demo in place of a camera)
    carries the sentence in `note`. One that has sound beside its picture puts it into `sound`.
    Raises SourceNotFoundError for what does not exist.
    """
    if spec == "auto":
        return _automatic(wanted, fps)
    if spec == "demo":
        return _demo(paced)
    if spec == "browser" or spec.startswith("browser:"):
        return _browser(spec, sound)
    if _is_address(spec):
        from livetrack_vcam.sources.network import NetworkStream

        return NetworkStream(spec, paced=paced, sound=sound)
    cameras = list_cameras()
    camera = find_camera(spec, cameras)
    if camera is not None:
        return _camera(camera, wanted, fps, cameras)
    return _file(spec, paced, sound)


def _is_address(spec: str) -> bool:
    scheme, found, _ = spec.partition("://")
    if not found or scheme.lower() not in NETWORK_SCHEMES:
        return False
    try:
        urlsplit(spec)
    except ValueError as error:
        raise SourceNotFoundError(f"the address is not one: {error}; check it") from None
    return True


def _automatic(wanted: Size | None, fps: Fraction | None) -> Source:
    """The best free camera; the demo without any, or where nobody feeds the virtual ones."""
    cameras = list_cameras()
    found = by_preference(cameras, lambda each: bool(holders(Path(each.path))), wanted, fps)
    demo = _demo(paced=True, note=NO_CAMERA)
    if not found:
        return demo
    from livetrack_vcam.sources.camera import Camera
    from livetrack_vcam.sources.first_camera import FirstCamera

    sources: list[Source] = [Camera(each, wanted, fps, cameras) for each in found]
    if all(camera.virtual for camera in found):
        sources.append(demo)
    return FirstCamera(sources)


def _demo(paced: bool, note: str | None = None) -> Source:
    from livetrack_vcam.sources.demo import DemoSource

    return DemoSource(paced=paced, note=note)


def _browser(spec: str, sound: SoundFeed | None) -> Source:
    from livetrack_vcam.sources.browser import BrowserCamera, parse_browser

    return BrowserCamera(parse_browser(spec), sound)


def _camera(
    camera: CameraInfo, wanted: Size | None, fps: Fraction | None, beside: tuple[CameraInfo, ...]
) -> Source:
    from livetrack_vcam.sources.camera import Camera

    return Camera(camera, wanted, fps, beside)


def _file(spec: str, paced: bool, sound: SoundFeed | None) -> Source:
    from livetrack_vcam.sources.video_file import VideoFile

    path = expanded(spec)
    if spec and exists(path) and not str(path).startswith("/dev/"):
        return VideoFile(path, paced=paced, sound=sound)
    if spec.isdigit() or spec.startswith("/dev/"):
        raise SourceNotFoundError(
            f"there is no camera {spec}; list the cameras with: livetrack-vcam devices"
        )
    raise SourceNotFoundError(
        f"there is no file and no camera called {spec!r}; check the name, or list the cameras "
        "with: livetrack-vcam devices"
    )
