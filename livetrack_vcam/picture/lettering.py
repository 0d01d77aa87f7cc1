"""A sentence set in the middle of a picture, in as many lines as it needs to be read."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from livetrack_vcam.core.geometry import Size

FONT = cv2.FONT_HERSHEY_SIMPLEX
LETTER_HEIGHT = 1 / 26  # of capitals, of the canvas's shorter side
LEAST_HEIGHT = 9.0  # pixels; under that nobody reads it, so it rather takes more lines
TEXT_WIDTH = 0.86  # of the canvas at most
MOST_LINES = 3
MOST_ROWS = 0.6  # of the canvas's height at most
LEADING = 2.1  # from line to line, in heights of capitals
FINER = 4  # OpenCV's strokes are drawn so much larger and then shrunk: smooth at any size
STROKE = 0.13  # thickness, in heights of capitals
RULER = 4.0  # the font's scale at which lines are measured: large, for it counts whole pixels
# What people's sentences have and OpenCV's built-in font has not.
PLAIN = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "..."})

Mask = npt.NDArray[np.float32]


def lettering(canvas: Size, sentence: str) -> Mask:
    """How much of each pixel is covered by letters, 0 to 1; of shape (height, width).

    The sentence is set in up to three lines of about the same length. OpenCV's font knows ASCII
    only: accents are left off, other characters are shown as '?'.
    """
    mask = np.zeros((canvas.height, canvas.width), np.float32)
    words = plain(sentence).split()
    if not words:
        return mask
    height = max(LEAST_HEIGHT, min(canvas.width, canvas.height) * LETTER_HEIGHT)
    widest = canvas.width * TEXT_WIDTH
    lines = _lines(words, widest / height)
    height = min(
        height,
        widest / max(map(_length, lines)),
        canvas.height * MOST_ROWS / (LEADING * (len(lines) - 1) + 1),
    )
    middle = (canvas.height + height) / 2 - (len(lines) - 1) * LEADING * height / 2
    for row, line in enumerate(lines):
        _draw(mask, line, height, middle + row * LEADING * height)
    return mask


def plain(sentence: str) -> str:
    """The sentence in ASCII: accents left off, what is left of other scripts as '?'."""
    letters = unicodedata.normalize("NFKD", sentence.translate(PLAIN))
    kept = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return kept.encode("ascii", "replace").decode()


def _lines(words: Sequence[str], room: float) -> list[str]:
    """As few lines as fit into `room` (in heights of capitals), each about as long."""
    lines = [" ".join(words)]
    for count in range(2, min(MOST_LINES, len(words)) + 1):
        if _length(max(lines, key=_length)) <= room:
            break
        cuts = itertools.combinations(range(1, len(words)), count - 1)
        lines = min((_cut(words, each) for each in cuts), key=lambda each: max(map(_length, each)))
    return lines


def _cut(words: Sequence[str], at: Sequence[int]) -> list[str]:
    edges = [0, *at, len(words)]
    return [" ".join(words[begin:end]) for begin, end in itertools.pairwise(edges)]


def _length(line: str) -> float:
    """Width of the line, in heights of capitals."""
    width, height = _measured(line, RULER)
    return width / height


def _measured(line: str, scale: float) -> tuple[float, float]:
    """Width of the line and height of its capitals, pixels; with its stroke, which widens it."""
    (_, capital), _ = cv2.getTextSize("H", FONT, scale, 1)
    height = max(1, capital)
    (width, _), _ = cv2.getTextSize(line, FONT, scale, max(1, round(height * STROKE)))
    return max(1, width), height


def _draw(mask: Mask, line: str, height: float, baseline: float) -> None:
    """One line, centered; `baseline` is its row."""
    rows, columns = mask.shape
    fine = FINER * height
    scale = RULER * fine / _measured(line, RULER)[1]
    strip = np.zeros((max(1, round(fine * LEADING)), FINER * columns), np.uint8)
    origin = (round((strip.shape[1] - _measured(line, scale)[0]) / 2), round(fine * 1.5))
    thickness = max(1, round(fine * STROKE))
    cv2.putText(strip, line, origin, FONT, scale, 255, thickness, cv2.LINE_AA)
    wide = (columns, max(1, round(height * LEADING)))
    small = cv2.resize(strip, wide, interpolation=cv2.INTER_AREA)
    top = round(baseline - height * 1.5)
    begin, end = max(0, top), min(rows, top + small.shape[0])
    part = small[begin - top : end - top].astype(np.float32) / 255
    np.maximum(mask[begin:end], part, out=mask[begin:end])
