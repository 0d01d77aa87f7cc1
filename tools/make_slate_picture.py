"""Makes docs/images/slate.png: what the outputs carry while the camera is away, wide and tall.

Run it as `python -m tools.make_slate_picture`: the last picture is the demo scene's.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.media import Frame
from livetrack_vcam.picture.render import Renderer
from livetrack_vcam.picture.slate import slate
from livetrack_vcam.sources.demo import DemoSource
from livetrack_vcam.testing import to_bgr

OUT = Path(__file__).resolve().parents[1] / "docs" / "images" / "slate.png"
LINE = "The camera is away. Looking for it."
MOMENT = 45  # frames into the demo: the presenter has come to rest
WIDE, TALL = Size(640, 360), Size(202, 360)
GAP = 10


def main() -> None:
    frame = _demo_frame(MOMENT)
    pictures = [to_bgr(slate(size, LINE, _last_picture(frame, size))) for size in (WIDE, TALL)]
    gap: npt.NDArray[np.uint8] = np.full((WIDE.height, GAP, 3), 255, np.uint8)
    cv2.imwrite(str(OUT), np.hstack([pictures[0], gap, pictures[1]]))
    print(OUT)


def _demo_frame(number: int) -> Frame:
    source = DemoSource(paced=False)
    source.open()
    for _ in range(number):
        source.read()
    frame = source.read()
    source.close()
    if frame is None:
        raise SystemExit(f"the demo has no frame {number}")
    return frame


def _last_picture(frame: Frame, size: Size) -> Frame:
    """The whole height of the frame, in the shape of the canvas, around the presenter."""
    width = frame.size.height * size.width / size.height
    middle = frame.size.width * (0.38 if size == TALL else 0.5)
    box = Box(middle - width / 2, 0, middle + width / 2, frame.size.height)
    return Renderer(size).render(frame, box)


if __name__ == "__main__":
    main()
