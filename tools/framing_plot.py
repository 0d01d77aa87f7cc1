"""Crops of a session over time, drawn: what was expected, what came, where the subject was."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from livetrack_vcam.core.geometry import Box
from tools.framing_goldens import Moment

Picture: TypeAlias = npt.NDArray[np.uint8]
Value = Callable[[Box], float]

FOLDER = Path(tempfile.gettempdir()) / "livetrack-framing"
"""Where pictures go unless another place is named."""
WIDTH, PANEL, MARGIN = 1400, 300, 40
EXPECTED, GOT, SUBJECT, GRID = (150, 150, 150), (40, 40, 220), (90, 180, 90), (225, 225, 225)
PANELS: tuple[tuple[str, tuple[Value, ...]], ...] = (
    ("across: left edge, center, right edge, px",
     (lambda b: b.x1, lambda b: b.center.x, lambda b: b.x2)),
    ("down: top edge, center, bottom edge, px",
     (lambda b: -b.y1, lambda b: -b.center.y, lambda b: -b.y2)),
    ("height, px", (lambda b: b.height,)),
)  # fmt: skip


def draw(moments: Sequence[Moment], title: str) -> Picture:
    """Gray is what was expected, red what came, green the subject's box."""
    panels = [_panel(moments, f"{title}   {name}", values) for name, values in PANELS]
    return np.vstack(panels)


def save(moments: Sequence[Moment], title: str, folder: Path = FOLDER) -> list[Path]:
    """A picture for each shot."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for shot in dict.fromkeys(moment.shot for moment in moments):
        path = folder / f"{title}-{shot}.png"
        of_shot = [moment for moment in moments if moment.shot == shot]
        cv2.imwrite(str(path), draw(of_shot, f"{title} {shot}"))
        paths.append(path)
    return paths


def _panel(moments: Sequence[Moment], title: str, values: Sequence[Value]) -> Picture:
    picture = np.full((PANEL, WIDTH, 3), 255, np.uint8)
    boxes = [m.expected for m in moments] + [m.got for m in moments]
    low = min(value(box) for value in values for box in boxes)
    high = max(value(box) for value in values for box in boxes)
    start, end = moments[0].t, moments[-1].t

    def point(t: float, value: float) -> tuple[int, int]:
        across = MARGIN + (WIDTH - 2 * MARGIN) * (t - start) / max(end - start, 1e-9)
        down = PANEL - MARGIN - (PANEL - 2 * MARGIN) * (value - low) / max(high - low, 1.0)
        return round(across), round(down)

    _grid(picture, start, end, (low, high), point)
    for value in values:
        for m in moments:
            if m.subject is not None:
                cv2.circle(picture, point(m.t, value(m.subject)), 1, SUBJECT, -1)
        _curve(picture, [point(m.t, value(m.expected)) for m in moments], EXPECTED, 3)
        _curve(picture, [point(m.t, value(m.got)) for m in moments], GOT, 1)
    _text(picture, title, (MARGIN, 18))
    return picture


def _grid(
    picture: Picture,
    start: float,
    end: float,
    ends: tuple[float, float],
    point: Callable[[float, float], tuple[int, int]],
) -> None:
    for second in range(int(start), int(end) + 1):
        x = point(second, ends[0])[0]
        cv2.line(picture, (x, MARGIN), (x, PANEL - MARGIN), GRID, 1)
        _text(picture, f"{second} s", (x, PANEL - MARGIN + 16))
    for value in ends:
        _text(picture, f"{abs(value):.0f}", (2, point(start, value)[1]))


def _curve(
    picture: Picture, points: Sequence[tuple[int, int]], color: tuple[int, int, int], thick: int
) -> None:
    cv2.polylines(picture, [np.array(points, np.int32)], False, color, thick, cv2.LINE_AA)


def _text(picture: Picture, text: str, at: tuple[int, int]) -> None:
    cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.4, (60, 60, 60), 1, cv2.LINE_AA)
