"""The demo's stage: where the presenter is at any moment, and the room behind and before her."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from livetrack_vcam.core.geometry import Size

SIZE = Size(1920, 1080)
LOOP_S = 24.0
DESK_TOP = 930  # row from which the desk hides everything
DESK_EDGE = 6  # rows of the lit edge

Image = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Pose:
    """Where the presenter stands: center and scale of the cut-out, and how far she is lifted."""

    x: float
    scale: float
    lift: float


@dataclass(frozen=True, slots=True)
class _Mark:
    """Be at `x` with `scale` at `t` seconds; `start` and `stop`: from and to a standstill."""

    t: float
    x: float
    scale: float
    start: bool = True
    stop: bool = True


LEFT_OUT, RIGHT_OUT = -330.0, 2250.0
# She stands, walks right, comes closer, steps back, leaves on the right and returns on the left.
MARKS = (
    _Mark(0.0, 760, 1.22),
    _Mark(2.0, 760, 1.22),
    _Mark(5.5, 1330, 1.22),
    _Mark(7.5, 1330, 1.22),
    _Mark(10.0, 1130, 1.6),
    _Mark(12.0, 1130, 1.6),
    _Mark(14.2, 930, 1.16),
    _Mark(17.4, RIGHT_OUT, 1.16, stop=False),
    _Mark(17.6, LEFT_OUT, 1.16),
    _Mark(21.2, 760, 1.22, start=False),
    _Mark(LOOP_S, 760, 1.22),
)
STRIDE = 130.0  # pixels per step
BOB = 9.0  # pixels the body rises in a step, at WALK_SPEED
WALK_SPEED = 350.0  # pixels per second


def pose(t: float) -> Pose:
    """The presenter at `t` seconds; repeats every LOOP_S, without a seam."""
    t %= LOOP_S
    x, scale = _path(t)
    speed = abs(_path(min(t + 0.02, LOOP_S))[0] - _path(max(t - 0.02, 0.0))[0]) / 0.04
    walking = min(speed / WALK_SPEED, 1.0)
    standing = 1 - walking
    # Periods that divide the loop, so that it closes.
    sway = 7.0 * math.sin(2 * math.pi * t / 4.8) + 3.0 * math.sin(2 * math.pi * t / 3.0)
    breath = 1.5 * math.sin(2 * math.pi * t / 4.0)
    step = BOB * walking * (1 - math.cos(2 * math.pi * x / STRIDE)) / 2
    return Pose(x + sway * (0.4 + 0.6 * standing), scale, step + breath)


def _path(t: float) -> tuple[float, float]:
    before, after = next(pair for pair in pairwise(MARKS) if t <= pair[1].t)
    if abs(after.x - before.x) > SIZE.width:
        return (before.x if t < after.t else after.x), before.scale
    u = min(max((t - before.t) / (after.t - before.t), 0.0), 1.0)
    share = _ease(u, after.start, after.stop)
    return (
        before.x + share * (after.x - before.x),
        before.scale + share * (after.scale - before.scale),
    )


def _ease(u: float, start: bool, stop: bool) -> float:
    """0 to 1; at rest at the start and at the stop, or at the mean speed where it is not."""
    if start and stop:
        return u**3 * (u * (6 * u - 15) + 10)
    if start:
        return u * u * (2 - u)
    return 1 - (1 - u) ** 2 * (1 + u)


def draw_room() -> Image:
    """The observation deck of a station at night, as RGB from 0 to 1 (1080, 1920, 3)."""
    smooth = _sky()
    _add_planet(smooth)
    lamps = np.zeros_like(smooth)
    _add_lamps(lamps)
    room, light = _enlarged(smooth), _enlarged(lamps)
    _add_stars(room)
    _add_frames(room)
    room += light
    _add_desk(room)
    dice = np.random.default_rng(7)
    room += np.float32(0.0035) * dice.standard_normal((*room.shape[:2], 1), np.float32)
    return np.clip(room, 0, 1, out=room)


def _grid() -> tuple[Image, Image]:
    """Columns and rows, in pixels of the room, for what is smooth and drawn at half size."""
    x = np.arange(0.5, SIZE.width, 2, dtype=np.float32)[None]
    y = np.arange(0.5, SIZE.height, 2, dtype=np.float32)[:, None]
    return x, y


def _enlarged(smooth: Image) -> Image:
    size = (SIZE.width, SIZE.height)
    return np.asarray(cv2.resize(smooth, size, interpolation=cv2.INTER_LINEAR), np.float32)


def _rgb(red: float, green: float, blue: float) -> Image:
    return np.array([red, green, blue], np.float32)


def _sky() -> Image:
    x, y = _grid()
    share = np.broadcast_to(y / np.float32(SIZE.height), (y.size, x.size))[..., None]
    top, bottom = _rgb(0.035, 0.05, 0.115), _rgb(0.075, 0.115, 0.215)
    sky: Image = (top + (bottom - top) * share).astype(np.float32)
    noise = np.random.default_rng(3).normal(0, 1, (9, 16)).astype(np.float32)
    cloud = cv2.resize(noise, (x.size, y.size), interpolation=cv2.INTER_CUBIC)
    sky += np.maximum(cloud, 0)[..., None] * _rgb(0.020, 0.012, 0.036)
    return sky


def _add_planet(room: Image) -> None:
    x, y = _grid()
    radius = 2300.0
    distance = np.hypot(x - 1380, y - (radius + 560))
    inside = np.clip((radius - distance) / 3, 0, 1)[..., None]
    depth = np.clip((radius - distance) / 520, 0, 1)[..., None]
    day = _rgb(0.24, 0.46, 0.66) * (1 - depth) ** 1.5 + _rgb(0.03, 0.08, 0.16)
    room[:] = room * (1 - inside) + day * inside
    glow = np.exp(-np.maximum(distance - radius, 0) / 38) * (1 - inside[..., 0])
    room += glow[..., None] * _rgb(0.16, 0.34, 0.55)


def _add_stars(room: Image) -> None:
    dice = np.random.default_rng(11)
    stars = np.zeros(room.shape[:2], np.float32)
    columns, rows = dice.integers(0, SIZE.width, 420), dice.integers(0, 540, 420)
    stars[rows, columns] = dice.power(0.35, 420) * 2.6
    cv2.GaussianBlur(stars, (0, 0), 0.9, dst=stars)
    dark = np.clip(1 - room.mean(axis=2) * 4.5, 0, 1)
    room += (stars * dark)[..., None]


def _add_frames(room: Image) -> None:
    """The window's slanted struts."""
    drawn = np.zeros(room.shape[:2], np.uint8)  # OpenCV smooths edges in 8 bits only
    for center in (-40, 600, 1320, 1960):
        foot = center + (center - SIZE.width / 2) * 0.10
        shape = np.array([(center - 16, 0), (center + 16, 0), (foot + 26, 1080), (foot - 26, 1080)])
        cv2.fillPoly(drawn, [np.round(shape * 16).astype(np.int32)], (255,), cv2.LINE_AA, 4)
    mask = drawn.astype(np.float32) / np.float32(255)
    room += (_rgb(0.085, 0.095, 0.125) - room) * mask[..., None]
    edge = cv2.GaussianBlur(mask, (0, 0), 1.2) - cv2.GaussianBlur(mask, (0, 0), 3.5)
    room += np.clip(edge, 0, 1)[..., None] * _rgb(0.16, 0.24, 0.36)


def _add_lamps(room: Image) -> None:
    x, y = _grid()
    for center, color in ((330, (0.11, 0.085, 0.06)), (1600, (0.05, 0.085, 0.12))):
        light = np.exp(-(((x - center) / 420) ** 2) - ((y - 120) / 520) ** 2)
        room += light[..., None] * np.array(color, np.float32)


def _add_desk(room: Image) -> None:
    rows = np.arange(SIZE.height - DESK_TOP, dtype=np.float32)[:, None]
    columns = np.arange(SIZE.width, dtype=np.float32)[None, :]
    spot = np.exp(-(((columns - 960) / 900) ** 2))
    fade = np.exp(-rows / 60)
    base = _rgb(0.055, 0.062, 0.085)
    shine = _rgb(0.05, 0.07, 0.10)
    desk = base + (fade * spot)[..., None] * shine
    edge = (rows < DESK_EDGE) * (0.45 + 0.55 * spot)
    room[DESK_TOP:] = desk + edge[..., None] * _rgb(0.30, 0.52, 0.72)
    glow = np.exp(-np.arange(60, dtype=np.float32)[::-1, None] / 14) * (0.45 + 0.55 * spot)
    room[DESK_TOP - 60 : DESK_TOP] += glow[..., None] * _rgb(0.03, 0.06, 0.09)
