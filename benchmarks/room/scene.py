"""A 30 fps picture like the program's own: a textured room that pans, a figure, grain, colors."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from benchmarks.room.barcode import Plane, burn, cell_size

GRAIN = 3.0  # standard deviation of a webcam's luma noise by room light
PATCHES = ((81, 90, 240), (145, 54, 34), (41, 240, 110), (210, 16, 146), (106, 202, 222))
"""Y, U, V (BT.601, limited) of the flat fields across the bottom: red, green, blue, yellow,
magenta."""
PATCH_ROWS = 1 / 10

Planes = tuple[Plane, Plane, Plane]


@dataclass(frozen=True, slots=True)
class Scene:
    """A loop of pictures, drawn ahead so that showing one costs a copy."""

    pictures: tuple[Planes, ...]

    def picture(self, seq: int, ticks: int) -> Planes:
        """A copy of the picture of that number with the time burned in."""
        y, u, v = self.pictures[seq % len(self.pictures)]
        planes = (y.copy(), u.copy(), v.copy())
        burn(planes, ticks)
        return planes


def draw_scene(width: int, height: int, length: int = 60) -> Scene:
    """So many different pictures, without a jump where the loop closes."""
    dice = np.random.default_rng(6)
    wall = _wall(width * 3 // 2, height * 3 // 2, dice)
    return Scene(tuple(_draw(wall, width, height, k / length, dice) for k in range(length)))


def _wall(width: int, height: int, dice: np.random.Generator) -> Plane:
    """Octaves of noise: large shapes, and detail as a bookshelf has it."""
    wall = np.zeros((height, width, 3), np.float32)
    for octave in range(1, 8):
        step = 2**octave
        shape = (height // step + 2, width // step + 2, 3)
        noise = dice.standard_normal(shape).astype(np.float32)
        wall += step * cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    low, high = wall.min(), wall.max()
    return np.asarray((wall - low) * (255 / (high - low)), np.uint8)


def _draw(wall: Plane, width: int, height: int, phase: float, dice: np.random.Generator) -> Planes:
    turn = 2 * np.pi * phase
    left = int((wall.shape[1] - width) * (0.5 + 0.4 * np.sin(turn)))
    top = int((wall.shape[0] - height) * (0.5 + 0.3 * np.sin(2 * turn)))
    picture = wall[top : top + height, left : left + width].copy()
    middle = (int(width * (0.5 + 0.25 * np.cos(turn))), int(height * 0.55))
    cv2.ellipse(picture, middle, (height // 9, height // 4), 0, 0, 360, (80, 120, 200), -1)
    grain = dice.standard_normal((height, width, 1)).astype(np.float32) * GRAIN
    grainy = np.clip(picture + grain, 0, 255).astype(np.uint8)
    i420 = cv2.cvtColor(grainy, cv2.COLOR_BGR2YUV_I420)
    y = np.asarray(i420[:height], np.uint8)
    u, v = np.asarray(i420[height:], np.uint8).reshape(2, height // 2, width // 2)
    _paint_patches((y, u, v))
    return y, u, v


def _paint_patches(planes: Planes) -> None:
    for plane, channel in zip(planes, range(3), strict=True):
        rows, columns = plane.shape
        for place, color in enumerate(PATCHES):
            left, right = (columns * k // len(PATCHES) for k in (place, place + 1))
            plane[rows - int(rows * PATCH_ROWS) :, left:right] = color[channel]


def patch_centers(width: int, height: int) -> list[tuple[int, int]]:
    """Where to look for the flat fields, in pixels."""
    row = height - int(height * PATCH_ROWS / 2)
    return [(width * (2 * k + 1) // (2 * len(PATCHES)), row) for k in range(len(PATCHES))]


def strip_rows(width: int) -> int:
    return cell_size(width)
