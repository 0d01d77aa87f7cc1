"""One opened PyAV input: picks the video stream, decodes it and gives upright pictures."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Generator, Iterator
from fractions import Fraction
from threading import Lock
from typing import TypeVar

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.errors import SourceError
from livetrack_vcam.media_time import SECOND_NS
from livetrack_vcam.picture.av_frames import Picture, main_video, picture_of
from livetrack_vcam.sources.sound_track import Packet, Place, SoundTrack

T = TypeVar("T")

DEFAULT_FPS = Fraction(30)
MAX_FPS = 240  # a "frame rate" above this is a stream's time base, not its rate


class StreamReader:
    """Decodes the main video stream of `container`. Damaged packets are skipped and counted.

    `fps` is nominal, None when unknown; `duration_ns` is None for live streams; `damaged` counts.
    `read` is called from one thread; `close` from any, more than once: the container is closed at
    once, or by the reader as soon as it comes back from the decoder. A container opened without
    blocking needs `idle`: it is called with the seconds since the last picture whenever there is
    no packet, sleeps a moment, and may raise SourceError to give up. A `camera` has its own
    rules of color and memory (see `picture_of`). With `ahead`, FFmpeg decodes several frames at
    once on threads of its own, which takes less time in all and more for the first. `sound` is
    read beside the picture.
    """

    def __init__(
        self,
        container: InputContainer,
        name: str,
        idle: Callable[[float], None] | None = None,
        camera: bool = False,
        ahead: bool = False,
        sound: SoundTrack | None = None,
    ) -> None:
        self._container = container
        self._name = name
        self._idle = idle
        self._camera = camera
        self._sound = sound
        self._stream = _shown_stream(container, name)
        self._streams = [self._stream, *([sound.stream] if sound is not None else [])]
        self._stream.thread_type = "AUTO" if ahead else "SLICE"
        self._aspect = self._stream.sample_aspect_ratio
        # PyAV's streams must not be asked for anything once their container is closed.
        self.fps = _nominal_rate(self._stream)
        self.interval_ns = int(SECOND_NS / (self.fps or DEFAULT_FPS))
        self.duration_ns = _duration_ns(container)
        self._frames = self._decoded()
        self._first: av.VideoFrame | None = None
        self._scaled: Size | None = None
        self._lock = Lock()
        self._closed = False
        self._pictured_s = time.monotonic()
        self.damaged = 0

    def prime(self) -> Picture:
        """Decode the first picture, which fixes the size of all; `read` will give it again."""
        picture = self._undisturbed(self._first_picture)
        if picture is None:
            raise SourceError(
                f"{self._name} holds no picture that can be decoded: it is damaged or not a video; "
                "try to play it in another player, or choose another file"
            )
        return picture

    def read(self) -> tuple[Picture, int | None] | None:
        """The next picture and its stream time in nanoseconds; None at the end or when closed."""
        return self._undisturbed(self._next_picture)

    def rewind(self) -> None:
        """Start over at the first frame."""
        with self._lock:
            if not self._closed:
                self._container.seek(0)
                if self._sound is not None:
                    self._sound.restart()
                self._frames = self._decoded()

    def give_sound(self, place: Place, until_ns: int) -> None:
        """Let whoever listens have the sound until then, on the monotonic clock."""
        sound = self._sound
        if sound is not None:
            self._undisturbed(lambda: sound.give(place, until_ns))

    def close(self) -> None:
        self._closed = True
        if self._lock.acquire(blocking=False):
            try:
                self._release()
            finally:
                self._lock.release()

    def _release(self) -> None:
        """Drop the packets, then close: a camera's packets lie in memory that goes with it."""
        self._first = None
        self._frames.close()
        self._container.close()

    def _undisturbed(self, step: Callable[[], T | None]) -> T | None:
        """One step that `close` waits for: a raw camera's picture goes with its container."""
        with self._lock:
            try:
                result = None if self._closed else step()
            except Exception as error:
                _let_go_of_packets(error)
                raise
            if self._closed:
                result = None
                self._release()
        return result

    def _first_picture(self) -> Picture | None:
        frame = next(self._frames, None)
        if frame is None:
            return None
        self._scaled = _square_size(frame, self._aspect)
        self._first = frame
        return self._picture(frame)

    def _next_picture(self) -> tuple[Picture, int | None] | None:
        frame, self._first = self._first, None
        if frame is not None:
            # Seconds may have passed since it was decoded, in which nobody asked for another.
            self._pictured_s = time.monotonic()
        else:
            frame = next(self._frames, None)
        return None if frame is None else (self._picture(frame), stream_time_ns(frame))

    def _decoded(self) -> Generator[av.VideoFrame]:
        packets = self._packets()
        for packet in packets if self._sound is None else self._sound.pictures(packets):
            try:
                for frame in packet.decode():
                    self._pictured_s = time.monotonic()
                    yield frame
            except av.error.FFmpegError:  # decoders have a dozen names for damage
                self.damaged += 1

    def _packets(self) -> Iterator[Packet]:
        while not self._closed:
            try:
                yield from self._container.demux(self._streams)
                return
            except av.error.BlockingIOError:
                if self._idle is None:
                    raise
                self._idle(time.monotonic() - self._pictured_s)
            except (av.error.InvalidDataError, av.error.MemoryError):  # of a size that is none
                self.damaged += 1
                return

    def _picture(self, frame: av.VideoFrame) -> Picture:
        return picture_of(frame, self._scaled, frame.rotation, self._camera)


def _let_go_of_packets(error: BaseException | None) -> None:
    """Whoever keeps an error keeps the variables of every function it came through: here packets,
    in a camera's memory, which is gone with its container."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__context__


def _nominal_rate(stream: VideoStream) -> Fraction | None:
    """Frames per second as the container says; None when it does not know."""
    for rate in (stream.average_rate, stream.guessed_rate):
        if rate and 0 < rate <= MAX_FPS:
            return Fraction(rate)
    return None


def _duration_ns(container: InputContainer) -> int | None:
    """How long the container says it is; None for live streams."""
    duration = container.duration
    return duration * 1000 if duration is not None and duration > 0 else None


def stream_time_ns(frame: av.VideoFrame) -> int | None:
    if frame.pts is None or frame.time_base is None:
        return None
    return int(frame.pts * frame.time_base * SECOND_NS)


def _shown_stream(container: InputContainer, name: str) -> VideoStream:
    stream = main_video(container)
    if stream is None:
        raise SourceError(f"{name} has no video stream; choose a file or an address that has one")
    return stream


def _square_size(frame: av.VideoFrame, aspect: Fraction | None) -> Size:
    """The picture's size with square pixels (before it is turned upright)."""
    if aspect is None or aspect <= 0 or aspect == 1 or not Fraction(1, 4) <= aspect <= 4:
        return Size(frame.width, frame.height)
    return Size(max(1, round(frame.width * aspect)), frame.height)
