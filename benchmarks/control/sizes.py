"""What one preview picture costs by its size: the least CPU time of many, on one thread."""

from __future__ import annotations

from functools import partial

import cv2

from benchmarks.rendering import cpu_ms
from livetrack_vcam.live.preview import QUALITY, small_picture
from livetrack_vcam.media import ColorMatrix, ColorRange, ColorSpace, Frame
from livetrack_vcam.sinks.mjpeg import encode_jpeg
from livetrack_vcam.sources.demo import draw_scene

SIDES = (640, 960, 1280)
SOURCES = {
    "BT.601 limited": ColorSpace(ColorRange.LIMITED, ColorMatrix.BT601),
    "BT.709 limited": ColorSpace(ColorRange.LIMITED, ColorMatrix.BT709),
    "JPEG camera": ColorSpace(ColorRange.FULL, ColorMatrix.BT601),
}


def run() -> None:
    cv2.setNumThreads(1)
    scene = draw_scene(5.0)
    print("| width | scale and color: " + ", ".join(SOURCES) + " | JPEG | bytes |")
    print("| --- | --- | --- | --- |")
    for side in SIDES:
        frames = [Frame(scene.planes, scene.format, c, 0, 0) for c in SOURCES.values()]
        scaling = [f"{cpu_ms(partial(small_picture, frame, side)):.2f}" for frame in frames]
        picture = small_picture(frames[0], side)
        encoding = cpu_ms(partial(encode_jpeg, picture, QUALITY))
        size = len(encode_jpeg(picture, QUALITY))
        print(f"| {side} | {', '.join(scaling)} ms | {encoding:.2f} ms | {size} |")
