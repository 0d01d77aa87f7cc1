"""Cameras of macOS and Windows as FFmpeg's capture devices, avfoundation and dshow, tell of them.

Read in FFmpeg's libavdevice/avfoundation.m and dshow.c. Both tell a camera's modes
only in their log: dshow when it is asked for its options, avfoundation when it is asked for a size
that no camera has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.sources.camera_modes import DEFAULT_FPS
from livetrack_vcam.sources.v4l2 import Mode

AVFOUNDATION, DSHOW, V4L2 = "avfoundation", "dshow", "v4l2"
NONBLOCK = "+4"  # AVFMT_FLAG_NONBLOCK: a camera that stops must not hold the reader in the kernel
# Besides size and rate. dshow drops frames that fill its buffer, and its own 3 MB hold not even
# one raw 1080p picture; this holds fifteen. avfoundation cannot give its default, yuv420p, and
# would take the first format that the camera lists.
OPTIONS: Mapping[str, Mapping[str, str]] = {
    V4L2: {"fflags": NONBLOCK},
    DSHOW: {"fflags": NONBLOCK, "rtbufsize": "64M"},
    AVFOUNDATION: {"fflags": NONBLOCK, "pixel_format": "nv12"},
}
_FORMATS = {
    "mjpeg": "MJPG",
    "h264": "H264",
    "yuyv422": "YUYV",
    "uyvy422": "UYVY",
    "nv12": "NV12",
    "yuv420p": "YU12",
}
# In dshow's own names of devices: DirectShow's category of sound inputs.
_SOUND = "33D9A762-90C8-11D0-BD43-00A0C911CE86"
OBS_CAMERA = "OBS Virtual Camera"
_SOFTWARE = "@device_sw_"
_NO_SIZE = "1x1"
_DSHOW_DEVICE = re.compile(r'"([^"\n]+)"\s*\(([^)]*)\)\s*Alternative name "([^"\n]+)"')
_DSHOW_MODE = re.compile(
    r"(?:pixel_format|vcodec)=(\w+)\s+min s=\d+x\d+ fps=([\d.]+) max s=(\d+)x(\d+) fps=([\d.]+)"
)
_AVFOUNDATION_MODE = re.compile(r"(\d+)x(\d+)@\[[\d.]+ ([\d.]+)\]fps")

Logged = Callable[[str, str, Mapping[str, str]], str]
"""Device format, what to open and options to all that FFmpeg logs while it tries."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A camera: `name` is what FFmpeg opens, `title` what people call it."""

    name: str
    title: str

    @property
    def is_virtual(self) -> bool:
        """Whether a program feeds it; on these systems ours may be the one."""
        return self.title == OBS_CAMERA or self.name.lower().startswith(_SOFTWARE)


def listed(device_format: str) -> tuple[Listed, ...]:
    """Every camera of this system; none where FFmpeg has no such devices."""
    import av
    from av.device import enumerate_input_devices

    try:
        devices = enumerate_input_devices(device_format)
    except (av.error.FFmpegError, OSError):
        # dshow gives up on the cameras, too, where there is no microphone.
        return from_log(logged(device_format, "", {"list_devices": "true"}))
    except ValueError:
        return ()
    return cameras((each.name, each.description, each.media_types) for each in devices)


def cameras(devices: Iterable[tuple[str, str, list[str]]]) -> tuple[Listed, ...]:
    """Those of name, title and media types that give pictures, without the screens.

    A camera that another program has may not tell its types; it is told from a microphone by its
    name.
    """
    return tuple(
        Listed(name, title or name)
        for name, title, types in devices
        if ("video" in types or not (types or _SOUND in name.upper()))
        and not title.startswith("Capture screen")
    )


def from_log(text: str) -> tuple[Listed, ...]:
    """What dshow logs when it is asked for a list."""
    found = _DSHOW_DEVICE.findall(text)
    kinds = {"audio", "video"}
    return cameras((n, title, [*kinds & set(re.findall(r"\w+", t))]) for title, t, n in found)


def modes(device_format: str, name: str, ask: Logged | None = None) -> tuple[Mode, ...]:
    """What the camera offers, without streaming from it; empty when it does not say."""
    ask = ask or logged
    if device_format == DSHOW:
        return dshow_modes(ask(DSHOW, f"video={name}", {"list_options": "true"}))
    return avfoundation_modes(ask(AVFOUNDATION, name, {"video_size": _NO_SIZE}))


def dshow_modes(text: str) -> tuple[Mode, ...]:
    """Each as fast as it goes, and at the usual rate where that lies in its range."""
    found: dict[Mode, None] = {}
    for codec, slowest, width, height, fastest in _DSHOW_MODE.findall(text):
        if codec not in _FORMATS:
            continue
        rates = [_rate(fastest)]
        if _rate(slowest) <= DEFAULT_FPS < rates[0]:
            rates.append(DEFAULT_FPS)
        for rate in rates:
            found[Mode(_FORMATS[codec], Size(int(width), int(height)), rate)] = None
    return tuple(found)


def avfoundation_modes(text: str) -> tuple[Mode, ...]:
    """It takes only the fastest rate of each range, within a hundredth, and gives any format."""
    found = {
        Mode("NV12", Size(int(width), int(height)), _rate(fastest)): None
        for width, height, fastest in _AVFOUNDATION_MODE.findall(text)
    }
    return tuple(found)


def logged(device_format: str, url: str, options: Mapping[str, str]) -> str:
    """The `Logged` of this machine."""
    import av
    from av import logging

    before = logging.get_level()
    logging.set_level(logging.INFO)
    try:
        with logging.Capture() as lines, suppress(av.error.FFmpegError, OSError, ValueError):
            av.open(url, format=device_format, options=dict(options)).close()
    finally:
        logging.set_level(before)
    return "\n".join(message for _level, _name, message in lines)


def _rate(text: str) -> Fraction:
    """What the figure stands for: 30.000030 is 30, and 29.97 is 30000/1001."""
    told = Fraction(text)
    whole = round(told)
    for usual in (Fraction(whole), Fraction(whole * 1000, 1001)):
        if abs(usual - told) < Fraction(1, 200):
            return usual
    return told.limit_denominator(100)
