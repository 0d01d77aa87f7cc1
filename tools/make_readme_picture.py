"""Makes docs/images/framing.jpg: three moments of a clip, the source with the crop, and the result.

Run it as `python -m tools.make_readme_picture [CLIP]`; without CLIP it is the demo scene, as in the
README. Real detectors, the path `reframe` takes; nothing is staged.
"""

from __future__ import annotations

import argparse
from bisect import bisect_left
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from livetrack_vcam.clips.clip import Cadence, Clip, Span, Step, foresighted_steps, observe_clip
from livetrack_vcam.clips.reframe import open_clip
from livetrack_vcam.core.config import DirectorSettings, Fill
from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.detectors.registry import make_detector
from livetrack_vcam.picture.overlay import draw_overlay
from livetrack_vcam.picture.render import Renderer
from livetrack_vcam.testing import to_bgr

OUT = Path(__file__).resolve().parents[1] / "docs" / "images" / "framing.jpg"
MOMENTS_S = (1.5, 5.5, 13.0)
BEYOND_S = 2.0
SOURCE, RESULT = Size(640, 360), Size(202, 360)
GAP = 10
TALL = DirectorSettings(aspect_ratio=Fraction(9, 16))

Image = npt.NDArray[np.uint8]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("clip", type=Path, nargs="?", default=Path("demo"))
    parser.add_argument("--moments", type=float, nargs="+", default=MOMENTS_S, metavar="S")
    args = parser.parse_args()
    clip = open_clip(args.clip, Span(end_s=max(args.moments) + BEYOND_S))
    pictures = [_pair(step) for step in _steps_at(clip, args.moments)]
    OUT.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(OUT), _stacked(pictures), [cv2.IMWRITE_JPEG_QUALITY, 86])
    print(OUT)


def _steps_at(clip: Clip, moments_s: Sequence[float]) -> list[Step]:
    detector = make_detector()
    detector.open()
    observations, times = observe_clip(clip, detector, TALL, Cadence(), lambda _: None)
    detector.close()
    wanted = {times[min(bisect_left(times, s * 1e9), len(times) - 1)] for s in moments_s}
    steps = foresighted_steps(clip, TALL, observations, times)
    return [step for step in steps if step.t_ns in wanted]


def _pair(step: Step) -> Image:
    """The source with the crop drawn, and beside it what is shown."""
    size = step.frame.size
    view = Renderer(size).render(step.frame, Box(0, 0, size.width, size.height), Fill.CROP)
    drawn = to_bgr(draw_overlay(view, step.crop, step.subject, step.tracks))
    source = cv2.resize(drawn, (SOURCE.width, SOURCE.height), interpolation=cv2.INTER_AREA)
    result = to_bgr(Renderer(RESULT).render(step.frame, step.crop.box, Fill.CROP))
    gap = np.full((SOURCE.height, GAP, 3), 255, np.uint8)
    return np.hstack([np.asarray(source, np.uint8), gap, result])


def _stacked(pictures: Sequence[Image]) -> Image:
    gap = np.full((GAP, pictures[0].shape[1], 3), 255, np.uint8)
    rows: list[Image] = []
    for picture in pictures:
        rows += [picture, gap]
    return np.vstack(rows[:-1])


if __name__ == "__main__":
    main()
