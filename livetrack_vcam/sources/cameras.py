"""Which cameras there are, and which of a camera's modes suits best."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from fractions import Fraction

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.sources import v4l2
from livetrack_vcam.sources.v4l2 import Mode

OWN_NAMES = ("LiveTrack Camera", "LiveTrack Vertical")
DEFAULT_SIZE = Size(1920, 1080)
DEFAULT_FPS = Fraction(30)
# Formats we can read, best first where size and rate are equal: raw needs no decoding, MJPEG is
# cheap, H.264 delays.
FORMATS = ("NV12", "YU12", "YUYV", "UYVY", "MJPG", "JPEG", "H264")


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """A camera as `livetrack-vcam devices` lists it.

    `path` is what is opened (a device node, or on macOS and Windows the system's own name of
    it), `number` its place in the list (on Linux N of /dev/videoN). `modes` is empty when the
    system does not tell.
    """

    name: str
    path: str
    number: int
    modes: tuple[Mode, ...] = ()


def list_cameras() -> tuple[CameraInfo, ...]:
    """Every camera, without opening one for streaming and without our own virtual cameras."""
    if capture_format() == "v4l2":
        return tuple(
            CameraInfo(name, str(path), int(path.name.removeprefix("video")), v4l2.modes(path))
            for path, name in v4l2.device_nodes()
            if not is_own(name) and v4l2.is_camera(path)
        )
    return _listed_by_ffmpeg()


def is_own(name: str) -> bool:
    """Whether this is a camera that LiveTrack feeds: following our own picture would be a loop."""
    return name.startswith(OWN_NAMES)


def capture_format() -> str:
    """FFmpeg's input format for cameras on this system."""
    return {"darwin": "avfoundation", "win32": "dshow"}.get(sys.platform, "v4l2")


def _listed_by_ffmpeg() -> tuple[CameraInfo, ...]:
    import av
    from av.device import enumerate_input_devices

    try:
        devices = enumerate_input_devices(capture_format())
    except (av.error.FFmpegError, OSError, ValueError):
        return ()
    cameras = [device for device in devices if "video" in device.media_types]
    return tuple(
        CameraInfo(device.description or device.name, device.name, number)
        for number, device in enumerate(cameras)
        if not is_own(device.description) and not device.description.startswith("Capture screen")
    )


def choose_mode(
    modes: tuple[Mode, ...], wanted: Size | None = None, fps: Fraction | None = None
) -> Mode | None:
    """The mode to open: fast enough first, then the asked size, then the cheapest format.

    A rate within 10 % of the asked one is as good as it (29.97, 27.5 of some MJPEG cameras);
    slower modes come only when no other is left. Without wishes: 1920x1080 at 30. None when no
    format is readable.
    """
    size, rate = wanted or DEFAULT_SIZE, fps or DEFAULT_FPS
    readable = [mode for mode in modes if mode.format in FORMATS]

    def rank(mode: Mode) -> tuple[float, ...]:
        slow = max(0.0, 0.9 - float(mode.fps / rate))
        area = size.width * size.height
        missing = max(0, area - mode.size.width * mode.size.height) / area
        surplus = max(0, mode.size.width * mode.size.height - area) / area
        other_shape = abs(float(mode.size.aspect_ratio / size.aspect_ratio) - 1)
        too_fast = max(0.0, float(mode.fps / rate) - 1.1)
        return (
            round(slow, 2),
            round(missing, 3),
            round(surplus, 3),
            round(other_shape, 2),
            too_fast,
            FORMATS.index(mode.format),
        )

    return min(readable, key=rank, default=None)
