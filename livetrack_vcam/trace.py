"""The crop trace: one JSON object a frame of the source, after a header."""

from __future__ import annotations

import json
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from livetrack_vcam.core.config import DirectorSettings
from livetrack_vcam.core.detection import Track
from livetrack_vcam.core.geometry import Box, Crop, Size, format_aspect_ratio, largest_height
from livetrack_vcam.core.presence import State
from livetrack_vcam.core.settings_json import settings_to_json
from livetrack_vcam.stats import NS_PER_S


def zoom_of(crop: Crop, frame: Size) -> float:
    """How many times the crop magnifies, against the largest crop of its shape: 1 or more."""
    return largest_height(crop.aspect_ratio, frame) / crop.box.height


def header(
    source: str, size: Size, fps: Fraction | None, settings: DirectorSettings
) -> dict[str, Any]:
    return {
        "livetrack_trace": 1,
        "source": source,
        "size": [size.width, size.height],
        "fps": None if fps is None else round(float(fps), 6),
        "aspect": format_aspect_ratio(settings.aspect_ratio),
        "settings": settings_to_json(settings),
    }


def frame_line(
    index: int,
    t_ns: int,
    pts_ns: int,
    crop: Crop,
    state: State,
    subject: tuple[int, ...],
    tracks: Iterable[Track],
    frame: Size,
    canvas: Size,
    panes: tuple[Box, ...] = (),
) -> dict[str, Any]:
    """One frame: `t_ns` since the first; boxes xywh in source pixels; `size` is the canvas.

    `panes` are written when they are not the crop alone: what is shown instead of it.
    """
    shown = {} if panes in ((), (crop.box,)) else {"panes": [list(box.xywh) for box in panes]}
    return {
        "frame": index,
        "t": t_ns / NS_PER_S,
        "crop": list(crop.box.xywh),
        **shown,
        "zoom": zoom_of(crop, frame),
        "state": state.value,
        "subject": list(subject),
        "tracks": [
            {
                "id": track.track_id,
                "label": track.label,
                "box": list(track.box.xywh),
                "score": track.score,
                "age": (pts_ns - track.seen_ns) / NS_PER_S,
            }
            for track in tracks
        ],
        "size": [canvas.width, canvas.height],
    }


def to_line(record: dict[str, Any]) -> str:
    """The record as one line of the file, line feed included."""
    return json.dumps(record, separators=(",", ":")) + "\n"
