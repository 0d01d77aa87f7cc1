"""A browser's camera, as a rule a phone's: pictures that somebody publishes to the web server."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from threading import Event

import av
import numpy as np

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.errors import SettingsError, SourceError
from livetrack_vcam.interfaces import SourceInfo
from livetrack_vcam.mailbox import Mailbox, Woken
from livetrack_vcam.media import ColorRange, Frame, PixelFormat, Plane
from livetrack_vcam.media_time import SECOND_NS
from livetrack_vcam.picture.av_frames import Picture, picture_of
from livetrack_vcam.shot_settings import parse_size
from livetrack_vcam.sound.feed import CHANNELS, RATE_HZ, SoundBlock, SoundFeed, samples_to_ns
from livetrack_vcam.sources.clock import LiveClock

NAME = "browser"
SIZE = Size(1280, 720)
FPS = Fraction(30)
SILENCE_S = 2.5
"""No browser pauses so long between two pictures, unless its phone sleeps."""
RETRY_S = 0.1
DEPTH = 2
"""When the whole process stood still for a frame, two come at once."""
BARS = {ColorRange.LIMITED: (16, 128, 128), ColorRange.FULL: (0, 128, 128)}


@dataclass(frozen=True, slots=True)
class _Arrived:
    frame: av.VideoFrame
    pts_ns: int
    number: int


class BrowserCamera:
    """What a publisher's browser sends, in pictures of one `size`, others between bars.

    `open` succeeds at once, for the web server that lets publishers in is started later; `read`
    then waits for the first picture, and raises SourceError when none has come for SILENCE_S.
    Opening it again succeeds only when a picture has come meanwhile. `link` is what the user is
    told to open on the phone.

    `begin`, `put` and `hear` are called by whoever has the publisher, in one other thread.
    """

    def __init__(self, size: Size = SIZE, sound: SoundFeed | None = None) -> None:
        """What the publisher's microphone hears goes into `sound`."""
        self._size = size
        self._sound = sound
        if sound is not None:
            sound.offered = sound.acoustic = True
        self._arrived: Mailbox[_Arrived] = Mailbox(DEPTH)
        self._clock, self._sound_clock = LiveClock(), LiveClock()
        self._last_ns = -1
        self._count = 0
        self._first: _Arrived | None = None
        self._first_number: int | None = None
        self._opened = False
        self._closed = Event()
        self.link: str | None = None

    @property
    def size(self) -> Size:
        return self._size

    @property
    def takes_sound(self) -> bool:
        """Whether the publisher's sound is of any use."""
        return self._sound is not None

    def begin(self) -> None:
        """Another publisher: its times have nothing to do with those before."""
        self._clock, self._sound_clock = LiveClock(), LiveClock()

    def put(self, frame: av.VideoFrame, arrived_ns: int) -> None:
        """One more picture, arrived at `arrived_ns` on the monotonic clock; never blocks."""
        self._last_ns = max(self._last_ns + 1, self._clock.place(_media_ns(frame), arrived_ns))
        self._arrived.put(_Arrived(frame, self._last_ns, self._count))
        self._count += 1

    def hear(self, frame: av.AudioFrame, arrived_ns: int) -> None:
        """One more piece of sound, stereo and 48 kHz as Opus decodes; never blocks."""
        feed = self._sound
        if feed is None or frame.format.name != "s16" or frame.sample_rate != RATE_HZ:
            return
        pts_ns = self._sound_clock.place(
            _media_ns(frame), arrived_ns - samples_to_ns(frame.samples)
        )
        if feed.wanted:
            samples = frame.to_ndarray().reshape(-1, len(frame.layout.channels))
            stereo = np.ascontiguousarray(np.broadcast_to(samples, (len(samples), CHANNELS)))
            feed.put(SoundBlock(stereo, pts_ns))

    def open(self) -> SourceInfo:
        self._closed.clear()
        if self._opened:
            self._first = self._next(0)
            if self._first is None:
                raise self._silent()
        self._opened, self._first_number = True, None
        return SourceInfo(NAME, self._size, FPS, live=True)

    def read(self) -> Frame | None:
        if self._closed.is_set():
            return None
        arrived, self._first = self._first, None
        arrived = arrived or self._next(SILENCE_S)
        if self._closed.is_set():
            return None
        if arrived is None:
            raise self._silent()
        if self._first_number is None:
            self._first_number = arrived.number
        picture = fitted(arrived.frame, self._size)
        number = arrived.number - self._first_number
        return Frame(picture.planes, picture.format, picture.color, arrived.pts_ns, number)

    def close(self) -> None:
        self._closed.set()
        self._arrived.wake()

    def _next(self, timeout_s: float) -> _Arrived | None:
        """The next picture, or None when none came in time, or the source was closed."""
        while not self._closed.is_set():
            try:
                return self._arrived.get(timeout_s)
            except Woken:  # by an earlier close, perhaps
                continue
        return None

    def _silent(self) -> SourceError:
        where = f"open {self.link} on it" if self.link else "open the camera page on it"
        if self._count == 0:
            error = SourceError(f"no phone sends its camera yet; {where}")
        else:
            error = SourceError(f"the phone sends no picture any more; wake it, or {where}")
        error.retry_s = RETRY_S
        return error


def _media_ns(frame: av.VideoFrame | av.AudioFrame) -> int:
    return int((frame.pts or 0) * (frame.time_base or 0) * SECOND_NS)


def parse_browser(spec: str) -> Size:
    """The size in `browser` or `browser:WIDTHxHEIGHT`. Raises SettingsError."""
    _, _, size = spec.partition(":")
    try:
        return parse_size(size) if size else SIZE
    except ValueError as error:
        raise SettingsError(f"--source {spec}: {error}") from None


def fitted(frame: av.VideoFrame, size: Size) -> Picture:
    """The frame at exactly `size`, 4:2:0: scaled as a whole, with black bars beside or above it."""
    if frame.format.name not in ("yuv420p", "yuvj420p"):
        frame = frame.reformat(format="yuv420p")
    inner = _inside(Size(frame.width, frame.height), size)
    # Browsers convert their cameras' pictures by BT.601 and leave them untagged.
    picture = picture_of(frame, inner, camera=True)
    if picture.size == size:
        return picture
    chroma = PixelFormat.YUV420P.chroma_size(size)
    left, top = (size.width - inner.width) // 4 * 2, (size.height - inner.height) // 4 * 2
    y, u, v = (
        _framed(plane, each, black, left // step, top // step)
        for plane, each, black, step in zip(
            picture.planes,
            (size, chroma, chroma),
            BARS[picture.color.range],
            (1, 2, 2),
            strict=True,
        )
    )
    return Picture((y, u, v), picture.format, picture.color)


def _inside(picture: Size, room: Size) -> Size:
    """The largest size of the picture's shape in the room; sides even, and the room's own when
    the shapes differ by less than two pixels."""
    scale = min(room.width / picture.width, room.height / picture.height)
    width, height = picture.width * scale, picture.height * scale
    even = Size(max(2, 2 * round(width / 2)), max(2, 2 * round(height / 2)))
    return Size(min(even.width, room.width), min(even.height, room.height))


def _framed(plane: Plane, size: Size, black: int, left: int, top: int) -> Plane:
    whole = np.full((size.height, size.width), black, np.uint8)
    rows, columns = plane.shape
    whole[top : top + rows, left : left + columns] = plane
    whole.flags.writeable = False
    return whole
