"""Makes docs/images/framing.jpg: one moment of the demo, whole and in three shapes.

Run it as `python -m tools.make_readme_picture`. Real detectors, real director; nothing is staged.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from livetrack_vcam.core.config import DirectorSettings, Fill, SubjectPolicy
from livetrack_vcam.core.crew import Crew
from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.detectors.registry import make_detector
from livetrack_vcam.media import Frame
from livetrack_vcam.overlay import draw_overlay
from livetrack_vcam.render import Renderer
from livetrack_vcam.sources.registry import open_source
from livetrack_vcam.testing import to_bgr

OUT = Path(__file__).resolve().parents[1] / "docs" / "images" / "framing.jpg"
MOMENT_S = 6.0
HEIGHT = 540
GAP = 12
SHOTS = {
    "wide": DirectorSettings(subject=SubjectPolicy()),
    "square": DirectorSettings(aspect_ratio=Fraction(1)),
    "tall": DirectorSettings(aspect_ratio=Fraction(9, 16)),
}

Image = npt.NDArray[np.uint8]


def main() -> None:
    frame, crew = _decide_until(MOMENT_S)
    whole = Box(0, 0, frame.size.width, frame.size.height)
    view = Renderer(frame.size).render(frame, whole)
    director = crew.director("wide")
    crop = crew.crop_at("wide", frame.pts_ns)
    drawn = to_bgr(draw_overlay(view, crop, director.subject, director.tracks))
    wide_size = Size(round(HEIGHT * 16 / 9), HEIGHT)
    pictures = [np.asarray(cv2.resize(drawn, (wide_size.width, HEIGHT), None, 0, 0, 3), np.uint8)]
    for shot in ("square", "tall"):
        ratio = SHOTS[shot].aspect_ratio
        canvas = Size(2 * round(HEIGHT * ratio / 2), HEIGHT)
        crop = crew.crop_at(shot, frame.pts_ns)
        pictures.append(to_bgr(Renderer(canvas).render(frame, crop.box, Fill.CROP)))
    OUT.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(OUT), _side_by_side(pictures), [cv2.IMWRITE_JPEG_QUALITY, 88])
    print(OUT)


def _decide_until(moment_s: float) -> tuple[Frame, Crew]:
    """The demo from its start, detectors every third frame, until the moment to show."""
    source = open_source("demo", paced=False)
    crew = Crew(source.open().size, SHOTS)
    detector = make_detector()
    detector.open()
    first_ns: int | None = None
    while True:
        frame = source.read()
        assert frame is not None
        first_ns = frame.pts_ns if first_ns is None else first_ns
        if frame.seq % 3 == 0:
            crew.observe(detector.detect(frame), frame.pts_ns)
        for shot in SHOTS:
            crew.crop_at(shot, frame.pts_ns)
        if frame.pts_ns - first_ns >= moment_s * 1e9:
            detector.close()
            return frame, crew


def _side_by_side(pictures: list[Image]) -> Image:
    gap = np.full((HEIGHT, GAP, 3), 255, np.uint8)
    row: list[Image] = []
    for picture in pictures:
        row += [picture, gap]
    return np.hstack(row[:-1])


if __name__ == "__main__":
    main()
