"""A camera through FFmpeg: v4l2 on Linux, avfoundation on macOS, dshow on Windows."""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from threading import Event

import av
from av.container import InputContainer

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.device_nodes import holders
from livetrack_vcam.errors import SourceBusyError, SourceError, SourceNotFoundError
from livetrack_vcam.interfaces import SourceInfo
from livetrack_vcam.media import Frame
from livetrack_vcam.media_time import SECOND_NS, Timeline
from livetrack_vcam.node_access import permission_advice
from livetrack_vcam.sources.camera_modes import (
    DEFAULT_FPS,
    DEFAULT_SIZE,
    mode_order,
    next_after,
)
from livetrack_vcam.sources.cameras import CameraInfo, capture_format, found_again, list_cameras
from livetrack_vcam.sources.clock import LiveClock
from livetrack_vcam.sources.ffmpeg_devices import AVFOUNDATION, DSHOW, OPTIONS, V4L2
from livetrack_vcam.sources.stream_reader import StreamReader
from livetrack_vcam.sources.v4l2 import Mode

log = logging.getLogger(__name__)

# FFmpeg's names for the FourCCs of camera_modes.FORMATS.
INPUT_FORMATS = {
    "MJPG": "mjpeg",
    "JPEG": "mjpeg",
    "H264": "h264",
    "YUYV": "yuyv422",
    "UYVY": "uyvy422",
    "NV12": "nv12",
    "YU12": "yuv420p",
}
POLL_S = 0.002  # how often a waiting reader asks for the next frame
SILENT_S = 2.0  # a camera that gives no new frame for so long counts as lost
FIRST_PICTURE_S = 5.0  # some need seconds from being opened to their first
MOST_TRIES = 6  # modes of one camera; each may take a second to be refused
# What another mode cannot mend: held, forbidden or not there.
NOT_THE_MODE = frozenset(
    {errno.EBUSY, errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENODEV, errno.ENXIO}
)

PRIVACY = {
    AVFOUNDATION: "System Settings > Privacy & Security > Camera, and there the terminal",
    DSHOW: "Settings > Privacy & security > Camera > Let desktop apps access your camera",
}

Look = Callable[[CameraInfo], tuple[CameraInfo, ...]]


class Camera:
    """A camera of `list_cameras`, in the mode nearest to the wishes that its driver opens.

    Opened again it is looked for by its stable id or name, wherever it is plugged in by then, and
    asked for the same mode first; `beside` are the cameras there were at first, which are not it.
    Nothing but format, size and rate is ever set: exposure, focus and zoom stay as they are.
    `pts_ns` is the kernel's capture time where that is on the monotonic clock (v4l2), otherwise
    the driver's time mapped onto it. `note` says when the best mode could not be had.
    """

    def __init__(
        self,
        camera: CameraInfo,
        wanted: Size | None = None,
        fps: Fraction | None = None,
        beside: tuple[CameraInfo, ...] = (),
        look: Look = lambda camera: list_cameras(only=camera),
    ) -> None:
        self._camera = camera
        self._wanted = wanted
        self._fps = fps
        self._beside = beside
        self._look = look
        self._mode: Mode | None = None
        self._opened = False
        self._primed = False
        self._reader: StreamReader | None = None
        self._closed = Event()
        self._clock = LiveClock()
        self._timeline = Timeline(0)
        self._last_ns = -1
        self._seq = 0
        self.note: str | None = None

    def open(self) -> SourceInfo:
        """Raises SourceError also when `close` is called meanwhile, which ends it soon."""
        self._closed.clear()
        if self._opened:
            self._find_again()
        container = self._connect()
        self._opened = True
        self._primed = False
        self._reader = StreamReader(container, self._camera.name, self._idle, camera=True)
        self._seq, self._last_ns, self._clock = 0, -1, LiveClock()
        try:
            if self._closed.is_set():
                raise SourceError(f"the camera {self._camera.name!r} was closed; open it again")
            picture = self._reader.prime()
        except SourceError:
            self.close()
            raise
        self._primed = True
        self._timeline = Timeline(self._reader.interval_ns)
        return SourceInfo(self._camera.name, picture.size, self._reader.fps, live=True)

    def _find_again(self) -> None:
        found = found_again(self._camera, self._look(self._camera), self._beside)
        if found is None:
            raise SourceNotFoundError(
                f"the camera {self._camera.name!r} is not there; plug it in again, or list the "
                "cameras with: livetrack-vcam devices"
            )
        if self._camera.modes and not found.modes:
            # Just plugged in, it may not be open to this user yet; without its modes it would be
            # opened in any.
            raise SourceBusyError(
                f"the camera {found.name!r} ({found.path}) is not ready; if that stays so, see: "
                "livetrack-vcam doctor"
            )
        self._camera = found

    def _connect(self) -> InputContainer:
        """The first of the modes, best first, that the driver opens; `note` says if not the best.

        Raises the SourceError of the best mode when none can be opened.
        """
        left = self._order()
        refused: tuple[Mode, Exception] | None = None
        for _ in range(MOST_TRIES):
            mode = left[0] if left else None
            try:
                container = self._open_in(mode)
            except (av.error.FFmpegError, OSError) as error:
                code = getattr(error, "errno", None)
                if mode is None or code in NOT_THE_MODE:
                    raise camera_error(self._camera, error) from None
                log.debug("%s in %s: %s", self._camera.path, mode, error)
                refused = refused or (mode, error)
                left = next_after(mode, left, no_room=code == errno.ENOSPC)
                if not left:
                    break
            else:
                self.note = _second_choice(self._camera, refused, mode)
                self._mode = mode
                return container
        assert refused is not None
        raise camera_error(self._camera, refused[1]) from None

    def _order(self) -> tuple[Mode, ...]:
        """The modes to try, the last one first: the picture should come back as it was."""
        order = mode_order(self._camera.modes, self._wanted, self._fps)
        if self._mode not in order:
            return order
        return (self._mode, *(mode for mode in order if mode != self._mode))

    def _open_in(self, mode: Mode | None) -> InputContainer:
        options = device_options(mode, self._wanted, self._fps)
        return av.open(input_name(self._camera), format=capture_format(), options=options)

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
        """No new frame counts, not a picture like the last one: a still scene is no failure."""
        patience_s = SILENT_S if self._primed else FIRST_PICTURE_S
        if silent_s > patience_s:
            raise SourceError(
                f"the camera {self._camera.name!r} has sent no picture for {patience_s:.0f} s; "
                "check its cable and whether another program controls it"
            )
        self._closed.wait(POLL_S)

    def _gone(self) -> SourceError:
        return SourceError(
            f"the camera {self._camera.name!r} stopped; check its cable, or choose another one "
            "(see: livetrack-vcam devices)"
        )


def input_name(camera: CameraInfo, kind: str | None = None) -> str:
    """What FFmpeg's capture device of this `kind`, by default this system's, calls the camera."""
    return f"video={camera.path}" if (kind or capture_format()) == DSHOW else camera.path


def device_options(
    mode: Mode | None, wanted: Size | None, fps: Fraction | None, kind: str | None = None
) -> dict[str, str]:
    """FFmpeg's options for the mode; the plain wish when the camera does not list any."""
    kind = kind or capture_format()
    options = dict(OPTIONS[kind])
    size, rate = (mode.size, mode.fps) if mode else (wanted or DEFAULT_SIZE, fps or DEFAULT_FPS)
    options |= {"video_size": str(size), "framerate": f"{rate.numerator}/{rate.denominator}"}
    if mode and kind == V4L2:
        options["input_format"] = INPUT_FORMATS[mode.format]
    return options


def _second_choice(
    camera: CameraInfo, refused: tuple[Mode, Exception] | None, mode: Mode | None
) -> str | None:
    if refused is None:
        return None
    best, error = refused
    if getattr(error, "errno", None) == errno.ENOSPC:
        return (
            f"the USB bus has no room left for {camera.name} in {best}, so it runs in {mode}; "
            "plug it in at another port to have the better one"
        )
    return f"{camera.name} refuses {best}, so it runs in {mode}"


def camera_error(camera: CameraInfo, error: Exception, kind: str | None = None) -> SourceError:
    """What the user should know when the camera could not be opened."""
    code = getattr(error, "errno", None)
    name = f"the camera {camera.name!r} ({camera.path})"
    if code in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        return SourceNotFoundError(
            f"{name} is not there; plug it in, or list the cameras with: livetrack-vcam devices"
        )
    privacy = PRIVACY.get(kind or capture_format())
    if privacy is not None:
        # These systems' cameras are no files, and FFmpeg gives one error for nearly all refusals.
        return SourceBusyError(
            f"the camera {camera.name!r} cannot be opened; close the program that has it, or let "
            f"this one have it: {privacy}"
        )
    if code == errno.EBUSY:
        who = ", ".join(map(str, holders(Path(camera.path))))
        found = "close it there" if who else f"find it with: fuser -v {camera.path}"
        return SourceBusyError(f"{name} is held by {who or 'another program'}; {found}")
    if code in (errno.EACCES, errno.EPERM):
        return SourceBusyError(
            f"{name} may not be opened by this user; {permission_advice(Path(camera.path))}"
        )
    return SourceError(
        f"{name} cannot be opened ({error.__class__.__name__}); unplug it and plug it in again, "
        "or try another program, to see whether the camera works at all"
    )
