"""A real clip as the wide camera, and where the man is who walks away in it.

Debian's vtest.avi, frames FIRST to LAST and back again, for ever, with everybody else covered, so
that nobody has to guess whom the program should follow. The detectors need a second or more a
picture in the guest, so it is shown at a fifth of its speed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from livetrack_vcam.core.geometry import Box
from tests.e2e.vm.guest import output
from tests.e2e.vm.other_programs import QUIET, fed_by_ffmpeg

Plane = npt.NDArray[np.uint8]

VTEST = "/usr/share/doc/opencv-doc/examples/data/vtest.avi"
WIDTH, HEIGHT = 768, 576
FIRST, LAST = 46, 86
COVERED = ",".join(
    f"drawbox=x=0:y=40:w={width}:h=300:color=gray:t=fill:enable='lt(n,{until})'"
    for width, until in ((615, 10), (580, 20), (536, 1000))
)
"""Everybody else, who walks to the left before him."""
SHOWN_FPS = 2
RAW = Path("/tmp/clip.yuv")
# The bald man in a dark jacket, by eye in enlarged frames: x1, y1, x2, y2.
KNOWN = {
    46: (701, 269, 741, 385),
    56: (641, 245, 672, 354),
    66: (602, 218, 632, 321),
    76: (577, 197, 606, 294),
    86: (567, 178, 595, 269),
}
# Pictures are compared at a quarter of the clip's size.
REDUCED = 4
SEARCHED = 4
"""Reduced pixels around where the picture is said to be."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the clip a picture was found; `difference`: root mean square, in steps of luma."""

    frame: int
    crop: Box
    difference: float


def man_at(frame: float) -> Box:
    """Between the frames that were looked at he walks evenly."""
    sides = [
        np.interp(frame, list(KNOWN), [box[side] for box in KNOWN.values()]) for side in range(4)
    ]
    return Box(*map(float, sides))


@contextmanager
def playing(device: str) -> Iterator[None]:
    """The clip in a loop, as a camera at `device`."""
    back_and_forth = (
        f"trim=start_frame={FIRST}:end_frame={LAST + 1},setpts=N/TB/10,{COVERED},split[a][b];"
        "[b]reverse[c];[a][c]concat"
    )
    raw = ("-f", "rawvideo", "-pix_fmt", "yuv420p")
    output(*QUIET, "-i", VTEST, "-filter_complex", back_and_forth, *raw, str(RAW))
    size = ("-s", f"{WIDTH}x{HEIGHT}", "-framerate", str(SHOWN_FPS))
    with fed_by_ffmpeg(device, ("-stream_loop", "-1", *raw, *size, "-re", "-i", str(RAW))):
        yield


@cache
def frames() -> tuple[Plane, ...]:
    """The luma of FIRST to LAST, reduced."""
    import cv2

    size = WIDTH * HEIGHT * 3 // 2
    rows = np.fromfile(RAW, np.uint8, size * (LAST - FIRST + 1)).reshape(-1, size)
    planes = rows[:, : WIDTH * HEIGHT].reshape(-1, HEIGHT, WIDTH)
    small = (WIDTH // REDUCED, HEIGHT // REDUCED)
    return tuple(
        np.asarray(cv2.resize(p, small, interpolation=cv2.INTER_AREA), np.uint8) for p in planes
    )


def place(luma: Plane, said: Box) -> Place:
    """Where the picture is in the clip, looked for around where it is `said` to be."""
    import cv2

    width, height = round(said.width / REDUCED), round(said.height / REDUCED)
    wanted = cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA)
    left, top = (max(0, round(v / REDUCED) - SEARCHED) for v in (said.x1, said.y1))
    best = Place(0, said, 255.0)
    for number, frame in enumerate(frames(), FIRST):
        window = frame[top : top + height + 2 * SEARCHED, left : left + width + 2 * SEARCHED]
        sums = cv2.matchTemplate(window, np.asarray(wanted, np.uint8), cv2.TM_SQDIFF)
        least, _, (x, y), _ = cv2.minMaxLoc(sums)
        difference = float(np.sqrt(max(least, 0.0) / (width * height)))
        if difference < best.difference:
            corner = ((left + x) * REDUCED, (top + y) * REDUCED)
            best = Place(number, Box.from_xywh(*corner, said.width, said.height), difference)
    return best
