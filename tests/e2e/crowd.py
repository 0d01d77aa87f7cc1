"""A daemon whose camera sees three people walk about, with detections that are the truth.

`python -m tests.e2e.crowd --shot main=640x360 --shot vertical=9:16` is the real program; only the
source and the detector are scripted, so that tests and the pictures of the documentation know
where everybody is.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import time
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from threading import Event

import cv2
import numpy as np
import numpy.typing as npt

from livetrack_vcam.core.detection import PERSON, Detection
from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.daemon import Daemon
from livetrack_vcam.detectors.lookout import lookout
from livetrack_vcam.detectors.watch import Watch
from livetrack_vcam.interfaces import SourceInfo
from livetrack_vcam.logs import set_up_logging
from livetrack_vcam.media import OUTPUT_COLOR, Frame, PixelFormat
from livetrack_vcam.settings import build_settings
from livetrack_vcam.sources.demo import draw_scene, true_box
from livetrack_vcam.studio import Studio
from livetrack_vcam.testing import ScriptedDetector

SIZE = Size(1280, 720)
FPS = Fraction(30)
SECOND_NS = 1_000_000_000
STANDING_S, EMPTY_S = 6.0, 17.45
Plane = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Walker:
    """Walks to and fro around `center` (0 to 1 of the width), `height` and `foot` in pixels."""

    center: float
    reach: float
    period_s: float
    height: int
    foot: int

    def box(self, t: float) -> Box:
        width = round(self.height * _shape())
        x = SIZE.width * (self.center + self.reach * math.sin(2 * math.pi * t / self.period_s))
        left = round(x - width / 2) // 2 * 2
        return Box(left, self.foot - self.height, left + width, self.foot)


WALKERS = (
    Walker(0.60, 0.05, 17.0, 210, 600),
    Walker(0.30, 0.09, 13.0, 300, 640),
    Walker(0.72, 0.12, 11.0, 380, 690),
)
"""From the back to the front: the paths of the last two cross that of the first."""


def boxes(t: float) -> list[Box]:
    return [walker.box(t) for walker in WALKERS]


class CrowdSource:
    """A live camera, 1280x720 at 30 fps."""

    note: str | None = None

    def __init__(self) -> None:
        self._closed = Event()
        self._seq = 0

    def open(self) -> SourceInfo:
        self._closed.clear()
        self._seq = 0
        _sprites()
        self._start_ns = time.monotonic_ns()
        return SourceInfo("Wide camera", SIZE, FPS, live=True)

    def read(self) -> Frame | None:
        now_ns = time.monotonic_ns()
        due = int((now_ns - self._start_ns) * FPS / SECOND_NS)
        self._seq = max(self._seq + 1, due)
        pts_ns = self._start_ns + int(self._seq * SECOND_NS / FPS)
        frame = _draw(pts_ns, self._seq)
        self._closed.wait(max(0, pts_ns - time.monotonic_ns()) / SECOND_NS)
        return None if self._closed.is_set() else frame

    def close(self) -> None:
        self._closed.set()


class CrowdStudio(Studio):
    def _open_watch(self) -> Watch:
        def look(t: float) -> list[Detection]:
            return [Detection(box, 0.9, PERSON) for box in boxes(t)]

        eyes = lookout(ScriptedDetector(look))
        eyes.open()
        return Watch(eyes, self.info.size, 1.0)


def _draw(pts_ns: int, seq: int) -> Frame:
    planes = [plane.copy() for plane in _room()]
    for walker, box in zip(WALKERS, boxes(pts_ns / SECOND_NS), strict=True):
        for plane, (color, cover) in zip(planes, _sprite(walker.height), strict=True):
            step = SIZE.width // plane.shape[1]
            x, y = int(box.x1) // step, int(box.y1) // step
            window = plane[y : y + color.shape[0], x : x + color.shape[1]]
            np.copyto(window, color, where=cover)
    for plane in planes:
        plane.flags.writeable = False
    return Frame((planes[0], planes[1], planes[2]), PixelFormat.YUV420P, OUTPUT_COLOR, pts_ns, seq)


@lru_cache
def _shape() -> float:
    box = _person()
    return box.width / box.height


def _person() -> Box:
    box = true_box(STANDING_S)
    assert box is not None
    return box


@lru_cache
def _room() -> list[Plane]:
    half = SIZE.width // 2, SIZE.height // 2
    sizes = ((SIZE.width, SIZE.height), half, half)
    return [
        np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.uint8)
        for plane, size in zip(draw_scene(EMPTY_S).planes, sizes, strict=True)
    ]


@lru_cache
def _sprites() -> list[list[tuple[Plane, npt.NDArray[np.bool_]]]]:
    return [_sprite(walker.height) for walker in WALKERS]


@lru_cache
def _sprite(height: int) -> list[tuple[Plane, npt.NDArray[np.bool_]]]:
    """The presenter cut out of the demo, `height` pixels high: each plane with what it covers."""
    there, room, box = draw_scene(STANDING_S).planes, draw_scene(EMPTY_S).planes, _person()
    width = round(height * _shape())
    luma = np.abs(there[0].astype(np.int16) - room[0]) > 6
    covered = cv2.morphologyEx(luma.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8))
    result = []
    for plane, step in zip(there, (1, 2, 2), strict=True):
        y1, y2, x1, x2 = (int(edge) // step for edge in (box.y1, box.y2, box.x1, box.x2))
        size = (width // step, height // step)
        color = cv2.resize(plane[y1:y2, x1:x2], size, interpolation=cv2.INTER_AREA)
        cover = cv2.resize(covered[::step, ::step][y1:y2, x1:x2], size) > 0
        result.append((np.asarray(color, np.uint8), cover))
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8787)
    parser.add_argument("--shot", action="append", help="NAME=WIDTHxHEIGHT or NAME=ASPECT")
    parser.add_argument("--obs-port", type=int, help="follow the OBS that listens there")
    asked = parser.parse_args()
    shots = [each.split("=") for each in asked.shot or ["main=640x360"]]
    tables = [
        {"name": name, "size" if "x" in shape else "aspect": shape, "sink": ["mjpeg"]}
        for name, shape in shots
    ]
    following = {"obs_watch": True, "obs_port": asked.obs_port} if asked.obs_port else {}
    settings = build_settings({"shots": tables}, {"port": asked.port, **following})
    set_up_logging(settings.log_level, settings.json_logs)
    cv2.setNumThreads(1)
    source = CrowdSource()
    studio = CrowdStudio(settings, source, source.open())
    asyncio.run(Daemon(studio, False).run())


if __name__ == "__main__":
    main()
