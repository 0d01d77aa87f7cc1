"""Runs pyautoflip on one clip and writes its crops, inside an environment of its own.

    PYTHON benchmarks/offline_pyautoflip.py IN.mp4 OUT.mp4 9:16 detection CROPS.json

PYTHON is the one of the environment pyautoflip is installed in; nothing of ours is imported.
Everything is pyautoflip's own code and the models in its package, with one exception: its
default face detector fetches a model on first use, so the other face detector it ships
(`detection/mediapipe_face_detector.py`, BlazeFace) stands in. CROPS.json gets the source rectangle
of every frame ([x, y, width, height], as its `apply_crop_window` cuts it, None where the picture is
split in two), and the processor seconds it took: in all, those of the programs it starts
too (it has ffmpeg encode clips that have sound), and on its main thread.
"""

from __future__ import annotations

import json
import os
import sys
import time
import types
from importlib import import_module
from pathlib import Path
from typing import Any


def _without_insightface() -> None:
    """Let `import insightface.app` succeed; nobody calls what it gives."""
    package, app = types.ModuleType("insightface"), types.ModuleType("insightface.app")
    app.FaceAnalysis = object  # type: ignore[attr-defined]
    sys.modules.update({"insightface": package, "insightface.app": app})


def main(source: str, output: str, ratio: str, method: str, result: str) -> None:
    _without_insightface()
    processor: Any = import_module("pyautoflip.core.processor")
    saliency_cropper: Any = import_module("pyautoflip.cropping.saliency_cropper")
    face_detector: Any = import_module("pyautoflip.detection.face_detector")
    shipped: Any = import_module("pyautoflip.detection.mediapipe_face_detector")
    processor.FaceDetector = face_detector.FaceDetector = shipped.FaceDetector
    crops: list[list[int] | None] = []
    cropper = saliency_cropper.SaliencyCropper if method == "saliency" else processor.SceneCropper
    _remember(cropper, crops, method)
    begun, begun_thread = _all_seconds(), time.thread_time()
    autoflip = processor.AutoFlipProcessor(ratio, detection_method=method)
    autoflip.process_video(source, output)
    record = {
        "cpu_seconds": _all_seconds() - begun,
        "thread_seconds": time.thread_time() - begun_thread,
        "crops": crops,
    }
    Path(result).write_text(json.dumps(record), encoding="utf-8")


def _all_seconds() -> float:
    """Processor time of this process and of those it started and waited for."""
    used = os.times()
    return time.process_time() + used.children_user + used.children_system


def _remember(cropper: Any, crops: list[list[int] | None], method: str) -> None:
    """Note what the cropper decides for each frame of a scene, in source pixels."""
    decide = cropper.process_scene

    def process_scene(self: Any, frames: Any, *rest: Any) -> Any:
        windows = decide(self, frames, *rest)
        first = frames[0] if method == "saliency" else next(iter(frames.values()))
        height, width = first.shape[:2]
        split = method == "saliency" and self.needs_split_screen()
        crops.extend(None if split else _cut(window, width, height) for window in windows)
        return windows

    cropper.process_scene = process_scene


def _cut(window: tuple[float, float, float, float], width: int, height: int) -> list[int]:
    """The whole, even pixels that `apply_crop_window` takes for a relative window."""
    w, h = int(window[2] * width), int(window[3] * height)
    w, h = w - w % 2, h - h % 2
    x = max(0, min(int(window[0] * width), width - w))
    y = max(0, min(int(window[1] * height), height - h))
    return [x, y, w, h]


if __name__ == "__main__":
    main(*sys.argv[1:])
