"""The ball the network missed, found by its color, its motion and its round shape.

Blur makes a flying ball a pale disk that no network calls a ball. But where it should be is known,
and how it looks: so it is searched for there, as a disk of the known size and color that stands
out from what was there before. This never starts a track: the scores are too low for that.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from livetrack_vcam.core.detection import SPORTS_BALL, Detection, Track
from livetrack_vcam.core.geometry import Box, Point, Size, iou
from livetrack_vcam.media import Frame

Map: TypeAlias = npt.NDArray[np.float32]

SIDE = 11.0
"""Pixels per ball diameter at which the search is done."""
SHARPEST = 0.2
"""What is found scores less than any network must to start a track."""
REACH = 1.0
"""Of the search in every direction, ball diameters, for a ball just seen."""
STRAY = 8.0
"""By how much the reach grows, diameters a second; by the ball's speed more, for it may bounce."""
MOST_REACH = 3.0
PAST_NS = (90_000_000, 180_000_000, 300_000_000)
"""How long ago the pictures were taken that show what is behind a moving ball."""
VANISHED_NS = 250_000_000
"""How long a ball is searched that the tracker shows no more: its prediction was no good."""
STILL = 1.5
"""A ball slower than so many diameters a second need not differ from the past."""
MOTION = 14.0
"""Luma steps that count as half a change."""
CONTRAST = 0.45
"""How much more like the ball the disk must be than the ring around it."""
LEARN = 0.3
"""How much of its idea of the color one sure sighting changes."""
LEAST_SPREAD = (14.0, 5.0, 5.0)
"""Standard deviations of luma and chroma within a ball are at least these."""
SIZES = (0.85, 1.0, 1.18)


@dataclass(frozen=True, slots=True, eq=False)
class Shade:
    """How a ball looks: mean and standard deviation of Y, U and V within it."""

    mean: npt.NDArray[np.float32]
    spread: npt.NDArray[np.float32]

    def toward(self, other: Shade) -> Shade:
        return Shade(
            self.mean + LEARN * (other.mean - self.mean),
            self.spread + LEARN * (other.spread - self.spread),
        )


@dataclass(frozen=True, slots=True)
class _Window:
    """A part of the frame, in luma pixels on even numbers, seen at `scale`."""

    x: int
    y: int
    width: int
    height: int
    scale: float

    @property
    def size(self) -> tuple[int, int]:
        return (
            max(1, round(self.width * self.scale)),
            max(1, round(self.height * self.scale)),
        )


class BallFinder:
    """Not thread-safe; sees every frame a detector sees, in order.

    `find` learns from what the network saw of the balls that are followed, and searches for those
    it did not see. That takes half a millisecond for a ball that lies still and up to two for one
    that flies.
    """

    def __init__(self) -> None:
        self._shades: dict[int, Shade] = {}
        self._past: deque[Frame] = deque()
        self._last: Frame | None = None
        self._balls: dict[int, tuple[Track, int]] = {}

    def find(
        self,
        frame: Frame,
        tracks: Sequence[Track],
        tracks_ns: int,
        seen: Sequence[Detection] = (),
    ) -> tuple[Detection, ...]:
        """Balls of `tracks` (as of `tracks_ns`) in `frame` that are not among `seen`."""
        if self._last is not None and self._last.size != frame.size:
            self._past.clear()
            self._last = None
        self._keep(tracks, tracks_ns, frame.pts_ns)
        found = []
        for ball, as_of_ns in self._balls.values():
            box = _predicted(ball, as_of_ns, frame.pts_ns)
            known = _nearest(box, seen)
            self._learn_late(ball)
            if known is not None:
                self._learn(ball.track_id, frame, known.box)
            elif (found_ball := self._search(frame, ball, box)) is not None:
                found.append(found_ball)
        self._remember(frame)
        return tuple(found)

    def _keep(self, tracks: Sequence[Track], tracks_ns: int, now: int) -> None:
        """The balls to search: those of `tracks`, and those that vanished a moment ago."""
        recent = {n: kept for n, kept in self._balls.items() if now - kept[1] <= VANISHED_NS}
        shown = {t.track_id: (t, tracks_ns) for t in tracks if t.label == SPORTS_BALL}
        self._balls = recent | shown
        if self._balls:
            self._shades = {n: shade for n, shade in self._shades.items() if n in self._balls}

    def _learn_late(self, ball: Track) -> None:
        """From the frame before, when that is where the ball was seen first."""
        last = self._last
        if ball.track_id not in self._shades and last is not None and last.pts_ns == ball.seen_ns:
            self._learn(ball.track_id, last, ball.box)

    def _learn(self, number: int, frame: Frame, box: Box) -> None:
        diameter = math.sqrt(box.area)
        window = _window(frame.size, box.center, 0.5, diameter)
        if window is None:
            return
        pixels = _yuv(frame, window)
        disk = _disk_mask(pixels.shape[:2], _placed(box.center, window), 0.4 * SIDE)
        if disk.sum() < 20:
            return
        inside = pixels[disk]
        spread = np.maximum(inside.std(axis=0), LEAST_SPREAD).astype(np.float32)
        shade = Shade(inside.mean(axis=0).astype(np.float32), spread)
        before = self._shades.get(number)
        self._shades[number] = shade if before is None else before.toward(shade)

    def _search(self, frame: Frame, ball: Track, box: Box) -> Detection | None:
        shade = self._shades.get(ball.track_id)
        diameter = math.sqrt(ball.box.area)
        unseen = (frame.pts_ns - ball.seen_ns) / 1e9
        speed = math.hypot(ball.velocity.x, ball.velocity.y) / diameter
        reach = min(REACH + (STRAY + speed) * max(unseen, 0.0), MOST_REACH)
        window = _window(frame.size, box.center, reach, diameter)
        if shade is None or window is None:
            return None
        pixels = _yuv(frame, window)
        likeness = _likeness(pixels, shade)
        if speed > STILL:
            likeness *= self._changed(frame, pixels[..., 0], window)
        return _round_spot(likeness, window, _placed(box.center, window), reach, diameter)

    def _changed(self, frame: Frame, luma: Map, window: _Window) -> Map:
        """How sure it is, 0 to 1, that each pixel looks otherwise than at every moment before."""
        change = np.full(luma.shape, 255.0, np.float32)
        for age in PAST_NS:
            past = self._before(frame.pts_ns - age)
            if past is not None:
                change = np.minimum(change, np.abs(luma - _luma(past, window)))
        squared = change * change
        return squared / (squared + np.float32(MOTION**2))

    def _before(self, pts_ns: int) -> Frame | None:
        """The newest remembered frame not newer than `pts_ns`."""
        return next((past for past in reversed(self._past) if past.pts_ns <= pts_ns), None)

    def _remember(self, frame: Frame) -> None:
        self._last = frame
        oldest = frame.pts_ns - PAST_NS[-1] - 100_000_000
        if not self._past or frame.pts_ns - self._past[-1].pts_ns >= 40_000_000:
            self._past.append(frame)
        while self._past and self._past[0].pts_ns < oldest:
            self._past.popleft()


def _predicted(ball: Track, tracks_ns: int, now: int) -> Box:
    dt = (now - tracks_ns) / 1e9
    return ball.box.shifted(ball.velocity.x * dt, ball.velocity.y * dt)


def _nearest(box: Box, seen: Sequence[Detection]) -> Detection | None:
    """What the network saw of a ball expected at `box`."""
    near = [d for d in seen if d.label == SPORTS_BALL and iou(d.box, box) > 0.3]
    return max(near, key=lambda d: d.score, default=None)


def _window(size: Size, center: Point, reach: float, diameter: float) -> _Window | None:
    """Everything within `reach` plus a ball of `center`; None when that is outside the frame."""
    half = (reach + 0.8) * diameter
    x1 = max(0, int(center.x - half)) // 2 * 2
    y1 = max(0, int(center.y - half)) // 2 * 2
    x2 = min(size.width, math.ceil(center.x + half)) // 2 * 2
    y2 = min(size.height, math.ceil(center.y + half)) // 2 * 2
    if min(x2 - x1, y2 - y1) < diameter:
        return None
    return _Window(x1, y1, x2 - x1, y2 - y1, SIDE / diameter)


def _placed(point: Point, window: _Window) -> tuple[float, float]:
    return (
        (point.x - window.x) * window.scale - 0.5,
        (point.y - window.y) * window.scale - 0.5,
    )


def _luma(frame: Frame, window: _Window) -> Map:
    # Every second sample or so of what is shrunk anyway: averaging all took four times as long.
    step = max(1, int(0.4 / window.scale))
    part = frame.planes[0][
        window.y : window.y + window.height : step, window.x : window.x + window.width : step
    ]
    small = cv2.resize(part, window.size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)


def _yuv(frame: Frame, window: _Window) -> Map:
    """(rows, columns, 3)."""
    shift_x, shift_y = frame.format.value
    rows = slice(window.y >> shift_y, (window.y + window.height) >> shift_y)
    columns = slice(window.x >> shift_x, (window.x + window.width) >> shift_x)
    chroma = [
        cv2.resize(plane[rows, columns], window.size).astype(np.float32)
        for plane in frame.planes[1:]
    ]
    return np.asarray(cv2.merge([_luma(frame, window), *chroma]))


def _disk_mask(
    shape: tuple[int, ...], center: tuple[float, float], radius: float
) -> npt.NDArray[np.bool_]:
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return np.asarray((columns - center[0]) ** 2 + (rows - center[1]) ** 2 <= radius**2)


def _likeness(pixels: Map, shade: Shade) -> Map:
    """How well each pixel's color fits, 0 to 1."""
    z: Map = (pixels - shade.mean) / (1.5 * shade.spread)
    return np.asarray(np.exp(-0.5 * np.einsum("ijk,ijk->ij", z, z)), np.float32)


def _kernel(size: float) -> Map:
    """Mean of a disk less mean of the ring around it; `size` times the ball's diameter."""
    radius = SIDE * size / 2
    half = math.ceil(radius * 1.45)
    shape = (2 * half + 1, 2 * half + 1)
    disk = _disk_mask(shape, (half, half), radius * 0.95)
    ring = _disk_mask(shape, (half, half), radius * 1.45) & ~_disk_mask(
        shape, (half, half), radius * 1.1
    )
    kernel = disk / disk.sum() - ring / ring.sum()
    return np.asarray(kernel, np.float32)


_KERNELS = {size: _kernel(size) for size in SIZES}


def _round_spot(
    likeness: Map, window: _Window, expected: tuple[float, float], reach: float, diameter: float
) -> Detection | None:
    """The best disk, if it stands out enough; nearer to the expected place is better."""
    rows, columns = np.ogrid[: likeness.shape[0], : likeness.shape[1]]
    away = ((columns - expected[0]) ** 2 + (rows - expected[1]) ** 2) / SIDE**2
    prior = 0.3 * np.minimum(away / reach**2, 1.0)
    best = (0.0, 0.0, (0, 0))
    for size, kernel in _KERNELS.items():
        contrast = cv2.filter2D(likeness, cv2.CV_32F, kernel, borderType=cv2.BORDER_REPLICATE)
        value = contrast - prior
        place = np.unravel_index(int(value.argmax()), value.shape)
        if value[place] > best[0]:
            best = (float(value[place]), size, (int(place[0]), int(place[1])))
    score, size, (row, column) = best
    if score < CONTRAST:
        return None
    x = window.x + (column + 0.5) / window.scale
    y = window.y + (row + 0.5) / window.scale
    side = size * diameter
    return Detection(Box.from_cxcywh(x, y, side, side), min(score, 1.0) * SHARPEST, SPORTS_BALL)
