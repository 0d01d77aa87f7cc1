"""Annotations of a clip: read and checked, and what they say about one label."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from livetrack_vcam.core.geometry import Box
from livetrack_vcam.errors import SourceError
from livetrack_vcam.inputs import read_text

# What looking into a file of another layout raises; OverflowError: numbers of hundreds of digits.
_WRONG = (LookupError, TypeError, ValueError, AttributeError, OverflowError)
# A year at 60 fps has fewer.
MOST_FRAMES = 2**31
MIN_VISIBLE = 0.3
"""Somebody less visible than this need not be found, and is not false when found."""


@dataclass(frozen=True, slots=True)
class AnnotatedFrame:
    """What one frame shows of one label: boxes by identity, and boxes that do not count."""

    boxes: Mapping[int, Box]
    ignored: tuple[Box, ...]


def read_annotation(path: Path) -> dict[str, Any]:
    """The annotation file of a clip (docs/evaluation.md). Raises SourceError."""
    annotation = _read_json(path, "annotation file")
    try:
        _check(annotation)
    except _WRONG as error:
        raise SourceError(
            f"{path} is no annotation file ({_reason(error)}); docs/evaluation.md shows the format"
        ) from None
    return dict(annotation)


def with_identities(annotation: dict[str, Any], path: Path) -> dict[str, Any]:
    """The annotation with the ids of a table {"frames": {"0": [1, 2, null]}} instead of its own.

    One id for each box in the annotation's order; null for a box that shows nobody else, which is
    then ignored. Raises SourceError when the table is not one for this annotation.
    """
    table = _read_json(path, "table of ids")
    try:
        frames = [_with_ids(f, table["frames"][str(f["index"])]) for f in annotation["frames"]]
        merged = {**annotation, "frames": frames}
        _check(merged)
    except _WRONG as error:
        raise SourceError(
            f"{path} is no table of ids for this annotation ({_reason(error)}); "
            "docs/evaluation.md shows the format"
        ) from None
    return merged


def _with_ids(frame: Mapping[str, Any], ids: list[int | None]) -> dict[str, Any]:
    boxes = [
        {**box, "ignore": True} if id_ is None else {**box, "id": id_}
        for box, id_ in zip(frame["boxes"], ids, strict=True)
    ]
    return {**frame, "boxes": boxes}


def _read_json(path: Path, what: str) -> Any:
    try:
        return json.loads(read_text(path, what))
    except (ValueError, RecursionError):
        raise SourceError(
            f"{path} is no {what} (it is not JSON); docs/evaluation.md shows the format"
        ) from None


def _reason(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)


def _check(annotation: Mapping[str, Any]) -> None:
    """Raise one of the errors of a wrong type, key or value."""
    if not isinstance(annotation, dict):
        raise TypeError("it is no JSON object")
    for key in ("fps", "width", "height"):
        if _number(annotation[key]) <= 0:
            raise ValueError(f"{key} is {annotation[key]}")
    regions = annotation.get("ignore_regions") or []
    for xywh in regions:
        _box(xywh)
    if not isinstance(annotation.get("complete_labels") or [], list):
        raise TypeError("complete_labels is no list")
    seen = set()
    for frame in annotation["frames"]:
        _check_frame(frame)
        index = frame["index"]
        if index in seen:
            raise ValueError(f"frame {index} is there twice")
        seen.add(index)


def _check_frame(frame: Mapping[str, Any]) -> None:
    index = frame["index"]
    if not isinstance(index, int) or not 0 <= index < MOST_FRAMES:
        raise ValueError(f"{index!r:.20} is no index of a frame")
    where = f"frame {index}"
    seen = set()
    for box in frame["boxes"]:
        _box(box["xywh"])
        _box(box.get("full_xywh", box["xywh"]))
        _number(box.get("anchor", (0.0,))[0])
        if not isinstance(box["label"], str) or not _is_id(box["id"]):
            raise ValueError(f"a box of {where} has no label or no whole number as id")
        _number(box.get("visible", 1.0))
        identity = (box["label"], box["id"])
        if box.get("ignore"):
            continue
        if identity in seen:
            raise ValueError(f"{where} has two boxes of {box['label']} {box['id']}")
        seen.add(identity)


def _is_id(value: object) -> bool:
    """Whether it is a whole number that scores can be counted by: they keep 64 bits of it."""
    return isinstance(value, int) and abs(value) < 2**63


def _number(value: Any) -> float:
    """The value. One in quotes is none: float() takes it, who calculates with it does not."""
    number = float(value)
    if isinstance(value, str) or not math.isfinite(number):
        raise ValueError(f"{value!r:.20} is no number")
    return number


def _box(xywh: Any) -> Box:
    x, y, width, height = map(_number, xywh)
    if width <= 0 or height <= 0:
        raise ValueError(f"{xywh} is not a box")
    return Box.from_xywh(x, y, width, height)


def annotated_frames(annotation: Mapping[str, Any], label: str) -> dict[int, AnnotatedFrame]:
    """The annotated frames by index, with their boxes of `label`.

    Ignored are the ignore regions, boxes that say `ignore`, and those hardly visible.
    """
    regions = tuple(_box(xywh) for xywh in annotation.get("ignore_regions") or [])
    return {
        int(frame["index"]): _annotated_frame(frame, label, regions)
        for frame in annotation["frames"]
    }


def _annotated_frame(
    frame: Mapping[str, Any], label: str, regions: tuple[Box, ...]
) -> AnnotatedFrame:
    boxes = {}
    ignored = list(regions)
    for entry in frame["boxes"]:
        if entry["label"] != label:
            continue
        if entry.get("ignore") or float(entry.get("visible", 1.0)) < MIN_VISIBLE:
            ignored.extend(_outlines(entry))
        else:
            boxes[entry["id"]] = _box(entry["xywh"])
    return AnnotatedFrame(boxes, tuple(ignored))


def _outlines(entry: Mapping[str, Any]) -> Iterator[Box]:
    """The visible part and, where the annotation knows it, the whole."""
    yield _box(entry["xywh"])
    if "full_xywh" in entry:
        yield _box(entry["full_xywh"])


def labels_of(annotation: Mapping[str, Any]) -> tuple[str, ...]:
    """Every label that some box has."""
    labels = (box["label"] for frame in annotation["frames"] for box in frame["boxes"])
    return tuple(dict.fromkeys(labels))
