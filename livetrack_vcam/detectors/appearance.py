"""How a person looks, in few numbers: the colors of four bands of the body, from head to feet."""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from livetrack_vcam.core.geometry import Box
from livetrack_vcam.media import Frame, Plane

Floats: TypeAlias = npt.NDArray[np.floating]

BANDS = 4
"""Head and shoulders, torso, thighs, legs."""
HUES = 6
GRAYS = 8
ROWS, COLUMNS = 32, 8
MARGIN = 0.22
"""Share of the box's width left out on each side: mostly background."""
COLORED = 14.0
"""Chroma, in code values, that counts half as a color and half as a gray."""
BLACK = 16.0
BRIGHTEST = 2.0
"""Luma, in means of the frame, from which everything counts as white."""
GAMMA = 0.7
DIGITS = 4
SMALLEST = 4.0
"""Boxes with a shorter side, in pixels, show no colors."""


def describe(frame: Frame, box: Box) -> tuple[float, ...]:
    """A unit vector of 56 numbers for the person in `box`; () when the box shows too little.

    For each of four bands, from the top down: how much of it has each of six hues, and for what
    has no hue how bright it is, from eight steps relative to the frame's mean, so that exposure
    cancels out. Of these shares the square roots are taken (the scalar product is then the
    Bhattacharyya coefficient of two histograms; Bhattacharyya 1943) and each band's mean is taken
    away, so that different people come out apart. Four digits, to keep session logs short.
    """
    box = box.clipped(frame.size)
    if min(box.width, box.height) < SMALLEST:
        return ()
    luma, u, v = (_small(frame, plane, box) for plane in range(3))
    chroma = np.hypot(u - 128, v - 128)
    colored = chroma**2 / (chroma**2 + COLORED**2)
    hue = (np.arctan2(v - 128, u - 128) / (2 * np.pi) % 1.0) * HUES
    shares = np.hstack(
        [_shares(hue, colored, HUES, around=True), _shares(_gray(frame, luma), 1 - colored, GRAYS)]
    )
    bands = np.sqrt(shares / ROWS / COLUMNS)
    vector = (bands - bands.mean(axis=1, keepdims=True)).ravel()
    vector /= max(float(np.linalg.norm(vector)), 1e-9)
    return tuple(round(float(number), DIGITS) for number in vector)


def _small(frame: Frame, plane: int, box: Box) -> npt.NDArray[np.float32]:
    """The middle of the box in one plane as (ROWS, COLUMNS)."""
    shift_x, shift_y = frame.format.value if plane else (0, 0)
    samples: Plane = frame.planes[plane]
    margin = MARGIN * box.width
    x1, x2 = int(box.x1 + margin) >> shift_x, int(box.x2 - margin) >> shift_x
    y1, y2 = int(box.y1) >> shift_y, int(box.y2) >> shift_y
    x1, y1 = min(x1, samples.shape[1] - 1), min(y1, samples.shape[0] - 1)
    part = samples[y1 : max(y2, y1 + 1), x1 : max(x2, x1 + 1)]
    # Averages take the texture out; of a large box every second or third sample is enough.
    step = max(1, min(part.shape[0] // (2 * ROWS), part.shape[1] // (2 * COLUMNS)))
    small = cv2.resize(part[::step, ::step], (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)


def _gray(frame: Frame, luma: npt.NDArray[np.float32]) -> Floats:
    """Brightness as a place between the first and the last of GRAYS steps."""
    mean = float(frame.planes[0][::16, ::16].mean())
    relative = (luma - BLACK) / (BRIGHTEST * max(mean - BLACK, 20.0))
    place: Floats = np.clip(relative, 0, 1) ** GAMMA * (GRAYS - 1)
    return place


def _shares(place: Floats, weight: Floats, bins: int, around: bool = False) -> Floats:
    """(BANDS, bins): the weight of each band's samples, shared by the two bins nearest to each.

    `around` says that the first bin follows the last.
    """
    first = np.floor(place).astype(np.intp)
    upper = place - first
    band = (np.arange(ROWS) * BANDS // ROWS * bins)[:, None]
    total = np.zeros(BANDS * bins)
    for index, share in ((first, 1 - upper), (first + 1, upper)):
        index = index % bins if around else np.minimum(index, bins - 1)
        total += np.bincount((band + index).ravel(), (weight * share).ravel(), len(total))
    return total.reshape(BANDS, bins)
