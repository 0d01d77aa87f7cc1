"""A camera through FFmpeg: v4l2 on Linux, avfoundation on macOS, dshow on Windows."""

from __future__ import annotations

import errno
import sys
import time
from fractions import Fraction
from threading import Event

import av

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.errors import SourceBusyError, SourceError, SourceNotFoundError
from livetrack_vcam.interfaces import SourceInfo
from livetrack_vcam.media import Frame
from livetrack_vcam.sources.cameras import (
    DEFAULT_FPS,
    DEFAULT_SIZE,
    CameraInfo,
    capture_format,
    choose_mode,
)
from livetrack_vcam.sources.clock import SECOND_NS, LiveClock, Timeline
from livetrack_vcam.sources.stream_reader import StreamReader

# FFmpeg's names for the FourCCs of cameras.FORMATS.
INPUT_FORMATS = {
    "MJPG": "mjpeg",
    "JPEG": "mjpeg",
    "H264": "h264",
    "YUYV": "yuyv422",
    "UYVY": "uyvy422",
    "NV12": "nv12",
    "YU12": "yuv420p",
}
NONBLOCK = "+4"  # AVFMT_FLAG_NONBLOCK: a camera that stops must not hold the reader in the kernel
POLL_S = 0.002  # how often a waiting reader asks for the next frame
SILENT_S = 5.0  # a camera that gives no frame for so long counts as gone


class Camera:
    """A camera of `list_cameras`, in its mode nearest to the wishes.

    `pts_ns` is the kernel's capture time where that is on the monotonic clock (v4l2), otherwise
    the driver's time mapped onto it.
    """

    def __init__(
        self, camera: CameraInfo, wanted: Size | None = None, fps: Fraction | None = None
    ) -> None:
        self._camera = camera
        self._wanted = wanted
        self._fps = fps
        self._reader: StreamReader | None = None
        self._closed = Event()
        self._clock = LiveClock()
        self._timeline = Timeline(0)
        self._last_ns = -1
        self._seq = 0
        self.note: str | None = None

    def open(self) -> SourceInfo:
        options = device_options(self._camera, self._wanted, self._fps)
        try:
            container = av.open(input_name(self._camera), format=capture_format(), options=options)
        except (av.error.FFmpegError, OSError) as error:
            raise camera_error(self._camera, error) from None
        self._reader = StreamReader(container, self._camera.name, self._idle, camera=True)
        self._seq, self._last_ns, self._clock = 0, -1, LiveClock()
        self._closed.clear()
        try:
            picture = self._reader.prime()
        except SourceError:
            self.close()
            raise
        self._timeline = Timeline(self._reader.interval_ns)
        return SourceInfo(self._camera.name, picture.size, self._reader.fps, live=True)

    def read(self) -> Frame | None:
        if self._reader is None:
            raise SourceError(f"the camera {self._camera.name!r} is not open")
        try:
            decoded = self._reader.read()
        except (av.error.FFmpegError, OSError):
            raise self._gone() from None
        if decoded is None:
            if self._closed.is_set():
                return None
            raise self._gone()
        picture, stream_ns = decoded
        pts_ns = self._capture_time(stream_ns, time.monotonic_ns())
        seq, self._seq = self._seq, self._seq + 1
        return Frame(picture.planes, picture.format, picture.color, pts_ns, seq)

    def close(self) -> None:
        self._closed.set()
        if self._reader is not None:
            self._reader.close()

    def _capture_time(self, stream_ns: int | None, now_ns: int) -> int:
        if stream_ns is not None and 0 <= now_ns - stream_ns < SECOND_NS:
            pts_ns = stream_ns
        else:
            pts_ns = self._clock.place(self._timeline.place(stream_ns), now_ns)
        self._last_ns = max(self._last_ns + 1, pts_ns)
        return self._last_ns

    def _idle(self, silent_s: float) -> None:
        if silent_s > SILENT_S:
            raise SourceError(
                f"the camera {self._camera.name!r} has sent no picture for {SILENT_S:.0f} s; "
                "check its cable and whether another program controls it"
            )
        self._closed.wait(POLL_S)

    def _gone(self) -> SourceError:
        return SourceError(
            f"the camera {self._camera.name!r} stopped; check its cable, or choose another one "
            "(see: livetrack-vcam devices)"
        )


def input_name(camera: CameraInfo) -> str:
    """What FFmpeg's capture device calls the camera."""
    if sys.platform == "win32":
        return f"video={camera.path}"
    return camera.path


def device_options(camera: CameraInfo, wanted: Size | None, fps: Fraction | None) -> dict[str, str]:
    """FFmpeg's options for the best mode; the plain wish when the camera does not list modes."""
    options = {"fflags": NONBLOCK} if sys.platform.startswith("linux") else {}
    mode = choose_mode(camera.modes, wanted, fps)
    size, rate = (mode.size, mode.fps) if mode else (wanted or DEFAULT_SIZE, fps or DEFAULT_FPS)
    options |= {"video_size": str(size), "framerate": f"{rate.numerator}/{rate.denominator}"}
    if mode and sys.platform.startswith("linux"):
        options["input_format"] = INPUT_FORMATS[mode.format]
    return options


def camera_error(camera: CameraInfo, error: Exception) -> SourceError:
    """What the user should know when the camera could not be opened."""
    code = getattr(error, "errno", None)
    name = f"the camera {camera.name!r} ({camera.path})"
    if code == errno.EBUSY:
        return SourceBusyError(
            f"{name} is held by another program; close it there, or find it with: "
            f"fuser -v {camera.path}"
        )
    if code in (errno.EACCES, errno.EPERM):
        return SourceBusyError(
            f"{name} may not be opened by this user; try: sudo usermod -aG video $USER "
            "and log in again"
        )
    if code in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        return SourceNotFoundError(
            f"{name} is not there; plug it in, or list the cameras with: livetrack-vcam devices"
        )
    return SourceError(
        f"{name} cannot be opened ({error.__class__.__name__}); unplug it and plug it in again, "
        "or try another program, to see whether the camera works at all"
    )
