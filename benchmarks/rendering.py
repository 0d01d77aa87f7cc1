"""Cost of rendering, and of the alternatives: python -m benchmarks.rendering

CPU milliseconds a picture on one thread, the best of many (the machine may be busy), for a 1080p
source and a 1280x720 canvas. How near the pictures come to the ideal is measured (and asserted)
in tests/unit/test_render_quality.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import cv2
import numpy as np

from livetrack_vcam.core.config import Fill
from livetrack_vcam.core.geometry import Box, Size
from livetrack_vcam.media import (
    OUTPUT_COLOR,
    ColorMatrix,
    ColorRange,
    ColorSpace,
    Frame,
    PixelFormat,
    Plane,
)
from livetrack_vcam.picture.render import Renderer
from livetrack_vcam.sources.demo import draw_scene

CANVAS = Size(1280, 720)
ROUNDS = 60


def cpu_ms(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The least CPU time of one call, in milliseconds."""
    least = float("inf")
    for _ in range(rounds):
        begin = time.process_time_ns()
        work()
        least = min(least, (time.process_time_ns() - begin) / 1e6)
    return least


def noise_frame(size: Size, pixel_format: PixelFormat, color: ColorSpace) -> Frame:
    dice = np.random.default_rng(1)
    chroma = pixel_format.chroma_size(size)
    planes = tuple(
        dice.integers(20, 230, (part.height, part.width)).astype(np.uint8)
        for part in (size, chroma, chroma)
    )
    return Frame((planes[0], planes[1], planes[2]), pixel_format, color, 0, 0)


def box_at(zoom: float, size: Size) -> Box:
    width, height = size.width / zoom, size.height / zoom
    room_x, room_y = size.width - width, size.height - height
    return Box.from_xywh(room_x * 0.317, room_y * 0.413, width, height)


def warped(plane: Plane, box: Box) -> None:
    step = box.width / CANVAS.width
    matrix = np.array([[step, 0, box.x1], [0, step, box.y1]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    cv2.warpAffine(plane, matrix, (CANVAS.width, CANVAS.height), flags=flags)


def print_renderer() -> None:
    full = ColorSpace(ColorRange.FULL, ColorMatrix.BT601)
    hd = ColorSpace(ColorRange.LIMITED, ColorMatrix.BT709)
    size, renderer = Size(1920, 1080), Renderer(CANVAS)
    sources = {
        "BT.601 4:2:0": noise_frame(size, PixelFormat.YUV420P, OUTPUT_COLOR),
        "BT.709 4:2:0": noise_frame(size, PixelFormat.YUV420P, hd),
        "MJPEG 4:2:2": noise_frame(size, PixelFormat.YUV422P, full),
    }
    print(f"{'zoom':>6}", *(f"{name:>14}" for name in (*sources, "warp, luma")))
    for zoom in (1.0, 1.2, 1.5, 2.0, 2.4):
        box = box_at(zoom, size)
        costs = [cpu_ms(partial(renderer.render, frame, box)) for frame in sources.values()]
        costs.append(cpu_ms(partial(warped, sources["BT.601 4:2:0"].planes[0], box)))
        print(f"{zoom:6.1f}", *(f"{cost:11.2f} ms" for cost in costs))
    large = noise_frame(Size(3840, 2160), PixelFormat.YUV420P, OUTPUT_COLOR)
    print(f"4K, whole: {cpu_ms(lambda: renderer.render(large, box_at(1, large.size))):.2f} ms")
    tall = Box.from_xywh(600.3, 10, 596.25, 1060)
    source = sources["BT.601 4:2:0"]
    for fill in (Fill.LETTERBOX, Fill.BLUR):
        cost = cpu_ms(partial(renderer.render, source, tall, fill))
        print(f"9:16 in 16:9, {fill.value}: {cost:.2f} ms")


def main() -> None:
    cv2.setNumThreads(1)
    print_renderer()
    costs = [cpu_ms(partial(draw_scene, float(t)), 5) for t in np.linspace(0, 24, 48)]
    print(f"demo scene, drawn: mean {np.mean(costs):.2f} ms, dearest {max(costs):.2f} ms")


if __name__ == "__main__":
    main()
