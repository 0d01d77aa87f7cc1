"""The photographs of docs/how-framing-works.md: the demo scene, looked at and framed for real."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from livetrack_vcam.core import Director
from livetrack_vcam.core.config import DirectorSettings, Fill, Shot, SubjectKind, SubjectPolicy
from livetrack_vcam.core.detection import FACE, Detection
from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.core.presets import PRESETS
from livetrack_vcam.detectors.registry import make_detector
from livetrack_vcam.media import Frame
from livetrack_vcam.picture.render import Renderer
from livetrack_vcam.sources.demo import draw_scene
from livetrack_vcam.testing import to_bgr
from tools.framing_style import BAND, CROP, GOOD, INK, OTHER

Image = npt.NDArray[np.uint8]
ALONE_S, LEFT_S, RIGHT_S = 14.0, 20.0, 16.0
SEAM = 1000
LOOKS = 60
HALF = Size(960, 540)


@lru_cache(maxsize=4)
def scene(*moments: float) -> Frame:
    """The demo at one moment, or two moments side by side: the same presenter twice."""
    first, last = draw_scene(moments[0]), draw_scene(moments[-1])
    planes = []
    for left, right, pitch in zip(first.planes, last.planes, (1, 2, 2), strict=True):
        seam = SEAM // pitch
        planes.append(np.ascontiguousarray(np.hstack([left[:, :seam], right[:, seam:]])))
    return replace(first, planes=(planes[0], planes[1], planes[2]))


@lru_cache(maxsize=4)
def found(*moments: float) -> tuple[Detection, ...]:
    detector = make_detector()
    detector.open()
    seen = detector.detect(scene(*moments))
    detector.close()
    return tuple(seen)


def framed(settings: DirectorSettings, *moments: float) -> Director:
    """A director that has looked at the same picture for six seconds."""
    frame = scene(*moments)
    director = Director(frame.size, settings)
    for i in range(LOOKS):
        director.observe(found(*moments), i * 100_000_000)
        for k in range(3):
            director.crop_at(i * 100_000_000 + k * 33_000_000)
    return director


def shown(director: Director, canvas: Size, *moments: float) -> Image:
    crop = director.crop_at(LOOKS * 100_000_000)
    boxes = director.panes or (crop.box,)
    frame = Renderer(canvas).render_panes(scene(*moments), boxes, director.settings.fill)
    return _rgb(to_bgr(frame))


def whole(*moments: float) -> Image:
    full = to_bgr(scene(*moments))
    return _rgb(cv2.resize(full, (HALF.width, HALF.height), interpolation=cv2.INTER_AREA))


def _rgb(bgr: Any) -> Image:
    return np.ascontiguousarray(bgr[..., ::-1])


def _box(ax: Axes, box: Box, color: str, label: str, *, above: bool = False) -> None:
    x, y, width, height = (value / 2 for value in box.xywh)
    ax.add_patch(Rectangle((x, y), width, height, fill=False, ec=color, lw=2))
    plate = {"fc": color, "ec": "none", "pad": 2}
    place, side = (y - 5, "bottom") if above else (y + 5, "top")
    ax.text(x + 3, place, label, color="white", fontsize=10, va=side, bbox=plate)


def _plain(ax: Axes, image: Image, title: str = "") -> None:
    ax.imshow(image)
    ax.axis("off")
    if title:
        ax.set_title(title, fontsize=12, color=INK, pad=4)


def what_it_sees() -> Figure:
    settings = DirectorSettings(aspect_ratio=Fraction(9, 16))
    director = framed(settings, ALONE_S)
    crop = director.crop_at(LOOKS * 100_000_000).box
    fig, ax = plt.subplots(figsize=(7.2, 4.1), layout="constrained")
    _plain(ax, whole(ALONE_S))
    room = PRESETS[settings.speed].dead_zone * crop.width / 2
    x = crop.center.x / 2
    band = Rectangle((x - room, crop.y1 / 2), 2 * room, crop.height / 2, fc=BAND, alpha=0.3, lw=0)
    ax.add_patch(band)
    for each in found(ALONE_S):
        is_face = each.label == FACE
        _box(ax, each.box, GOOD if is_face else OTHER, each.label, above=is_face)
    _box(ax, crop, CROP, "crop")
    ax.text(x, crop.y2 / 2 - 12, "dead zone", color="white", ha="center", fontsize=10)
    return fig


def shot_sizes() -> Figure:
    fig, grid = plt.subplots(2, 3, figsize=(7.2, 3.3), layout="constrained")
    canvas = Size(384, 216)
    for ax, shot in zip(grid.flat, Shot, strict=True):
        director = framed(DirectorSettings(shot=shot, max_zoom=8), ALONE_S)
        _plain(ax, shown(director, canvas, ALONE_S), shot.value)
    return fig


GROUPS: tuple[tuple[str, Fill], ...] = (
    ("crop", Fill.CROP),
    ("letterbox", Fill.LETTERBOX),
    ("blur", Fill.BLUR),
    ("split", Fill.SPLIT),
)


def groups() -> Figure:
    fig, axes = plt.subplots(
        1, 5, figsize=(7.2, 2.75), width_ratios=(16 / 9, *([9 / 16] * 4)), layout="constrained"
    )
    moments = (LEFT_S, RIGHT_S)
    _plain(axes[0], whole(*moments), "the camera sees")
    for ax, (title, fill) in zip(axes[1:], GROUPS, strict=True):
        settings = DirectorSettings(
            aspect_ratio=Fraction(9, 16), subject=SubjectPolicy(SubjectKind.GROUP), fill=fill
        )
        _plain(ax, shown(framed(settings, *moments), Size(270, 480), *moments), title)
    return fig


PHOTOS: dict[str, Callable[[], Figure]] = {
    "how-sees": what_it_sees,
    "how-shots": shot_sizes,
    "how-groups": groups,
}
