"""A moving scene that needs no camera, no driver and no download.

The presenter is an animated public-domain photograph (assets/README.md), not a drawing: real
person and face detectors do not take drawings for people. The room around her is drawn, once,
when the source is opened; afterwards only the rectangle she covers is composed, in YUV.
"""

from __future__ import annotations

import math
import time
from fractions import Fraction
from functools import lru_cache
from importlib.resources import files
from threading import Event

import cv2
import numpy as np

from livetrack_vcam.core.geometry import Box
from livetrack_vcam.errors import SourceError
from livetrack_vcam.interfaces import SourceInfo
from livetrack_vcam.media import OUTPUT_COLOR, Frame, PixelFormat, Plane
from livetrack_vcam.media_time import SECOND_NS
from livetrack_vcam.picture.color import rgb_to_yuv_matrix
from livetrack_vcam.picture.resample import Axis, resample
from livetrack_vcam.sources.scene import DESK_TOP, SIZE, Image, draw_room, pose

FPS = Fraction(30)
LATE_NS = 100_000_000
Planes = tuple[Plane, Plane, Plane]


class DemoSource:
    """1920x1080 at 30 fps; the picture is a function of the time since `open` alone.

    Paced, it is a live source that never ends. Unpaced, frames come at once, `pts_ns` counts
    from 0, and it ends after one loop, so that tests and benchmarks can read it to the end.
    """

    def __init__(self, *, paced: bool = True, note: str | None = None) -> None:
        self.note = note
        self._paced = paced
        self._closed = Event()
        self._seq = 0
        self._start_ns: int | None = None

    def open(self) -> SourceInfo:
        try:
            _presenter(), _room()
        except (OSError, ValueError, cv2.error):
            raise SourceError(
                "the demo's picture is missing from this installation; install livetrack-vcam again"
            ) from None
        self._closed.clear()
        self._seq, self._start_ns = 0, None
        duration_s = None if self._paced else LOOP_FRAMES / float(FPS)
        return SourceInfo("demo", SIZE, FPS, live=self._paced, duration_s=duration_s)

    def read(self) -> Frame | None:
        if self._paced:
            return self._read_on_time()
        if self._closed.is_set() or self._seq == LOOP_FRAMES:
            return None
        seq, self._seq = self._seq, self._seq + 1
        media_ns = int(seq * SECOND_NS / FPS)
        return draw_scene(media_ns / SECOND_NS, media_ns, seq)

    def close(self) -> None:
        self._closed.set()

    def _read_on_time(self) -> Frame | None:
        """The next frame at its time; frames that are long past are left out."""
        now_ns = time.monotonic_ns()
        if self._start_ns is None:
            self._start_ns = now_ns
        if now_ns - self._start_ns - int(self._seq * SECOND_NS / FPS) > LATE_NS:
            self._seq = int((now_ns - self._start_ns) * FPS / SECOND_NS)
        seq, self._seq = self._seq, self._seq + 1
        pts_ns = self._start_ns + int(seq * SECOND_NS / FPS)
        frame = draw_scene(seq / float(FPS), pts_ns, seq)
        self._closed.wait(max(0, pts_ns - time.monotonic_ns()) / SECOND_NS)
        return None if self._closed.is_set() else frame


LOOP_FRAMES = 24 * 30


def true_box(t: float) -> Box | None:
    """What is visible of the presenter at `t` seconds, in pixels; None when she is out."""
    left, top, scale = _placement(t)
    x1, y1, x2, y2 = _outline()
    box = Box(left + x1 * scale, top + y1 * scale, left + x2 * scale, top + y2 * scale)
    visible = box.clipped(SIZE)
    visible = Box(visible.x1, visible.y1, visible.x2, min(visible.y2, float(DESK_TOP)))
    return visible if visible.width > 0 else None


def draw_scene(t: float, pts_ns: int = 0, seq: int = 0) -> Frame:
    """The scene at `t` seconds as an I420 frame in OUTPUT_COLOR."""
    planes = tuple(plane.copy() for plane in _room())
    left, top, scale = _placement(t)
    rows, columns = _presenter()[0][0].shape
    x1, x2 = _even_span(left, left + columns * scale, SIZE.width)
    y1, y2 = _even_span(top, top + rows * scale, DESK_TOP)
    if x1 < x2:
        for plane, (color, shade), shift in zip(planes, _presenter(), (0, 1, 1), strict=True):
            pitch = 1 << shift
            center_x, center_y = 0.5, pitch / 2
            x = Axis((x1 + center_x - left) / scale - 0.5, pitch / scale, (x2 - x1) >> shift)
            y = Axis((y1 + center_y - top) / scale - 0.5, pitch / scale, (y2 - y1) >> shift)
            window = plane[y1 >> shift : y2 >> shift, x1 >> shift : x2 >> shift]
            behind = cv2.multiply(window, resample(shade, x, y, fine=False), scale=1 / 255)
            window[:] = cv2.add(behind, resample(color, x, y, fine=shift == 0))
    for plane in planes:
        plane.flags.writeable = False
    return Frame((planes[0], planes[1], planes[2]), PixelFormat.YUV420P, OUTPUT_COLOR, pts_ns, seq)


def _placement(t: float) -> tuple[float, float, float]:
    """Left and top of the cut-out in the picture, and its scale; its foot is behind the desk."""
    now = pose(t)
    rows, columns = _presenter()[0][0].shape
    top = DESK_TOP + 24 - rows * now.scale - now.lift
    return now.x - columns * now.scale / 2, top, now.scale


def _even_span(begin: float, end: float, limit: int) -> tuple[int, int]:
    """The whole even pixels from 0 to `limit` that cover begin to end."""
    first = max(0, math.floor(begin / 2) * 2)
    return first, max(first, min(limit, math.ceil(end / 2) * 2))


@lru_cache(maxsize=1)
def _presenter() -> tuple[tuple[Plane, Plane], ...]:
    """Per plane: the cut-out's value times alpha, and 255 less alpha; all at full resolution."""
    data = (files("livetrack_vcam.sources") / "assets" / "presenter.webp").read_bytes()
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if picture is None or picture.ndim != 3 or picture.shape[2] != 4:
        raise ValueError("presenter.webp cannot be decoded")
    values: Image = picture.astype(np.float32) / np.float32(255)
    alpha = values[..., 3]
    planes = _to_yuv(values[..., 2::-1])
    shade = np.round(255 * (1 - alpha)).astype(np.uint8)
    return tuple((np.round(plane * alpha).astype(np.uint8), shade) for plane in planes)


@lru_cache(maxsize=1)
def _outline() -> tuple[float, float, float, float]:
    """Corners of the opaque part of the cut-out."""
    opaque = _presenter()[0][1] < 128
    columns, rows = np.flatnonzero(opaque.any(axis=0)), np.flatnonzero(opaque.any(axis=1))
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


@lru_cache(maxsize=1)
def _room() -> Planes:
    luma, u, v = _to_yuv(draw_room())
    half = (SIZE.width // 2, SIZE.height // 2)
    small_u, small_v = (cv2.resize(plane, half, interpolation=cv2.INTER_AREA) for plane in (u, v))
    y8, u8, v8 = (np.round(plane).astype(np.uint8) for plane in (luma, small_u, small_v))
    return y8, u8, v8


def _to_yuv(rgb: Image) -> list[Image]:
    """Code values of OUTPUT_COLOR, as floats, one array a plane."""
    values = rgb @ rgb_to_yuv_matrix(OUTPUT_COLOR).T.astype(np.float32)
    return [values[..., 0] + 16, values[..., 1] + 128, values[..., 2] + 128]
