"""Which of a camera's modes suits best, which comes next, and why."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import ceil

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.sources.v4l2 import Mode

DEFAULT_SIZE = Size(1920, 1080)
DEFAULT_FPS = Fraction(30)
# Formats we can read, best first where size and rate are equal: raw needs no decoding, MJPEG is
# cheap, H.264 delays.
FORMATS = ("NV12", "YU12", "YUYV", "UYVY", "MJPG", "JPEG", "H264")
# 24 and 25 pictures a second (film, half of Europe's 50 Hz) are as good as 30: a smaller picture
# would be the higher price.
FAST_ENOUGH = 0.8
TOO_FAST = 1.1
LESS = 0.75
"""Of the bus's load: nearer to what it had no room for, a try is a second lost."""


def choose_mode(
    modes: tuple[Mode, ...], wanted: Size | None = None, fps: Fraction | None = None
) -> Mode | None:
    """The mode to open; None when no format is readable. See `mode_order`."""
    return next(iter(mode_order(modes, wanted, fps)), None)


def mode_order(
    modes: tuple[Mode, ...], wanted: Size | None = None, fps: Fraction | None = None
) -> tuple[Mode, ...]:
    """The readable modes, best first: fast enough, then the asked size, then its shape, then the
    asked rate, then the cheapest format.

    A rate from 20 % under the asked one is fast enough; slower modes come only when no other is
    left. Without wishes: 1920x1080 at 30.
    """
    size, rate = wanted or DEFAULT_SIZE, fps or DEFAULT_FPS
    area = size.width * size.height

    def rank(mode: Mode) -> tuple[float, ...]:
        pace = float(mode.fps / rate)
        here = mode.size.width * mode.size.height
        return (
            round(max(0.0, FAST_ENOUGH - pace), 2),
            round(max(0, area - here) / area, 3),
            round(max(0, here - area) / area, 3),
            round(abs(float(mode.size.aspect_ratio / size.aspect_ratio) - 1), 2),
            max(0.0, pace - TOO_FAST),
            round(max(0.0, 1 - pace), 1),
            FORMATS.index(mode.format),
        )

    return tuple(sorted((mode for mode in modes if mode.format in FORMATS), key=rank))


def reason(
    chosen: Mode, modes: tuple[Mode, ...], wanted: Size | None = None, fps: Fraction | None = None
) -> str:
    """Why the mode is the one to open, as the end of a sentence."""
    size, rate = wanted or DEFAULT_SIZE, fps or DEFAULT_FPS
    if chosen.fps < rate * Fraction(FAST_ENOUGH):
        return "no mode of it is faster"
    if chosen.size == size:
        slower = _slower_format(chosen, modes)
        return f"the size we ask for{slower}"
    if chosen.size.width * chosen.size.height < size.width * size.height:
        return f"its largest at {float(rate):.4g} fps{_slower_format(chosen, modes)}"
    return f"its nearest to {size}"


def _slower_format(chosen: Mode, modes: tuple[Mode, ...]) -> str:
    """The cheaper format that a user may have expected, and how slow it is."""
    rates: dict[str, Fraction] = {}
    for mode in modes:
        if mode.size == chosen.size and mode.format in FORMATS and mode.format != chosen.format:
            rates[mode.format] = max(mode.fps, rates.get(mode.format, mode.fps))
    slow = {name: fps for name, fps in rates.items() if fps < chosen.fps * Fraction(FAST_ENOUGH)}
    if not slow:
        return ""
    name = max(slow, key=lambda each: slow[each])
    return f"; {name} would bring {float(slow[name]):.4g} fps"


def enough_for(canvases: Iterable[Size]) -> Size | None:
    """The smallest 16:9 picture whose widest crop fills each canvas without being enlarged; None
    when the size we ask for by default does. Never less than that: the crop must be able to zoom.
    """
    height = max((max(c.height, ceil(c.width * 9 / 16)) for c in canvases), default=0)
    if height <= DEFAULT_SIZE.height:
        return None
    return Size(ceil(height * 16 / 9), height)


def next_after(failed: Mode, order: tuple[Mode, ...], no_room: bool) -> tuple[Mode, ...]:
    """What is left to try of `order` after `failed` could not be opened.

    With `no_room` the bus had none left, so only what needs a good deal less of it is tried.
    """
    rest = order[order.index(failed) + 1 :]
    if not no_room:
        return rest
    return tuple(mode for mode in rest if bus_load(mode) < LESS * bus_load(failed))


def bus_load(mode: Mode) -> float:
    """Bytes a second on the bus, for comparisons. Compressed pictures vary: MJPEG is counted as a
    sixth of YUYV, which uvcvideo's cameras commonly reserve, and H.264 as a fiftieth."""
    bytes_a_pixel = {"NV12": 1.5, "YU12": 1.5, "MJPG": 0.33, "JPEG": 0.33, "H264": 0.04}
    pixels = mode.size.width * mode.size.height
    return float(pixels * mode.fps) * bytes_a_pixel.get(mode.format, 2.0)
