"""For tests: a source with known truth, a scripted detector, a memory sink, a manual clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from threading import Condition, Event

import cv2
import numpy as np
import numpy.typing as npt

from livetrack_vcam.core.detection import PERSON, Detection
from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.errors import SinkError, SourceError
from livetrack_vcam.interfaces import Canvas, SourceInfo
from livetrack_vcam.media import OUTPUT_COLOR, ColorSpace, Frame, PixelFormat, Plane

SECOND_NS = 1_000_000_000
SIZE = Size(320, 180)
FPS = Fraction(30)
FIGURE = (200, 90, 200)  # Y, U, V of the drawn subject
GROUND = (60, 128, 128)


class ManualClock:
    """A monotonic clock that moves when told to."""

    def __init__(self, now_ns: int = 0) -> None:
        self._now_ns = now_ns
        self._changed = Condition()

    def now_ns(self) -> int:
        return self._now_ns

    def advance(self, seconds: float) -> None:
        with self._changed:
            self._now_ns += round(seconds * SECOND_NS)
            self._changed.notify_all()

    def wait_until(self, due_ns: int, closed: Callable[[], bool]) -> None:
        """Block until `advance` reaches `due_ns` or `closed()` is true (see `wake`)."""
        with self._changed:
            self._changed.wait_for(lambda: self._now_ns >= due_ns or closed())

    def wake(self) -> None:
        with self._changed:
            self._changed.notify_all()


def walk(size: Size, seconds: float = 4.0) -> Callable[[float], Box | None]:
    """A standing figure that walks to and fro across the picture, once in `seconds`."""

    def truth(t: float) -> Box:
        phase = t / seconds % 1.0
        across = 1 - abs(2 * phase - 1)
        width, height = size.width * 0.12, size.height * 0.6
        center = width / 2 + across * (size.width - width)
        return Box.from_cxcywh(center, size.height * 0.55, width, height)

    return truth


class SyntheticSource:
    """A plain picture with one flat rectangle whose box is known exactly at every moment.

    `truth(t)` gives the box at `t` seconds, or None when nobody is there; edges are drawn with
    sub-pixel coverage. Unpaced, frames come at once and `pts_ns` counts from 0; with a
    ManualClock, `read` waits for the clock and `pts_ns` is its time.
    """

    def __init__(
        self,
        size: Size = SIZE,
        fps: Fraction = FPS,
        frames: int | None = 90,
        truth: Callable[[float], Box | None] | None = None,
        clock: ManualClock | None = None,
        pixel_format: PixelFormat = PixelFormat.YUV420P,
        color: ColorSpace = OUTPUT_COLOR,
    ) -> None:
        self.truth = truth or walk(size)
        self._size = size
        self._fps = fps
        self._frames = frames
        self._clock = clock
        self._format = pixel_format
        self._color = color
        self._seq = 0
        self._start_ns = 0
        self._closed = Event()

    def open(self) -> SourceInfo:
        self._closed.clear()
        self._seq = 0
        self._start_ns = self._clock.now_ns() if self._clock else 0
        return SourceInfo("synthetic", self._size, self._fps, live=self._frames is None)

    def read(self) -> Frame | None:
        if self._closed.is_set() or self._seq == self._frames:
            return None
        seq, self._seq = self._seq, self._seq + 1
        media_ns = int(seq * SECOND_NS / self._fps)
        pts_ns = self._start_ns + media_ns
        if self._clock:
            self._clock.wait_until(pts_ns, self._closed.is_set)
            if self._closed.is_set():
                return None
        box = self.truth(media_ns / SECOND_NS)
        return draw_frame(self._size, box, self._format, self._color, pts_ns, seq)

    def close(self) -> None:
        self._closed.set()
        if self._clock:
            self._clock.wake()


def draw_frame(
    size: Size,
    box: Box | None,
    pixel_format: PixelFormat = PixelFormat.YUV420P,
    color: ColorSpace = OUTPUT_COLOR,
    pts_ns: int = 0,
    seq: int = 0,
) -> Frame:
    """GROUND with FIGURE inside `box`; the edge pixels are mixed by how much the box covers."""
    chroma = pixel_format.chroma_size(size)
    planes = []
    for index, plane_size in enumerate((size, chroma, chroma)):
        cover = np.zeros((plane_size.height, plane_size.width))
        if box is not None:
            scale_x, scale_y = plane_size.width / size.width, plane_size.height / size.height
            across = _coverage(box.x1 * scale_x, box.x2 * scale_x, plane_size.width)
            down = _coverage(box.y1 * scale_y, box.y2 * scale_y, plane_size.height)
            cover = np.outer(down, across)
        picture = GROUND[index] + cover * (FIGURE[index] - GROUND[index])
        plane: Plane = np.round(picture).astype(np.uint8)
        plane.flags.writeable = False
        planes.append(plane)
    return Frame((planes[0], planes[1], planes[2]), pixel_format, color, pts_ns, seq)


def _coverage(begin: float, end: float, count: int) -> npt.NDArray[np.float64]:
    edges = np.arange(count, dtype=np.float64)
    covered: npt.NDArray[np.float64] = np.minimum(edges + 1, end) - np.maximum(edges, begin)
    return covered.clip(0.0, 1.0)


class ScriptedDetector:
    """Gives what a script says: `script(seconds)` of the frame's `pts_ns`, or a list in order.

    A list starts over at its end. Each item is a box (a person, score 0.9), detections, or None.
    """

    def __init__(
        self,
        script: Callable[[float], Box | Iterable[Detection] | None]
        | list[Box | Iterable[Detection] | None],
        name: str = "scripted",
        labels: Iterable[str] = (PERSON,),
    ) -> None:
        self._script = script
        self._name = name
        self.labels = frozenset(labels)
        self.calls = 0

    @property
    def name(self) -> str:
        return self._name

    def open(self) -> None:
        self.calls = 0

    def detect(self, frame: Frame, region: Box | None = None) -> tuple[Detection, ...]:
        """What the script says, of that what lies inside `region`."""
        if callable(self._script):
            found = self._script(frame.pts_ns / SECOND_NS)
        else:
            found = self._script[self.calls % len(self._script)]
        self.calls += 1
        if found is None:
            return ()
        if isinstance(found, Box):
            found = (Detection(found, 0.9, PERSON),)
        seen = [each for each in found if region is None or region.contains(each.box)]
        return tuple(sorted(seen, key=lambda detection: -detection.score))

    def close(self) -> None:
        pass


class MemorySink:
    """Keeps what it was sent. `fail_at` makes the send of that number (from 0) raise SinkError."""

    def __init__(
        self,
        name: str = "memory",
        depth: int = 1,
        repeat_after_s: float | None = None,
        fail_at: int | None = None,
    ) -> None:
        self._name = name
        self._depth = depth
        self._repeat_after_s = repeat_after_s
        self._fail_at = fail_at
        self._changed = Condition()
        self.canvas: Canvas | None = None
        self.frames: list[Frame] = []
        self.closed = False

    @property
    def name(self) -> str:
        return self._name

    @property
    def depth(self) -> int:
        return self._depth

    @property
    def repeat_after_s(self) -> float | None:
        return self._repeat_after_s

    def open(self, canvas: Canvas) -> None:
        self.canvas = canvas

    def send(self, frame: Frame) -> None:
        with self._changed:
            if self._fail_at == len(self.frames):
                raise SinkError(f"{self._name} was told to fail at frame {self._fail_at}")
            self.frames.append(frame)
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self.closed = True
            self._changed.notify_all()

    def wait_for_frames(self, count: int, timeout_s: float = 10.0) -> bool:
        """Whether `count` frames arrived before `timeout_s` was over."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.frames) >= count, timeout_s)


class FailingSource:
    """Wraps a source; `read` raises SourceError once, at frame `fail_at`, like a pulled cable."""

    def __init__(self, source: SyntheticSource, fail_at: int) -> None:
        self._source = source
        self._fail_at: int | None = fail_at

    def open(self) -> SourceInfo:
        return self._source.open()

    def read(self) -> Frame | None:
        frame = self._source.read()
        if frame is not None and frame.seq == self._fail_at:
            self._fail_at = None
            raise SourceError("the synthetic camera was unplugged; plug it in again")
        return frame

    def close(self) -> None:
        self._source.close()


def to_bgr(frame: Frame) -> npt.NDArray[np.uint8]:
    """The frame in OUTPUT_COLOR I420 as BGR, for looking at it and for comparing colors."""
    i420 = np.concatenate([plane.ravel() for plane in frame.planes])
    size = frame.size
    packed = i420.reshape(size.height * 3 // 2, size.width)
    return cv2.cvtColor(packed, cv2.COLOR_YUV2BGR_I420)  # type: ignore[return-value]
